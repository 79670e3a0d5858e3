"""No room left on the server.

A full disk for real needs a file system of its own, and so root. What an ordinary user can do to a server of its own is
to limit how long its files may grow (setrlimit(2)): it then fails at the very place where a full disk fails.
"""

import itertools
import resource
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.engines import addresses, postgres
from localcloud.engines.certificates import Authority
from tests.data_move.conftest import Edit, Mover
from tests.stores import DATABASE, OWNER, PASSWORD, Stores
from tests.stores import _make_roles as make_roles

LIMIT = 16 << 20
"""Bytes: no less, because the server's log of 16 MB a file must go on, or the server itself stops."""
COPY = b"COPY public.same_rows (word) FROM stdin;\n"


@pytest.fixture
def limited(stores: Stores, tmp_path: Path) -> Iterator[Stores]:
    """A server whose files grow no longer than the limit."""
    authority = Authority(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        server = postgres.start(
            tmp_path / "postgres",
            host=addresses.claim(),
            owner=OWNER,
            password=PASSWORD,
            database=DATABASE,
            authority=authority,
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    try:
        pair = Stores(postgres=server, redis=stores.redis, authority=authority, _numbers=itertools.count(1))
        make_roles(pair)
        yield pair
    finally:
        server.stop()


def test_disk_full_is_said_and_leaves_everything_as_it_was(
    limited: Stores, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, edited: Edit
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    mover = Mover(limited, capsys)
    database = mover.database()
    before = mover.around(database)
    rows = b"".join(secrets.token_hex(1 << 19).encode() + b"\n" for _ in range(40))
    ended = mover.move(edited("shop.sql", (COPY, COPY + rows)), database)
    assert ended.status == 1
    assert ended.error.startswith(
        "error: disk of the server: given none left while filling public.same_rows (could not"
    )
    assert "raise database.storage_gb" in ended.error
    assert mover.untouched(database, before)
