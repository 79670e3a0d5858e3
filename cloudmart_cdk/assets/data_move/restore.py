"""A dump's statements, run in an empty database, and what is to be found there afterwards.

Owns the running and the expectations, which are taken from the dump's own text before the server sees it. Not the
database, and not the comparison.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

import psycopg

from .problems import Problem, explain
from .script import Script
from .server import Connection, run_one
from .statements import Kind, Read, may_precede_extensions, read
from .tally import Tally, in_utc

CONTAINS_INSTANTS: Final = """
with recursive t(oid) as (
    values ('timestamptz'::regtype::oid)
    union
    select y.oid from t join pg_type y on y.typelem = t.oid or y.typbasetype = t.oid
        or exists (select from pg_range r where r.rngsubtype = t.oid and y.oid in (r.rngtypid, r.rngmultitypid))
        or exists (select from pg_attribute a where a.attrelid = y.typrelid and a.attnum > 0 and a.atttypid = t.oid)
)
select oid from t
"""
"""Types whose text holds instants: arrays, domains, ranges and composites of such, however deep."""

_AS_PG_DUMP: Final = (
    b"SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3;"
    b"SET bytea_output = 'hex'"
)
"""How values are spelled, as in pg_dump's own session (`setup_connection`); the time zone is `tally`'s matter."""


@dataclass(frozen=True)
class Table:
    """What a COPY statement named, as the dump spells it."""

    name: bytes
    columns: bytes

    def query(self, *, partitioned: bool) -> bytes:
        """The COPY that reads back what the dump's COPY wrote, and no row of a child."""
        if not partitioned:
            return b"COPY " + self.name + b" " + self.columns + b" TO STDOUT"
        return b"COPY (SELECT " + (self.columns[1:-1] or b"*") + b" FROM " + self.name + b") TO STDOUT"


@dataclass
class Expected:
    """What the dump says that the database will hold."""

    tables: dict[Table, Tally] = field(default_factory=dict)
    sequences: dict[bytes, tuple[int, bool]] = field(default_factory=dict)
    objects: Tally = field(default_factory=Tally)
    """Large objects: each counts as one row of its id and its content."""
    skipped: Counter[str] = field(default_factory=Counter)


class Restore:
    """Runs a script on a connection to an empty database."""

    def __init__(
        self,
        connection: Connection,
        *,
        as_owner: Callable[[], AbstractContextManager[Connection]],
        progress: Callable[[str], None],
    ) -> None:
        """`connection`: of a role that has no right beyond the shop's. `as_owner`: another one, for extensions.

        `progress`: told what is being done, often.
        """
        self._connection, self._as_owner, self._progress = connection, as_owner, progress
        self.expected = Expected()
        self._extensions_may_come = True
        self._with_instants: set[int] | None = None
        self._object = hashlib.blake2b()

    def run(self, script: Script) -> Expected:
        """`Problem`: the server or the script says no. The database is then to be dropped."""
        self._connection.execute(_AS_PG_DUMP)
        for statement in script:
            self._run(read(statement), script)
        return self.expected

    def _run(self, statement: Read, script: Script) -> None:
        doing = f"running line {statement.line}"
        try:
            match statement.kind:
                case Kind.SKIP:
                    self.expected.skipped[statement.text.split(maxsplit=1)[0].decode()] += 1
                    return
                case Kind.COPY:
                    doing = f"filling {self.shown(statement.table)}"
                    self._copy(statement, script)
                    return
                case Kind.RUN_AS_OWNER:
                    self._extension(statement)
                    return
                case Kind.SEQUENCE:
                    self.expected.sequences[statement.table] = statement.number, statement.called
                case Kind.OBJECT_OPEN:
                    self._object = hashlib.blake2b(b"%d:" % statement.number, digest_size=32)
                case Kind.OBJECT_WRITE:
                    self._object.update(statement.data)
                case Kind.OBJECT_CLOSE:
                    self.expected.objects.add([self._object.digest()])
            self._progress(_what(statement.text))
            self._extensions_may_come &= may_precede_extensions(statement.text)
            run_one(self._connection, statement.text)
        except psycopg.Error as error:
            raise explain(error, doing) from error

    def _extension(self, statement: Read) -> None:
        if not self._extensions_may_come:
            raise Problem(
                "dump",
                given=f"an extension behind tables or functions (line {statement.line})",
                allowed="SQL in pg_dump's order, extensions first",
                do="dump again with pg_dump, and change nothing in the file",
            )
        with self._as_owner() as owner:
            run_one(owner, self.shown(statement.text).encode())

    def _copy(self, statement: Read, script: Script) -> None:
        table = Table(statement.table, statement.columns)
        tally = self.expected.tables.setdefault(table, Tally())
        canonical = self.canonical(table)
        shown = self.shown(table.name)
        with self._connection.cursor() as cursor, cursor.copy(statement.text) as copy:
            for batch in script.rows():
                tally.add(batch if canonical is None else map(canonical, batch))
                copy.write(b"".join(batch))
                self._progress(f"{shown}, {tally.rows:,} rows")

    def canonical(self, table: Table) -> Callable[[bytes], bytes] | None:
        """What rows go through before they are hashed: None where their text is the same in every time zone."""
        if self._with_instants is None:
            self._with_instants = {oid for (oid,) in self._connection.execute(CONTAINS_INSTANTS)}
        selection = b"SELECT " + (table.columns[1:-1] or b"*") + b" FROM " + table.name + b" LIMIT 0"
        description: Iterable[psycopg.Column] = run_one(self._connection, selection).description or ()
        columns = [place for place, column in enumerate(description) if column.type_code in self._with_instants]
        return in_utc(columns) if columns else None

    def shown(self, text: bytes) -> str:
        """A name of the dump, for people."""
        encoding = self._connection.info.encoding
        return text.decode("utf-8" if encoding == "ascii" else encoding, errors="replace")


def _what(text: bytes) -> str:
    return " ".join(text[:70].decode(errors="replace").replace("(", " ").split()[:4])


def literal(text: bytes) -> bytes:
    """A string constant, in the connection's encoding."""
    return b"'" + text.replace(b"'", b"''") + b"'"
