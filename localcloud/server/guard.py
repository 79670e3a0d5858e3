"""Who may call the emulator: an ASGI application around MiniStack's.

MiniStack answers every name, every web page's origin and every caller, and its functions are processes of this user.
Here a call to AWS carries this cloud's session token, as every SDK sends one; a web page calls nothing, except the shop
through our own proxy; and under the name of the CDN or of a load balancer there is nothing but what they serve.
Owns no answer of AWS: what is refused is refused in one line of text.
"""

import hmac
import os
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs

from ministack import app
from ministack.services import sts

from localcloud.proxy import MARK

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

_MINE: Final = frozenset({"127.0.0.1", "localhost"})
_PUBLIC: Final = (".cloudfront.net", ".elb.amazonaws.com", ".alb.localhost")
"""Ends of the names that the whole Internet may ask on AWS; MiniStack routes them by `Host`."""
_OWN_PATHS: Final = "/_ministack/"
_HEALTH: Final = ("GET", "/_ministack/health")
_CALLBACK: Final = "/_ministack/cfn-response/"
"""Where custom resources answer: on AWS, too, the address itself is the secret."""
_SAME: Final = frozenset({"none", "same-origin"})


def _public(host: str) -> bool:
    return host.partition(":")[0].lower().endswith(_PUBLIC)


def _values(headers: Headers, name: str) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.lower() == name.encode()]


class Guard:
    """Lets through what may pass. `token`: the cloud's."""

    def __init__(self, application: Application, *, token: str) -> None:
        if not token:
            raise ValueError("a guard without a token would let everybody in")
        self._application, self._token = application, token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        elif scope["type"] != "http":
            # Nothing of ours is a WebSocket.
            await send({"type": "websocket.close", "code": 1008})
        elif refusal := self._refusal(scope):
            await _refuse(refusal, send)
        else:
            headers = [entry for entry in scope["headers"] if entry[0].lower() != MARK.lower().encode()]
            await self._application({**scope, "headers": headers}, receive, _without_cors(send))

    def _refusal(self, scope: Message) -> str | None:
        """Why the request must not pass, or None."""
        headers, path = scope["headers"], scope["path"]
        hosts = _values(headers, "host")
        host = hosts[0] if len(hosts) == 1 else ""
        public = _public(host)
        if not public and host.partition(":")[0].lower() not in _MINE:
            given = ", ".join(hosts) or "none"
            return f"Host: given {given}; allowed: 127.0.0.1, localhost, and names of the CDN and of load balancers"
        if _of_a_page(headers) and not (public and self._known(_values(headers, MARK.lower()))):
            return "Origin: given a web page's request; allowed: programs, and the shop at its own address"
        if public:
            return f"path: given {_OWN_PATHS}; allowed here: what CDN and balancers serve" if _owned(path) else None
        if (scope["method"], path) == _HEALTH or (scope["method"] == "PUT" and path.startswith(_CALLBACK)):
            return None
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if self._known([*_values(headers, "x-amz-security-token"), *query.get("X-Amz-Security-Token", [])]):
            return None
        return 'session token: given none of this cloud\'s; do eval "$(python -m localcloud env)" and call again'

    def _known(self, given: list[str]) -> bool:
        return len(given) == 1 and hmac.compare_digest(given[0].encode(), self._token.encode())


def _owned(path: str) -> bool:
    return path.startswith(_OWN_PATHS)


def _of_a_page(headers: Headers) -> bool:
    return bool(_values(headers, "origin")) or not _SAME.issuperset(_values(headers, "sec-fetch-site"))


async def _refuse(why: str, send: Send) -> None:
    text = f"error: {why}\n".encode("ascii", "replace")
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def _without_cors(send: Send) -> Send:
    """No page of another origin is ever told that it may read an answer."""

    async def filtered(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [entry for entry in message["headers"] if not entry[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": headers}
        await send(message)

    return filtered


def _keep_public_names_public() -> None:
    """MiniStack looks at many paths of its APIs before it looks at the host; a public name has its own paths only."""
    before_body, after_body = app._handle_pre_body_request, app._handle_post_body_shortcuts
    special = app._handle_special_data_plane_request

    async def before_body_of_apis(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        return None if _public(headers["host"]) else await before_body(method, path, headers, *rest)

    async def after_body_of_apis(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        return None if _public(headers["host"]) else await after_body(method, path, headers, *rest)

    async def served(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
        request_id: str,
        **raw: Any,
    ) -> Any:
        host = headers["host"]
        if not _public(host):
            return await special(method, path, headers, body, query, request_id, **raw)
        raw_path, raw_query = raw["raw_path"] or path, raw["raw_query_string"]
        answer = await app._handle_cloudfront_dataplane_request(
            host, path, raw_path, raw_query, method, headers, body, query, raw["client_ip"]
        ) or await app._handle_alb_request(host, path, method, headers, body, query, raw_query, raw["raw_path"])
        return answer or (404, {"Content-Type": "text/plain"}, b"error: nothing has this name\n")

    app._handle_pre_body_request = before_body_of_apis
    app._handle_post_body_shortcuts = after_body_of_apis
    app._handle_special_data_plane_request = served


def install() -> None:
    """Puts the guard before MiniStack. The token is the emulator's own session token, so that its functions have it."""
    token = os.environ["AWS_SESSION_TOKEN"]
    # Whoever takes on a role stays a caller of this cloud.
    sts._gen_session_token = lambda: token
    _keep_public_names_public()
    app.app = Guard(app.app, token=token)
