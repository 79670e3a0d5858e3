"""The restored database against what the dump says: every table, every sequence, the large objects.

Owns the reading back and the comparison; the expectations are `restore`'s.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import psycopg

from .problems import Problem, explain
from .restore import Expected, Restore, Table, literal
from .server import Connection, run_one
from .tally import Tally

_LEFT_OUT: Final = """
select convert_to(c.oid::regclass::text, 'UTF8') from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and c.oid <> all (%(known)s)
    and not (c.relispartition and pg_partition_root(c.oid) = any (%(known)s))
    and not exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by 1
"""
_PIECE: Final = 1 << 20
"""Bytes of a large object that are read at once."""


@dataclass(frozen=True)
class Line:
    """One line of the final table."""

    what: str
    expected: str
    found: str
    checksum: str
    agrees: bool


def compare(
    connection: Connection, restore: Restore, expected: Expected, progress: Callable[[str], None]
) -> list[Line]:
    """Each line says whether it agrees. `Problem`: something could not be read, or the dump left tables out."""
    try:
        return list(_lines(connection, restore, expected, progress))
    except psycopg.Error as error:
        raise explain(error, "reading back what was restored") from error


def _lines(
    connection: Connection, restore: Restore, expected: Expected, progress: Callable[[str], None]
) -> Iterator[Line]:
    known: list[int] = []
    for number, (table, tally) in enumerate(expected.tables.items(), 1):
        shown = restore.shown(table.name)
        progress(f"comparing {shown}, table {number} of {len(expected.tables)}")
        oid, kind = _relation(connection, table)
        known.append(oid)
        found = Tally()
        canonical = restore.canonical(table)
        with connection.cursor() as cursor, cursor.copy(table.query(partitioned=kind == "p")) as copy:
            rows = (bytes(row) for row in copy)
            found.add(rows if canonical is None else map(canonical, rows))
        yield Line(shown, f"{tally.rows:,}", f"{found.rows:,}", found.checksum, tally == found)
    _refuse_left_out(connection, known)
    for name, (value, called) in expected.sequences.items():
        text = name.replace(b"''", b"'")
        ((last, is_called),) = run_one(connection, b"SELECT last_value, is_called FROM " + text)
        yield Line(
            restore.shown(text), f"at {value:,}", f"at {last:,}", "sequence", (value, called) == (last, is_called)
        )
    if expected.objects.rows:
        progress("comparing large objects")
        found = _objects(connection)
        yield Line(
            "large objects",
            f"{expected.objects.rows:,}",
            f"{found.rows:,}",
            found.checksum,
            expected.objects == found,
        )


def _relation(connection: Connection, table: Table) -> tuple[int, str]:
    query = b"SELECT oid, ascii(relkind::text) FROM pg_class WHERE oid = " + literal(table.name) + b"::regclass"
    ((oid, kind),) = run_one(connection, query)
    return oid, chr(kind)


def _refuse_left_out(connection: Connection, known: list[int]) -> None:
    left_out = [name.decode() for (name,) in connection.execute(_LEFT_OUT, {"known": known})]
    if left_out:
        raise Problem(
            "dump",
            given=f"no rows, not even none, for {', '.join(left_out[:5])} (pg_dump --schema-only?)",
            allowed="a dump that holds the data of every table it makes",
            do="dump again without these options",
        )


def _objects(connection: Connection) -> Tally:
    found = Tally()
    for (oid,) in connection.execute("SELECT oid FROM pg_largeobject_metadata").fetchall():
        digest, offset = hashlib.blake2b(b"%d:" % oid, digest_size=32), 0
        while True:
            ((piece,),) = connection.execute("SELECT lo_get(%s, %s, %s)", (oid, offset, _PIECE))
            digest.update(piece)
            offset += len(piece)
            if len(piece) < _PIECE:
                break
        found.add([digest.digest()])
    return found
