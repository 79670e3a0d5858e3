"""What is printed: tables of text."""

from collections.abc import Iterable, Sequence


def table(rows: Iterable[Sequence[str]], *, indent: str = "  ") -> str:
    """Rows in aligned columns; the last column is not padded."""
    lines = [tuple(row) for row in rows]
    if not lines:
        return ""
    widths = [max(len(row[column]) for row in lines) for column in range(len(lines[0]) - 1)]
    return "\n".join(
        indent + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in lines
    )


def say(text: str = "") -> None:
    """One line or more, at once: others read along through pipes."""
    print(text, flush=True)
