"""Loopback addresses: one for each endpoint, so that every engine has its standard port.

Linux answers on all of 127.0.0.0/8 without any set-up.
"""

import secrets
import socket
from collections.abc import Iterable, Sequence
from typing import Final

from localcloud.errors import CloudError

_TRIES: Final = 20
_PORTS: Final = (5432, 6379)


def _unused(address: str, ports: Iterable[int]) -> bool:
    """Whether the ports can be had there. A server on 0.0.0.0 has them at every address."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def claim(ports: Sequence[int] = _PORTS) -> str:
    """An address that nobody else uses. Raises `CloudError` where a server occupies the ports at all of them.

    It is drawn from sixteen million, so that clouds started at the same moment do not meet.
    """
    for _ in range(_TRIES):
        second, third, fourth = (1 + secrets.randbelow(254) for _ in range(3))
        address = f"127.{second}.{third}.{fourth}"
        if _unused(address, ports):
            return address
    raise CloudError(
        "no loopback address to be had",
        why=f"ports {' and '.join(map(str, ports))} are taken at {_TRIES} addresses of 127.0.0.0/8",
        do="stop what listens there on 0.0.0.0 (a PostgreSQL, a Redis) or let it listen on 127.0.0.1 only",
    )
