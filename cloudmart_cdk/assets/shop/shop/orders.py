"""Orders: stock checked and taken in one transaction, never oversold, never twice for one key.

Owns the transaction and what it may refuse; not its form over HTTP.
"""

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Final, LiteralString

from .database import Connection, Database, Row
from .failures import KeyReused, NotFound, OutOfStock, PriceChanged, ProductGone, Rejected

_LOCK: Final[LiteralString] = """
    SELECT id, price, stock FROM products WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"""

# One statement, so that it is one round trip while the rows are locked. When the key is taken, nothing of it happens.
_PLACE: Final[LiteralString] = """
    WITH placed AS (
        INSERT INTO orders (id, session, idempotency_key, fingerprint, amount)
        VALUES (%(id)s, %(session)s, %(key)s, %(fingerprint)s, %(amount)s)
        ON CONFLICT (session, idempotency_key) DO NOTHING RETURNING id
    ), wanted AS (
        SELECT w.product, w.quantity
        FROM placed, unnest(%(products)s::int[], %(quantities)s::int[]) AS w (product, quantity)
    ), taken AS (
        UPDATE products p SET stock = p.stock - w.quantity FROM wanted w WHERE p.id = w.product
        RETURNING p.id, p.name_ko, p.name_en, p.emoji, p.colour, p.price, w.quantity
    ), lines AS (
        INSERT INTO order_items (order_id, product, name_ko, name_en, emoji, colour, price, quantity)
        SELECT placed.id, t.id, t.name_ko, t.name_en, t.emoji, t.colour, t.price, t.quantity FROM placed, taken t
    )
    SELECT id FROM placed"""

_ORDERS: Final[LiteralString] = """
    SELECT o.id, o.created_at, o.status, o.amount, o.fingerprint, json_agg(json_build_object(
        'product', i.product, 'name', json_build_object('ko', i.name_ko, 'en', i.name_en), 'emoji', i.emoji,
        'colour', i.colour, 'price', i.price, 'quantity', i.quantity, 'amount', i.price::bigint * i.quantity
        ) ORDER BY i.product) AS items
    FROM orders o JOIN order_items i ON i.order_id = o.id"""


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What is to be bought: product to quantity, and the sum the customer saw."""

    items: dict[int, int]
    amount: int | None

    @property
    def fingerprint(self) -> bytes:
        """The same for the same purchase, in whatever order its items came."""
        return hashlib.sha256(json.dumps([sorted(self.items.items()), self.amount]).encode()).digest()


@dataclass(frozen=True)
class Placed:
    order: Row
    replayed: bool


class Orders:
    """A session sees its own orders only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(self, session: bytes, key: str, purchase: Purchase) -> Placed:
        """The order of this key, placed now or before.

        Raises `KeyReused`, `ProductGone`, `PriceChanged`, `OutOfStock`. Products are locked in the order of their ids,
        then the key, by everybody, so nobody waits in a circle.
        """

        async def work(connection: Connection) -> Placed:
            products = list(await (await connection.execute(_LOCK, [sorted(purchase.items)])).fetchall())
            refusal = _refusal(purchase, products)
            if refusal is None:
                id = uuid.uuid4()
                cursor = await connection.execute(
                    _PLACE,
                    {
                        "id": id,
                        "session": session,
                        "key": key,
                        "fingerprint": purchase.fingerprint,
                        "amount": sum(row["price"] * purchase.items[row["id"]] for row in products),
                        "products": list(purchase.items),
                        "quantities": list(purchase.items.values()),
                    },
                )
                placed = await cursor.fetchone() is not None
            else:
                placed = False
            # Also when refused: the answer to a repeated request is the order, even if it took the last item.
            cursor = await connection.execute(
                _ORDERS + " WHERE o.session = %s AND o.idempotency_key = %s GROUP BY o.id", [session, key]
            )
            order = await cursor.fetchone()
            if order is None:
                raise refusal or AssertionError("an order that was placed is there")
            if order["fingerprint"] != purchase.fingerprint:
                raise KeyReused("This Idempotency-Key has been used for another purchase.")
            return Placed(order, replayed=not placed)

        return await self._database.transaction(work, name="orders.place")

    async def order(self, session: bytes, id: uuid.UUID) -> Row:
        """Raises `NotFound`."""
        query: LiteralString = _ORDERS + " WHERE o.session = %s AND o.id = %s GROUP BY o.id"
        rows = await self._database.read_own(query, [session, id], name="orders.one")
        if not rows:
            raise NotFound(f"There is no order {id} of this session.")
        return rows[0]

    async def page(self, session: bytes, *, limit: int, before: uuid.UUID | None) -> tuple[list[Row], uuid.UUID | None]:
        """Newest first, and the order after which the next page goes on."""
        query: LiteralString = (
            _ORDERS
            + """ WHERE o.session = %(session)s AND (%(before)s::uuid IS NULL OR (o.created_at, o.id) <
                (SELECT b.created_at, b.id FROM orders b WHERE b.session = %(session)s AND b.id = %(before)s))
            GROUP BY o.id ORDER BY o.created_at DESC, o.id DESC LIMIT %(limit)s"""
        )
        rows = await self._database.read_own(
            query, {"session": session, "before": before, "limit": limit + 1}, name="orders.list"
        )
        return rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None


def _refusal(purchase: Purchase, products: list[Row]) -> Rejected | None:
    gone = sorted(set(purchase.items) - {row["id"] for row in products})
    if gone:
        return ProductGone("Not sold any more.", items=[{"product": id} for id in gone])
    amount = sum(row["price"] * purchase.items[row["id"]] for row in products)
    if purchase.amount not in (None, amount):
        return PriceChanged(f"These items cost {amount} KRW now.", amount=amount)
    short = [
        {"product": row["id"], "requested": purchase.items[row["id"]], "available": row["stock"]}
        for row in products
        if row["stock"] < purchase.items[row["id"]]
    ]
    return OutOfStock("There are not enough of these left.", items=short) if short else None
