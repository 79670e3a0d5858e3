"""The processes behind EC2 instances: what an instance's first boot and CodeDeploy's agent do, on this machine.

Owns which revision is on which instance, its folder `instances/<id>/`, its log and its process (`unit`). Whoever
launches and ends instances is the scaling group (`mends.auto_scaling`); who sends them requests, the load balancer.

For a release: `of_group` lists the instances, `install` puts a revision on one of them. An instance that is launched
later asks `released_to` first, which CodeDeploy's emulation sets: what was released to a group last goes before what
the launch template names.
"""

import base64
import contextvars
import http.client
import io
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from localcloud import environment, ports
from localcloud.server import unit
from localcloud.server.api import call
from localcloud.server.mends import health
from localcloud.state import PROJECT, State

HEALTHY_SECONDS: Final = 90.0
"""How long a new or newly installed application may take until it answers `/health`."""
_HEALTH_PATH: Final = "/health"
_LAST_LINES: Final = 5
_TRIES: Final = 4
_START: Final = "app/bin/start"
_EXPORT: Final = re.compile(r"^export (CLOUDMART_\w+|PORT|APPLICATION|GROUP)=(\S+)$", re.MULTILINE)
_ARTEFACT: Final = re.compile(r"^artefact=s3://([^/\s]+)/(\S+)$", re.MULTILINE)


class InstallationError(Exception):
    """An application that does not come up; one line, with its last words."""


