"""The two stores that the shop runs against, for tests: a real PostgreSQL and a real Redis, TLS and roles included.

One pair a session, that is one a worker of pytest-xdist, started when the first test asks for it. Whoever kills a
store starts it again; whoever needs an empty database makes one.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from localcloud.engines import addresses, postgres, redis
from localcloud.engines.certificates import Authority
from localcloud.engines.postgres import Postgres
from localcloud.engines.redis import Redis

OWNER: Final = "cloudmart_owner"
SHOP: Final = "cloudmart_shop"
"""The group role that owns the shop's objects."""
APP, CLONE = "cloudmart_app", "cloudmart_app_clone"
"""The application's users, between which rotation alternates."""
PASSWORD: Final = "test-password-of-all-users"
TOKEN: Final = "test-token-of-sixteen-or-more"
DATABASE: Final = "cloudmart"


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The pair."""

    postgres: Postgres
    redis: Redis
    authority: Authority
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def ca_file(self) -> str:
        return str(self.authority.ca_file)

    def dsn(self, user: str = APP, *, password: str = PASSWORD, database: str = DATABASE) -> str:
        """How a client of that user connects: TLS with full verification."""
        return (
            f"host={self.postgres.host} port={self.postgres.port} user={user} password={password} dbname={database}"
            f" sslmode=verify-full sslrootcert={self.ca_file} connect_timeout=60"
        )

    def cache_options(self) -> dict[str, Any]:
        """Keyword arguments of a client of redis-py."""
        return {
            "host": self.redis.host,
            "port": self.redis.port,
            "password": TOKEN,
            "ssl": True,
            "ssl_ca_certs": self.ca_file,
        }

    def new_database(self) -> str:
        """The name of a new, empty database that the roles may use like the first."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.postgres.superuser_dsn, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
            )
        self.grant(name)
        return name

    def grant(self, database: str) -> None:
        """Lets the shop make its objects there."""
        with psycopg.connect(self.dsn(OWNER, database=database), autocommit=True) as connection:
            connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(SHOP)))


def _make_roles(stores: Stores) -> None:
    """As the rotation function's `prepare` does."""
    with psycopg.connect(stores.dsn(OWNER), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(SHOP)))
        for user in (APP, CLONE):
            names = {"user": sql.Identifier(user), "shop": sql.Identifier(SHOP), "password": sql.Literal(PASSWORD)}
            connection.execute(sql.SQL("CREATE ROLE {user} LOGIN PASSWORD {password} IN ROLE {shop}").format(**names))
            connection.execute(sql.SQL("ALTER ROLE {user} SET role = {shop}").format(**names))
    stores.grant(DATABASE)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """PostgreSQL with the shop's roles and a single Redis."""
    folder = tmp_path_factory.mktemp("stores")
    authority = Authority(folder)
    database = postgres.start(
        folder / "postgres",
        host=addresses.claim(),
        owner=OWNER,
        password=PASSWORD,
        database=DATABASE,
        authority=authority,
    )
    try:
        cache = redis.start(folder / "redis", host=addresses.claim(), password=TOKEN, authority=authority)
        try:
            pair = Stores(postgres=database, redis=cache, authority=authority)
            _make_roles(pair)
            yield pair
        finally:
            cache.stop()
    finally:
        database.stop()


@pytest.fixture(scope="session")
def redis_cluster(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """Two shards with the same token and authority as `stores`; takes two seconds to form."""
    folder = tmp_path_factory.mktemp("cluster")
    cluster = redis.start(folder, host=addresses.claim(), password=TOKEN, shards=2, authority=stores.authority)
    yield cluster
    cluster.stop()
