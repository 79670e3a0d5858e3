"""`/api/orders`: buying, and what was bought."""

import asyncio
import logging
import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from ..failures import NotFound, UnavailableError
from ..orders import Purchase
from . import models
from .answers import personal
from .dependencies import TheShop
from .problems import described
from .sessions import Given, is_known, new_session

router = APIRouter(prefix="/api/orders", tags=["orders"])
logger = logging.getLogger(__name__)

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,128}$",
        description="New for each purchase, unchanged when it is sent again",
        examples=["0b9d3c1e-6a1f-4b36-9c55-9d8ad2a1f0f4"],
    ),
]
_BOUGHT: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "description": "Bought",
        "headers": {
            "Location": {"schema": {"type": "string"}, "description": "The order's address"},
            "Idempotency-Replayed": {
                "schema": {"type": "string", "enum": ["true"]},
                "description": "This order was placed by an earlier request",
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    response_model=models.Order,
    responses=described(400, 409, 413, 415, 422) | _BOUGHT,
)
async def place(
    request: Request, shop: TheShop, given: Given, key: IdempotencyKey, wanted: models.OrderPost
) -> Response:
    """Buys all of it or nothing; sent again with the same key it buys nothing twice."""
    known = given if given is not None and await is_known(shop, given) else None
    session = known or new_session(request)
    purchase = Purchase(items={item.product: item.quantity for item in wanted.items}, amount=wanted.amount)
    placed = await shop.orders.place(session.digest, key, purchase, sessionless=known is None)
    if known is not None:
        try:
            async with asyncio.timeout(1):
                await shop.carts.remove(known.key, *purchase.items)
        except (UnavailableError, TimeoutError):
            logger.warning("bought, but still in the cart: the cache is away")
    document = models.order(placed.order)
    headers = {"Location": f"/api/orders/{document['id']}"}
    if placed.replayed:
        headers["Idempotency-Replayed"] = "true"
    answer = personal(document, status=201, headers=headers)
    return session.keep(answer) if known is not None or placed.visible else answer


@router.get("", response_model=models.OrderPage, responses=described(422))
async def orders(shop: TheShop, session: Given, query: Annotated[models.OrdersQuery, Query()]) -> Response:
    """The session's orders, newest first."""
    if session is None:
        return personal({"items": [], "next": None})
    rows, following = await shop.orders.page(session.digest, limit=query.limit, before=query.cursor)
    return personal({"items": [models.order(row) for row in rows], "next": str(following) if following else None})


@router.get("/{id}", response_model=models.Order, responses=described(404, 422))
async def order(shop: TheShop, session: Given, id: uuid.UUID) -> Response:
    """One order of this session."""
    if session is None:
        raise NotFound(f"There is no order {id} of this session.")
    return personal(models.order(await shop.orders.order(session.digest, id)))
