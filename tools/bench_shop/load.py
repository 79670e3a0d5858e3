"""The load, a process of its own: `python -m tools.bench_shop.load PORT mixed|uncached|PATH SECONDS`, JSON on stdout.

`mixed` is an open loop: requests leave at their time whatever became of those before, and are timed from when they
should have left, so that a stall counts for all who would have suffered from it. A path is a closed loop of `CLOSED`
connections: how many answers a second; `uncached` the same, each request for a page that nobody has asked for. Asyncio
over sockets, because clients on the shelf are slower than the server.
"""

import asyncio
import base64
import itertools
import json
import random
import re
import sys
import time
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import uvloop

from tools.bench_shop.stage import CUSTOMERS, WORDS

RATE: Final = 100
"""Requests a second, specification of the shop."""
CLOSED: Final = 32
_HEAD = re.compile(rb"^HTTP/1.1 (\d+).*?\r\ncontent-length: (\d+)\r\n", re.S)


class Connection(asyncio.Protocol):
    """One request at a time over one connection; `ask` answers the status."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._expected = -1
        self._status = 0
        self._answer: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._expected < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            found = _HEAD.match(self._buffer[: end + 2])
            assert found is not None, bytes(self._buffer[:200])
            self._status, self._expected = int(found[1]), end + 4 + int(found[2])
        if len(self._buffer) >= self._expected and self._answer is not None:
            self._buffer.clear()
            self._expected = -1
            self._answer.set_result(self._status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed"))

    async def ask(self, request: bytes) -> int:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer


@dataclass
class Pool:
    """Connections to the server, as many as are needed at once."""

    port: int
    free: deque[Connection] = field(default_factory=deque)

    async def take(self) -> Connection:
        if self.free:
            return self.free.pop()
        made = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port)
        made[1].transport = made[0]
        return made[1]


def request(method: str, path: str, *, session: str = "", body: object = None, key: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: shop"]
    if session:
        lines.append(f"cookie: session={session}")
    if key:
        lines.append(f"idempotency-key: {key}")
    content = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def visitor(chance: random.Random) -> tuple[str, bytes]:
    """What somebody does next: 35 % browse, 20 % search, 20 % look at a product, 15 % cart, 10 % buy."""
    session = f"{chance.randrange(CUSTOMERS):043d}"
    product = chance.randrange(100, 100_000)
    die = chance.random()
    if die < 0.35:
        sort = chance.choice(["newest", "price_asc", "price_desc", "name_ko"])
        category = chance.choice(["", "&category=kitchen", "&category=food", "&category=living"])
        return "browse", request("GET", f"/api/products?sort={sort}{category}")
    if die < 0.55:
        word = chance.choice(WORDS[chance.choice(list(WORDS))])
        return "search", request("GET", f"/api/products?q={quote(word + ' ' + str(chance.randrange(100)))}")
    if die < 0.75:
        return "detail", request("GET", f"/api/products/{product}")
    if die < 0.83:
        body = {"quantity": chance.randrange(1, 5)}
        return "cart", request("PUT", f"/api/cart/items/{chance.randrange(1, 40)}", session=session, body=body)
    if die < 0.90:
        return "cart", request("GET", "/api/cart", session=session)
    purchase = {"items": [{"product": product, "quantity": 1}]}
    return "order", request(
        "POST", "/api/orders", session=session, body=purchase, key=str(uuid.UUID(int=chance.getrandbits(128)))
    )


async def mixed(port: int, seconds: float) -> dict[str, object]:
    """Milliseconds of each kind of request, and how many failed."""
    chance, pool = random.Random(4), Pool(port)
    took: dict[str, list[float]] = {}
    failed: list[str] = []
    began = time.perf_counter() + 0.1

    async def one(number: int) -> None:
        due = began + number / RATE
        kind, asked = visitor(chance)
        await asyncio.sleep(due - time.perf_counter())
        connection = await pool.take()
        status = await connection.ask(asked)
        took.setdefault(kind, []).append((time.perf_counter() - due) * 1000)
        pool.free.append(connection)
        if status not in (200, 201) and not (kind == "cart" and status == 409):
            failed.append(f"{kind} {status}")

    await asyncio.gather(*(one(number) for number in range(int(seconds * RATE))))
    for connection in pool.free:
        connection.transport.close()
    return {"milliseconds": took, "failed": failed}


def same(path: str) -> Iterator[bytes]:
    return itertools.repeat(request("GET", path))


def unasked(begin: int) -> Iterator[bytes]:
    """Pages of the list, each from another product on: none of them is kept, so each is asked of the database."""
    for number in itertools.count(begin):
        product = 100 + number * 7919 % 99_900  # a prime, so that neighbours are far apart and none comes twice
        cursor = base64.urlsafe_b64encode(json.dumps(["newest", product, product]).encode()).decode().rstrip("=")
        yield request("GET", f"/api/products?cursor={cursor}")


async def closed(port: int, requests: Iterator[bytes], seconds: float) -> dict[str, object]:
    """Answers a second."""
    pool = Pool(port)
    count = 0

    async def client() -> None:
        nonlocal count
        connection = await pool.take()
        while time.perf_counter() < end:
            assert await connection.ask(next(requests)) == 200
            count += 1
        connection.transport.close()

    began = time.perf_counter()
    end = began + seconds
    await asyncio.gather(*(client() for _ in range(CLOSED)))
    return {"per_second": count / (time.perf_counter() - began)}


if __name__ == "__main__":
    port, what, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    if what == "mixed":
        measured = mixed(port, seconds)
    else:
        measured = closed(port, unasked(random.randrange(99_900)) if what == "uncached" else same(what), seconds)
    json.dump(uvloop.run(measured), sys.stdout)
