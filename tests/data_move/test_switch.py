"""The switch: in one moment or not at all, with programs on the database, and back."""

import re
import signal
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from tests.data_move.conftest import DUMPS, Edit, Mover
from tests.stores import APP, CLONE, OWNER

COPY = b"COPY public.same_rows (word) FROM stdin;\n"
SLOW = b"CREATE TABLE public.slow AS SELECT 1 AS one FROM pg_sleep(60);\n"
"""A dump that takes a while, for what happens meanwhile."""


def slowly(seconds: float) -> bytes:
    """The same for a dump that is to succeed: what it makes is in the dump as well."""
    sleep = SLOW.replace(b"pg_sleep(60)", f"pg_sleep({seconds:g}) AS s WHERE s::text <> ''".encode())
    return sleep + COPY.replace(b"same_rows (word)", b"slow (one)") + b"\\.\n"


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


def kept(said: str) -> str:
    found = re.search(r"^kept: (\S+)", said, re.MULTILINE)
    assert found
    return found[1]


def test_old_database_is_kept_and_brought_back_and_removed(mover: Mover) -> None:
    database = mover.database()
    (old,) = mover.around(database).values()
    moved = mover.move(DUMPS / "shop.dump", database)
    before = kept(moved.said)
    assert re.fullmatch(rf"{database}_before_\d{{8}}t\d{{6}}", before)
    assert f"--bring-back {before}" in moved.said.splitlines()[-1]
    assert mover.around(database)[before] == old
    assert not mover.restorer(database)
    assert mover.query(before, "SELECT count(*) FROM sold") == [(3,)]

    back = mover.run("--bring-back", before, database=database)
    assert (back.status, back.error) == (0, "")
    assert mover.around(database)[database] == old
    moved_in = kept(back.said)
    assert mover.query(moved_in, "SELECT count(*) FROM products") == [(40,)]

    removed = mover.run("--remove", moved_in, database=database)
    assert (removed.status, removed.said) == (0, f"removed: {moved_in}\n")
    assert mover.around(database) == {database: old}


def test_only_kept_databases_are_brought_back_or_removed(mover: Mover) -> None:
    database, other = mover.database(), mover.database()
    for order in ("--bring-back", "--remove"):
        for name, words in (
            (other, "<timestamp>"),
            (database, "<timestamp>"),
            ("postgres", "<timestamp>"),
            (f"{database}_before_20200101t000000", "does not exist"),
        ):
            ended = mover.run(order, name, database=database)
            assert ended.status == 1
            assert words in ended.error
    assert mover.untouched(database, mover.around(database))


def test_twice_is_said_so(mover: Mover) -> None:
    database = mover.database()
    dump = DUMPS / "partition-root.sql"
    assert mover.move(dump, database).status == 0
    after = mover.around(database)
    again = mover.move(dump, database)
    assert again.status == 1
    assert f"one that {database} was made from already" in again.error
    assert "--again" in again.error
    assert mover.around(database) == after
    assert mover.move(dump, database, "--again").status == 0
    assert len(mover.around(database)) == 3


def test_programs_meet_a_cut_connection_and_lose_nothing_that_was_committed(mover: Mover) -> None:
    """As the shop does it: a connection, and a new one when it breaks. A write is in one of the two databases."""
    database = mover.database()
    stop = threading.Event()
    written: list[int] = []
    pauses: list[float] = []

    def sell() -> None:
        number, last = 100, time.monotonic()
        while not stop.is_set():
            try:
                with psycopg.connect(mover.stores.dsn(database=database), autocommit=True) as connection:
                    connection.execute("CREATE TABLE IF NOT EXISTS sold (number integer)")
                    while not stop.is_set():
                        number += 1
                        connection.execute("INSERT INTO sold VALUES (%s)", (number,))
                        written.append(number)
                        pauses.append(time.monotonic() - last)
                        last = time.monotonic()
                        time.sleep(0.002)
            except psycopg.OperationalError:
                time.sleep(0.02)

    sellers = [threading.Thread(target=sell)]
    for seller in sellers:
        seller.start()
    try:
        wait_for(lambda: written)
        ended = mover.move(DUMPS / "shop.dump", database)
        count = len(written)
        wait_for(lambda: len(written) > count + 10)
    finally:
        stop.set()
        for seller in sellers:
            seller.join()
    assert (ended.status, ended.error) == (0, "")
    found = [
        number
        for each in (kept(ended.said), database)
        for (number,) in mover.query(each, "SELECT number FROM sold WHERE number > 100")
    ]
    assert set(written) <= set(found)
    assert mover.query(database, "SELECT count(*) FROM sold") != [(0,)], "the seller went on in the new database"
    assert max(pauses) < 60, "sold while the dump was restored"


