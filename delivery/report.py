"""What is printed while something runs: one line a step, with the time since the start."""

import time
from collections.abc import Iterable, Sequence


def clock(seconds: float) -> str:
    """`4:05` for 245 seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows in aligned columns; the last column is not padded."""
    lines = [tuple(row) for row in rows]
    widths = [max(len(row[column]) for row in lines) for column in range(len(lines[0]) - 1)]
    return "\n".join(
        "  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in lines
    )


class Report:
    """Lines with the time since it was made; flushed at once, since others read along through pipes."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = ""

    @property
    def elapsed(self) -> float:
        """Seconds."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """A line; said twice in a row it is printed once."""
        if text != self._last:
            print(f"[{clock(self.elapsed):>5}] {text}", flush=True)
            self._last = text

    def end(self, rows: Iterable[Sequence[str]]) -> None:
        """The table at the end."""
        print(f"\n{table(rows)}", flush=True)
