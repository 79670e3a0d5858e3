"""The splitting of a dump into statements, held against what psql's rules say, and its sums."""

import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudmart_cdk.assets.data_move.problems import Problem, TruncatedError
from cloudmart_cdk.assets.data_move.script import Script
from cloudmart_cdk.assets.data_move.statements import Kind, read
from cloudmart_cdk.assets.data_move.tally import Tally, in_utc
from tests.data_move.conftest import DUMPS, Edit
from tests.stores import Stores

COPY = b"COPY public.same_rows (word) FROM stdin;\n"
END = b"--\n-- PostgreSQL database dump complete\n--\n"


def script(text: bytes) -> Script:
    return Script(iter(io.BytesIO(text)), server_major=16)


def split(text: bytes) -> list[bytes]:
    return [statement.text for statement in script(text + b"\n" + END)]


def understood(lines: Iterable[bytes]) -> Counter[Kind]:
    """A dump read to its end: how many statements there are of each kind."""
    kinds: Counter[Kind] = Counter()
    read_in = Script(iter(lines), server_major=16)
    for statement in read_in:
        kind = read(statement).kind
        kinds[kind] += 1
        if kind is Kind.COPY:
            assert sum(len(batch) for batch in read_in.rows()) >= 0
    return kinds


WHOLE = [
    b"SELECT 1;",
    b"SELECT ';';",
    b"SELECT 'it''s; so';",
    b"SELECT 'a backslash \\';",
    b"SELECT E'a quote \\'; and\\\\';",
    b"SELECT e'\\\\';",
    b"SELECT type'a\\';",
    b"SELECT U&'d\\0061';",
    b'SELECT 1 AS "a;""b";',
    b"SELECT $$;'$$;",
    b"SELECT $a$;$$;$b$;$a$;",
    b"SELECT a$b$1, c$b$ FROM d;",
    b"SELECT $1;",
    b"SELECT 1 -- ;\n;",
    b"SELECT /* ; /* ' */ ; */ 1;",
    b"SELECT '--;';",
    b"SELECT 'two\nlines;\n';",
    b"CREATE RULE r AS ON DELETE TO t DO INSTEAD (SELECT 1; SELECT 2);",
    b"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
    b"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC END;",
    b"CREATE FUNCTION f(begin int) RETURNS int AS 'x' LANGUAGE sql;",
    b"BEGIN;",
    b"SELECT begin, atomic;",
    "SELECT '김치;', 가게.\"이름;\" FROM 가게;".encode(),
]
"""One statement each, whatever is in it."""


@pytest.mark.parametrize("statement", WHOLE)
def test_semicolon_ends_a_statement_only_where_it_does_for_psql(statement: bytes) -> None:
    assert split(statement) == [statement]


@given(
    st.lists(st.sampled_from(WHOLE), min_size=1, max_size=6), st.lists(st.sampled_from([b"\n", b"\n\n", b"\n-- ;'\n"]))
)
@settings(max_examples=100, deadline=None)
def test_statements_do_not_run_into_each_other(statements: list[bytes], between: list[bytes]) -> None:
    gaps = itertools.chain(between, itertools.repeat(b"\n"))
    assert split(b"".join(statement + next(gaps) for statement in statements)) == statements


def test_psql_itself_sees_the_same_statements(stores: Stores) -> None:
    """The server counts: each text is one command for it too, or it would name another error."""
    with psycopg.connect(stores.dsn(), autocommit=True) as connection:
        for statement in WHOLE:
            try:
                connection.pgconn.exec_(b"BEGIN")
                result = connection.pgconn.exec_params(statement, None)
                assert b"multiple commands" not in (result.error_message or b""), statement
            finally:
                connection.pgconn.exec_(b"ROLLBACK")


@pytest.mark.parametrize(
    "text",
    [b"SELECT 'open\n", b"SELECT $a$ $b$;\n", b"SELECT (1;\n", b'SELECT "a;\n', b"SELECT /* 1;\n", b"SELECT E'\\';\n"],
)
def test_what_is_open_at_the_end_was_cut_off(text: bytes) -> None:
    with pytest.raises(TruncatedError):
        split(text)


