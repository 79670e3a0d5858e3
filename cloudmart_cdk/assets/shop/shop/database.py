"""PostgreSQL: one pool to the writer, one to the reader where there is one.

Owns connecting (TLS, timeouts, a password that rotates), where a query goes, and what is tried again when a connection
was lost; no SQL of its own. Raises `UnavailableError` when the database cannot be had.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, LiteralString, NamedTuple, Self, TypeVar

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from .credentials import Credential
from .failures import TooSlowError, UnavailableError
from .logs import event
from .settings import DatabaseSettings
from .traces import client_span

Row = DictRow
Connection = psycopg.AsyncConnection[Row]
Parameters = Mapping[str, object] | Sequence[object]
T = TypeVar("T")
logger = logging.getLogger(__name__)

NEWEST: Final = max(file.name[:4] for file in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
"""The last migration of this version: their numbers, which begin their files' names, only grow."""
STATEMENT: Final = 4.0
"""Seconds a statement, or all of a transaction, may take."""
BROWSE: Final = 1.0
"""Seconds instead for what everybody may ask: a search has to leave the connection to who buys."""
BROWSING: Final = 64
"""How many of these may wait for their turn; the others come back later."""
POOL_WAIT: Final = 2.0
"""Seconds to wait for a connection of the pool; the reader gets a quarter, the writer is there for it."""
AWAY_WAIT: Final = 0.25
"""Seconds instead while the server does not answer: enough for one that is back."""
READER_PAUSE: Final = 5.0
"""Seconds for which a reader that was not reachable is not asked."""


class Login(NamedTuple):
    username: str
    password: str


class Database:
    """Autocommit for single statements, `transaction` for more."""

    def __init__(self, settings: DatabaseSettings, *, login: Credential[Login], ca_file: Path) -> None:
        self._writer = _Server("writer", settings.host, settings.pool, settings, login=login, ca_file=ca_file)
        self._reader = (
            _Server("reader", settings.reader_host, settings.reader_pool, settings, login=login, ca_file=ca_file)
            if settings.reader_host
            else None
        )
        self._reader_from = 0.0
        # One connection is left for orders, however many search; where there is but one, they take turns.
        self._browsers = asyncio.Semaphore(max(1, settings.pool - 1))
        self._waiting = 0
        self.older = asyncio.Event()
        """Set when the database was exchanged for one that has to be migrated: the next start does that."""
        self._attempts = max(settings.pool, settings.reader_pool) + 2
        """Every connection of a pool may turn out to be dead when the server was away; one more is new."""

    async def open(self) -> None:
        for server in self._servers():
            await server.pool.open(wait=False)

    async def close(self) -> None:
        for server in self._servers():
            await server.pool.close(timeout=2)

    async def read(self, query: LiteralString, parameters: Parameters = (), *, name: str) -> list[Row]:
        """All rows of a query that may be a moment old: from the reader, or from the writer when that is gone."""
        fetch = _fetch(query, parameters)
        if self._reader is not None and time.monotonic() >= self._reader_from:
            try:
                return await self._tried(self._reader, name, fetch, wait=POOL_WAIT / 4, limit=BROWSE)
            except TooSlowError:
                raise
            except UnavailableError:
                self._reader_from = time.monotonic() + READER_PAUSE
                event(logger, "reader is away, asking the writer", level=logging.WARNING)
        await self._browser()
        try:
            return await self._tried(self._writer, name, fetch, limit=BROWSE)
        finally:
            self._browsers.release()

    async def _browser(self) -> None:
        """A turn to ask the writer for what anybody may see."""
        if self._waiting >= BROWSING:
            raise TooSlowError("database")
        self._waiting += 1
        try:
            async with asyncio.timeout(POOL_WAIT):
                await self._browsers.acquire()
        except TimeoutError as error:
            raise TooSlowError("database") from error
        finally:
            self._waiting -= 1

    async def read_own(self, query: LiteralString, parameters: Parameters = (), *, name: str) -> list[Row]:
        """All rows of a query that must see what this client has just written: from the writer."""
        return await self._tried(self._writer, name, _fetch(query, parameters))

    async def transaction(self, work: Callable[[Connection], Awaitable[T]], *, name: str) -> T:
        """`work` in one transaction, again after a lost connection: safe to repeat even when it was committed."""

        async def within(connection: Connection) -> T:
            async with connection.transaction():
                return await work(connection)

        return await self._tried(self._writer, name, within)

    async def _tried(
        self,
        server: "_Server",
        name: str,
        work: Callable[[Connection], Awaitable[T]],
        *,
        wait: float = POOL_WAIT,
        limit: float = STATEMENT,
    ) -> T:
        deadline = time.monotonic() + (AWAY_WAIT if server.away else wait)
        with client_span(name, "postgresql", **{"db.operation.name": name}):
            for attempt in range(self._attempts):
                try:
                    async with server.pool.connection(timeout=max(deadline - time.monotonic(), 0.05)) as connection:
                        async with asyncio.timeout(limit):
                            return await _done(connection, work)
                except (PoolTimeout, PoolClosed) as error:
                    raise UnavailableError("database") from error
                except (TimeoutError, psycopg.errors.QueryCanceled) as error:
                    raise TooSlowError("database") from error
                except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
                    if server is not self._writer or not await self._is_older():
                        raise
                    self.older.set()
                    raise UnavailableError("database") from error
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    if attempt + 1 == self._attempts:
                        raise UnavailableError("database") from error
        raise AssertionError("unreachable")

    async def _is_older(self) -> bool:
        """Whether another database has taken this one's place, of a schema that this version would migrate."""
        try:
            async with self._writer.pool.connection(timeout=POOL_WAIT) as connection, asyncio.timeout(STATEMENT):
                rows = await _done(connection, _fetch("SELECT version_num FROM alembic_version", ()))
        except psycopg.errors.UndefinedTable:
            return True
        except (psycopg.Error, PoolTimeout, PoolClosed, TimeoutError):
            return False
        return not rows or rows[0]["version_num"] < NEWEST

    def _servers(self) -> list["_Server"]:
        return [server for server in (self._writer, self._reader) if server is not None]


