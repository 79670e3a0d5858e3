"""What a person sees while a move runs, and at its end.

Owns the printing: one line every few seconds, in a terminal over the last one; the table of what was compared.
"""

import sys
import time
import unicodedata
from collections.abc import Sequence
from typing import Final

from .verify import Line

_PAUSE: Final = {True: 0.2, False: 10.0}
"""Seconds between two lines, in a terminal and elsewhere."""


class Progress:
    """Says what is being done, not oftener than one can read."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._started = self._last = time.monotonic()
        self._shown = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def say(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        print(text, flush=True)

    def now(self, text: str, share: float) -> None:
        """A line that the next one replaces. `share`: 0 to 1, of the dump's bytes."""
        if time.monotonic() - self._last < _PAUSE[self._terminal]:
            return
        self._last = time.monotonic()
        self._clear()
        print(f"{share:5.0%}  {text}", end="" if self._terminal else "\n", flush=True)
        self._shown = self._terminal

    def _clear(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="")
            self._shown = False


def table(lines: Sequence[Line]) -> str:
    """Compared things in columns: name, in the dump, in the database, checksum, agrees."""
    rows = [("table", "in the dump", "restored", "checksum", "agrees")]
    rows += [(each.what, each.expected, each.found, each.checksum, "yes" if each.agrees else "NO") for each in lines]
    widths = [max(_width(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(_padded(cell, widths[column], right=column in (1, 2)) for column, cell in enumerate(row)).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    """Columns on a terminal: a Korean syllable takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks
