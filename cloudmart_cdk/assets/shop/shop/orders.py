"""Orders: stock checked and taken in one transaction, never oversold, never twice for one key.

Owns the transaction, what it may refuse, and who may see an order; not its form over HTTP. Of a key only the hash is
kept: who reads the table can ask for nothing with it.
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
        INSERT INTO orders (id, session, key_hash, sessionless, fingerprint, amount)
        SELECT %(id)s, %(session)s, %(key)s, %(sessionless)s, %(fingerprint)s, %(amount)s
        WHERE NOT EXISTS (SELECT FROM orders WHERE sessionless AND key_hash = %(key)s)
        ON CONFLICT DO NOTHING RETURNING id
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
    SELECT o.id, o.session, o.created_at, o.status, o.amount, o.fingerprint, json_agg(json_build_object(
        'product', i.product, 'name', json_build_object('ko', i.name_ko, 'en', i.name_en), 'emoji', i.emoji,
        'colour', i.colour, 'price', i.price, 'quantity', i.quantity, 'amount', i.price::bigint * i.quantity
        ) ORDER BY i.product) AS items
    FROM orders o JOIN order_items i ON i.order_id = o.id"""

_OF_KEY: Final[LiteralString] = (
    _ORDERS
    + """ WHERE o.key_hash = %(key)s AND (o.session = %(session)s OR o.sessionless)
        GROUP BY o.id ORDER BY o.session = %(session)s DESC LIMIT 1"""
)

# A session that has bought something else is in its client's hands: nobody else needs the order.
_MOVE: Final[LiteralString] = """
    UPDATE orders o SET session = %(session)s
    WHERE id = %(id)s AND sessionless AND created_at > now() - make_interval(secs => %(seconds)s)
        AND NOT EXISTS (SELECT FROM orders other WHERE other.session = o.session AND other.id <> o.id)
    RETURNING id"""

_ANY: Final[LiteralString] = "SELECT FROM orders WHERE session = %s LIMIT 1"

MOVABLE: Final = 15 * 60
"""Seconds for which the first purchase of a client without a session follows who sends it again."""
_UNGUESSABLE: Final = 32
"""Characters of a key that finds an order by itself: a UUID has 32 or 36."""


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
    visible: bool
    """Whether the session that asked sees the order from now on."""


class Orders:
    """A session sees its own orders only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(self, session: bytes, key: str, purchase: Purchase, *, sessionless: bool) -> Placed:
        """The order of this key, placed now or before.

        `sessionless`: `session` is new, its client may never hear of it. Such an order is found by a long key alone,
        and for `MOVABLE` seconds it moves to the session that asks; the session it had gives nothing else away.

        Raises `KeyReused`, `ProductGone`, `PriceChanged`, `OutOfStock`. Products are locked in the order of their ids,
        then the key, by everybody, so nobody waits in a circle.
        """
        of_key = {"session": session, "key": hashlib.sha256(key.encode()).digest()}

        async def work(connection: Connection) -> Placed:
            products = list(await (await connection.execute(_LOCK, [sorted(purchase.items)])).fetchall())
            refusal = _refusal(purchase, products)
            if refusal is None:
                id = uuid.uuid4()
                cursor = await connection.execute(
                    _PLACE,
                    {
                        **of_key,
                        "id": id,
                        "sessionless": sessionless and len(key) >= _UNGUESSABLE,
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
            order = await (await connection.execute(_OF_KEY, of_key)).fetchone()
            if order is None:
                raise refusal or AssertionError("an order that was placed is there")
            if order["fingerprint"] != purchase.fingerprint:
                raise KeyReused("This Idempotency-Key has been used for another purchase.")
            visible = order["session"] == session
            if not visible:
                moving = {"session": session, "id": order["id"], "seconds": MOVABLE}
                visible = await (await connection.execute(_MOVE, moving)).fetchone() is not None
            return Placed(order, replayed=not placed, visible=visible)

        return await self._database.transaction(work, name="orders.place")

    async def any(self, session: bytes) -> bool:
        """Whether the session has bought something."""
        return bool(await self._database.read_own(_ANY, [session], name="orders.any"))

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
