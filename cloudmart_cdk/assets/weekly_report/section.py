"""A part of the report, and its text: at most 64 columns, so that a phone held sideways shows it unbroken."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 64


@dataclass(frozen=True)
class Section:
    """`attention`: what somebody should look at, a phrase each; it goes to the top of the report."""

    title: str
    lines: tuple[str, ...]
    attention: tuple[str, ...] = ()


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns by their widest cell: the first to the left, the others to the right. Blanks at a line's end go."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def wrapped(text: str, *, mark: str = "", indent: str = "") -> list[str]:
    """`mark`: before the first line; `indent`: before the others. Long words (ARNs) stay whole, to be copied."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=mark, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def render(title: str, summary: Iterable[str], sections: Iterable[Section]) -> str:
    """The whole mail."""
    sections = list(sections)
    attention = [phrase for section in sections for phrase in section.attention]
    parts = [[title, "=" * min(len(title), WIDTH)], list(summary)]
    asks = [line for phrase in attention for line in wrapped(phrase, mark="! ", indent="  ")]
    parts.append(["Look at" if asks else "Nothing asks for you.", *asks])
    parts += [[section.title.upper(), "", *section.lines] for section in sections]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def percent(value: float | None, digits: int = 3) -> str:
    """Cut, not rounded: 99.9996 % is no 100 %."""
    if value is None:
        return "-"
    scale = 10**digits
    cut = int(value * scale + (1e-9 if value >= 0 else -1e-9)) / scale
    return f"{cut:.{digits}f} %"


def count(value: float) -> str:
    """Three digits are enough to compare weeks by."""
    for least, size, unit in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if value >= least:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f}"


def duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def usd(value: float) -> str:
    return f"{value:,.2f}"
