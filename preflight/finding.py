"""One line of the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Level(Enum):
    """What a line means; its value is how the line begins."""

    OK = "ok"
    WARNING = "warning"
    """A deploy may succeed; what is said here bites later, or only when all is at its largest."""
    ERROR = "error"
    """A deploy would fail."""
    UNCHECKED = "not checked"
    """Nobody looked: neither good nor bad."""


_WIDTH: Final = max(len(level.value) for level in Level)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`level: what: text`."""

    level: Level
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.level.value + ':':{_WIDTH + 2}}{self.what}: {' '.join(self.text.split())}"


def ok(what: str, text: str) -> Finding:
    """It is as it has to be."""
    return Finding(level=Level.OK, what=what, text=text)


def error(what: str, *, given: str, allowed: str, do: str) -> Finding:
    """A deploy would fail by it."""
    return Finding(level=Level.ERROR, what=what, text=f"given {given}; allowed: {allowed}; {do}")


def warning(what: str, *, given: str, allowed: str, do: str) -> Finding:
    """A deploy may come through with it."""
    return Finding(level=Level.WARNING, what=what, text=f"given {given}; allowed: {allowed}; {do}")


def unchecked(what: str, why: str) -> Finding:
    """Could not be asked."""
    return Finding(level=Level.UNCHECKED, what=what, text=why)


def summary(findings: Sequence[Finding], *, seconds: float) -> str:
    """The last line: how many of each, and what that means."""
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    said = ", ".join(f"{count} {level.value}" for level, count in counts.items() if count)
    verdict = "a deploy would fail" if counts[Level.ERROR] else "nothing found that would fail a deploy"
    if counts[Level.UNCHECKED]:
        verdict += "; what is not checked nobody looked at"
    return f"preflight: {said} in {seconds:.0f} s: {verdict}"
