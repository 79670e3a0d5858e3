"""What a statement of a dump may be, and what becomes of it.

Owns the list of what pg_dump 15 and 16 write (PostgreSQL source, `pg_dump.c`). Everything else is refused, for clear
words and as a second line: what a dump may do, with functions and triggers in it, is bounded by the role that runs it
(`restorer`), not by this list. Extensions alone are the owner's, so of these only pg_dump's two exact forms pass.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from .problems import Problem
from .script import Statement, creates_database


class Kind(Enum):
    RUN = auto()
    """As the role of this run, which has the rights of the group that owns the shop's objects."""
    RUN_AS_OWNER = auto()
    """Extensions: in a session of the owner, because the group may create only trusted ones."""
    COPY = auto()
    SEQUENCE = auto()
    OBJECT_OPEN = auto()
    OBJECT_WRITE = auto()
    OBJECT_CLOSE = auto()
    SKIP = auto()
    """Owners, privileges, tablespaces: the target's own. DROP: the target is empty."""


@dataclass(frozen=True)
class Read:
    """A statement, understood."""

    kind: Kind
    text: bytes
    line: int
    table: bytes = b""
    """COPY: as the dump spells it. SEQUENCE: its name as a literal spells it."""
    columns: bytes = b""
    """COPY: in parentheses, or nothing."""
    number: int = 0
    """SEQUENCE: its last value. OBJECT_OPEN: the object's id."""
    called: bool = False
    data: bytes = b""
    """OBJECT_WRITE: what is appended."""


_NAME: Final = rb'(?:"(?:[^"]|"")+"|[^\s".;()\']+)'
_QUALIFIED: Final = _NAME + rb"(?:\." + _NAME + rb")?"
_COPY: Final = re.compile(rb"COPY (" + _QUALIFIED + rb") (\(.*\))? ?FROM stdin;\Z", re.DOTALL)
_COLUMNS: Final = re.compile(rb"\(" + _NAME + rb"(?:, " + _NAME + rb")*\)\Z")
_SETVAL: Final = re.compile(rb"SELECT pg_catalog\.setval\('((?:[^'\\]|'')+)', (-?\d+), (true|false)\);\Z")
_OPEN: Final = re.compile(rb"SELECT pg_catalog\.lo_open\('(\d+)', \d+\);\Z")
_WRITE: Final = re.compile(rb"SELECT pg_catalog\.lowrite\(0, '\\x([0-9a-f]*)'\);\Z")
_CLOSE: Final = re.compile(rb"SELECT pg_catalog\.lo_close\(0\);\Z")

_SET: Final = re.compile(
    rb"SET (?:statement_timeout|lock_timeout|idle_in_transaction_session_timeout|check_function_bodies|xmloption"
    rb"|client_min_messages|row_security|default_table_access_method|escape_string_warning"
    rb") = (?:'[A-Za-z0-9_]*'|[a-z0-9_]+);\Z"
)
_UTF8: Final = b"SET client_encoding = 'UTF8';"
"""In place of SQL_ASCII, under which COPY checks nothing: EUC-KR bytes got into a database of UTF-8 (seen in 16.2)."""
_ENCODING: Final = re.compile(rb"SET client_encoding = '(\w+)';\Z")
_NOT_ASCII_SAFE: Final = ("SJIS", "SHIFT_JIS_2004", "BIG5", "GBK", "GB18030", "JOHAB")
"""In these a quote or a backslash may be half of a letter (PostgreSQL manual, "Character Set Support")."""
_PLAIN: Final = (
    re.compile(rb"SET standard_conforming_strings = on;\Z"),
    re.compile(rb"SELECT pg_catalog\.set_config\('search_path', '', false\);\Z"),
    re.compile(rb"SELECT pg_catalog\.lo_create\('\d+'\);\Z"),
    re.compile(rb"(?:BEGIN|COMMIT);\Z"),
)

