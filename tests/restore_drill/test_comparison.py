"""What the function finds, on real servers: nothing in a good copy, and every way in which one can be bad."""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cloudmart_cdk.assets.restore_drill import comparison, handler, reader
from cloudmart_cdk.assets.restore_drill.errors import DrillError
from cloudmart_cdk.assets.rotation import versions
from cloudmart_cdk.assets.rotation.errors import RotationError
from cloudmart_cdk.assets.rotation.versions import Login
from tests.restore_drill.conftest import POINT, Pair
from tests.stores import APP


def test_a_copy_of_what_was_is_equal_whatever_came_since(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    answer = pair.compare()
    assert answer["Equal"], answer["Text"]
    assert (answer["Tables"], answer["Rows"], answer["RestoreMinutes"]) == (6, 1320, 12.0)
    assert "2026-11-01 05:30 UTC was usable after 12.0 minutes (target 30): 6 tables, 1,320 rows" in answer["Text"]
    assert "lost 3.0 minutes (target 5)" in answer["Text"]
    report = json.loads(capsys.readouterr().out.splitlines()[0])["table"].splitlines()
    shown = {line.split("  ")[0].rstrip(): line.split() for line in report[1:]}
    assert shown["public.orders"][1:] == ["340", "300", "same"]
    assert shown["public.products"][1:] == ["501", "500", "same"]
    assert shown["public.stock"][1:] == ["500", "500", "changed", "since"]
    assert shown['public."Parts of 2026"'][-3:] == ["20", "20", "same"]


def test_what_a_copy_lacks_is_named(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    pair.at_copy(
        "ALTER TABLE products DROP COLUMN tags; ALTER TABLE stock ALTER number TYPE bigint;"
        "ALTER TABLE orders DROP CONSTRAINT orders_product_fkey; DROP SEQUENCE orders_id_seq CASCADE;"
        "DROP INDEX by_price; DROP VIEW cheap; DROP FUNCTION twice; DROP TABLE never_filled"
    )
    answer = pair.compare()
    assert not answer["Equal"]
    assert answer["Text"].startswith("missing: table public.never_filled; missing")
    assert answer["Text"].endswith("; and 5 more"), "a long list is cut"
    found = json.loads(capsys.readouterr().out.splitlines()[0])["differences"]
    assert [re.sub(r"\b[0-9a-f]{32}\b", "<hash>", line.removeprefix("missing: ")) for line in found] == [
        "table public.never_filled",
        "column public.never_filled.id integer",
        "column public.orders.id bigint not null default nextval('public.orders_id_seq'::regclass)",
        "column public.products.tags text[]",
        "column public.stock.number integer not null",
        "constraint public.orders: orders_product_fkey FOREIGN KEY (product) REFERENCES public.products(id)",
        "function public.twice(integer) <hash>",
        "index CREATE INDEX by_price ON public.products USING btree (price DESC, name)",
        "sequence public.orders_id_seq",
        "view public.cheap as <hash>",
    ]


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("DELETE FROM orders WHERE id = 7", "public.orders has 299 rows from before the backup, 1 fewer"),
        ("DELETE FROM stock", "public.stock is empty, and has 500 rows in the original"),
        ('DELETE FROM "Parts of 2026"', 'public."Parts of 2026" is empty, and has 20 rows'),
        ("UPDATE orders SET made = '2026-11-01 05:29+00' WHERE id = 7", "public.orders has 299 rows"),
    ],
)
def test_rows_that_a_copy_lacks_are_counted(pair: Pair, loss: str, said: str) -> None:
    pair.at_copy(loss)
    answer = pair.compare()
    assert not answer["Equal"]
    assert said in answer["Text"]


def test_an_extension_that_is_missing_is_named(pair: Pair) -> None:
    with pair.superuser(pair.copy) as connection:
        connection.execute("DROP EXTENSION plpgsql")
    # Its functions are not: one line says it.
    assert pair.compare()["Text"] == "missing: extension plpgsql 1.0"


def test_what_was_removed_or_changed_since_is_no_fault(pair: Pair) -> None:
    pair.at_original(
        "DELETE FROM orders WHERE id < 200; UPDATE products SET price = 1; TRUNCATE stock;"
        "ALTER TABLE stock DROP CONSTRAINT stock_number_check; DROP TABLE never_filled"
    )
    assert pair.compare()["Text"].startswith("the state of")


def test_a_table_whose_rows_are_all_younger_than_the_backup_may_be_empty_in_it(pair: Pair) -> None:
    for server in (pair.original, pair.copy):
        pair.run(server, "CREATE TABLE fresh (at timestamptz NOT NULL DEFAULT now())")
    pair.at_original("INSERT INTO fresh VALUES ('2026-11-01 05:26+00')")
    assert pair.compare()["Equal"], "within the margin of transactions that were open"
    pair.at_original("INSERT INTO fresh VALUES ('2026-11-01 05:24+00')")
    assert "public.fresh is empty" in pair.compare()["Text"]


def test_an_empty_copy_is_never_equal(empty_pair: Pair) -> None:
    empty_pair.at_original("CREATE TABLE stock AS SELECT 1 AS n")
    assert empty_pair.compare()["Text"] == "the restored database has no table"
    empty_pair.at_copy("CREATE TABLE stock AS SELECT 1 AS n")
    assert empty_pair.compare()["Equal"]


def test_two_empty_databases_are_not_equal_either(empty_pair: Pair) -> None:
    assert not empty_pair.compare()["Equal"]
    empty_pair.at_copy("CREATE TABLE stock AS SELECT 1 AS n")
    assert empty_pair.compare()["Text"] == "the original has no table to compare with"


