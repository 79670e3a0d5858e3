"""What a criterion has looked at, and the share of its points that this earns.

Owns the arithmetic of points. Names of resources, properties and values are AWS's own words, in every language.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction


@dataclass(frozen=True)
class Seen:
    """One thing that was read back: `what` of `resource` is `value`, and whether that is what is asked for."""

    resource: str
    what: str
    value: str
    ok: bool
    weight: int = 1


@dataclass(frozen=True)
class Evidence:
    """All that a criterion has looked at. Nothing seen: what it asks for is not there."""

    seen: tuple[Seen, ...]
    strict: bool = False
    """One that is not ok takes all points: a wall with one hole is open."""

    @property
    def share(self) -> Fraction:
        """0 to 1."""
        total = sum(each.weight for each in self.seen)
        earned = sum(each.weight for each in self.seen if each.ok)
        if not total or (self.strict and earned < total):
            return Fraction(0)
        return Fraction(earned, total)

    def points(self, of: int) -> int:
        """Whole points, rounded down: the full number only for the full share."""
        return int(of * self.share)


def proportionally(seen: Iterable[Seen]) -> Evidence:
    """Each thing seen earns its part."""
    return Evidence(tuple(sorted(seen, key=lambda each: (each.resource, each.what))))


def strictly(seen: Iterable[Seen]) -> Evidence:
    """All or nothing."""
    return replace(proportionally(seen), strict=True)


def present(resource: str, what: str, found: Iterable[object], *, least: int = 1) -> Seen:
    """That there are enough of them; the value lists them."""
    names = sorted(str(each) for each in found)
    return Seen(resource, what, ", ".join(names) or "none", len(names) >= least)


def flag(resource: str, what: str, value: object, *, wanted: object = True, weight: int = 1) -> Seen:
    """That a property has the one value that is wanted."""
    return Seen(resource, what, word(value), value == wanted, weight)


def word(value: object) -> str:
    """A value as AWS's tools show it."""
    return str(value).lower() if isinstance(value, bool) else "none" if value in (None, "") else str(value)
