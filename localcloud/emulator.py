"""The emulator's process: start, health, death.

Owns MiniStack from outside; what runs inside is `localcloud.server`.
"""

import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from localcloud import environment, ports, processes
from localcloud.errors import CloudError
from localcloud.state import PROJECT, Cloud, State

ROLE: Final = "emulator"
_START_SECONDS: Final = 60.0
_HEALTH: Final = "/_ministack/health"


def healthy(port: int) -> bool:
    """Whether an emulator answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", _HEALTH)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def start(state: State, cloud: Cloud) -> None:
    """Starts it and waits for its health; the process is in `cloud.processes` from its first moment."""
    log = state.log(ROLE)
    log.unlink(missing_ok=True)
    with processes.interrupts_wait():
        process = processes.start(
            ROLE,
            [sys.executable, "-m", "localcloud.server"],
            environment=environment.server(state, cloud),
            log=log,
            folder=PROJECT,
        )
        cloud.processes.append(process)
        state.save(cloud)
    deadline = time.monotonic() + _START_SECONDS
    while not healthy(cloud.port):
        if not process.alive():
            raise died(state, cloud)
        if time.monotonic() > deadline:
            raise CloudError(
                "the emulator does not answer",
                why=f"no health on {cloud.endpoint} within {_START_SECONDS:.0f} s",
                do=f"read {log}, then deploy again",
            )
        time.sleep(0.05)


@contextmanager
def empty(state: State, *, name: str) -> Iterator[Cloud]:
    """A running emulator with nothing in it, ended afterwards: for tests and benches. `name` as setting `name`."""
    state.prepare()
    cloud = Cloud(
        stage="lab",
        name=name,
        region="ap-northeast-2",
        account=environment.DEFAULT_ACCOUNT,
        port=ports.free(),
        shop_port=ports.free(),
    )
    try:
        start(state, cloud)
        yield cloud
    finally:
        for process in cloud.processes:
            process.stop()


def alive(cloud: Cloud) -> bool:
    """Whether the cloud's emulator still runs."""
    return any(process.role == ROLE and process.alive() for process in cloud.processes)


def died(state: State, cloud: Cloud) -> CloudError:
    """The error for an emulator that ended by itself, with its last words."""
    log = state.log(ROLE)
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()] if log.exists() else []
    last = lines[-1][-300:] if lines else "no output"
    return CloudError(
        "the emulator ended",
        why=f"the process on port {cloud.port} is gone, its last line: {last}",
        do=f"deploy again to start from scratch; its log is {log}",
    )
