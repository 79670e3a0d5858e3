"""What is wrong with a page, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One line of a report: `docs/runbook/cpu.md:12: aws ...: why`."""

    page: str
    """The file's path, seen from the project."""
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.why}"