def test_a_table_that_the_application_may_not_read_is_not_passed_over(pair: Pair) -> None:
    for server in (pair.original, pair.copy):
        with pair.superuser(server) as connection:
            connection.execute("CREATE TABLE hidden AS SELECT 1 AS n")
    assert pair.compare()["Text"] == "public.hidden cannot be read by the application's user, so it was not compared"


def _file(pair: Pair, relation: str) -> Path:
    """Where the copy keeps a relation, after it was written out and forgotten."""
    with pair.superuser(pair.copy) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SELECT pg_relation_filepath(%s)", [relation]).fetchone()
    assert row
    pair.copy.postgres.stop()
    return pair.copy.postgres.folder / "data" / str(row[0])


def _overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def test_a_page_that_cannot_be_read_stops_the_drill(pair: Pair) -> None:
    try:
        _overwrite(_file(pair, "public.products"), 8192, b"\x01" * 8192)
    finally:
        pair.copy.postgres.start()
    with pytest.raises(RotationError, match=r"database statement .*XX001 invalid page in block 1 of relation"):
        pair.compare()


def test_an_index_that_leads_to_less_than_the_table_holds_is_found(pair: Pair) -> None:
    """As after a torn write: a leaf page that says that it holds nothing."""
    path = _file(pair, "public.stock_pkey")
    page = bytearray(path.read_bytes()[8192:16384])
    page[12:14] = (24).to_bytes(2, "little")  # pd_lower at the header's end: no item
    try:
        _overwrite(path, 8192, bytes(page))
    finally:
        pair.copy.postgres.start()
    text = pair.compare()["Text"]
    assert "index public.stock_pkey leads to" in text
    assert "of the 500 rows of public.stock" in text


def test_every_index_over_all_rows_is_followed(pair: Pair) -> None:
    """The server shall not sort instead: then nothing would have read the index."""
    server = handler._server(pair.copy.postgres.host)
    with reader.snapshot(server, handler._logins()) as session:
        contents = reader.restored(session, comparison.cutoff(POINT))
        plan = session.run(
            "EXPLAIN SELECT max(number) FROM (SELECT row_number() OVER (ORDER BY price DESC NULLS FIRST, "
            "name NULLS LAST) AS number FROM ONLY public.products) AS numbered"
        )
    assert contents.walked == {
        "public.by_price": ("public.products", 500),
        "public.products_pkey": ("public.products", 500),
        "public.orders_pkey": ("public.orders", 300),
        "public.stock_pkey": ("public.stock", 500),
    }
    lines = " ".join(line for (line,) in plan)
    assert "by_price" in lines
    assert "Sort" not in lines


def test_of_a_large_database_a_sample_is_read(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SMALL_BYTES", 100_000)
    monkeypatch.setattr(reader, "READ_WHOLE_BYTES", 400_000)
    for server in (pair.original, pair.copy):
        pair.run(server, "CREATE TABLE visits AS SELECT generate_series(1, 20000) AS number; ANALYZE visits")
    answer = pair.compare()
    assert answer["Equal"], answer["Text"]
    assert 1320 < answer["Rows"] < 16_000, "a part of the visits, all of the rest"
    pair.at_copy("TRUNCATE visits")
    assert pair.compare()["Text"] == "public.visits is empty, and has 20,000 rows in the original"


@pytest.mark.parametrize(
    ("minutes", "loss", "said"),
    [
        (31, 3, "the restore took 31 minutes, and 30 are the target"),
        (12, 11, "the last restorable moment was 11 minutes ago, and 5 are the target"),
    ],
)
def test_targets_are_part_of_the_result(pair: Pair, minutes: float, loss: float, said: str) -> None:
    answer = pair.compare(minutes=minutes, loss=loss)
    assert (answer["Equal"], answer["Text"]) == (False, said)


def test_nothing_is_written_and_nothing_of_a_row_is_logged(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    pair.compare()
    assert "product 7" not in capsys.readouterr().out
    server = handler._server(pair.original.postgres.host)
    with (
        pytest.raises(RotationError, match="25006 cannot execute DELETE in a read-only transaction"),
        reader.snapshot(server, handler._logins()) as session,
    ):
        session.run("DELETE FROM public.stock")


def test_a_copy_that_takes_no_login_says_why_that_may_be(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "_logins", lambda: [Login({"username": APP, "password": "of-another-day"})])
    with pytest.raises(DrillError, match=r"none of the application's logins \(cloudmart_app\).*rotated twice"):
        pair.compare()


def test_a_server_that_is_not_there_is_one_clear_line(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PORT", "1")
    with pytest.raises(RotationError, match=r"^error: database connection at .*:1: given"):
        pair.compare()


def test_logins_are_the_current_one_and_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    client = boto3.client("secretsmanager", region_name="ap-northeast-2", **nobody)
    monkeypatch.setattr(versions, "client", lambda *_: client)
    monkeypatch.setenv("APP_SECRET_ARN", "arn:of-the-app")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-2")

    def asked(stage: str) -> dict[str, str]:
        return {"SecretId": "arn:of-the-app", "VersionStage": stage}

    with Stubber(client) as stubber:
        value: dict[str, Any] = {"SecretString": json.dumps({"username": "one", "password": "secret"})}
        stubber.add_response("get_secret_value", value, asked("AWSCURRENT"))
        stubber.add_client_error("get_secret_value", "ResourceNotFoundException", expected_params=asked("AWSPREVIOUS"))
        assert [login.user for login in handler._logins()] == ["one"]
