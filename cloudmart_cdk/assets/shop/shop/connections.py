"""What a client may make the server hold before there is a request: uvicorn's httptools protocol with bounds.

httptools has none: a head that never ends is kept as it grows, and a connection that never asks is kept for ever. Owns
the size and the time of a request's head and the number of connections; bodies and answers are the edge's (`api.edge`).
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

KEEP_ALIVE: Final = 75
"""Seconds an idle connection is kept: longer than the load balancer's 60, or it answers 502 now and then."""
HEAD: Final = 32 * 1024
"""Bytes of a request's head. A load balancer lets 64 KiB of headers pass; those of our page are below 2."""
SECONDS: Final = 10.0
"""For a head, from its first byte, and for what comes of a body after its answer."""
CONNECTIONS: Final = 512
"""At once; below the 1,024 files that systemd lets a process open, with room for what the stores need."""

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """Counts bytes that have led to nothing yet: they are what the parser keeps."""

    _pending = 0
    _receiving = False
    """A head has come, but not all of its body."""
    _answered = False
    """The same, and the answer has left already."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self._close_in(KEEP_ALIVE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._close_in(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        idle = not self._pending
        self._pending += len(data)
        super().data_received(data)
        if self._pending > HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._answered:
            return
        elif self._pending:
            if idle:
                self._close_in(SECONDS)
        else:
            # uvicorn has forgotten its own limit when what is left of a body has come after the answer.
            self._close_in(KEEP_ALIVE if self.cycle is not None and self.cycle.response_complete else None)

    def on_headers_complete(self) -> None:
        self._pending, self._receiving = 0, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._pending, self._receiving, self._answered = 0, False, False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._receiving:
            self._answered = True
            self._close_in(SECONDS)

    def _close_in(self, seconds: float | None) -> None:
        """None: not any more."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)
