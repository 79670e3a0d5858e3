"""Stand-ins for the pods of Deployments that a target group is bound to, and their place in the load balancer.

Stand-ins of this machine, not pods; no image is run (`stand_ins`). Owns what the Deployment controller, the autoscaler
at rest and the AWS Load Balancer Controller do about them: as many as the minimum, one address each, registered when
ready, replaced one by one (new and healthy before an old one goes), sent away when the requests that they have are
answered or the group's deregistration delay is over. One thread brings what runs to what is recorded, again and again;
a process of stand-ins that ends is started again. `pods.json` says what there is.
"""

import contextvars
import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from ministack.services import alb

from localcloud import workloads
from localcloud.engines import addresses
from localcloud.processes import started_at
from localcloud.server import objects
from localcloud.server.api import call
from localcloud.server.mends import health
from localcloud.state import PROJECT, STATE_VARIABLE, State
from localcloud.workloads import Key, Workload

_PERIOD: Final = 0.1
_LATER: Final = 1.0
_PATIENCE: Final = 10.0
"""Without any change for so long, a look every `_LATER` seconds will do: a release that never becomes ready."""
_LINGER: Final = 0.3
"""A target that is chosen just when it is deregistered still has to answer."""
_READY_PATH: Final = "/ready"
_READY_SECONDS: Final = 1.0


@dataclass(kw_only=True)
class Pod:
    """One stand-in."""

    name: str
    workload: Key
    template: str
    address: str
    ports: list[int]
    service: str
    image: str
    track: str
    state: str = "starting"
    """`starting`, `in service` or `leaving`."""
    groups: list[str] = field(default_factory=list)
    """Target groups that it was registered with."""
    left: float = 0.0
    deadline: float = 0.0
    """Monotonic: since when it leaves, and at the latest until when."""

    def order(self) -> str:
        keys = ("ports", "service", "image", "track")
        return "open " + json.dumps(
            {key: getattr(self, key) for key in keys} | {"host": self.address, "pod": self.name}
        )