@dataclass(kw_only=True)
class Instance:
    """One instance and what runs on it."""

    id: str
    group: str
    port: int
    exports: dict[str, str]
    """What the user data exports for the application."""
    artefact: tuple[str, str] | None
    """Bucket and key of the revision that the launch template names."""
    process: "subprocess.Popen[bytes] | None" = None
    failure: str = ""
    """Why nothing could be installed."""
    log_begin: int = 0
    """Where in the log the last start is."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    bare: bool = False
    """Its user data names nothing to install, and nothing was released to its group: nobody waits for it."""

    @property
    def folder(self) -> Path:
        return State().instances / self.id

    @property
    def log(self) -> Path:
        return State().log(self.id)

    def words(self) -> list[str]:
        """What the application and its unit have written since the last start."""
        if not self.log.exists():
            return []
        return self.log.read_bytes()[self.log_begin :].decode(errors="replace").splitlines()


_instances: dict[str, Instance] = {}
released_to: Callable[[str, str], bytes | None] | None = None
"""(CodeDeploy's application, its deployment group) -> the revision that was deployed there last, a zip, or None."""


def of_group(name: str) -> list[str]:
    """Ids of a scaling group's instances, oldest first."""
    return [instance.id for instance in _instances.values() if instance.group == name]


def address(instance_id: str) -> tuple[str, int]:
    """Where the instance's application listens. Raises `KeyError` for an instance without a process."""
    return "127.0.0.1", _instances[instance_id].port


def is_healthy(instance_id: str) -> bool:
    """Whether the application answers `/health` with 200 now."""
    connection = http.client.HTTPConnection(*address(instance_id), timeout=2)
    try:
        connection.request("GET", _HEALTH_PATH)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def install(instance_id: str, revision: bytes, *, seconds: float = HEALTHY_SECONDS) -> None:
    """Replaces what is on the instance: stops it, unpacks the revision's `app/`, starts it, waits for its health.

    What CodeDeploy's agent does with ApplicationStop to ValidateService; traffic is the caller's matter. Blocks: not
    for the event loop. Raises `InstallationError`, with the new revision in place, and `KeyError` for
    an unknown instance.
    """
    instance = _instances[instance_id]
    with instance.lock:
        _stop(instance)
        _unpack(instance, revision)
        _start(instance)
    wait([instance_id], seconds=seconds)


def launch(instance_id: str, *, group: str, user_data: str) -> None:
    """The first boot, in the background. `user_data`: base64, as a launch template has it."""
    script = base64.b64decode(user_data).decode(errors="replace")
    found = _ARTEFACT.search(script)
    instance = Instance(
        id=instance_id,
        group=group,
        port=ports.free(),
        exports=dict(_EXPORT.findall(script)),
        artefact=(found[1], found[2]) if found else None,
    )
    _instances[instance_id] = instance
    health.addresses[instance_id] = ("127.0.0.1", instance.port)
    # The context carries account and region of the request.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_boot, instance), daemon=True).start()


def end(instance_id: str) -> None:
    """Ends the instance in the background, once the requests that it has are answered; its folder goes."""
    instance = _instances.pop(instance_id, None)
    if instance is not None:
        threading.Thread(target=_end, args=(instance,), daemon=True).start()


def wait(instance_ids: Iterable[str], *, seconds: float = HEALTHY_SECONDS) -> None:
    """Returns when all are healthy. Raises `InstallationError` with the last lines of the first that is not."""
    deadline = time.monotonic() + seconds
    for instance_id in instance_ids:
        instance = _instances[instance_id]
        while not is_healthy(instance_id) and not instance.bare:
            if instance.failure or _hopeless(instance) or time.monotonic() > deadline:
                raise InstallationError(_complaint(instance))
            time.sleep(0.05)


def _hopeless(instance: Instance) -> bool:
    """An application that has ended so often will not come up in the rest of the time either."""
    return sum(line.startswith(unit.FAILED) for line in instance.words()) >= _TRIES


def _complaint(instance: Instance) -> str:
    if instance.failure:
        return f"instance {instance.id}: {instance.failure}"
    lines = [line.strip() for line in instance.words() if not line.startswith(unit.FAILED)]
    last = " | ".join(line[-300:] for line in lines[-_LAST_LINES:]) or "it wrote nothing"
    return f"instance {instance.id} does not answer {_HEALTH_PATH}; {instance.log} ends: {last}"


def _boot(instance: Instance) -> None:
    with instance.lock:
        try:
            revision = _revision(instance)
            instance.bare = revision is None
            if revision is None or instance.id not in _instances:
                return
            _unpack(instance, revision)
            _start(instance)
        except Exception as error:  # told to whoever waits for the instance, as cfn-signal would
            instance.failure = " ".join(str(error).split())


def _revision(instance: Instance) -> bytes | None:
    exports = instance.exports
    released = (
        released_to(exports["APPLICATION"], exports["GROUP"]) if released_to and "APPLICATION" in exports else None
    )
    if released is not None or instance.artefact is None:
        return released
    bucket, key = instance.artefact
    content: bytes = call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    return content


def _unpack(instance: Instance, revision: bytes) -> None:
    app = instance.folder / "app"
    shutil.rmtree(app, ignore_errors=True)
    app.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(revision)) as archive:
        for entry in archive.infolist():
            if entry.filename.startswith("app/") and not entry.is_dir():
                path = Path(archive.extract(entry, instance.folder))
                # zipfile drops the modes.
                path.chmod(entry.external_attr >> 16 & 0o777 or 0o644)
    if not (instance.folder / _START).exists():
        raise InstallationError(f"its revision has no {_START}; a container image does not run in the local cloud")


def _start(instance: Instance) -> None:
    state = State()
    cloud = state.load()
    assert cloud is not None, "the emulator runs without a cloud"
    variables = environment.instance(state, cloud) | instance.exports
    variables |= {"HOST": "127.0.0.1", "PORT": str(instance.port), "CLOUDMART_INSTANCE": instance.id}
    with instance.log.open("ab") as log:
        instance.log_begin = log.tell()
        instance.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "localcloud.server.unit",
                str(instance.folder / "app"),
                str(instance.folder / _START),
            ],
            env=variables,
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _stop(instance: Instance) -> None:
    process, instance.process = instance.process, None
    if process is not None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def _end(instance: Instance) -> None:
    place = health.addresses.pop(instance.id, None)
    if place is not None:
        health.wait_idle(place)
    with instance.lock:
        _stop(instance)
    shutil.rmtree(instance.folder, ignore_errors=True)
