"""Errors as application/problem+json (RFC 9457).

Owns their form, their place in the OpenAPI description, and which exception becomes which. Nothing of an exception that
is not one of ours reaches a client: it goes to the log.
"""

import logging
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..failures import RETRY_AFTER, Rejected, UnavailableError
from ..logs import trace_id
from .answers import PRIVATE, encoded

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
PREFIX: Final = "urn:cloudmart:problem:"

TITLES: Final = {
    "invalid": "The request is not valid",
    "not-found": "There is no such thing here",
    "method-not-allowed": "This method is not for this address",
    "unsupported-media-type": "The body has to be application/json",
    "too-large": "The body is too large",
    "cart-full": "The cart is full",
    "out-of-stock": "Not enough in stock",
    "price-changed": "Prices have changed",
    "product-gone": "Not sold any more",
    "idempotency-key-reused": "The key belongs to another request",
    "unavailable": "Temporarily unavailable",
    "timeout": "The request took too long",
    "internal": "Something went wrong here",
}
_OF_STATUS: Final = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-media-type"}


class Problem(BaseModel):
    """RFC 9457; further members by `type`, see API.md."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": f"{PREFIX}out-of-stock",
                    "title": TITLES["out-of-stock"],
                    "status": 409,
                    "detail": "There are not enough of these left.",
                    "instance": "/api/orders",
                    "trace_id": "5759e988bd862e3fe1be46a994272793",
                    "items": [{"product": 1, "requested": 2, "available": 1}],
                }
            ]
        },
    )

    type: str = Field(pattern=f"^{PREFIX}[a-z-]+$")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str
    trace_id: str = Field(pattern="^[0-9a-f]{32}$")


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems of an operation, for its OpenAPI description; every operation may also answer 500, 503 and 504."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    descriptions = {
        400: "The body is no JSON",
        404: "There is no such thing here",
        409: "Well formed, and still not done; `type` says why",
        413: "The body is too large",
        415: "The body is not application/json",
        422: "Not valid; `errors` says what",
        500: "Something went wrong here",
        503: "A store is away; ask again after `Retry-After` seconds",
        504: "The request took too long",
    }
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": descriptions[status], "content": content} for status in (*statuses, 500, 503, 504)
    }
    found[503]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}}
    return found


def problem(path: str, kind: str, status: int, detail: str, **more: object) -> Response:
    document = {
        "type": PREFIX + kind,
        "title": TITLES[kind],
        "status": status,
        "detail": detail,
        "instance": path,
        "trace_id": trace_id.get() or "0" * 32,
        **more,
    }
    return Response(encoded(document), status, PRIVATE, media_type=MEDIA_TYPE)


def unavailable(path: str, detail: str) -> Response:
    response = problem(path, "unavailable", 503, detail)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def install(app: FastAPI) -> None:
    """Every way in which a request can end without its answer."""

    @app.exception_handler(Rejected)
    async def rejected(request: Request, error: Rejected) -> Response:
        return problem(request.url.path, error.kind, error.status, str(error), **error.more)

    @app.exception_handler(UnavailableError)
    async def away(request: Request, error: UnavailableError) -> Response:
        logger.warning("%s away: %r", error.store, error.__cause__)
        return unavailable(request.url.path, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        status = 400 if any(entry["type"] == "json_invalid" for entry in found) else 422
        errors = [
            {
                "in": str(entry["loc"][0]),
                "at": ".".join(str(part) for part in entry["loc"][1:]),
                "detail": str(entry["msg"]),
            }
            for entry in found[:20]
        ]
        return problem(request.url.path, "invalid", status, "; ".join(e["detail"] for e in errors), errors=errors)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        kind = _OF_STATUS.get(error.status_code, "invalid" if error.status_code < 500 else "internal")
        response = problem(request.url.path, kind, error.status_code, str(error.detail))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response
