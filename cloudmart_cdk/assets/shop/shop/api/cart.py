"""`/api/cart`: what this session means to buy."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ..failures import NotFound
from ..shop import Shop
from . import models
from .answers import personal
from .dependencies import TheShop
from .problems import described
from .sessions import Given, Session, is_known, new_session

router = APIRouter(prefix="/api/cart", tags=["cart"])


@router.get("", response_model=models.Cart, responses=described())
async def cart(shop: TheShop, session: Given) -> Response:
    """The session's cart, with today's prices."""
    return await _answer(shop, session)


@router.put("/items/{product}", response_model=models.Cart, responses=described(400, 404, 409, 413, 415, 422))
async def put(
    request: Request, shop: TheShop, session: Given, product: models.ProductId, item: models.CartPut
) -> Response:
    """Sets how many of a product are in the cart."""
    if await shop.catalogue.product(product) is None:
        raise NotFound(f"There is no product {product}.")
    # Most who come with a session have a cart: that is one question to Redis.
    if session is None or not await shop.carts.put(session.key, product, item.quantity, existing=True):
        if session is None or not await is_known(shop, session):
            session = new_session(request)
        await shop.carts.put(session.key, product, item.quantity)
    return session.keep(await _answer(shop, session))


@router.delete("/items/{product}", response_model=models.Cart, responses=described(422))
async def remove(shop: TheShop, session: Given, product: models.ProductId) -> Response:
    """Takes a product out of the cart; it need not be in it."""
    if session is not None:
        await shop.carts.remove(session.key, product)
    return await _answer(shop, session)


@router.delete("", response_model=models.Cart, responses=described())
async def empty(shop: TheShop, session: Given) -> Response:
    """Empties the cart."""
    if session is not None:
        await shop.carts.empty(session.key)
    return await _answer(shop, None)


async def _answer(shop: Shop, session: Session | None) -> Response:
    quantities = await shop.carts.read(session.key) if session is not None else {}
    products = await shop.catalogue.some(list(quantities)) if quantities else []
    return personal(models.cart(products, quantities))
