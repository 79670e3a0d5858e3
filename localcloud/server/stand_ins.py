"""Small HTTP servers in the place of pods, all in one process: `python -m localcloud.server.stand_ins`.

Stand-ins of this machine, not pods; no image is run. Owns what they answer and their life: each line of standard input
is an order, `open {...}` or `close ADDRESS`, answered by one line, `ok` or `error: ...`. The process ends when its
standard input does, that is when the emulator ends, however that happens.

What a stand-in answers: `/health` 200; `/ready` 200; `/metrics` in Prometheus' text format; anything else as JSON
`{"service", "image", "track", "pod"}`, after `?wait=SECONDS` if that is asked. Two endings of an image's digest make it
ill, so that failed releases can be tried: `badbad` is never ready, `500500` is healthy and answers 500.
"""

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

NEVER_READY: Final = "badbad"
"""End of a digest: its pods start and are never ready."""
FAILING: Final = "500500"
"""End of a digest: its pods are healthy, and fail every request that they are there for."""
_BUCKETS: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
_LONGEST_WAIT: Final = 60.0
_LARGEST_HEAD: Final = 65536
_CLOSE_SECONDS: Final = 1.0
_REASONS: Final = {200: "OK", 400: "Bad Request", 500: "Internal Server Error", 503: "Service Unavailable"}
_PROBES: Final = frozenset({"/health", "/ready", "/metrics"})

Answer = tuple[int, str, str]
"""Status, content type, text."""


def _json(status: int, content: dict[str, str]) -> Answer:
    return status, "application/json", json.dumps(content) + "\n"


@dataclass
class StandIn:
    """One of them."""

    host: str
    ports: list[int]
    service: str
    image: str
    track: str
    pod: str
    _requests: dict[int, int] = field(default_factory=dict)
    _buckets: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))
    _seconds: float = 0.0
    _in_progress: int = 0
    _servers: list[asyncio.Server] = field(default_factory=list)
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        """Raises `OSError`, with nothing open, when one of its ports cannot be had."""
        try:
            for port in self.ports:
                self._servers.append(await asyncio.start_server(self._serve, self.host, port, limit=_LARGEST_HEAD))
        except OSError:
            await self.close()
            raise

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        # Of those that are left none has a request: whoever closes it has waited for that.
        for connection in list(self._connections):
            connection.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # a caller that goes away, or speaks no HTTP
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection stays."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in head[1:])}
        await reader.readexactly(int(headers.get("content-length") or 0))
        status, kind, text = await self._counted(target)
        # A chunked body is not read: what follows would be taken for a request.
        stays = headers.get("connection", "").lower() != "close" and "transfer-encoding" not in headers
        body = text.encode()
        writer.write(
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"Connection: {'keep-alive' if stays else 'close'}\r\n\r\n".encode("latin-1")
            + (b"" if method == "HEAD" else body)
        )
        await writer.drain()
        return stays

    async def _counted(self, target: str) -> Answer:
        if urlsplit(target).path in _PROBES:
            return await self._content(target)
        began = time.monotonic()
        self._in_progress += 1
        try:
            answer = await self._content(target)
        finally:
            self._in_progress -= 1
        seconds = time.monotonic() - began
        self._requests[answer[0]] = self._requests.get(answer[0], 0) + 1
        self._seconds += seconds
        for number, bound in enumerate((*_BUCKETS, float("inf"))):
            self._buckets[number] += seconds <= bound
        return answer

    async def _content(self, target: str) -> Answer:
        url = urlsplit(target)
        if url.path == "/health":
            return _json(200, {"status": "healthy", "pod": self.pod})
        if url.path == "/ready":
            ready = not self.image.endswith(NEVER_READY)
            return _json(200 if ready else 503, {"status": "ready" if ready else "not ready", "pod": self.pod})
        if url.path == "/metrics":
            return 200, "text/plain; version=0.0.4", self._metrics()
        for seconds in parse_qs(url.query).get("wait", []):
            await asyncio.sleep(min(float(seconds), _LONGEST_WAIT))
        status = 500 if self.image.endswith(FAILING) else 200
        return _json(status, {"service": self.service, "image": self.image, "track": self.track, "pod": self.pod})

    def _metrics(self) -> str:
        """The names of the services' contract (docs/eks.md)."""
        labels = f'service="{self.service}",track="{self.track}"'
        lines = ["# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{{labels},status="{s}"}} {n}' for s, n in sorted(self._requests.items())]
        lines.append("# TYPE http_request_duration_seconds histogram")
        bounds = [*(str(bound) for bound in _BUCKETS), "+Inf"]
        for bound, number in zip(bounds, self._buckets, strict=True):
            lines.append(f'http_request_duration_seconds_bucket{{{labels},le="{bound}"}} {number}')
        lines.append(f"http_request_duration_seconds_sum{{{labels}}} {self._seconds:.6f}")
        lines.append(f"http_request_duration_seconds_count{{{labels}}} {self._buckets[-1]}")
        lines += ["# TYPE http_requests_in_progress gauge", f"http_requests_in_progress {self._in_progress}"]
        lines += ["# TYPE tiketi_queue_length gauge", "tiketi_queue_length 0"]
        return "\n".join(lines) + "\n"


async def _obey(line: str, running: dict[str, StandIn]) -> str:
    order, _, argument = line.partition(" ")
    try:
        if order == "open":
            stand_in = StandIn(**json.loads(argument))
            await stand_in.open()
            running[stand_in.host] = stand_in
        elif order == "close" and argument in running:
            await running.pop(argument).close()
    except OSError as error:
        return f"error: {error}"
    return "ok"


async def _serve_orders() -> None:
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    running: dict[str, StandIn] = {}
    while line := await orders.readline():
        print(await _obey(line.decode().strip(), running), flush=True)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await asyncio.gather(*(stand_in.close() for stand_in in running.values()))


if __name__ == "__main__":
    asyncio.run(_serve_orders())
