"""Checksums that do not depend on the order of rows.

Owns how rows are compared: each row's text in COPY format is hashed, and the hashes are added up modulo 2^64, so that
two tables agree when they hold the same rows, duplicates counted, in whatever order.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

_MODULUS: Final = 1 << 64
_INSTANT: Final = re.compile(
    rb"(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?"
)


class Tally:
    """How many rows there were, and the sum of their hashes."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, rows: Iterable[bytes]) -> None:
        """Rows as COPY writes them, each with its line end."""
        digest, number = hashlib.blake2b, int.from_bytes
        hashes = [number(digest(row, digest_size=8).digest(), "big") for row in rows]
        self.rows += len(hashes)
        self._sum = (self._sum + sum(hashes)) % _MODULUS

    @property
    def checksum(self) -> str:
        return f"{self._sum:016x}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and (self.rows, self._sum) == (other.rows, other._sum)

    def __hash__(self) -> int:
        return hash((self.rows, self._sum))


def in_utc(columns: Sequence[int]) -> Callable[[bytes], bytes]:
    """A function that writes the instants in these columns of a row (0: first) in UTC.

    A dump spells `timestamp with time zone` in the zone that pg_dump's session had, and does not say which; the
    restored table is read in UTC.
    """

    def canonical(row: bytes) -> bytes:
        fields = row.rstrip(b"\n").split(b"\t")
        for column in columns:
            fields[column] = _INSTANT.sub(_utc, fields[column])
        return b"\t".join(fields) + b"\n"

    return canonical


def _utc(found: re.Match[bytes]) -> bytes:
    """PostgreSQL's ISO spelling, moved to UTC. Years beyond Python's are counted in cycles of 400 years."""
    if found[8] == b"+" and found[9] == b"00" and not found[10]:
        return found[0]
    year, month, day, hour, minute, second = (int(found[part]) for part in range(1, 7))
    if found[12]:
        year = 1 - year  # 1 BC is the year 0
    offset = timedelta(hours=int(found[9]), minutes=int(found[10] or 0), seconds=int(found[11] or 0))
    near = datetime(2000 + year % 400, month, day, hour, minute, second)
    there = near - offset if found[8] == b"+" else near + offset
    year += there.year - near.year
    years = f"{year:04d}" if year > 0 else f"{1 - year:04d}"
    era = b"" if year > 0 else b" BC"
    return f"{years}-{there:%m-%d %H:%M:%S}".encode() + (found[7] or b"") + b"+00" + era
