"""Dumps and servers that a move refuses: one clear line, and the database in use as it was."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudmart_cdk.assets.data_move import databases
from localcloud.engines.certificates import Authority
from tests.data_move.conftest import DUMPS, Edit, Ended, Mover, new_database
from tests.stores import OWNER, Stores

COPY = b"COPY public.same_rows (word) FROM stdin;\n"
FIRST = b"SET row_security = off;\n"
COMPLETE = b"--\n-- PostgreSQL database dump complete\n--\n"


@pytest.fixture(scope="module")
def standing(stores: Stores) -> str:
    """One database for all refusals: none of them may change it."""
    return new_database(stores)


@pytest.fixture
def in_use(mover: Mover, standing: str) -> Iterator[str]:
    """A database in use; after the test it is still as it was, and there is no other."""
    before = mover.around(standing)
    assert before.keys() == {standing}
    yield standing
    assert mover.untouched(standing, before)


def assert_one_line(ended: Ended, *words: str) -> None:
    assert ended.status == 1
    assert ended.error.count("\n") == 1
    assert ended.error.startswith("error: ")
    for part in ("given ", "; allowed: ", *words):
        assert part in ended.error


FILES = {
    "all.sql": "pg_dumpall",
    "create.sql": "pg_dump -C",
    "inserts.sql": "INSERT statements",
    "schema-only.sql": "no rows, not even none, for public.same_rows",
    "tar.tar": "tar archive",
    "extension.sql": 'extension "hstore" is not available',
    "ascii-euckr.sql": "0xb0 while filling public.words (COPY words, line 3)",
    "make.sh": "which begins with b'#!/bin/sh",
}


@pytest.mark.parametrize("dump", FILES)
def test_dumps_of_another_kind(mover: Mover, in_use: str, dump: str) -> None:
    assert_one_line(mover.move(DUMPS / dump, in_use), FILES[dump])


CONTENTS = {
    b"": "an empty file",
    "--\n-- PostgreSQL".encode("utf-16"): "UTF-16",
    b"--\r\n-- PostgreSQL database dump\r\n--\r\n": "Windows line ends",
    b"\x28\xb5\x2f\xfd....": "zstd",
    b"\x1f\x8b\x08": "gzip file that breaks off",
    gzip.compress(b"hello"): "begins with b'hello'",
}


@pytest.mark.parametrize("content", CONTENTS, ids=CONTENTS.values())
def test_files_that_are_no_dump(mover: Mover, in_use: str, tmp_path: Path, content: bytes) -> None:
    dump = tmp_path / "cloudmart.sql"
    dump.write_bytes(content)
    assert_one_line(mover.move(dump, in_use), CONTENTS[content])


def test_no_file_and_a_folder(mover: Mover, in_use: str, tmp_path: Path) -> None:
    assert_one_line(mover.move(tmp_path / "none.sql", in_use), "No such file")
    assert_one_line(mover.move(tmp_path, in_use), "folder")


EDITS = {
    "shell": ((COPY, b"\\! touch /tmp/never\n" + COPY), "a psql command in line"),
    "wrong encoding": ((b"SET client_encoding = 'UTF8'", b"SET client_encoding = 'WIN1252'"), "error: encoding: given"),
    "invalid bytes": ((COPY, COPY + b"\xff\xfe\n"), "(COPY same_rows, line 1)"),
    "superuser's extension": (
        (FIRST, FIRST + b"CREATE EXTENSION vector WITH SCHEMA public;\n"),
        "those that rds_superuser may create",
    ),
    "extension among functions": (
        (COPY, b"CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;\n" + COPY),
        "an extension behind tables or functions (line",
    ),
    "broken row": ((COPY, COPY + b"one\ttoo many\n"), "extra data after last expected column"),
    "cut off": ((COMPLETE, b""), "breaks off"),
    "end of a table lost": (
        (b"\\.\n\n\n--\n-- Data for Name: Select;", b"\n"),
        "extra data after last expected column (22P04) while filling public.same_rows",
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_dumps_that_somebody_changed(mover: Mover, in_use: str, edited: Edit, case: str) -> None:
    change, words = EDITS[case]
    assert_one_line(mover.move(edited("shop.sql", change), in_use), words)


def test_policy_for_a_role_that_does_not_exist(mover: Mover, in_use: str, edited: Edit) -> None:
    policy = b"CREATE POLICY all_of_them ON public.orders"
    dump = edited("shop.sql", (policy + b" USING", policy + b" TO clerk USING"))
    assert_one_line(mover.move(dump, in_use), 'role "clerk" does not exist')


def test_newer_custom_format(mover: Mover, in_use: str, tmp_path: Path) -> None:
    content = bytearray((DUMPS / "shop.dump").read_bytes())
    content[5:8] = bytes((1, 16, 0))  # what pg_dump 17 writes
    dump = tmp_path / "new.dump"
    dump.write_bytes(content)
    assert_one_line(mover.move(dump, in_use), "unsupported version (1.16)", "dumps of PostgreSQL 16 or older")


@pytest.mark.parametrize("form", ["shop.sql", "shop.sql.gz", "shop.dump", "shop.dump.gz"])
@pytest.mark.parametrize("part", [0.02, 0.6, 0.99])
def test_cut_short(mover: Mover, in_use: str, tmp_path: Path, form: str, part: float) -> None:
    content = (DUMPS / form).read_bytes()
    dump = tmp_path / form
    dump.write_bytes(content[: int(len(content) * part)])
    assert_one_line(mover.move(dump, in_use), "breaks off", "a whole dump")


def test_damaged_gzip(mover: Mover, in_use: str, tmp_path: Path) -> None:
    content = bytearray((DUMPS / "shop.sql.gz").read_bytes())
    content[-6] ^= 0xFF  # its checksum
    dump = tmp_path / "damaged.gz"
    dump.write_bytes(content)
    assert_one_line(mover.move(dump, in_use), "gzip: CRC check failed")


SPOILED = {
    "changed": (b"NEW.word := 'other'; RETURN NEW;", "public.same_rows (6 in the dump, 6 restored)"),
    "lost": (b"IF NEW.word = 'twice' THEN RETURN NULL; END IF; RETURN NEW;", "(6 in the dump, 4 restored)"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_rows_that_do_not_arrive_are_found_by_table(mover: Mover, in_use: str, edited: Edit, how: str) -> None:
    body, words = SPOILED[how]
    trigger = (
        b"CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN " + body + b" END$$;\n"
        b"CREATE TRIGGER spoil BEFORE INSERT ON public.same_rows FOR EACH ROW EXECUTE FUNCTION public.spoil();\n"
    )
    ended = mover.move(edited("shop.sql", (COPY, trigger + COPY)), in_use)
    assert_one_line(ended, words, "the database in use is as it was")
    assert [line.split()[0] for line in ended.said.splitlines() if line.endswith("  NO")] == ["public.same_rows"]


def test_large_object_that_differs_is_found(mover: Mover, in_use: str, edited: Edit) -> None:
    """Written twice in the dump: what is found at the end is not what the first one said."""
    again = b"SELECT pg_catalog.lo_close(0);\n\nCOMMIT;"
    oid = first_object(DUMPS / "shop.sql")
    more = (
        b"SELECT pg_catalog.lo_close(0);\n\nSELECT pg_catalog.lo_open('" + oid + b"', 131072);\n"
        b"SELECT pg_catalog.lowrite(0, '\\x01');\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;"
    )
    assert_one_line(mover.move(edited("shop.sql", (again, more)), in_use), "large objects (4 in the dump, 3 restored)")


def test_sequence_that_differs_is_found(mover: Mover, in_use: str, edited: Edit) -> None:
    line = b"SELECT pg_catalog.setval('public.invoices', 1001, true);\n"
    step = b"CREATE MATERIALIZED VIEW public.one_more AS SELECT nextval('public.invoices') AS number;\n"
    dump = edited("shop.sql", (line, line + step))
    assert_one_line(mover.move(dump, in_use), "public.invoices (at 1,001 in the dump, at 1,002 restored)")


def first_object(dump: Path) -> bytes:
    """The id of the first large object of a dump."""
    return dump.read_bytes().partition(b"lo_open('")[2].partition(b"'")[0]


def test_server_that_is_not_ours_to_use(mover: Mover, in_use: str, stores: Stores) -> None:
    dump = DUMPS / "shop.dump"
    assert_one_line(mover.move(dump, "nowhere"), "database: given nowhere, which does not exist")
    assert_one_line(mover.move(dump, "n" * 41), "at most 40")
    assert_one_line(mover.move(dump, in_use, group="nobody_s_group"), "role: given nobody_s_group")
    assert_one_line(mover.move(dump, in_use, user="cloudmart_app"), "which does not own", f"{OWNER} does")
    assert_one_line(mover.move(dump, in_use, bin="/nowhere"), "pg_restore: given none in /nowhere")
    with mover.superuser() as connection:
        connection.execute(f"ALTER ROLE {OWNER} CONNECTION LIMIT 0")
        try:
            assert_one_line(mover.move(dump, in_use), "none free", "two connections")
        finally:
            connection.execute(f"ALTER ROLE {OWNER} CONNECTION LIMIT -1")


def test_server_that_cannot_be_trusted(
    mover: Mover, in_use: str, stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = DUMPS / "shop.dump"
    stranger = Authority(tmp_path).ca_file
    assert_one_line(mover.move(dump, in_use, ca_file=stranger), "error: TLS: given", "certificate verify failed")
    assert_one_line(
        mover.move(dump, in_use, port=stores.postgres.plain_port), "error: TLS: given", "does not support SSL"
    )
    assert_one_line(mover.move(dump, in_use, ca_file=tmp_path / "none.pem"), "which is no file")
    assert_one_line(mover.move(dump, in_use, port=1), "refused")
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert_one_line(mover.move(dump, in_use), "password authentication failed", "rotating")
    monkeypatch.delenv("PGPASSWORD")
    assert_one_line(mover.move(dump, in_use), "no user or no password")


def test_command_line_without_an_order_is_refused() -> None:
    words = [sys.executable, "-m", "cloudmart_cdk.assets.data_move", "--host", "h", "--database", "d", "--ca-file", "f"]
    ended = subprocess.run(words, capture_output=True, text=True, env=os.environ, check=False)
    assert ended.returncode == 2
    assert "--dump" in ended.stderr


def test_lock_is_released_with_the_session(mover: Mover, in_use: str) -> None:
    query = f"SELECT pg_advisory_lock({databases.LOCK}, hashtext('{in_use}'))".encode()
    with mover.superuser() as connection:
        connection.execute(query)
        assert_one_line(mover.move(DUMPS / "shop.dump", in_use), "which is running")
