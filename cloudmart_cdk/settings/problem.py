"""One refused input. Owns its wording as a line; what is refused is the checks' business."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Where, what was given, what is allowed, what to do."""

    key: str
    given: str
    allowed: str
    do: str

    def __str__(self) -> str:
        return f"{self.key}: given {self.given}; allowed: {self.allowed}; {self.do}"