class _Server:
    """A pool to one host, and whether that answered the last time it was called."""

    def __init__(
        self, name: str, host: str, most: int, settings: DatabaseSettings, *, login: Credential[Login], ca_file: Path
    ) -> None:
        self.away = False
        self.pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            kwargs=connection_parameters(settings, host=host, ca_file=ca_file),
            connection_class=_connection_class(login, self),
            min_size=min(most, 2),
            max_size=most,
            max_lifetime=1800,
            max_waiting=256,
            reconnect_timeout=3,
            open=False,
            name=name,
        )


def connection_parameters(settings: DatabaseSettings, *, host: str, ca_file: Path) -> dict[str, Any]:
    """What libpq and psycopg are told, but for the login. Times: seconds (libpq), milliseconds (server)."""
    parameters: dict[str, Any] = {
        "host": host,
        "port": settings.port,
        "dbname": settings.name,
        "sslmode": "verify-full",
        "sslrootcert": str(ca_file),
        "connect_timeout": settings.connection_timeout,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        "application_name": "cloudmart-shop",
        "autocommit": True,
        # Nothing is prepared: the right plan of a search depends on its words, and a prepared statement would pin a
        # connection of RDS Proxy.
        "prepare_threshold": None,
        "row_factory": dict_row,
    }
    # What the server is told for a session would pin it to one connection of RDS Proxy; the time limits of
    # this process hold there alone.
    if not settings.proxy:
        limits = {"statement_timeout": STATEMENT, "idle_in_transaction_session_timeout": 2 * STATEMENT}
        parameters["options"] = " ".join(f"-c {name}={seconds * 1000:.0f}" for name, seconds in limits.items())
    return parameters


async def _done(connection: Connection, work: Callable[[Connection], Awaitable[T]]) -> T:
    try:
        return await work(connection)
    except psycopg.errors.ReadOnlySqlTransaction as error:
        # A failover left this connection with the server that is no writer any more.
        await connection.close()
        raise psycopg.OperationalError("not connected to the writer") from error


def _fetch(query: LiteralString, parameters: Parameters) -> Callable[[Connection], Awaitable[list[Row]]]:
    async def fetch(connection: Connection) -> list[Row]:
        cursor = await connection.execute(query, parameters)
        return await cursor.fetchall()

    return fetch


def _connection_class(login: Credential[Login], server: _Server) -> type[Connection]:
    """A connection that logs in with the login of the moment, and with another version of it when that is refused."""

    class ShopConnection(psycopg.AsyncConnection[Row]):
        @classmethod
        async def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
            while True:
                tried = login.value
                try:
                    connection = await super().connect(conninfo, user=tried.username, password=tried.password, **kwargs)
                except psycopg.OperationalError as error:
                    if not password_refused(error) or not await login.refused(tried):
                        server.away = True
                        raise
                else:
                    server.away = False
                    login.accepted()
                    return connection

    return ShopConnection


def password_refused(error: psycopg.OperationalError) -> bool:
    """Whether the server asked for the password and then said no. libpq gives no SQLSTATE of a refused connection."""
    return error.pgconn is not None and bool(error.pgconn.used_password)
