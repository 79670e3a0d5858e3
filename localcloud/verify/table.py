"""Checks and their report.

Owns the collecting: a check that fails never hides the ones after it.
"""

from dataclasses import dataclass, field
from typing import Any

from localcloud.errors import CloudError
from localcloud.report import table

_LONGEST = 160


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


@dataclass(frozen=True)
class Check:
    """One comparison: what, what it should be, what the SDK says it is."""

    what: str
    expected: Any
    found: Any

    @property
    def passed(self) -> bool:
        return bool(self.expected == self.found)

    def row(self) -> tuple[str, str, str, str]:
        mark = "ok" if self.passed else "FAILED"
        if not self.passed and isinstance(self.expected, list) and isinstance(self.found, list):
            missing = [entry for entry in self.expected if entry not in self.found]
            extra = [entry for entry in self.found if entry not in self.expected]
            if missing or extra:
                return mark, self.what, f"missing {missing}", f"not expected {extra}"
        return mark, self.what, f"expected {_short(self.expected)}", f"found {_short(self.found)}"


@dataclass
class Report:
    """All checks of one verification."""

    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]

    def table(self) -> str:
        return table(check.row() for check in self.checks)

    def summary(self) -> str:
        if self.failed:
            text = table(check.row() for check in self.failed)
            return f"Verified through the SDK: {len(self.failed)} of {len(self.checks)} checks failed\n{text}"
        return f"Verified through the SDK: {len(self.checks)} checks, all as specified ({self.seconds:.1f} s)"

    def raise_for_failures(self) -> None:
        """Raises `CloudError` when a check failed."""
        if self.failed:
            raise CloudError(
                f"{len(self.failed)} of {len(self.checks)} checks failed",
                why=f"the first: {self.failed[0].what}: {' '.join(self.failed[0].row()[2:])}"[:500],
                do="compare the table above with the stage's settings",
            )
