"""`python -m shop.migrate`: brings the database up to this version, once however many instances start together.

Owns waiting for the database and the lock; the migrations themselves are raw SQL in `migrations/versions`. All that is
missing runs in one transaction, under an advisory lock that ends with it (so it works through a pooler too): a
migration that fails leaves nothing. A database that is already newer than this version is left alone: that is the older
colour of a release, or a rollback. Therefore a migration only adds; what the version before still uses is removed one
release later.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from . import logs
from .database import connection_parameters, password_refused
from .environment import Environment, SettingError
from .logs import event
from .shop import Found, find

logger = logging.getLogger("shop.migrate")

MIGRATIONS: Final = Path(__file__).parent / "migrations"
PATIENCE: Final = 120.0
"""Seconds for the database to be there, and for others to finish their migrations."""
LOCK: Final = 0x636C6D_73686F70
"""Any number, the same for all: "clm shop"."""


def migrate(
    connect: Callable[[], psycopg.Connection[Any]], *, patience: float = PATIENCE, folder: Path = MIGRATIONS
) -> str:
    """The revision the database is at afterwards. Raises `SettingError` when the database is away or refuses."""
    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    deadline = time.monotonic() + patience
    while True:
        try:
            with engine.begin() as connection:
                # A migration may take longer than a request, for which the users' own limit is (ADR 0013).
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text(f"SET LOCAL lock_timeout = {patience * 1000:.0f}"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                connection.execute(text("SET LOCAL lock_timeout = 10000"))
                return _upgrade(connection, folder)
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise SettingError(
                    "database", given=_line(error), allowed=f"an answer within {patience:g} s", do="check that it is up"
                ) from error
            event(logger, "database not ready yet, trying again", level=logging.WARNING, error=_line(error))
            time.sleep(1)
        except DBAPIError as error:
            raise SettingError(
                "migration",
                given=_line(error),
                allowed="SQL that the database takes",
                do="nothing was changed; mend it",
            ) from error


def _upgrade(connection: Connection, folder: Path) -> str:
    config = Config()
    config.set_main_option("script_location", str(folder))
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head() or ""
    [at] = MigrationContext.configure(connection).get_current_heads() or [""]
    if at == head:
        event(logger, "database is up to date", revision=at)
        return at
    if at and at not in {script.revision for script in scripts.walk_revisions()}:
        event(logger, "database is newer than this version, left alone", revision=at, known=head)
        return at
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    event(logger, "database migrated", before=at or "nothing", revision=head)
    return head


def _line(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split())


def connecting(environment: Environment, found: Found) -> Callable[[], psycopg.Connection[Any]]:
    """Logs in to the writer; after a login that was refused, the next attempt has another version of the secret."""
    parameters = connection_parameters(
        found.settings.database, host=found.settings.database.host, ca_file=environment.ca_file
    )
    parameters |= {"autocommit": False, "row_factory": psycopg.rows.tuple_row}
    # A migration may take longer than a request.
    parameters.pop("options", None)

    def connect() -> psycopg.Connection[Any]:
        login = found.login.value
        try:
            return psycopg.connect(user=login.username, password=login.password, **parameters)
        except psycopg.OperationalError as error:
            if password_refused(error):
                asyncio.run(found.login.refused(login))
            raise

    return connect


def main() -> int:
    logs.set_up()
    try:
        environment = Environment.read()
        migrate(connecting(environment, find(environment)))
    except SettingError as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
