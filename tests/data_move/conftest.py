"""What the tests of moving data share: the program as a person runs it, against the real PostgreSQL of the session."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from cloudmart_cdk.assets.data_move.__main__ import main
from localcloud.engines import binaries
from tests.stores import OWNER, PASSWORD, SHOP, Stores

DUMPS: Final = Path(__file__).parent / "dumps"
"""Made by PostgreSQL 15's own programs; `make.sh` says how."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: int
    said: str
    error: str


def words(stores: Stores, *order: object, database: str, **options: object) -> list[str]:
    """A command line. `options` replace what it says by itself."""
    given: dict[str, object] = {
        "host": stores.postgres.host,
        "port": stores.postgres.port,
        "user": OWNER,
        "ca_file": stores.ca_file,
        "bin": binaries.postgres(),
    }
    line = [str(word) for word in order]
    for name, value in (given | options | {"database": database}).items():
        line += [f"--{name.replace('_', '-')}", str(value)]
    return line


@dataclass(frozen=True)
class Mover:
    """Runs the program on databases of one server."""

    stores: Stores
    _output: pytest.CaptureFixture[str]

    def words(self, *order: object, database: str, **options: object) -> list[str]:
        return words(self.stores, *order, database=database, **options)

    def run(self, *order: object, database: str, **options: object) -> Ended:
        """In this process, which is faster than another one."""
        self._output.readouterr()
        status = main(self.words(*order, database=database, **options))
        said = self._output.readouterr()
        return Ended(status, said.out, said.err)

    def move(self, dump: Path, database: str, *order: object, **options: object) -> Ended:
        return self.run("--dump", dump, *order, database=database, **options)

    @contextmanager
    def process(self, dump: Path, database: str) -> Iterator[subprocess.Popen[str]]:
        """As a process of its own, for what signals do to it."""
        command = [sys.executable, "-m", "cloudmart_cdk.assets.data_move"]
        command += self.words("--dump", dump, database=database)
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Who sees everything."""
        dsn = self.stores.postgres.superuser_dsn.replace("dbname=cloudmart", f"dbname={database}")
        return psycopg.connect(dsn, autocommit=True)

    def query(self, database: str, query: str) -> list[tuple[Any, ...]]:
        """As the superuser; query texts are the tests' own."""
        with self.superuser(database) as connection:
            return connection.execute(query.encode()).fetchall()

    def around(self, database: str) -> dict[str, int]:
        """The databases whose names begin with that of `database` -> their oids."""
        rows = self.query("postgres", "SELECT datname, oid::bigint FROM pg_database")
        return {name: oid for name, oid in rows if name == database or name.startswith(f"{database}_")}

    def database(self) -> str:
        """A database in use, with something in it that must never be lost."""
        return new_database(self.stores)

    def untouched(self, database: str, before: dict[str, int]) -> bool:
        """Whether it is the same database with the same content, accepting connections, with nothing beside it."""
        with psycopg.connect(self.stores.dsn(database=database)) as connection:
            rows = connection.execute("SELECT number FROM sold ORDER BY number").fetchall()
        return self.around(database) == before and rows == [(1,), (2,), (3,)] and not self.restorer(database)

    def restorer(self, database: str) -> bool:
        """Whether the role that a dump is restored as is there."""
        return bool(self.query("postgres", f"SELECT FROM pg_roles WHERE rolname = '{database}_data_move'"))


def new_database(stores: Stores) -> str:
    """As the application has it: its table, three rows."""
    name = stores.new_database()
    with psycopg.connect(stores.dsn(database=name), autocommit=True) as connection:
        connection.execute("CREATE TABLE sold AS SELECT generate_series(1, 3) AS number")
    return name


@pytest.fixture
def mover(stores: Stores, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Mover:
    """The program, with the owner's password in its environment."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return Mover(stores, capsys)


Edit = Callable[..., Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """`edited("shop.sql", (old, new), ...)`: a copy of a dump in which something is different."""

    def edit(name: str, *changes: tuple[bytes, bytes]) -> Path:
        content = (DUMPS / name).read_bytes()
        for old, new in changes:
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        copy = tmp_path / name
        copy.write_bytes(content)
        return copy

    return edit


__all__ = ["DUMPS", "SHOP", "Edit", "Ended", "Mover"]
