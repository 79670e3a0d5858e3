"""TCP ports of this machine."""

import socket
import time
from collections.abc import Callable

from localcloud.errors import CloudError


def free() -> int:
    """A port that nobody listens on, and that the kernel gives nobody for the next minute.

    A connection of its own, closed here first, leaves the port in TIME_WAIT: the kernel no longer hands it out, while
    a server that names it and sets SO_REUSEADDR, as all of ours do, may have it.
    """
    with socket.create_server(("127.0.0.1", 0)) as holder, socket.create_connection(holder.getsockname()):
        accepted, _ = holder.accept()
        accepted.close()
        return int(holder.getsockname()[1])


def claim(port: int | None, *, option: str) -> int:
    """The port asked for, or a free one. Raises `CloudError` when somebody has it."""
    if port is None:
        return free()
    with socket.socket() as probe:
        # A port of a process that ended a moment ago is free, though the kernel still remembers it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CloudError(
                f"port {port} is taken",
                why=f"127.0.0.1:{port} cannot be opened ({error.strerror})",
                do=f"give {option} another port, or leave it out to have a free one chosen",
            ) from None
    return port


def answers(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def opens(port: int, *, alive: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Waits until the process that is to listen on the port does; False when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while not answers(port):
        if not alive() or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return alive()
