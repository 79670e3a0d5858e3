"""`/api/products`, `/api/categories`: what everybody sees, so made once a second at most."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ..failures import NotFound
from ..microcache import MicroCache
from . import models
from .answers import Shared
from .dependencies import TheShop
from .problems import described

router = APIRouter(prefix="/api", tags=["products"])
_UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Unchanged since the `ETag` in `If-None-Match`"}
}


@router.get("/products", response_model=models.Page, responses=described(422) | _UNCHANGED)
async def products(request: Request, shop: TheShop, query: Annotated[models.ListQuery, Query()]) -> Response:
    """A page of products: all of them, of a category, or found by words."""
    selection = query.selection()

    async def make() -> Shared:
        page = await shop.catalogue.page(selection)
        items = [models.product(row) for row in page.rows]
        return Shared.of({"items": items, "total": page.total, "total_exact": page.total_exact, "next": page.next})

    return (await _kept(request).get(selection, make)).answer(request)


@router.get("/products/{id}", response_model=models.Product, responses=described(404, 422) | _UNCHANGED)
async def product(request: Request, shop: TheShop, id: models.ProductId) -> Response:
    """One product."""

    async def make() -> Shared:
        row = await shop.catalogue.product(id)
        if row is None:
            raise NotFound(f"There is no product {id}.")
        return Shared.of(models.product(row))

    return (await _kept(request).get(id, make)).answer(request)


@router.get("/categories", response_model=models.Categories, responses=described() | _UNCHANGED)
async def categories(request: Request, shop: TheShop) -> Response:
    """All categories, in the order of the shop window."""

    async def make() -> Shared:
        return Shared.of({"items": [models.category(row) for row in await shop.catalogue.categories()]})

    return (await _kept(request).get("categories", make)).answer(request)


def _kept(request: Request) -> MicroCache[Shared]:
    kept: MicroCache[Shared] = request.app.state.kept
    return kept
