"""What a good dump becomes, in every form that pg_dump gives it."""

import contextlib
import io
import re
from pathlib import Path

import psycopg
import pytest

from cloudmart_cdk.assets.data_move.__main__ import main
from tests.data_move.conftest import DUMPS, Mover, new_database, words
from tests.stores import APP, CLONE, OWNER, PASSWORD, SHOP, Stores

CHECKSUMS = {"public.products": "26aaabb078b8d473", "public.moments": "946e0c0e733d0784"}
"""Of rows with everything in them, and of instants; what they are is BLAKE2b's to say, that they stay is ours."""
FORMS = ("shop.sql", "shop.sql.gz", "shop.dump", "shop.dump.gz")


def by_checksum(said: str) -> dict[str, str]:
    lines = [line.split() for line in said.splitlines()]
    return {line[0]: line[3] for line in lines if line and line[0] in CHECKSUMS}


@pytest.fixture(scope="module")
def moved(stores: Stores) -> str:
    """A database into which the custom dump was moved."""
    name = new_database(stores)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setenv("PGPASSWORD", PASSWORD)
        assert main(words(stores, "--dump", DUMPS / "shop.dump", database=name)) == 0
    return name


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_restored_compared_and_switched(mover: Mover, tmp_path: Path, form: str) -> None:
    dump = tmp_path / "named-otherwise.txt"  # recognised by content, not by name
    dump.write_bytes((DUMPS / form).read_bytes())
    database = mover.database()
    ended = mover.move(dump, database)
    assert (ended.status, ended.error) == (0, "")
    table = [re.split(r" {2,}", line) for line in ended.said.splitlines() if line.endswith("  yes")]
    assert len(table) == 17
    by_name = {row[0]: row[1:3] for row in table}
    assert by_name["public.products"] == ["40", "40"]
    assert by_name["public.events_2024"] == ["13", "13"]
    assert by_name["public.no_rows"] == ["0", "0"]
    assert by_name["public.no_columns"] == ["1", "1"]
    assert by_name["public.parent"] == ["1", "1"], "a parent's rows are its own, not its children's"
    assert by_name['"가게 ""1"""."Select; from (x"'] == ["2", "2"]
    assert by_name["public.invoices"] == ["at 1,001", "at 1,001"]
    assert by_name["large objects"] == ["3", "3"]
    assert f"moved: {database} holds the dump; all 17 agree" in ended.said
    assert by_checksum(ended.said) == CHECKSUMS, "the same whatever the form"


def test_what_is_hard_to_move_has_arrived(mover: Mover, moved: str) -> None:
    database = moved
    (row,) = mover.query(
        database,
        "SELECT name_ko, description, tags, picture, price_with_tax, attributes ->> '무게' FROM products WHERE id = 2",
    )
    name, description, tags, picture, with_tax, weight = row
    assert (name, with_tax, weight) == ("김치 2호", 2200, "2")
    assert description == "C:\\new\\.\n\\.\nnot the end"
    assert tags == ["새것", 'a "quoted"\\ one', None]
    assert picture.endswith(b"\x00\x0a\x5c\x2e\x0a")
    moments = mover.query(
        database, "SELECT e = '0044-03-15 12:00:00+00 BC', b[2] < '1900-01-01' FROM moments WHERE id = 1"
    )
    assert moments == [(True, True)]
    assert mover.query(database, "SELECT count(*), count(DISTINCT at) FROM events") == [(60, 60)]
    assert mover.query(database, "SELECT sum(sold) FROM sales") == [(120,)]
    assert mover.query(database, "SELECT length(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1") == [
        (0,),
        (4,),
        (16800,),
    ]
    assert mover.query(database, "SELECT obj_description('products'::regclass)") == [("What is sold; 상품",)]
    assert mover.query(database, "SELECT nextval('invoices')") == [(1002,)]
    assert mover.query(database, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == [("stamp",)]


def test_dumps_made_with_other_options(mover: Mover) -> None:
    """--clean, --load-via-partition-root, LATIN1, and SQL_ASCII that happens to hold UTF-8."""
    for dump, table, rows in (
        ("clean.sql", "counted", 2),
        ("partition-root.sql", "events", 60),
        ("latin1.sql", "words", 2),
        ("ascii-utf8.sql", "words", 2),
    ):
        database = mover.database()
        ended = mover.move(DUMPS / dump, database)
        assert (ended.status, ended.error) == (0, ""), dump
        assert mover.query(database, f"SELECT count(*) FROM {table}") == [(rows,)]
        if dump == "latin1.sql":
            assert mover.query(database, "SELECT word FROM words ORDER BY id") == [("café",), ("naïve",)]


def test_application_owns_everything_and_works(mover: Mover) -> None:
    database = mover.database()
    mover.move(DUMPS / "shop.sql.gz", database)
    owners = mover.query(
        database,
        "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace IN "
        "(SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)')",
    )
    assert owners == [(SHOP,)]
    for user in (APP, CLONE):
        with psycopg.connect(mover.stores.dsn(user, database=database), autocommit=True) as connection:
            connection.execute("UPDATE products SET stock = stock + 1")
            connection.execute(f"ALTER TABLE products ADD COLUMN of_{user} integer")
            connection.execute(f"CREATE TABLE new_of_{user} (id integer)")
            assert connection.execute("SELECT cheapest()").fetchone() == (1,)


def test_new_database_is_like_the_old_one_beside_its_data(mover: Mover) -> None:
    database = mover.database()
    with mover.superuser(database) as connection:
        connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {SHOP} WITH GRANT OPTION")
        connection.execute(f'ALTER DATABASE {database} SET search_path = shop, "$user", public')
        connection.execute(f"ALTER ROLE {APP} IN DATABASE {database} SET statement_timeout = '3s'")
        connection.execute("GRANT USAGE ON SCHEMA public TO pg_monitor")
    facts = (
        "SELECT pg_get_userbyid(datdba), encoding, datcollate, datctype, datallowconn, datconnlimit, datacl::text "
        f"FROM pg_database WHERE datname = '{database}'",
        "SELECT setrole, setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase "
        f"WHERE datname = '{database}' ORDER BY 1",
    )
    schema = "SELECT a.* FROM pg_namespace, aclexplode(nspacl) a WHERE nspname = 'public' ORDER BY 2, 3"
    before = [mover.query("postgres", fact) for fact in facts] + [mover.query(database, schema)]
    assert mover.move(DUMPS / "partition-root.sql", database).status == 0
    assert [mover.query("postgres", fact) for fact in facts] + [mover.query(database, schema)] == before
    assert OWNER in str(before)


def test_statistics_are_there_before_the_first_query(mover: Mover, moved: str) -> None:
    assert mover.query(moved, "SELECT reltuples FROM pg_class WHERE relname = 'products'") == [(40.0,)]
