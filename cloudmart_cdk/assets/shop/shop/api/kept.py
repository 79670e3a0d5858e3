"""Answers that everybody gets are made once a second at most, however many ask.

One ASGI middleware in front of the routes, as a caching proxy would be: a hit costs no routing and no validation. Owns
which addresses are shared, which of them mean the same, their `ETag` and 304. Only a 200 is kept; whatever else a
request comes to is its own.
"""

import hashlib
from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..microcache import MicroCache
from .models import ListQuery

SHARED: Final = ("/api/products", "/api/categories")
"""Beginnings of the addresses whose answers depend on path and query alone."""
_LIST: Final = "/api/products"
"""The one whose query matters."""


class Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: bytes
    route: Any


class _NotKeptError(Exception):
    """The answer of a flight is no 200."""


class Kept:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: MicroCache[Answer] = MicroCache()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(SHARED):
            await self._app(scope, receive, send)
            return
        own: Answer | None = None

        async def make() -> Answer:
            nonlocal own
            own = await self._asked(scope, receive)
            if own.status != 200:
                raise _NotKeptError
            return own

        try:
            answer = await self._kept.get(meaning(scope["path"], scope["query_string"]), make)
        except _NotKeptError:
            if own is None:  # somebody else's refusal, with their trace id
                await self._app(scope, receive, send)
                return
            answer = own
        scope["route"] = answer.route
        if answer.status == 200 and answer.etag in _known(scope["headers"]):
            head: Message = {"type": "http.response.start", "status": 304, "headers": _without_body(answer.headers)}
            await send(head)
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _asked(self, scope: Scope, receive: Receive) -> Answer:
        inner = dict(scope)
        head: Message = {}
        parts: list[bytes] = []

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(inner, receive, take)
        body = b"".join(parts)
        etag = b'"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
        headers = list(head["headers"])
        if head["status"] == 200:
            headers += [(b"cache-control", b"no-cache"), (b"etag", etag)]
        return Answer(head["status"], headers, body, etag, inner.get("route"))


@lru_cache(maxsize=1024)
def meaning(path: str, query: bytes) -> Hashable:
    """The same for all spellings of a question, so that a flood of spellings is one question."""
    if path != _LIST:
        return path
    try:
        # As the route reads it: of a name that occurs twice the last counts.
        return ListQuery.model_validate(dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))).selection()
    except ValueError:
        return path, query


def _known(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return next((value for name, value in headers if name == b"if-none-match"), b"")


def _without_body(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if not name.startswith(b"content-")]
