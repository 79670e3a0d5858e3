"""The order of a move: recognise, restore into a new database, compare, switch. Specification section 3.

Owns that the database in use stays as it was until everything agrees, and that nothing is left behind.
"""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from .databases import Databases, undisturbed
from .dump import Opened, Recognised, cut_short, fingerprint, recognise
from .names import Names
from .problems import Problem, TruncatedError, explain
from .progress import Progress, table
from .restore import Restore
from .script import Script
from .server import Server
from .verify import Line, compare

GROUP: Final = "cloudmart_shop"
"""The role that owns the shop's tables; its members are the users that the shop's processes log in as."""
_MARK: Final = "data_move: moved in from dump "


def move_in(
    dump_file: Path,
    server: Server,
    database: str,
    *,
    group: str = GROUP,
    binaries: Path | None = None,
    again: bool = False,
    how_back: str,
) -> None:
    """Restore `dump_file`, compare, switch. `Problem`: nothing was changed, and it says why.

    `again`: also a dump that the database in use was made from. `how_back`: the command that brings the kept database
    back, with `{}` for its name.
    """
    progress = Progress()
    dump = recognise(dump_file)
    progress.say(f"{dump_file.name}: {dump.format} format{', gzip' * dump.zipped}, {dump.size:,} bytes")
    mark = _MARK + fingerprint(dump, lambda share: progress.now("reading the file", share))
    with _databases(server, database) as databases:
        _refuse_twice(databases, mark, again)
        databases.join(group)
        incoming = databases.names.incoming
        if databases.clear():
            progress.say(f"removed {incoming}, which an interrupted move had left")
        with _dropped_unless_switched(databases):
            databases.make(group)
            lines = _restored(dump, server, databases, group, binaries, progress)
            databases.dismiss()
            progress.say(table(lines))
            _refuse_differences(lines)
            databases.settle(group, f"{mark}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
            before = databases.switch(incoming)
    progress.say(
        f"moved: {database} holds the dump; all {len(lines)} agree; {progress.seconds:,.0f} s\n"
        f"kept: {before} is what {database} was\n"
        f"back: {how_back.format(before)}"
    )


def bring_back(kept: str, server: Server, database: str, *, how_back: str) -> None:
    """Make a kept database the one in use again; what is in use now is kept in turn."""
    with _databases(server, database) as databases:
        if not databases.exists(databases.names.kept(kept)):
            raise _no_such(kept, server)
        before = databases.switch(kept)
    print(f"brought back: {database} is what {kept} was\nkept: {before}\nback: {how_back.format(before)}")


def remove(kept: str, server: Server, database: str) -> None:
    """Remove a kept database, for good."""
    with _databases(server, database) as databases:
        if not databases.drop(databases.names.kept(kept)):
            raise _no_such(kept, server)
    print(f"removed: {kept}")


def _no_such(kept: str, server: Server) -> Problem:
    return Problem(
        "database",
        given=f"{kept}, which does not exist on {server.host}",
        allowed="a database that a move kept",
        do="copy its name from what the move printed",
    )


@contextlib.contextmanager
def _databases(server: Server, database: str) -> Iterator[Databases]:
    try:
        with Databases.locked(server, Names(database)) as databases:
            yield databases
    except psycopg.Error as error:
        raise explain(error, "working on databases") from error


@contextlib.contextmanager
def _dropped_unless_switched(databases: Databases) -> Iterator[None]:
    """Whatever happens, the unfinished database goes, if the server still answers."""
    try:
        yield
    except BaseException as error:
        try:
            with undisturbed():
                databases.clear_anew()
        except (Problem, psycopg.Error):
            error.add_note("the next run removes what this one left")
        raise


def _refuse_twice(databases: Databases, mark: str, again: bool) -> None:
    if databases.mark and databases.mark.startswith(mark) and not again:
        raise Problem(
            "dump",
            given=f"one that {databases.names.current} was made from already ({databases.mark.rpartition(', ')[2]})",
            allowed="a dump once: what was written since would be set aside",
            do="nothing is to be done; --again (AGAIN=1) if you mean it",
        )


def _restored(
    dump: Recognised, server: Server, databases: Databases, group: str, binaries: Path | None, progress: Progress
) -> list[Line]:
    incoming, restorer = databases.names.incoming, databases.admit(group)
    with restorer.connect(incoming) as connection, Opened(dump, binaries=binaries) as opened:
        restore = Restore(
            connection,
            as_owner=lambda: server.connect(incoming),
            progress=lambda what: progress.now(what, opened.share),
        )
        try:
            expected = restore.run(Script(opened.lines(), server_major=databases.major))
        except TruncatedError as error:
            raise cut_short(f"one that breaks off ({error})") from None
        if expected.skipped:
            count = sum(expected.skipped.values())
            progress.say(f"left out {count} statements about owners, privileges and DROP: the target has its own")
        lines = compare(connection, restore, expected, lambda what: progress.now(what, 1.0))
        progress.now("gathering statistics", 1.0)
        connection.execute("ANALYZE")
        return lines


def _refuse_differences(lines: list[Line]) -> None:
    different = [line for line in lines if not line.agrees]
    if not lines:
        raise Problem(
            "dump",
            given="one without a single table",
            allowed="a dump of the shop's database",
            do="see which database was dumped",
        )
    if different:
        raise Problem(
            "comparison",
            given=", ".join(f"{each.what} ({each.expected} in the dump, {each.found} restored)" for each in different),
            allowed="the same rows on both sides",
            do="the database in use is as it was; look at these tables at the source, dump again",
        )
