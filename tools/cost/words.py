"""How amounts are written, the same in tables, pictures and comments."""

from collections.abc import Mapping, Sequence
from typing import Final

from cloudmart_cdk.costs.prices import Book

from .figures import HOURS, Amount, Cap, Span

BOOK_NAMES: Final[dict[Book, str]] = {"course": "the course's prices", "seoul": "Seoul's list prices"}
SPAN_NAMES: Final[dict[Span, str]] = {"hour": "an hour", "session": "a session", "month": "a month"}
_DIGITS: Final[dict[Span, int]] = {"hour": 3, "session": 3, "month": 2}
UNSOURCED: Final = "*"
"""Beside a figure that holds a price nobody could source."""


def usd(value: float, span: Span) -> str:
    """As 1,234.50; a session and an hour to a tenth of a cent."""
    rounded = round(value, _DIGITS[span])
    return f"{rounded or 0.0:,.{_DIGITS[span]}f}"


def marked(amount: Amount, span: Span) -> str:
    return usd(amount.usd(span), span) + (UNSOURCED if amount.unsourced_hour else "")


def in_markdown(text: str) -> str:
    """The mark as itself, not as the begin of something in italics."""
    return text.replace(UNSOURCED, f"\\{UNSOURCED}")


def change(value: float, span: Span) -> str:
    """With its sign; empty where it rounds to nothing."""
    text = usd(abs(value), span)
    return f"{'-' if value < 0 else '+'}{text}" if text.strip("0.,") else ""


def shows(usd_hour: Mapping[Book, float], span: Span) -> bool:
    """Whether a change is more than nothing once it is rounded, in any book."""
    return any(change(more * HOURS[span], span) for more in usd_hour.values())


def rounded_away(count: int) -> str:
    return f"{count} {'change' if count == 1 else 'changes'} that round{'s' if count == 1 else ''} to nothing"


def cap_sentence(cap: Cap) -> str:
    """As "975.00 USD a month is the cap; reached 940.10, left 34.90"."""
    mark = "" if cap.sourced else UNSOURCED
    state = f"left {left(cap)}" if cap.left >= 0 else f"{usd(-cap.left, cap.span)}{mark} too much"
    reached = f"reached {usd(cap.reached, cap.span)}{mark} at the course's prices"
    return f"{usd(cap.usd, cap.span)} USD {SPAN_NAMES[cap.span]} is the cap: {reached}, {state}"


def left(cap: Cap) -> str:
    """What is left below a cap; less than 0 above it."""
    return usd(cap.left, cap.span) + ("" if cap.sourced else UNSOURCED)


def counted(figure: str, unit: str) -> str:
    """As "5 GB"; "5 x 10,000 requests", where the unit begins with a figure of its own."""
    return f"{figure} {'x ' if unit[:1].isdigit() else ''}{unit}"


def unsourced_sentence(book: Book, prices: Sequence[str], share: float) -> str:
    """Which prices nobody could source, and what stands in. `share`: of the sum, 0 to 1."""
    stand_in = "; the course's stand in" if book == "seoul" else ""
    what = f"no public document found for {len(prices)} of {BOOK_NAMES[book]}{stand_in}"
    return f"{what} ({share:.0%} of the sum): {', '.join(prices)}"
