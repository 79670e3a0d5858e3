"""A bill on the terminal: stacks by both books of prices; every resource when asked; stages beside each other."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cloudmart_cdk.costs.prices import Book

from . import comment, words
from .compare import Comparison
from .figures import BOOKS, HOURS, KINDS, SPANS, Amount, Cap, Sheet, total
from .options import Measured
from .words import BOOK_NAMES, SPAN_NAMES, UNSOURCED, cap_sentence, counted, marked, unsourced_sentence, usd

_LEFT: Final = 18
_COLUMN: Final = 10
_HEADS: Final = ("an hour", "a session", "a month", "usage", "apart")


def sheet(shown: Sheet) -> Iterator[str]:
    """Lines: a row a stack, both books, then caps and what could not be sourced."""
    yield f"{shown.stage}, {shown.label}: USD at desired sizes; a session is 50 minutes, a month 730 hours"
    yield ""
    block = _COLUMN * len(_HEADS)
    yield " " * _LEFT + "".join(f"   {BOOK_NAMES[book]:^{block - 3}}" for book in BOOKS).rstrip()
    yield _row("stack", [*_HEADS, *_HEADS])
    for stack in shown.all_stacks:
        yield _row(stack, _cells(shown, stack))
    yield _row("all", _cells(shown, ""))
    yield ""
    yield "usage: of the month, what volumes decide. apart: a month of keys, secrets, web ACLs, public addresses, EBS."
    yield from map(cap_sentence, shown.caps)
    yield from notes([shown])


def items(shown: Sheet) -> Iterator[str]:
    """Lines: every resource that costs something, by stack."""
    span = shown.span
    rows = [
        [
            item.stack,
            item.logical_id,
            item.what,
            item.kind,
            counted(f"{item.quantity:,.6g}", item.unit),
            item.price_id,
            *(marked(total([item], book), span) for book in BOOKS),
        ]
        for item in shown.items
    ]
    head = [
        "stack",
        "resource",
        "what",
        "kind",
        "quantity",
        "price",
        *(f"{book}, {SPAN_NAMES[span]}" for book in BOOKS),
    ]
    yield from columns([head, *rows], right=2)


def stages(sheets: Sequence[Sheet]) -> Iterator[str]:
    """Lines: a row a stage."""
    yield "USD at desired sizes, without what is apart"
    yield ""
    head = ["stage", *(f"{book}, {SPAN_NAMES[span]}" for book in BOOKS for span in SPANS), "apart", "cap"]
    rows = [
        [
            one.stage,
            *(marked(one.amount(book), span) for book in BOOKS for span in SPANS),
            marked(one.amount("course", "apart"), "month"),
            ", ".join(_cap(cap) for cap in one.caps) or "none",
        ]
        for one in sheets
    ]
    yield from columns([head, *rows], right=len(head) - 1)
    yield ""
    yield from notes(sheets)


def options(as_it_is: Sheet, measured: Sequence[Measured]) -> Iterator[str]:
    """Lines: what each option saves a month, then what it gives up."""
    yield f"{as_it_is.stage}, {as_it_is.label}: USD a month, without what is apart"
    yield ""
    rows = [["as it is", *(marked(as_it_is.amount(book), "month") for book in BOOKS), "", "", "", ""]]
    for one in measured:
        saved = [one.saves(as_it_is, book) for book in BOOKS]
        rows.append(
            [
                one.option.title,
                *(marked(one.amount(book), "month") for book in BOOKS),
                *(cell for saving in saved for cell in (str(saving), f"{saving.share:.1%}")),
            ]
        )
    head = ["option", *(str(book) for book in BOOKS), *(text for book in BOOKS for text in (f"saves, {book}", "of it"))]
    yield from columns([head, *rows], right=len(head) - 1)
    for one in measured:
        yield ""
        yield " ".join([f"{one.option.title}:", *(f"-c {key}={value}" for key, value in one.option.context.items())])
        yield from textwrap.wrap(one.option.gives_up, 110, initial_indent="    ", subsequent_indent="    ")
    yield ""
    yield from notes([as_it_is, *(one.sheet for one in measured)])


def comparisons(compared: Sequence[Comparison], *, alone: Sequence[str] = ()) -> Iterator[str]:
    """Lines: the verdict, then what changed in each stage that did. `alone`: stages that could not be compared."""
    yield comment.verdict(compared, alone)
    for one in compared:
        if not one.changes:
            continue
        span = one.after.span
        yield ""
        yield f"{one.stage}, USD {SPAN_NAMES[span]}: {one.before.label} -> {one.after.label}"
        shown = [change for change in one.changes if words.shows(change.usd_hour, span)]
        rows = [
            [
                change.stack,
                change.resources[0] + (f" and {more} more" if (more := len(change.resources) - 1) else ""),
                f"{change.before or 'nothing'} -> {change.after or 'nothing'}{', apart' if change.apart else ''}"
                f"{UNSOURCED if change.unsourced else ''}",
                *(words.change(change.usd_hour[book] * HOURS[span], span) or "0" for book in BOOKS),
            ]
            for change in shown
        ]
        if rounded := len(one.changes) - len(shown):
            rows.append(["", "", words.rounded_away(rounded), *("0" for _ in BOOKS)])
        sums = (f"{words.change(one.usd_hour(book) * HOURS[span], span) or '0'}{_mark(one, book)}" for book in BOOKS)
        rows.append(["all", "", "without what is apart", *sums])
        yield from columns([["stack", "resource", "what", *(str(book) for book in BOOKS)], *rows], right=len(BOOKS))
    yield ""
    yield from notes([side for one in compared if one.changes for side in (one.before, one.after)])


def _mark(compared: Comparison, book: Book) -> str:
    """Beside a sum: where prices that nobody could source are in what is compared."""
    return UNSOURCED if compared.before.unsourced(book) or compared.after.unsourced(book) else ""


def notes(sheets: Sequence[Sheet]) -> Iterator[str]:
    """What a figure's mark means, where there is one."""
    for book in BOOKS:
        if prices := list(dict.fromkeys(price for one in sheets for price in one.unsourced(book))):
            share = max(_everything(one, book).unsourced_share for one in sheets)
            yield f"{UNSOURCED} {unsourced_sentence(book, prices, share)}"


def columns(rows: Sequence[Sequence[str]], *, right: int) -> Iterator[str]:
    """Aligned lines; the last `right` columns are figures."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = len(widths) - right
    for row in rows:
        cells = [
            f"{cell:<{wide}}" if number < left else f"{cell:>{wide}}"
            for number, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _cells(shown: Sheet, stack: str) -> Iterator[str]:
    for book in BOOKS:
        counted = shown.amount(book, stack=stack)
        for span in SPANS:
            yield marked(counted, span)
        yield marked(shown.amount(book, "usage", stack=stack), "month")
        yield marked(shown.amount(book, "apart", stack=stack), "month")


def _row(name: str, cells: Iterable[str]) -> str:
    # A mark stands outside the column, so that the points of the figures stay below each other.
    return (
        f"{name:<{_LEFT}}"
        + "".join(
            f"{cell:>{_COLUMN}}" if cell.endswith(UNSOURCED) else f"{cell:>{_COLUMN - 1}} " for cell in cells
        ).rstrip()
    )


def _everything(shown: Sheet, book: Book) -> Amount:
    return shown.amount(book, *KINDS)


def _cap(cap: Cap) -> str:
    return f"{usd(cap.usd, cap.span)} {SPAN_NAMES[cap.span]}"
