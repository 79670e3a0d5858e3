"""The outermost layer around every request: trace, log line, limits, timeout, security headers, last resort.

One plain ASGI middleware, because each layer costs every request. Owns nothing of what a request means.
"""

import asyncio
import logging
import time
from typing import Final

from opentelemetry.trace import Span, StatusCode
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import traces
from ..connections import HEAD
from ..logs import RequestLog, trace_id
from .problems import problem, unavailable

logger = logging.getLogger(__name__)
log = RequestLog()

BODY: Final = 64 * 1024
"""Bytes of a request's body."""
SECONDS: Final = 10.0
"""For a request, in all; below the load balancer's patience of 60."""
CONCURRENT: Final = 256
"""Requests at once; what comes beyond is told to come back, before memory and pools are asked."""

_SECURITY: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Edge:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.in_flight = 0
        self.last_request = time.monotonic()
        """When a client (not a health check) last asked, by the monotonic clock."""
        self.closing = False
        """Asks clients to open their next connection elsewhere."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        context, trace = traces.parent(headers)
        trace_id.set(trace)
        exchange = _Exchange(scope, receive, send, trace, self)
        if scope["path"] != "/health":
            self.last_request = began
        self.in_flight += 1
        try:
            attributes = {
                "http.request.method": scope["method"],
                "url.path": scope["path"],
                "url.scheme": headers.get("x-forwarded-proto", scope["scheme"]),
            }
            with traces.server_span(context, attributes) as span:
                await self._answer(exchange, headers)
                _describe(span, exchange.scope, exchange.status)
        finally:
            self.in_flight -= 1
            log.request(
                method=exchange.method,
                route=_route(exchange.scope),
                path=scope["path"],
                status=exchange.status,
                ms=round((time.monotonic() - began) * 1000, 2),
                trace_id=trace,
            )

    async def _answer(self, exchange: "_Exchange", headers: dict[str, str]) -> None:
        scope, path = exchange.scope, exchange.scope["path"]
        if self.in_flight > CONCURRENT and path != "/health":
            await exchange.instead(unavailable(path, "Too many requests at once."))
            return
        refusal = _refused(scope, headers)
        if refusal is not None:
            await exchange.instead(refusal)
            return
        try:
            async with asyncio.timeout(SECONDS):
                await self._app(scope, exchange.receive, exchange.send)
        except TimeoutError:
            await exchange.instead(problem(path, "timeout", 504, f"It took more than {SECONDS:g} s."))
        except Exception:
            logger.exception("request failed")
            await exchange.instead(problem(path, "internal", 500, "It has been logged under this trace id."))


class _Exchange:
    """One request and its answer, with what the edge adds."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, trace: str, edge: Edge) -> None:
        self.method = scope["method"]
        # A HEAD is a GET whose body stays here.
        self.scope = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        self.status = 0
        self._receive, self._send = receive, send
        self._trace, self._edge = trace, edge
        self._received = 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > BODY:
                raise HTTPException(413, f"A body has at most {BODY} bytes.")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], *_SECURITY, (b"x-trace-id", self._trace.encode())]
            if self._edge.closing:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        elif self.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    async def instead(self, response: Response) -> None:
        """An answer of the edge's own, unless one is already under way."""
        if self.status == 0:
            await response(self.scope, self._receive, self.send)


def _refused(scope: Scope, headers: dict[str, str]) -> Response | None:
    """What need not reach the application: headers or a body that are too large, or a body in another language."""
    path = scope["path"]
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD:
        return problem(path, "too-large", 431, f"Headers have at most {HEAD} bytes.")
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > BODY:
        return problem(path, "too-large", 413, f"A body has at most {BODY} bytes.")
    if scope["method"] in ("POST", "PUT", "PATCH"):
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            return problem(path, "unsupported-media-type", 415, f"Given {media_type or 'no type'}.")
    return None


def _route(scope: Scope) -> str | None:
    return getattr(scope.get("route"), "path", None)


def _describe(span: Span, scope: Scope, status: int) -> None:
    if not span.is_recording():
        return
    route = _route(scope)
    if route is not None:
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(StatusCode.ERROR)
