"""Reading a database as the drill does: in one read-only snapshot, nothing of a row ever leaving the server.

Owns what is asked of a server. What the answers mean is `comparison`'s.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pg8000.native import Connection, literal  # type: ignore[import-untyped]  # it has no types

from ..rotation.postgresql import LoginRefusedError, Server
from ..rotation.versions import Login
from . import catalogue
from .errors import DrillError

READ_WHOLE_BYTES: Final = 4 << 30
"""Of larger databases a sample of the large tables is read: the function has minutes, and a restored disk is fetched
from S3 as it is read (RDS guide, "Restoring to a DB instance": lazy loading)."""
SMALL_BYTES: Final = 64 << 20
"""A table up to this size is read whole in any case."""

_SETTINGS: Final = (
    "SET idle_in_transaction_session_timeout = 0",  # the application's users carry one of seconds
    "SET timezone = 'UTC'",
    "SET datestyle = 'ISO'",
    "SET intervalstyle = 'postgres'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
)
_ONLY_INDEXES: Final = ("enable_seqscan", "enable_bitmapscan", "enable_sort", "max_parallel_workers_per_gather")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, before its rows are read."""

    name: str
    """As SQL has it."""
    bytes: int
    estimate: int
    """Rows, as the planner knows them."""
    unlogged: bool
    """Empty after every restore, and meant to be."""
    readable: bool
    born: str | None
    """Its column that says when a row was made."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A table's rows."""

    rows: int
    settled: int
    """Of these, made before the cutoff; all, where the table does not say when."""
    checksum: str
    """Sum of the hashes of the settled rows, in whatever order they are."""
    newest: datetime | None = None


@dataclass(frozen=True)
class Contents:
    """What one database holds."""

    lines: frozenset[str]
    """Of the catalogue."""
    tables: Mapping[str, Table]
    figures: Mapping[str, Figures]
    """Of tables that were read whole."""
    sampled: Mapping[str, int] = field(default_factory=dict)
    """Rows that were read of the others."""
    walked: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Index -> its table, and how many rows it leads to."""


@contextmanager
def snapshot(server: Server, logins: Sequence[Login]) -> Iterator[Connection]:
    """A session of the first login that the server takes. Raises `DrillError`, or the rotation's `RotationError`."""
    for login in logins:
        try:
            with server.session(login) as session:
                for statement in _SETTINGS:
                    session.run(statement)
                yield session
                return
        except LoginRefusedError:
            continue
    raise DrillError(
        f"login at {server.host}",
        given=f"a database that takes none of the application's logins ({', '.join(each.user for each in logins)})",
        allowed="AWSCURRENT or AWSPREVIOUS of the secret, as a backup of the last day does",
        do="see whether the secret was rotated twice since the backup; if so, run the drill after the next backup",
    )


def large_share(tables: Mapping[str, Table]) -> float:
    """Percent of a large table that is read, so that all together stay within `READ_WHOLE_BYTES`."""
    large = sum(table.bytes for table in tables.values() if table.bytes > SMALL_BYTES)
    return 100.0 if large <= READ_WHOLE_BYTES else max(0.01, round(100 * READ_WHOLE_BYTES / large, 2))


def original(session: Connection, cutoff: datetime) -> Contents:
    """What the original holds; of its large tables, where there is too much, nothing is read."""
    tables = _tables(session)
    whole = large_share(tables) == 100
    figures = {
        table.name: _figures(session, table, cutoff)
        for table in tables.values()
        if table.readable and (whole or table.bytes <= SMALL_BYTES)
    }
    return Contents(_lines(session), tables, figures)


def restored(session: Connection, cutoff: datetime) -> Contents:
    """What the copy holds, read to the last row and by every index, or of large tables a sample."""
    tables = _tables(session)
    share = large_share(tables)
    figures, sampled = {}, {}
    for table in tables.values():
        if not table.readable:
            continue
        if share == 100 or table.bytes <= SMALL_BYTES:
            figures[table.name] = _figures(session, table, cutoff)
        else:
            sampled[table.name] = _sample(session, table, share)
    return Contents(_lines(session), tables, figures, sampled, dict(_walked(session, figures)))


def _lines(session: Connection) -> frozenset[str]:
    return frozenset(line for (line,) in session.run(catalogue.LINES))


def _tables(session: Connection) -> dict[str, Table]:
    return {
        name: Table(name=name, bytes=size, estimate=rows, unlogged=unlogged, readable=readable, born=born)
        for name, size, rows, unlogged, readable, born in session.run(catalogue.TABLES)
    }


def _figures(session: Connection, table: Table, cutoff: datetime) -> Figures:
    settled = f"drill_row.{table.born} <= {literal(cutoff.isoformat())}::timestamptz" if table.born else "true"
    newest = f"max(drill_row.{table.born})" if table.born else "null::timestamptz"
    ((rows, kept, checksum, last),) = session.run(
        f"SELECT count(*), count(*) FILTER (WHERE {settled}), "
        # The text of a row is made of all its values, those stored out of line included.
        f"coalesce(sum(hashtextextended(ROW(drill_row.*)::text, 0)) FILTER (WHERE {settled}), 0)::text, {newest} "
        f"FROM ONLY {table.name} AS drill_row"
    )
    return Figures(rows=rows, settled=kept, checksum=checksum, newest=last)


def _sample(session: Connection, table: Table, share: float) -> int:
    ((rows,),) = session.run(
        "SELECT count(hashtextextended(ROW(drill_row.*)::text, 0)) "
        f"FROM ONLY {table.name} AS drill_row TABLESAMPLE SYSTEM ({share})"
    )
    return int(rows)


def _walked(session: Connection, figures: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, int]]]:
    for setting in _ONLY_INDEXES:
        session.run(f"SET LOCAL {setting} = 0")
    for table, index, order in session.run(catalogue.WALKS):
        if table in figures:
            # Numbering rows in the index's own order is what makes the server follow the index.
            ((rows,),) = session.run(
                "SELECT max(number) FROM "
                f"(SELECT row_number() OVER (ORDER BY {order}) AS number FROM ONLY {table}) AS numbered"
            )
            yield index, (table, rows or 0)
