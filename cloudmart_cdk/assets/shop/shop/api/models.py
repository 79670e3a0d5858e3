"""What goes in and out, as OpenAPI describes it.

Answers are built as plain dictionaries by the functions below (they are hot, and the tests hold every answer against
this description); requests are validated by these models, strictly.
"""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from .. import search
from ..carts import PRODUCTS, QUANTITY
from ..catalogue import Selection, SortName
from ..database import Row

ProductId = Annotated[int, Field(ge=1, le=2**31 - 1, description="A product's number", examples=[1])]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY, examples=[2])]
Amount = Annotated[int, Field(ge=0, description="Whole won", examples=[36000])]
# No control characters: PostgreSQL has no NUL, and nobody searches for the others.
Query = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
CategoryId = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
Cursor = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[A-Za-z0-9_-]+$")]
CURRENCY: Final = "KRW"


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Text(Answer):
    ko: str = Field(examples=["도자기 머그"])
    en: str = Field(examples=["Stoneware mug"])


class Product(Answer):
    id: ProductId
    name: Text
    description: Text
    category: str = Field(examples=["kitchen"])
    price: Amount
    currency: Literal["KRW"]
    stock: int = Field(ge=0, description="A hint, up to 2 seconds old; the order decides")
    image: str | None = Field(pattern="^/images/", description="null: draw `emoji` on `colour`")
    emoji: str = Field(examples=["☕"])
    colour: str = Field(pattern="^#[0-9a-f]{6}$", examples=["#f4d9c6"])


class Page(Answer):
    items: list[Product]
    total: int = Field(ge=0, description="Counts to 1,000")
    total_exact: bool = Field(description="Whether `total` is all there are")
    next: str | None = Field(description="`cursor` of the next page; null on the last")


class Category(Answer):
    id: str = Field(examples=["kitchen"])
    name: Text
    emoji: str
    products: int = Field(ge=0)


class Categories(Answer):
    items: list[Category]


class CartItem(Answer):
    product: Product
    quantity: Quantity
    amount: Amount


class Cart(Answer):
    items: list[CartItem]
    quantity: int = Field(ge=0)
    amount: Amount
    currency: Literal["KRW"]


class OrderLine(Answer):
    product: ProductId
    name: Text
    emoji: str
    colour: str
    price: Amount
    quantity: Quantity
    amount: Amount


class Order(Answer):
    id: uuid.UUID
    created_at: datetime
    status: Literal["confirmed"]
    items: list[OrderLine]
    amount: Amount
    currency: Literal["KRW"]


class OrderPage(Answer):
    items: list[Order]
    next: str | None = Field(description="`cursor` of the next page; null on the last")


class Alive(Answer):
    status: Literal["ok"]


class Health(Alive):
    instance: str
    version: str
    stage: str


class StoreState(Answer):
    state: Literal["ok", "down"]


class Ready(Answer):
    status: Literal["ready", "unready"]
    checks: dict[str, StoreState]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListQuery(Asked):
    """Paging, search, order of `GET /api/products`."""

    q: Query = Field(
        "",
        description=f"Up to {search.MOST} words, all of which have to occur in the names or the keywords",
        examples=["머그"],
    )
    category: CategoryId | None = Field(None, examples=["kitchen"])
    sort: SortName = "newest"
    limit: int = Field(24, ge=1, le=100)
    cursor: Cursor | None = Field(None, description="`next` of the page before, with the same q, category and sort")

    @field_validator("q")
    @classmethod
    def _few_words(cls, q: str) -> str:
        if len(search.distinct(q)) > search.MOST:
            raise ValueError(f"at most {search.MOST} words")
        return q

    def selection(self) -> Selection:
        """Equal for queries that mean the same."""
        return Selection(
            q=" ".join(search.distinct(self.q)),
            category=self.category,
            sort=self.sort,
            limit=self.limit,
            cursor=self.cursor,
        )


class OrdersQuery(Asked):
    limit: int = Field(20, ge=1, le=100)
    cursor: uuid.UUID | None = Field(None, description="`next` of the page before")


class CartPut(Asked):
    quantity: Quantity = Field(strict=True)


class OrderItem(Asked):
    product: ProductId = Field(strict=True)
    quantity: Quantity = Field(strict=True)


class OrderPost(Asked):
    """What the page showed; `amount` is the sum the customer saw, null when it does not matter."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"items": [{"product": 1, "quantity": 2}], "amount": 36000}]}
    )

    items: list[OrderItem] = Field(min_length=1, max_length=PRODUCTS, description="Each product at most once")
    amount: Annotated[int, Field(strict=True, ge=0, le=2**53)] | None = None

    @field_validator("items")
    @classmethod
    def _each_once(cls, items: list[OrderItem]) -> list[OrderItem]:
        if len({item.product for item in items}) < len(items):
            raise ValueError("each product may stand in the list once; add up the quantities")
        return items


def category(row: Row) -> dict[str, Any]:
    name = {"ko": row["name_ko"], "en": row["name_en"]}
    return {"id": row["id"], "name": name, "emoji": row["emoji"], "products": row["products"]}


def product(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": {"ko": row["name_ko"], "en": row["name_en"]},
        "description": {"ko": row["description_ko"], "en": row["description_en"]},
        "category": row["category"],
        "price": row["price"],
        "currency": CURRENCY,
        "stock": row["stock"],
        "image": row["image"],
        "emoji": row["emoji"],
        "colour": row["colour"],
    }


def cart(products: list[Row], quantities: dict[int, int]) -> dict[str, Any]:
    """Products that are not sold any more have left the cart by themselves."""
    items = [
        {"product": product(row), "quantity": quantities[row["id"]], "amount": row["price"] * quantities[row["id"]]}
        for row in products
    ]
    return {
        "items": items,
        "quantity": sum(item["quantity"] for item in items),
        "amount": sum(item["amount"] for item in items),
        "currency": CURRENCY,
    }


def order(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "created_at": row["created_at"].astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "status": row["status"],
        "items": row["items"],
        "amount": row["amount"],
        "currency": CURRENCY,
    }
