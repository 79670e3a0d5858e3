"""The processes that stand in for the shop's EC2 instances.

Owns their number and how one is started, also again. Behind the emulated load balancer they are the targets of
whatever Auto Scaling group is filled; the emulator hands them out in turn.
"""

import sys
from typing import Final

from localcloud import environment, ports, processes
from localcloud.errors import CloudError
from localcloud.report import say
from localcloud.state import PROJECT, Cloud, State

COUNT: Final = 2
_PROGRAM: Final = PROJECT / "cloudmart_cdk" / "assets" / "placeholder" / "server.py"


def start(state: State, cloud: Cloud) -> list[int]:
    """Starts them on free ports of the loopback interface; their ports."""
    cloud.backend_ports = [ports.free() for _ in range(COUNT)]
    for number in range(1, COUNT + 1):
        _start(state, cloud, number)
    return cloud.backend_ports


def restore(state: State, cloud: Cloud) -> None:
    """Starts those that have ended, on their ports: that is where the emulator looks for them."""
    for number, port in enumerate(cloud.backend_ports, start=1):
        if any(process.role == _role(number) and process.alive() for process in cloud.processes):
            continue
        say(f"  {_role(number)} had ended: started again")
        process = _start(state, cloud, number)
        if not ports.opens(port, alive=process.alive):
            raise CloudError(
                f"{_role(number)} does not start",
                why=f"it does not listen on 127.0.0.1:{port}",
                do=f"read {state.log(_role(number))}; `make destroy`, then `make deploy` chooses another port",
            )


def _role(number: int) -> str:
    return f"backend-{number}"


def _start(state: State, cloud: Cloud, number: int) -> processes.Process:
    role = _role(number)
    variables = {"PORT": str(cloud.backend_ports[number - 1]), "HOST": "127.0.0.1"}
    with processes.interrupts_wait():
        process = processes.start(
            role,
            [sys.executable, str(_PROGRAM)],
            environment=environment.plain(state) | variables,
            log=state.log(role),
            folder=state.temporary,
        )
        cloud.processes = [other for other in cloud.processes if other.role != role] + [process]
        state.save(cloud)
    return process
