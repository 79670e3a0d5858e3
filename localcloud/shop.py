"""The browser proxy's process; what it does is in `proxy`."""

import sys

from localcloud import environment, ports, processes
from localcloud.errors import CloudError
from localcloud.state import PROJECT, Cloud, State


def start(state: State, cloud: Cloud, domain: str) -> None:
    """Starts it for the CDN's host name, unless it runs already; one for another name is stopped."""
    role = f"proxy {domain}"
    stale = [p for p in cloud.processes if p.role.startswith("proxy ") and (p.role != role or not p.alive())]
    for process in stale:
        process.stop()
        cloud.processes.remove(process)
    if any(process.role == role for process in cloud.processes):
        return
    command = [sys.executable, "-m", "localcloud.proxy", str(cloud.shop_port), str(cloud.port), domain]
    with processes.interrupts_wait():
        process = processes.start(
            role, command, environment=environment.proxy(state, cloud), log=state.log("proxy"), folder=PROJECT
        )
        cloud.processes.append(process)
        state.save(cloud)
    if not ports.opens(cloud.shop_port, alive=process.alive):
        raise CloudError(
            "the browser proxy does not start",
            why=f"nothing listens on 127.0.0.1:{cloud.shop_port}",
            do=f"read {state.log('proxy')}; SHOP_PORT (--shop-port) chooses another port",
        )
