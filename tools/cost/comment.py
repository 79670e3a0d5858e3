"""A comparison as Markdown for a pull request: the verdict, one table, the rest folded. Never longer than it may be.

Everything that comes from templates is made harmless: it may be a stranger's.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tools.tables import table

from .compare import Change, Comparison
from .figures import BOOKS, HOURS, KINDS, Span
from .words import (
    BOOK_NAMES,
    SPAN_NAMES,
    UNSOURCED,
    change,
    in_markdown,
    marked,
    rounded_away,
    shows,
    unsourced_sentence,
    usd,
)

LIMIT: Final = 65_536
"""Characters that GitHub takes in one comment."""
_NAMED: Final = 3
"""Logical ids that a row names; the others are counted."""
_MARK: Final = in_markdown(UNSOURCED)
_MARKUP: Final = re.compile(r"[&<>|`@\[\]*_~#\\]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)
"""GitHub makes links of bare addresses too."""


def markdown(comparisons: Sequence[Comparison], *, alone: Sequence[str] = (), limit: int = LIMIT) -> str:
    """The verdict alone when nothing changed. `alone`: stages that could not be compared."""
    changed = [one for one in comparisons if one.changes]
    if not changed:
        return f"**{verdict(comparisons, alone)}**\n"
    head = f"**{_safe(verdict(comparisons, alone))}**\n\n{_between(changed)}\n\n"
    rows = list(_rows(changed))
    details = _details(changed)
    shown = len([row for row in rows if row.shows])
    while len(text := head + _table(changed, rows, shown) + details) > limit:
        if details:
            details = ""  # the changes themselves matter more
        elif shown:
            shown = shown * 3 // 4
        else:
            return head[:limit]
    return text


def verdict(comparisons: Sequence[Comparison], alone: Sequence[str] = ()) -> str:
    """One line: what breaks its cap first, then what grows most; at last what is on one side only."""
    lacking = f"; {', '.join(alone)} on one side only, NOT COMPARED" if alone else ""
    changed = [_of_stage(one) for one in sorted(comparisons, key=_news) if one.changes]
    same = [one.stage for one in comparisons if not one.changes]
    if not changed:
        return f"Cost: nothing changed{lacking}"
    return f"Cost: {'; '.join(changed)}" + (f"; {', '.join(same)} unchanged" if same else "") + lacking


def _of_stage(one: Comparison) -> str:
    """As "prod +12.30 USD a month (cap 975.00, left 22.10)"."""
    span = one.after.span
    more = change(one.usd_hour("course") * HOURS[span], span)
    text = f"{one.stage} {more} USD {SPAN_NAMES[span]}" if more else f"{one.stage} the same sum"
    for cap in one.after.caps:
        left = f"left {usd(cap.left, cap.span)}" if cap.left >= 0 else f"{usd(-cap.left, cap.span)} TOO MUCH"
        text += f" (cap {usd(cap.usd, cap.span)}, {left})"
    return text


def _news(one: Comparison) -> tuple[bool, float]:
    return all(cap.left >= 0 for cap in one.after.caps), -one.usd_hour("course") * HOURS[one.after.span]


def _between(changed: Sequence[Comparison]) -> str:
    before, after = _safe(changed[0].before.label), _safe(changed[0].after.label)
    return f"From {before} to {after}, both priced alike, at desired sizes. USD at the course's list prices."


@dataclass(frozen=True)
class _Row:
    """One change, and what it makes in each stage that has it."""

    like: Change
    in_stages: dict[str, Change]
    spans: dict[str, Span]
    """Stage -> what it is judged by."""

    @property
    def size(self) -> float:
        return max(one.size for one in self.in_stages.values())

    @property
    def shows(self) -> bool:
        return any(shows(one.usd_hour, self.spans[stage]) for stage, one in self.in_stages.items())


def _rows(changed: Iterable[Comparison]) -> Iterator[_Row]:
    """Dearest first, those that round to nothing last; a change that several stages have is one row."""
    found: dict[tuple[object, ...], _Row] = {}
    for comparison in changed:
        for one in comparison.changes:
            key = (one.stack, one.resource_type, one.before, one.after, one.apart)
            row = found.setdefault(key, _Row(one, {}, {}))
            row.in_stages[comparison.stage], row.spans[comparison.stage] = one, comparison.after.span
    return iter(sorted(found.values(), key=lambda row: (not row.shows, -row.size)))


def _table(changed: Sequence[Comparison], rows: Sequence[_Row], shown: int) -> str:
    head = ["stack", "what changed", *(f"{one.stage}, {SPAN_NAMES[one.after.span]}" for one in changed)]
    lines = [
        [_safe(row.like.stack), _what(row.like), *(_cell(row.in_stages.get(one.stage), one) for one in changed)]
        for row in rows[:shown]
    ]
    left_out = [row for row in rows[shown:] if row.shows]
    if left_out:
        lines.append(["", f"{len(left_out)} smaller changes, left out for their number", *("" for _ in changed)])
    if rounded := len(rows) - shown - len(left_out):
        lines.append(["", rounded_away(rounded), *("0" for _ in changed)])
    for book in BOOKS:
        sums = (change(one.usd_hour(book) * HOURS[one.after.span], one.after.span) or "0" for one in changed)
        mark = _MARK if any(side.unsourced(book) for one in changed for side in (one.before, one.after)) else ""
        lines.append(["", f"**all, {BOOK_NAMES[book]}** {mark}".rstrip(), *(f"**{text}**" for text in sums)])
    return table(head, lines)


def _what(one: Change) -> str:
    """As "AWS::RDS::DBInstance: db.t3.medium → db.t3.large (`Database4C2B`)"."""
    moved = {
        (True, True): f"{_safe(one.before)} → {_safe(one.after)}",
        (False, True): f"new: {_safe(one.after)}",
        (True, False): f"gone: {_safe(one.before)}",
    }[bool(one.before), bool(one.after)]
    names = ", ".join(f"`{re.sub('[^A-Za-z0-9]', '', name)[:60]}`" for name in one.resources[:_NAMED] if name)
    more = f" and {len(one.resources) - _NAMED} more" if len(one.resources) > _NAMED else ""
    where = f" ({names}{more})" if names else ""
    return f"{moved}{where}{', apart' if one.apart else ''}{f' {_MARK}' if one.unsourced else ''}"


def _cell(one: Change | None, comparison: Comparison) -> str:
    if one is None:
        return ""
    span = comparison.after.span
    return change(one.usd_hour["course"] * HOURS[span], span) or "0"


def _details(changed: Sequence[Comparison]) -> str:
    parts = [_folded(f"{one.stage}, stack by stack", _stacks(one)) for one in changed]
    sides = [side for one in changed for side in (one.before, one.after)]
    without_source = ""
    for book in BOOKS:
        if prices := list(dict.fromkeys(price for side in sides for price in side.unsourced(book))):
            share = max(side.amount(book, *KINDS).unsourced_share for side in sides)
            without_source += f"{_MARK} {_safe(unsourced_sentence(book, prices, share))}\n\n"
    if without_source:
        parts.append(_folded("Prices without a public source", without_source.rstrip("\n") + "\n"))
    return "\n" + "\n".join(parts)


def _stacks(one: Comparison) -> str:
    span = one.after.span
    stacks = list(dict.fromkeys((*one.before.all_stacks, *one.after.all_stacks)))
    rows = []
    for stack in (*stacks, ""):
        cells = []
        for book in BOOKS:
            before, after = (side.amount(book, stack=stack) for side in (one.before, one.after))
            cells += [
                *(in_markdown(marked(side, span)) for side in (before, after)),
                change(after.usd(span) - before.usd(span), span),
            ]
        for side in (one.before, one.after):
            cells.append(in_markdown(marked(side.amount("course", "apart", stack=stack), span)))
        rows.append([_safe(stack) or "**all**", *cells])
    head = ["stack", "course, before", "after", "", "Seoul, before", "after", "", "apart, before", "after"]
    return f"USD {SPAN_NAMES[span]}.\n\n{table(head, rows)}"


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{_safe(summary)}</summary>\n\n{content}\n</details>\n"


def _safe(text: str) -> str:
    """No markup, no mention of anybody, no reference, no link, one line."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", " ".join(text.split()))