def test_session_that_cannot_be_ended_leaves_everything_as_it_was(mover: Mover) -> None:
    database = mover.database()
    before = mover.around(database)
    with mover.superuser(database):
        ended = mover.move(DUMPS / "partition-root.sql", database)
    assert ended.status == 1
    assert "sessions that do not end: rdsadmin" in ended.error
    assert mover.untouched(database, before)


def test_killed_between_the_renames_and_run_again_it_finishes(mover: Mover, edited: Edit) -> None:
    database = mover.database()
    before = mover.around(database)
    incoming = f"{database}_data_move"
    with mover.process(edited("shop.sql", (COPY, slowly(5) + COPY)), database) as process:
        # While the dump is restored: seconds to connect in, however slow the machine.
        sleeping = f"SELECT FROM pg_stat_activity WHERE datname = '{incoming}' AND wait_event = 'PgSleep'"
        wait_for(lambda: mover.query("postgres", sleeping))
        with mover.superuser(incoming):  # the second rename waits for it
            second = f"SELECT FROM pg_stat_activity WHERE query LIKE 'ALTER DATABASE \"{incoming}\" RENAME%'"
            wait_for(lambda: mover.query("postgres", second))
            process.send_signal(signal.SIGKILL)
            process.wait()
        wait_for(lambda: not mover.query("postgres", second))
        assert mover.around(database).keys() == {database, incoming}, "one transaction: neither is renamed"
    again = mover.move(DUMPS / "shop.dump", database)
    assert (again.status, again.error) == (0, "")
    assert f"removed {incoming}, which an interrupted move had left" in again.said
    assert mover.around(database)[kept(again.said)] == before[database]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_cleans_up(mover: Mover, edited: Edit, number: signal.Signals) -> None:
    database = mover.database()
    before = mover.around(database)
    sleeping = f"SELECT FROM pg_stat_activity WHERE datname = '{database}_data_move' AND wait_event = 'PgSleep'"
    with mover.process(edited("shop.sql", (COPY, SLOW + COPY)), database) as process:
        wait_for(lambda: mover.query("postgres", sleeping))
        second = mover.move(DUMPS / "shop.dump", database)
        assert "given another one" in second.error
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.splitlines() == [
        "error: interrupted: given a signal; the database in use is as it was; run the command again when ready"
    ]
    assert mover.untouched(database, before)


def test_killed_half_way_the_next_run_starts_clean(mover: Mover, edited: Edit) -> None:
    database = mover.database()
    before = mover.around(database)
    sleeping = f"SELECT FROM pg_stat_activity WHERE datname = '{database}_data_move' AND wait_event = 'PgSleep'"
    with mover.process(edited("shop.sql", (COPY, SLOW + COPY)), database) as process:
        wait_for(lambda: mover.query("postgres", sleeping))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert mover.around(database).keys() == {database, f"{database}_data_move"}
    assert mover.restorer(database)
    again = mover.move(DUMPS / "shop.dump", database)
    assert (again.status, again.error) == (0, "")
    assert mover.around(database)[kept(again.said)] == before[database]
    assert len(mover.around(database)) == 2
    assert not mover.restorer(database)


def test_server_that_goes_away_half_way_is_said(mover: Mover, edited: Edit) -> None:
    database = mover.database()
    before = mover.around(database)
    end = (
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}_data_move' "
        "AND wait_event = 'PgSleep'"
    )
    with mover.process(edited("shop.sql", (COPY, SLOW + COPY)), database) as process:
        wait_for(lambda: mover.query("postgres", end))
        _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error.startswith("error: connection: given terminating connection due to administrator command")
    assert mover.untouched(database, before)


def test_no_limit_of_the_shop_s_users_cuts_a_move(mover: Mover, edited: Edit) -> None:
    """It restores as a role of its own: what is said of the users is not said of that."""
    database, users = mover.database(), (APP, CLONE)
    with mover.superuser() as superuser:
        for user in users:
            superuser.execute(f"ALTER ROLE {user} SET statement_timeout = '100ms'".encode())
        try:
            with psycopg.connect(mover.stores.dsn(APP)) as program, pytest.raises(psycopg.errors.QueryCanceled):
                program.execute("SELECT pg_sleep(10)")
            ended = mover.move(edited("shop.sql", (COPY, slowly(0.3) + COPY)), database)
        finally:
            for user in users:
                superuser.execute(f"ALTER ROLE {user} RESET statement_timeout".encode())
    assert ended.status == 0, ended.error


def test_owner_is_no_superuser(mover: Mover) -> None:
    """Everything above ran with the rights that RDS gives."""
    assert mover.query("postgres", f"SELECT rolsuper FROM pg_roles WHERE rolname = '{OWNER}'") == [(False,)]
