"""Calls to MiniStack's own service APIs from inside its process.

Owns the way from a boto client to a service's handler without a socket: a resource type that goes
through the public API gets the API's validation, and what it stores is what the SDK reads back.
"""

import asyncio
import contextvars
import functools
import io
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.awsrequest import AWSResponse
from ministack import app
from ministack.core.responses import get_region

Result = TypeVar("Result")

_session = botocore.session.Session()
_session.set_credentials("test", "test")


class _Body(io.BytesIO):
    """The part of urllib3's response that botocore reads."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """The coroutine's result, from synchronous code that may itself run on the event loop.

    CloudFormation's handlers are called on the loop's thread, where no second loop can run; a
    thread of its own has one. The context carries account and region of the request.
    """
    context = contextvars.copy_context()
    results: list[Result] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            results.append(context.run(asyncio.run, coroutine))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _send(service: str, request: Any, **_: object) -> AWSResponse:
    handler = app.SERVICE_HANDLERS[app.SERVICE_NAME_ALIASES.get(service, service)]
    url = urlsplit(request.url)
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    headers = {
        key.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for key, value in request.headers.items()
    }
    query = parse_qs(url.query, keep_blank_values=True)
    status, response_headers, content = _run(handler(request.method, unquote(url.path), headers, body, query))[:3]
    raw = content.encode() if isinstance(content, str) else content or b""
    return AWSResponse(request.url, status, response_headers, _Body(raw))


@functools.cache
def _client(service: str, region: str) -> Any:
    client = _session.create_client(service, region_name=region, endpoint_url="http://127.0.0.1:1")
    client.meta.events.register("before-send", functools.partial(_send, service))
    return client


def call(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    """One API call in the account and region of the current request.

    Raises botocore's ClientError or ParamValidationError, whose text CloudFormation shows.
    """
    method = getattr(_client(service, get_region()), operation)
    return cast("dict[str, Any]", method(**parameters))