def test_no_word_of_the_end_is_no_end() -> None:
    with pytest.raises(TruncatedError):
        list(script(b"SELECT 1;\n"))


@pytest.mark.parametrize(
    "text", [b"\\! id\n", b"SELECT 1 \\gexec\n", b"SELECT 1; \\! id\n", b"\\restrict a b\n", b"\\i x\n"]
)
def test_psql_commands_are_refused_wherever_they_stand(text: bytes) -> None:
    with pytest.raises(Problem, match="psql command"):
        split(text)


REFUSED = {
    "after a statement": ((COPY, b"SELECT 1; \\! id\n" + COPY), "a statement that pg_dump does not write"),
    "inside a statement": ((COPY, b"SET row_security \\! id\n = off;\n" + COPY), "a psql command in line"),
    "copy by psql": ((COPY, b"\\copy same_rows from program 'id'\n" + COPY), "a psql command in line"),
    "program": ((COPY, b"COPY public.same_rows FROM PROGRAM 'id';\n" + COPY), "that pg_dump does not write"),
    "file": ((COPY, b"COPY public.same_rows TO '/tmp/x';\n" + COPY), "that pg_dump does not write"),
    "connect": ((COPY, b"\\connect other\n" + COPY), "enters a database of its own"),
    "role": ((COPY, b"CREATE ROLE eve SUPERUSER;\n" + COPY), "pg_dumpall"),
    "drop": ((COPY, b"DROP DATABASE postgres;\n" + COPY), "pg_dumpall"),
    "reset": ((COPY, b"RESET ROLE;\n" + COPY), "that pg_dump does not write"),
    "anonymous block": ((COPY, b"DO $$BEGIN END$$;\n" + COPY), "that pg_dump does not write"),
    "call in a setval": (
        (
            b"SELECT pg_catalog.setval('public.invoices', 1001, true);",
            b"SELECT pg_catalog.setval('a', pg_sleep(1), true);",
        ),
        "that pg_dump does not write",
    ),
    "newer server": ((b"-- Dumped from database version 15.18", b"-- Dumped from database version 17.2"), "17.2"),
    "newer program": ((b"-- Dumped by pg_dump version 15.18", b"-- Dumped by pg_dump version 18.0"), "18.0"),
    "unsafe encoding": ((b"SET client_encoding = 'UTF8'", b"SET client_encoding = 'SJIS'"), "half of a letter"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_pg_dump_does_not_write_is_refused(edited: Edit, case: str) -> None:
    change, words = REFUSED[case]
    with edited("shop.sql", change).open("rb") as lines, pytest.raises(Problem, match=re.escape(words)):
        understood(lines)


def test_lock_against_psql_commands_is_passed_over() -> None:
    assert split(b"\\restrict aZ9\nSELECT 1;\n\\unrestrict aZ9\n") == [b"SELECT 1;"]


rows = st.lists(st.binary(max_size=20).map(lambda row: row.replace(b"\n", b"")).filter(lambda row: row != b"\\."))


@given(rows)
@settings(max_examples=100, deadline=None)
def test_rows_are_everything_up_to_the_mark(lines: list[bytes]) -> None:
    data = b"".join(line + b"\n" for line in lines)
    read_in = script(b"COPY t (a) FROM stdin;\n" + data + b"\\.\nSELECT 1;\n" + END)
    statements: Iterator[object] = iter(read_in)
    next(statements)
    assert b"".join(itertools.chain.from_iterable(read_in.rows())) == data
    assert [getattr(statement, "text", None) for statement in statements] == [b"SELECT 1;"]
    assert read_in.line == len(lines) + 6


def test_every_statement_of_a_dump_is_understood() -> None:
    with (DUMPS / "shop.sql").open("rb") as lines:
        kinds = understood(lines)
    assert kinds[Kind.COPY] == 12
    assert kinds[Kind.SEQUENCE] == 4
    assert kinds[Kind.OBJECT_OPEN] == kinds[Kind.OBJECT_CLOSE] == 3


def test_owners_and_privileges_are_left_out_and_nothing_that_looks_like_them() -> None:
    def kind(text: bytes) -> Kind:
        (statement,) = script(text + b"\n" + END)
        return read(statement).kind

    for text in (
        b'ALTER TABLE "a; OWNER TO b" OWNER TO "c d";',
        b"ALTER LARGE OBJECT 1 OWNER TO postgres;",
        b"GRANT ALL ON TABLE t TO x;",
        b"ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT ALL ON TABLES TO b;",
        b"SET default_tablespace = fast;",
        b'ALTER TABLE ONLY public."x y" ALTER COLUMN "a, b" DROP DEFAULT;',
        b"ALTER TABLE t DROP CONSTRAINT c;",
    ):
        assert kind(text) is Kind.SKIP, text
    for text in (
        b"ALTER TABLE t ADD CONSTRAINT c CHECK ((a <> ' OWNER TO b'::text));",
        b"ALTER TABLE t ALTER COLUMN a SET DEFAULT ' DROP CONSTRAINT c';",
        b"COMMENT ON TABLE t IS 'GRANT';",
        b"CREATE SCHEMA public_too;",
    ):
        assert kind(text) is Kind.RUN, text


@given(st.lists(st.binary(max_size=8)))
def test_sum_does_not_depend_on_order_and_does_on_everything_else(lines: list[bytes]) -> None:
    one, other, more = Tally(), Tally(), Tally()
    one.add(lines)
    for line in reversed(lines):
        other.add([line])
    assert one == other
    assert one.checksum == other.checksum
    more.add([*lines, b"more"])
    assert more != one
    if lines:
        changed = Tally()
        changed.add([*lines[1:], lines[0] + b"x"])
        assert changed != one


instants = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29))
offsets = st.integers(min_value=-15 * 3600 - 59 * 60, max_value=15 * 3600 + 59 * 60)


