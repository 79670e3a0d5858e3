"""Migrations: once, all or nothing, whoever starts when."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cloudmart_cdk.assets.shop.shop import migrate
from cloudmart_cdk.assets.shop.shop.environment import SettingError
from localcloud import ports
from localcloud.aws import Clients
from localcloud.state import Cloud
from tests.shop.harness import SHOP, Stage
from tests.stores import APP, Stores


@pytest.fixture
def empty(stores: Stores) -> str:
    """How to get into a new, empty database as the application."""
    return stores.dsn(database=stores.new_database())


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row[0] for row in rows}


def products(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM products").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the migrations, to change them."""
    return Path(shutil.copytree(migrate.MIGRATIONS, tmp_path / "release", ignore=shutil.ignore_patterns("__pycache__")))


def add_migration(release: Path, *statements: str) -> None:
    text = f'''
        """Of a test."""
        from alembic import op

        revision = "9999"
        down_revision = "0002"


        def upgrade():
            for statement in {list(statements)!r}:
                op.execute(statement)
    '''
    (release / "versions" / "9999_test.py").write_text(textwrap.dedent(text))


def migrated(dsn: str, folder: Path = migrate.MIGRATIONS) -> str:
    return migrate.migrate(lambda: psycopg.connect(dsn), folder=folder)


FOUR_AT_ONCE = """
import os, sys
from shop import migrate
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        os._exit(migrate.main())
    children.append(child)
sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_four_instances_start_at_once(shop_cloud: Cloud, shop_clients: Clients, stores: Stores) -> None:
    database = stores.new_database()
    stage = Stage.of(shop_cloud, shop_clients, stores, database=database)
    done = subprocess.run(
        [sys.executable, "-c", FOUR_AT_ONCE],
        env=stage.environment(),
        cwd=SHOP,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"database migrated"') == 1
    assert done.stdout.count('"database is up to date"') == 3
    dsn = stores.dsn(database=database)
    assert products(dsn) == 24
    # What the application's user makes belongs to the group, so that its other user may change it.
    with psycopg.connect(dsn) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert owners == [("cloudmart_shop",)]


def test_a_migration_that_fails_leaves_nothing(empty: str, release: Path) -> None:
    add_migration(release, "CREATE TABLE half_done (id int)", "SELECT * FROM no_such_table")
    with pytest.raises(SettingError, match=r"^error: migration: given .*no_such_table.*; mend it"):
        migrated(empty, release)
    assert tables(empty) == set(), "the ones before it went with it"
    add_migration(release, "CREATE TABLE whole (id int)")
    assert migrated(empty, release) == "9999"
    assert "whole" in tables(empty)


def test_a_migration_takes_longer_than_its_user_s_limit(empty: str, release: Path, stores: Stores) -> None:
    add_migration(release, "SELECT pg_sleep(0.5)")
    with psycopg.connect(stores.postgres.superuser_dsn, autocommit=True) as superuser:
        superuser.execute(f"ALTER ROLE {APP} SET statement_timeout = '250ms'")
        try:
            assert migrate.migrate(lambda: psycopg.connect(empty), patience=60, folder=release) == "9999"
        finally:
            superuser.execute(f"ALTER ROLE {APP} RESET statement_timeout")


def test_the_older_colour_starts_on_a_newer_database(empty: str, release: Path) -> None:
    add_migration(release, "ALTER TABLE products ADD COLUMN colour_of_next_year text")
    assert migrated(empty, release) == "9999"
    before = tables(empty)
    assert migrated(empty) == "9999"
    assert tables(empty) == before


def test_a_second_time_changes_nothing(empty: str) -> None:
    assert migrated(empty) == migrated(empty) == "0002"
    assert products(empty) == 24


def test_a_catalogue_that_was_moved_in_is_left_alone(empty: str, release: Path) -> None:
    (release / "versions" / "0002_sample_catalogue.py").unlink()
    assert migrated(empty, release) == "0001"
    with psycopg.connect(empty) as connection:
        connection.execute("INSERT INTO categories VALUES ('own', '우리', 'Ours', '🏠', 1)")
        connection.execute(
            "INSERT INTO products (category, name_ko, name_en, description_ko, description_en, price, stock, emoji,"
            " colour) VALUES ('own', '하나', 'One', '', '', 1, 1, '🏠', '#ffffff')"
        )
    assert migrated(empty) == "0002"
    assert products(empty) == 1


def test_a_database_that_is_not_there_yet_is_waited_for(empty: str) -> None:
    refusals = 2

    def connect() -> psycopg.Connection[Any]:
        nonlocal refusals
        refusals -= 1
        return psycopg.connect(empty if refusals < 0 else f"host=127.0.0.1 port={ports.free()}")

    assert migrate.migrate(connect) == "0002"


def test_nobody_waits_for_ever() -> None:
    nobody = f"host=127.0.0.1 port={ports.free()}"
    with pytest.raises(SettingError, match=r"^error: database: given .*; allowed an answer within 1 s; check"):
        migrate.migrate(lambda: psycopg.connect(nobody), patience=1)
