"""Products of the tests' own, and a look at their stock past the shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.shop.harness import Stage
from tests.stores import Stores


class Shelf:
    """The table of products of one stage."""

    def __init__(self, stage: Stage, stores: Stores) -> None:
        ssm = stage.clients.client("ssm")
        self.database: str = ssm.get_parameter(Name=f"{stage.parameters}database/name")["Parameter"]["Value"]
        self._dsn = stores.dsn(database=self.database)
        self._added: list[int] = []

    def add(self, count: int, *, stock: int, price: int) -> list[int]:
        """New products; answers their numbers, in order."""
        with psycopg.connect(self._dsn) as connection:
            rows = connection.execute(
                "INSERT INTO products (category, name_ko, name_en, description_ko, description_en, price, stock, emoji,"
                " colour) SELECT 'kitchen', '시험', 'Test', '', '', %s, %s, '🧪', '#ffffff' FROM generate_series(1, %s)"
                " RETURNING id",
                [price, stock, count],
            ).fetchall()
        ids = sorted(row[0] for row in rows)
        self._added += ids
        return ids

    def clear(self) -> None:
        with psycopg.connect(self._dsn) as connection:
            connection.execute("DELETE FROM products WHERE id = ANY(%s)", [self._added])

    def stock(self, product: int) -> int:
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute("SELECT stock FROM products WHERE id = %s", [product]).fetchone()
        assert row is not None
        return int(row[0])

    def restock(self, product: int, stock: int) -> None:
        with psycopg.connect(self._dsn) as connection:
            connection.execute("UPDATE products SET stock = %s WHERE id = %s", [stock, product])

    def sold(self, product: int) -> int:
        """All that stands in orders."""
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute(
                "SELECT coalesce(sum(quantity), 0) FROM order_items WHERE product = %s", [product]
            ).fetchone()
        assert row is not None
        return int(row[0])

    def order(self, id: str) -> dict[str, Any]:
        """A row of the table."""
        with psycopg.connect(self._dsn, row_factory=dict_row) as connection:
            [row] = connection.execute("SELECT * FROM orders WHERE id = %s", [id]).fetchall()
        return row

    def make_older(self, order: str, *, seconds: int) -> None:
        with psycopg.connect(self._dsn) as connection:
            connection.execute(
                "UPDATE orders SET created_at = created_at - make_interval(secs => %s) WHERE id = %s", [seconds, order]
            )

    @contextmanager
    def slow_search(self, seconds: float) -> Iterator[None]:
        """Every product that a search looks at costs time, and it looks at all."""
        with psycopg.connect(self._dsn) as connection:
            connection.execute("ALTER TABLE products ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            policy = sql.SQL(
                "CREATE POLICY slow ON products USING (current_query() NOT LIKE '%grams%' OR pg_sleep({})::text = '')"
            )
            connection.execute(policy.format(sql.Literal(seconds)))
        try:
            yield
        finally:
            with psycopg.connect(self._dsn) as connection:
                connection.execute("DROP POLICY slow ON products")
                connection.execute("ALTER TABLE products NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
