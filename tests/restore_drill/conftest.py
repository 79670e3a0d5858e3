"""Two real servers for the function that compares: the original, and one that plays the restored copy."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

import psycopg
import pytest

from cloudmart_cdk.assets.restore_drill import handler
from cloudmart_cdk.assets.rotation.roles import LIMITS
from cloudmart_cdk.assets.rotation.versions import Login
from localcloud.engines import addresses, postgres
from tests.stores import APP, CLONE, DATABASE, OWNER, PASSWORD, Stores
from tests.stores import _make_roles as make_roles

POINT: Final = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
"""When the backup was made; rows of `SCHEMA` are older, those of `LATER` younger."""
SCHEMA: Final = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, price numeric(10, 2), mood mood,
    tags text[], picture bytea, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX by_price ON products (price DESC, name);
CREATE TABLE orders (id bigserial PRIMARY KEY, product bigint REFERENCES products, made timestamptz NOT NULL
    DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE stock (product bigint PRIMARY KEY, number int NOT NULL CHECK (number >= 0));
CREATE TABLE never_filled (id int);
CREATE UNLOGGED TABLE passing (id int);
CREATE TABLE parts (id int, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE "Parts of 2026" PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW cheap AS SELECT id FROM products WHERE price < 5;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
INSERT INTO products SELECT n, 'product ' || n, n % 7, 'good', ARRAY['a', 'b'],
    decode(repeat(md5(n::text), 200), 'hex'), '2026-10-01 00:00+00'::timestamptz + n * interval '1 minute'
    FROM generate_series(1, 500) AS n;
INSERT INTO orders (product, made) SELECT n, '2026-10-15 12:00+00' FROM generate_series(1, 300) AS n;
INSERT INTO stock SELECT n, 10 FROM generate_series(1, 500) AS n;
INSERT INTO parts SELECT n, '2026-05-01' FROM generate_series(1, 20) AS n;
"""
LATER: Final = """
INSERT INTO products (id, name) VALUES (1001, 'new');
INSERT INTO orders (product, made) SELECT 1, '2026-11-01 09:00+00' FROM generate_series(1, 40);
UPDATE stock SET number = 9 WHERE product < 100;
INSERT INTO passing VALUES (1);
"""
_NUMBERS: Final = itertools.count(1)


class _Clock(datetime):
    """The function's: stands still, so that a slow machine adds nothing to the minutes of a restore."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_Clock":
        return cls(2026, 11, 1, 12, tzinfo=tz)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two databases of one name, on two servers."""

    original: Stores
    copy: Stores
    database: str

    def run(self, where: Stores, statements: str, *, user: str = APP) -> None:
        dsn = f"{where.dsn(user, database=self.database)} options='-c statement_timeout=0'"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(statements.encode())

    def at_original(self, statements: str, **options: str) -> None:
        self.run(self.original, statements, **options)

    def at_copy(self, statements: str, **options: str) -> None:
        self.run(self.copy, statements, **options)

    def superuser(self, where: Stores) -> psycopg.Connection[Any]:
        dsn = where.postgres.superuser_dsn.replace(f"dbname={DATABASE}", f"dbname={self.database}")
        return psycopg.connect(dsn, autocommit=True)

    def compare(self, *, minutes: float = 12, loss: float = 3) -> dict[str, Any]:
        """What the function answers when the restore was asked for so many minutes ago."""
        return handler.handle(
            {
                "Host": self.copy.postgres.host,
                "Point": POINT.isoformat(),
                "StartedAt": (_Clock.now(UTC) - timedelta(minutes=minutes)).isoformat(),
                "LossMinutes": str(loss),
            },
            None,
        )


@pytest.fixture(scope="session")
def second_server(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Beside the session's, as a restored one stands beside the original; the same authority vouches for it."""
    server = postgres.start(
        tmp_path_factory.mktemp("copy") / "postgres",
        host=addresses.claim(),
        owner=OWNER,
        password=PASSWORD,
        database=DATABASE,
        authority=stores.authority,
    )
    try:
        second = replace(stores, postgres=server)
        make_roles(second)
        yield second
    finally:
        server.stop()


@pytest.fixture
def empty_pair(stores: Stores, second_server: Stores, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Two databases without anything in them, and the function's environment."""
    database = f"drill_{next(_NUMBERS)}"
    for server in (stores, second_server):
        with psycopg.connect(server.postgres.superuser_dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database} OWNER {OWNER}".encode())
            # What a session of the application's users carries; here only, as other tests use the same server.
            for name, value in LIMITS.items():
                connection.execute(f"ALTER ROLE {APP} IN DATABASE {database} SET {name} = '{value}'".encode())
        server.grant(database)
    for name, value in {
        "AWS_REGION": "ap-northeast-2",
        "DATABASE_HOST": stores.postgres.host,
        "DATABASE_PORT": str(stores.postgres.port),
        "DATABASE_NAME": database,
        "CA_FILE": stores.ca_file,
    }.items():
        monkeypatch.setenv(name, value)
    # The first is that of a rotation after the backup, which the copy does not know.
    logins = [
        Login({"username": CLONE, "password": "of-a-later-rotation"}),
        Login({"username": APP, "password": PASSWORD}),
    ]
    monkeypatch.setattr(handler, "_logins", lambda: logins)
    monkeypatch.setattr(handler, "datetime", _Clock)
    return Pair(original=stores, copy=second_server, database=database)


@pytest.fixture
def pair(empty_pair: Pair) -> Pair:
    """The shop's data twice, and what was done at the original since the backup."""
    for server in (empty_pair.original, empty_pair.copy):
        empty_pair.run(server, SCHEMA)
    empty_pair.at_original(LATER)
    return empty_pair