@given(instants, offsets)
def test_instants_are_written_in_utc(instant: datetime, seconds: int) -> None:
    zone = timezone(timedelta(seconds=seconds))
    there = instant.replace(tzinfo=UTC).astimezone(zone)
    text = there.isoformat(sep=" ")
    utc = instant.replace(tzinfo=UTC).isoformat(sep=" ").removesuffix(":00")
    row = f"1\t{text}\t{text}\n".encode()
    assert in_utc([1])(row) == f"1\t{utc}\t{text}\n".encode()


def test_instants_are_those_that_postgresql_means(stores: Stores) -> None:
    """Every zone's spelling of some instants, BC and far years among them, against the server's own in UTC."""
    moments = (
        "('0044-03-15 12:00 BC'), ('0001-01-01 00:00'), ('0001-12-31 23:59 BC'), ('1850-06-01 12:00'), ('infinity'),"
    )
    moments += "('2024-02-29 23:30:00.25'), ('2024-07-01 00:00'), ('12024-12-31 23:59:59.999999'), ('-infinity')"
    values = f"(VALUES {moments}) v (t), LATERAL (SELECT t::timestamptz) w (m)"
    query = f"COPY (SELECT ARRAY[m, m], tstzrange(NULL, m) FROM {values})"
    found = set()
    with psycopg.connect(stores.dsn(), autocommit=True) as connection:
        # One spelling of the instants for all zones: the texts have no offset of their own.
        text = re.sub(r"\('(\d[^')]*?)( BC)?'\)", r"('\1+00\2')", query)
        for zone in ("UTC", "Asia/Seoul", "America/St_Johns", "Asia/Kolkata", "Europe/Amsterdam", "Pacific/Apia"):
            connection.execute(f"SET TimeZone = '{zone}'".encode())
            with connection.cursor() as cursor, cursor.copy(f"{text} TO STDOUT".encode()) as copy:
                found.add(b"".join(in_utc([0, 1])(bytes(row)) for row in copy))
    assert len(found) == 1
    assert b"0044-03-15 12:00:00+00 BC" in found.pop()
