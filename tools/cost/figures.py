"""Sums of a bill: by stack, kind, book of prices and span of time. What is shown anywhere is added up here.

A `Sheet` is one stage's bill with its cap. Owns no price and no wording.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from cloudmart_cdk.costs.bill import CAPPED, Item
from cloudmart_cdk.costs.charge import MONTH_HOURS, SESSION_HOURS, Kind
from cloudmart_cdk.costs.prices import Book
from cloudmart_cdk.settings import Settings

Span = Literal["hour", "session", "month"]
HOURS: Final[dict[Span, float]] = {"hour": 1, "session": SESSION_HOURS, "month": MONTH_HOURS}
SPANS: Final[tuple[Span, ...]] = ("hour", "session", "month")
BOOKS: Final[tuple[Book, ...]] = ("course", "seoul")
KINDS: Final[tuple[Kind, ...]] = (*CAPPED, "apart")
"""What caps count, then what the specification puts on a line of its own."""


@dataclass(frozen=True)
class Amount:
    """USD an hour, and how much of it stands at a price that nobody could source for that book."""

    usd_hour: float = 0.0
    unsourced_hour: float = 0.0

    def usd(self, span: Span) -> float:
        return self.usd_hour * HOURS[span]

    @property
    def unsourced_share(self) -> float:
        """0 to 1."""
        return self.unsourced_hour / self.usd_hour if self.usd_hour else 0.0


def total(items: Iterable[Item], book: Book) -> Amount:
    usd = unsourced = 0.0
    for item in items:
        price = item.usd_hour(book)
        usd += price
        unsourced += 0.0 if item.sourced(book) else price
    return Amount(usd, unsourced)


@dataclass(frozen=True)
class Cap:
    """The most that a stage may cost, at the course's prices, without what is apart."""

    span: Span
    usd: float
    reached: float
    sourced: bool = True
    """No price without a public source is in what is reached."""

    @property
    def left(self) -> float:
        return self.usd - self.reached


@dataclass(frozen=True)
class Sheet:
    """One stage's bill."""

    stage: str
    label: str
    settings: Settings
    items: tuple[Item, ...]
    all_stacks: tuple[str, ...]
    """In the app's order, those that cost nothing too."""

    @cached_property
    def span(self) -> Span:
        """What this stage is judged by: a session where that has a cap, else a month."""
        return "session" if self.settings.cost.session_cap_usd else "month"

    def amount(self, book: Book, *kinds: Kind, stack: str = "") -> Amount:
        """Of these kinds; without one: of what the caps count. `stack`: of that alone."""
        wanted = kinds or CAPPED
        return total((item for item in self.items if item.kind in wanted and stack in ("", item.stack)), book)

    @cached_property
    def caps(self) -> tuple[Cap, ...]:
        cost, counted = self.settings.cost, self.amount("course")
        spans: Sequence[tuple[Span, float]] = (("session", cost.session_cap_usd), ("month", cost.month_cap_usd))
        sourced = not counted.unsourced_hour
        return tuple(Cap(span, usd, counted.usd(span), sourced) for span, usd in spans if usd)

    def unsourced(self, book: Book) -> tuple[str, ...]:
        """Ids of the prices in use that nobody could source, dearest first."""
        by_price: dict[str, float] = {}
        for item in self.items:
            if not item.sourced(book):
                by_price[item.price_id] = by_price.get(item.price_id, 0.0) + item.usd_hour(book)
        return tuple(sorted(by_price, key=lambda price: (-by_price[price], price)))