class _Process:
    """The process of the stand-ins."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[str] | None = None

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def ask(self, order: str) -> None:
        """Raises `OSError` when the process cannot do it, or has ended."""
        assert self.child is not None
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        print(order, file=self.child.stdin, flush=True)
        answer = self.child.stdout.readline().strip()
        if answer != "ok":
            raise OSError(answer or "the process of the stand-ins ended")

    def start(self) -> None:
        with State().log("pods").open("ab") as log:
            self.child = subprocess.Popen(
                # It needs nothing but Python's own library, so no site packages are looked at.
                [sys.executable, "-S", "-m", "localcloud.server.stand_ins"],
                env={
                    key: os.environ[key] for key in ("PATH", "PYTHONPYCACHEPREFIX", STATE_VARIABLE) if key in os.environ
                },
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        threading.Thread(target=_wake_at_the_end, args=(self.child,), daemon=True).start()


def _wake_at_the_end(child: "subprocess.Popen[str]") -> None:
    child.wait()
    _wake.set()


_pods: dict[str, Pod] = {}
_process = _Process()
_wake = threading.Event()
_desired: dict[Key, Workload] = {}
_context: contextvars.Context | None = None
"""Account and region of the last change: all clusters are of one cloud."""
_written = ""


def install() -> None:
    """Follows what is recorded from now on."""
    objects.changed.append(_on_change)


def _on_change() -> None:
    global _context
    first, _context = _context is None, contextvars.copy_context()
    _wake.set()
    if first:
        threading.Thread(target=_run, name="pods", daemon=True).start()


def _run() -> None:
    global _desired
    moved, settled = time.monotonic(), False
    while True:
        impatient = time.monotonic() - moved < _PATIENCE
        if _wake.wait(None if settled else _PERIOD if impatient else _LATER):
            _wake.clear()
            moved = time.monotonic()
        context = _context
        assert context is not None
        try:
            _desired = workloads.workloads(objects.everything())
            settled = context.run(_step)
        except Exception:  # what a template says wrongly must not end the thread that serves all the others
            traceback.print_exc()
            settled = False
        if _write():
            moved = time.monotonic()


def _step() -> bool:
    """One step towards what is recorded; whether there is nothing left to do."""
    if (_desired or _pods) and not _process.alive():
        _process.start()
        _open_again()
    settled = True
    for key in {*_desired, *(pod.workload for pod in _pods.values())}:
        workload = _desired.get(key)
        mine = [pod for pod in _pods.values() if pod.workload == key and pod.state != "leaving"]
        if workload is None:
            _retire(mine)
        elif not _advance(workload, mine):
            settled = False
    leaving = [pod for pod in _pods.values() if pod.state == "leaving"]
    for pod in leaving:
        if _idle(pod):
            del _pods[pod.name]
            _process.ask(f"close {pod.address}")
    return settled and not leaving


def _open_again() -> None:
    """All stand-ins, in another process: at their addresses, or not at all, and others are made instead."""
    for pod in list(_pods.values()):
        try:
            _process.ask(pod.order())
        except OSError:
            _leave(pod, list(pod.groups))
            del _pods[pod.name]


def _advance(workload: Workload, mine: list[Pod]) -> bool:
    """One step of a Deployment: new ones in, then as many old ones out. Whether it has what it should."""
    for pod in mine:
        _join(pod, workload)
    new = [pod for pod in mine if pod.template == workload.template]
    able = [pod for pod in new if pod.state == "in service"]
    # Those that serve go last.
    old = sorted((pod for pod in mine if pod not in new), key=lambda pod: pod.state == "in service")
    missing = workload.replicas - len(new)
    if old and missing > 0:
        missing = 1 if len(able) == len(new) else 0
    for _ in range(missing):
        _start(workload)
    _retire(new[workload.replicas :])
    _retire(old[: max(0, len(old) - max(0, workload.replicas - len(able)))])
    return len(new) == len(able) == workload.replicas and not old


def _start(workload: Workload) -> None:
    ports = sorted({binding.port for binding in workload.bindings})
    pod = Pod(
        name=f"{workload.key[2]}-{workload.template}-{secrets.token_hex(3)[:5]}",
        workload=workload.key,
        template=workload.template,
        address=addresses.claim(ports),
        ports=ports,
        service=workload.service,
        image=workload.image,
        track=workload.track,
    )
    _process.ask(pod.order())
    _pods[pod.name] = pod


def _join(pod: Pod, workload: Workload) -> None:
    """Registers a pod that is ready where it belongs, and learns whether the load balancer finds it healthy."""
    wanted = {binding.group: binding.port for binding in workload.bindings if binding.group in alb._tgs}
    _leave(pod, [group for group in pod.groups if group not in wanted])
    states = []
    for group, port in wanted.items():
        target = {"Id": pod.address, "Port": port}
        if all(str(known["Id"]) != pod.address for known in alb._targets.get(group, [])):
            if not _ready(pod, port):
                states.append("not ready")
                continue
            call("elbv2", "register_targets", TargetGroupArn=group, Targets=[target])
            pod.groups = sorted({*pod.groups, group})
        states.append(health.of(target, alb._tgs[group]).state)
    pod.state = "in service" if states and set(states) == {"healthy"} else "starting"


def _ready(pod: Pod, port: int) -> bool:
    connection = http.client.HTTPConnection(pod.address, port, timeout=_READY_SECONDS)
    try:
        connection.request("GET", _READY_PATH)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _leave(pod: Pod, groups: Iterable[str]) -> None:
    for group in groups:
        if group in alb._tgs:
            call("elbv2", "deregister_targets", TargetGroupArn=group, Targets=[{"Id": pod.address}])
    pod.groups = [group for group in pod.groups if group not in set(groups)]


def _retire(pods: Iterable[Pod]) -> None:
    for pod in pods:
        delays = [health.deregistration_delay(group) for group in pod.groups if group in alb._tgs]
        pod.state, pod.left = "leaving", time.monotonic()
        pod.deadline = pod.left + max(delays, default=0.0)
        _leave(pod, list(pod.groups))


def _idle(pod: Pod) -> bool:
    now = time.monotonic()
    if now - pod.left < _LINGER:
        return False
    return now > pod.deadline or not any(health.busy((pod.address, port)) for port in pod.ports)


def _write() -> bool:
    """Writes `pods.json`, if there is news."""
    global _written
    pid = _process.child.pid if _process.child is not None and _process.alive() else 0
    content: dict[str, Any] = {
        "pid": pid,
        "started": started_at(pid) if pid else "",
        "pods": [asdict(pod) for pod in sorted(_pods.values(), key=lambda pod: (pod.workload, pod.name))],
    }
    text = json.dumps(content, indent=1)
    if text == _written:
        return False
    path = State().pods_file
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)
    _written = text
    return True
