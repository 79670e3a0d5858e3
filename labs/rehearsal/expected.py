"""What a guide says is seen, against what was seen.

Owns the wildcard: `...` within a line stands for any text, on a line of its own for any number of lines, none included.
Blanks count as one, those at the end of a line and empty lines as none: people do not see them.
"""

import re
from typing import Final

WILDCARD: Final = "..."


def matches(expected: str, seen: str) -> bool:
    """Whether the whole output is what the guide shows."""
    return (
        re.fullmatch("".join(map(_pattern, _lines(expected))), "".join(f"{line}\n" for line in _lines(seen)))
        is not None
    )


def _lines(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line]


def _pattern(line: str) -> str:
    if line == WILDCARD:
        return r"(?:[^\n]*\n)*?"
    return r"[^\n]*".join(map(re.escape, line.split(WILDCARD))) + r"\n"
