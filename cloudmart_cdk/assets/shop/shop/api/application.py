"""The ASGI application: routes, problems, description."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .. import VERSION
from ..shop import Shop
from . import cart, health, orders, problems, products


def application(shop: Shop) -> FastAPI:
    app = FastAPI(
        title="CloudMart",
        version=VERSION,
        description="Products, carts and orders. Amounts are whole won; errors are problem documents (RFC 9457).",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # The edge makes the span of a request: it knows X-Ray's header, and answers of its own.
        telemetry={"tracing": False, "operation_spans": False, "metrics": False, "logs": False},
    )
    app.state.shop = shop
    problems.install(app)
    for room in (health, products, cart, orders):
        app.include_router(room.router)
    app.openapi = lambda: _description(app)  # type: ignore[method-assign] # FastAPI's documented way
    return app


def _description(app: FastAPI) -> dict[str, Any]:
    """FastAPI's, with our problems in place of its own validation error, which no answer has."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Problem"] = problems.Problem.model_json_schema()
        app.openapi_schema = document
    return app.openapi_schema
