"""`/api/products`, `/api/categories`: what everybody sees (`kept` makes each answer once a second at most)."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from ..failures import NotFound
from . import models
from .answers import shared
from .dependencies import TheShop
from .problems import described

router = APIRouter(prefix="/api", tags=["products"])
_UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Unchanged since the `ETag` in `If-None-Match`"}
}


@router.get("/products", response_model=models.Page, responses=described(422) | _UNCHANGED)
async def products(shop: TheShop, query: Annotated[models.ListQuery, Query()]) -> Response:
    """A page of products: all of them, of a category, or found by words."""
    page = await shop.catalogue.page(query.selection())
    items = [models.product(row) for row in page.rows]
    return shared({"items": items, "total": page.total, "total_exact": page.total_exact, "next": page.next})


@router.get("/products/{id}", response_model=models.Product, responses=described(404, 422) | _UNCHANGED)
async def product(shop: TheShop, id: models.ProductId) -> Response:
    """One product."""
    row = await shop.catalogue.product(id)
    if row is None:
        raise NotFound(f"There is no product {id}.")
    return shared(models.product(row))


@router.get("/categories", response_model=models.Categories, responses=described() | _UNCHANGED)
async def categories(shop: TheShop) -> Response:
    """All categories, in the order of the shop window."""
    return shared({"items": [models.category(row) for row in await shop.catalogue.categories()]})
