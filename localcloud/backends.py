"""The processes that stand in for the shop's EC2 instances.

Owns their number and how one is started. Behind the emulated load balancer they are the targets of
whatever Auto Scaling group is filled; the emulator hands them out in turn.
"""

import sys
from typing import Final

from localcloud import environment, ports, processes
from localcloud.state import PROJECT, Cloud, State

COUNT: Final = 2
_PROGRAM: Final = PROJECT / "cloudmart_cdk" / "assets" / "placeholder" / "server.py"


def start(state: State, cloud: Cloud) -> list[int]:
    """Starts them on free ports of the loopback interface; their ports."""
    chosen: list[int] = []
    for number in range(1, COUNT + 1):
        port = ports.free()
        role = f"backend-{number}"
        variables = {"PORT": str(port), "HOST": "127.0.0.1"}
        process = processes.start(
            role,
            [sys.executable, str(_PROGRAM)],
            environment=environment.plain(state) | variables,
            log=state.log(role),
            folder=state.temporary,
        )
        cloud.processes.append(process)
        state.save(cloud)
        chosen.append(port)
    return chosen