_EXTENSION: Final = re.compile(
    rb"(?:CREATE EXTENSION (?:IF NOT EXISTS )?" + _NAME + rb"(?: WITH SCHEMA " + _NAME + rb")?"
    rb"|COMMENT ON EXTENSION " + _NAME + rb" IS '(?:[^']|'')*');\Z"
)
_BEFORE_EXTENSIONS: Final = re.compile(
    rb"CREATE (?:SCHEMA|COLLATION|(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE)\b|(?!CREATE\b|ALTER\b)"
)
_CREATE: Final = re.compile(
    rb"CREATE (?:OR REPLACE )?(?:UNLOGGED )?(?:TABLE|SEQUENCE|INDEX|UNIQUE INDEX|(?:RECURSIVE )?VIEW|MATERIALIZED VIEW"
    rb"|FUNCTION|PROCEDURE|AGGREGATE|TYPE|DOMAIN|(?:CONSTRAINT )?TRIGGER|RULE|POLICY|SCHEMA|COLLATION|CAST|OPERATOR"
    rb"|(?:DEFAULT )?CONVERSION|TEXT SEARCH|STATISTICS|TRANSFORM|PUBLICATION"
    rb"|(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE|FOREIGN TABLE|FOREIGN DATA WRAPPER|SERVER|EVENT TRIGGER)\b"
)
_ALTER: Final = re.compile(
    rb"ALTER (?:TABLE|SEQUENCE|INDEX|VIEW|MATERIALIZED VIEW|FUNCTION|PROCEDURE|AGGREGATE|TYPE|DOMAIN|TRIGGER|SCHEMA"
    rb"|COLLATION|OPERATOR|STATISTICS|TEXT SEARCH|PUBLICATION|FOREIGN TABLE|EVENT TRIGGER|LARGE OBJECT)\b"
)
_OTHER: Final = re.compile(rb"(?:COMMENT ON (?!EXTENSION\b)|REFRESH MATERIALIZED VIEW|SECURITY LABEL)\b")
_TABLE: Final = rb"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?" + _QUALIFIED
_SKIP: Final = re.compile(
    rb"(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES|SET SESSION AUTHORIZATION|SET default_tablespace|DROP)\b"
    rb"|SELECT pg_catalog\.lo_unlink"
    rb"|CREATE SCHEMA public;\Z"
    rb"|ALTER .* OWNER TO " + _NAME + rb";\Z"
    rb"|" + _TABLE + rb" SET TABLESPACE " + _NAME + rb";\Z"
    rb"|" + _TABLE + rb" (?:DROP CONSTRAINT (?:IF EXISTS )?|DETACH PARTITION )" + _QUALIFIED + rb";\Z"
    rb"|" + _TABLE + rb" ALTER COLUMN " + _NAME + rb" DROP DEFAULT;\Z",
    re.DOTALL,
)
"""The last ones: pg_dump --clean. Anchored at the end, so that no text inside of a statement looks like one."""
_WHOLE_CLUSTER: Final = re.compile(rb"(?:CREATE|ALTER|DROP) (?:DATABASE|ROLE|USER|GROUP|TABLESPACE)\b")


def read(statement: Statement) -> Read:
    """What `statement` is. `Problem`: nothing that belongs into the dump of one database."""
    text, line = statement.text, statement.line
    if _WHOLE_CLUSTER.match(text):
        raise creates_database(line)
    if text.startswith(b"COPY "):
        copy = _COPY.match(text)
        if copy and (not copy[2] or _COLUMNS.match(copy[2])):
            return Read(Kind.COPY, text, line, table=copy[1], columns=copy[2] or b"")
        raise _refused(statement)
    if text.startswith(b"INSERT INTO "):
        raise Problem(
            "dump",
            given=f"rows as INSERT statements (line {line}: pg_dump --inserts)",
            allowed="rows as COPY, which can be counted and compared",
            do="dump again without --inserts, --column-inserts and --rows-per-insert",
        )
    if sequence := _SETVAL.match(text):
        return Read(
            Kind.SEQUENCE, text, line, table=sequence[1], number=int(sequence[2]), called=sequence[3] == b"true"
        )
    if opened := _OPEN.match(text):
        return Read(Kind.OBJECT_OPEN, text, line, number=int(opened[1]))
    if written := _WRITE.match(text):
        return Read(Kind.OBJECT_WRITE, text, line, data=bytes.fromhex(written[1].decode()))
    if _CLOSE.match(text):
        return Read(Kind.OBJECT_CLOSE, text, line)
    if encoding := _ENCODING.match(text):
        return Read(Kind.RUN, _checked(text, encoding[1].decode().upper()), line)
    if _SKIP.match(text):
        return Read(Kind.SKIP, text, line)
    if _EXTENSION.match(text):
        return Read(Kind.RUN_AS_OWNER, text, line)
    if _SET.match(text) or any(plain.match(text) for plain in (*_PLAIN, _CREATE, _ALTER, _OTHER)):
        return Read(Kind.RUN, text, line)
    raise _refused(statement)


def may_precede_extensions(text: bytes) -> bool:
    """Whether pg_dump writes this before extensions (`dbObjectTypePriority`): schemas, collations, no function.

    An extension's script runs with the owner's rights and finds what is in its schema, so that has to be empty.
    """
    return bool(_BEFORE_EXTENSIONS.match(text))


def _checked(text: bytes, encoding: str) -> bytes:
    if encoding in _NOT_ASCII_SAFE:
        raise Problem(
            "encoding",
            given=f"a dump in {encoding}, in which a backslash may be half of a letter",
            allowed="UTF8 and whatever PostgreSQL may have as a server's encoding",
            do="dump again with pg_dump --encoding=UTF8",
        )
    return _UTF8 if encoding == "SQL_ASCII" else text


def _refused(statement: Statement) -> Problem:
    first = statement.text.splitlines()[0][:60].decode(errors="replace")
    return Problem(
        "dump",
        given=f"a statement that pg_dump does not write (line {statement.line}: {first})",
        allowed="SQL as pg_dump writes it",
        do="dump again with pg_dump, and change nothing in the file",
    )
