"""The HTTP server and its end.

Owns uvicorn and SIGTERM: the load balancer needs a while to notice, so requests are served on until none has come for a
moment (`QUIET`), at most `drain` seconds, with `Connection: close`; then what is under way is finished, and the process
ends with status 0.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from .api.edge import Edge, log
from .api.kept import Kept
from .connections import KEEP_ALIVE, BoundedProtocol
from .environment import Environment
from .logs import event

logger = logging.getLogger(__name__)

QUIET: Final = 1.0
"""Seconds without a request (health checks apart) after which the drain is over."""
FINISH: Final = 10
"""Seconds for requests under way to finish."""


async def serve(app: FastAPI, environment: Environment, *, leave: asyncio.Event) -> None:
    """Returns after SIGTERM or SIGINT, or at once when `leave` is set; with everything answered."""
    edge = Edge(Kept(app))
    config = uvicorn.Config(
        edge,
        host=environment.host,
        port=environment.port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=512,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=FINISH,
    )
    server = _Server(config)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def drain() -> None:
        await stop.wait()
        edge.closing = True
        event(logger, "draining")
        began = time.monotonic()
        while time.monotonic() < began + environment.drain:
            if not edge.in_flight and time.monotonic() > max(edge.last_request, began) + QUIET:
                break
            await asyncio.sleep(0.05)
        server.should_exit = True

    async def go() -> None:
        await leave.wait()
        event(logger, "the database is of an older schema, to be migrated at the next start")
        server.should_exit = True

    watching = [asyncio.create_task(drain()), asyncio.create_task(go())]
    await server.serve()
    for task in watching:
        task.cancel()
    log.write()


class _Server(uvicorn.Server):
    """uvicorn's own signal handlers stop at once, and end the process by the signal rather than with status 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def _log_started_message(self, listeners: object) -> None:  # noqa: ARG002  # theirs is no JSON
        ports = [listener.getsockname()[1] for server in self.servers for listener in server.sockets]
        event(logger, "listening", port=ports[0] if ports else None)
