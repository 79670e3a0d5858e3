"""What makes a restored database equal to one that has lived on since: a list of differences, empty when it is.

Owns the judgement, and the table that people read. A backup is older than its original, so what is only in the copy may
have been removed since, and rows made after the cutoff are nobody's fault; what the original had before must be there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .reader import Contents

MARGIN: Final = timedelta(minutes=5)
"""A row bears the time at which its transaction began, and is in the backup if that had ended; no transaction of the
application is open longer than 8 s, and what a person does by hand is done in minutes."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table that people read."""

    table: str
    original: str
    restored: str
    """Rows."""
    settled: str
    """Whether the rows from before the cutoff are the same: "same", "changed since", "not compared" (a sample only)."""


def cutoff(point: datetime) -> datetime:
    """Until when a row must have been made to be surely in a backup of `point`."""
    return point - MARGIN


def differences(original: Contents, restored: Contents) -> list[str]:
    """What is missing, unreadable or newer than it can be; each a sentence without its full stop."""
    if not restored.tables:
        return ["the restored database has no table"]
    if not original.tables:
        return ["the original has no table to compare with"]
    return [*_structure(original, restored), *_rows(original, restored), *_indexes(restored)]


def _structure(original: Contents, restored: Contents) -> Iterator[str]:
    # Tables first: people read the beginning.
    for line in sorted(original.lines - restored.lines, key=lambda line: (not line.startswith("table "), line)):
        yield f"missing: {line}"


def _rows(original: Contents, restored: Contents) -> Iterator[str]:
    for name, table in original.tables.items():
        copy = restored.tables.get(name)
        if copy is None or table.unlogged:
            continue  # missing: said already
        if not (table.readable and copy.readable):
            yield f"{name} cannot be read by the application's user, so it was not compared"
            continue
        live, found = original.figures.get(name), restored.figures.get(name)
        there = live.rows if live else table.estimate
        read = found.rows if found else restored.sampled[name]
        if there and not read and not (live and table.born and not live.settled):
            yield f"{name} is empty, and has {there:,} rows in the original"
        elif live and found and table.born and found.settled < live.settled:
            yield (
                f"{name} has {found.settled:,} rows from before the backup, {live.settled - found.settled:,} fewer "
                "than the original still has"
            )


def _indexes(restored: Contents) -> Iterator[str]:
    for index, (table, rows) in restored.walked.items():
        if rows != restored.figures[table].rows:
            yield f"index {index} leads to {rows:,} of the {restored.figures[table].rows:,} rows of {table}"


def table(original: Contents, restored: Contents) -> list[Row]:
    """Every table that either has."""
    return [
        Row(
            table=name,
            original=_count(original, name),
            restored=_count(restored, name),
            settled=_settled(original, restored, name),
        )
        for name in sorted(original.tables.keys() | restored.tables.keys())
    ]


def _count(contents: Contents, name: str) -> str:
    if name not in contents.tables:
        return "-"
    if name in contents.figures:
        return f"{contents.figures[name].rows:,}"
    return f"{contents.sampled[name]:,} read" if name in contents.sampled else f"~{contents.tables[name].estimate:,}"


def _settled(original: Contents, restored: Contents, name: str) -> str:
    if not (name in original.tables and name in restored.tables):
        return "-"
    live, found = original.figures.get(name), restored.figures.get(name)
    if live is None or found is None:
        return "not compared"
    return "same" if (live.settled, live.checksum) == (found.settled, found.checksum) else "changed since"


def shown(rows: list[Row]) -> str:
    """The table as text, for the log."""
    lines = [("table", "original", "restored", "rows before the backup")]
    lines += [(row.table, row.original, row.restored, row.settled) for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(4)]
    return "\n".join("  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)
