"""A stage's bill as a picture: a bar a stack and book of prices, made of what is fixed, used, and apart.

Owns the places on the paper; `tools.svg` draws. Every bar has its figure beside it, so that nobody needs the colours.
"""

import math
from typing import Final

from cloudmart_cdk.costs.charge import Kind
from cloudmart_cdk.costs.prices import Book
from tools.svg import Box, Drawing, width

from .figures import BOOKS, KINDS, Sheet
from .words import SPAN_NAMES, UNSOURCED, change, marked, usd

COLOURS: Final[dict[Kind, str]] = {"fixed": "#2f74d0", "usage": "#c98500", "apart": "#8c959f"}
"""Apart in lightness too, on white and on black."""
_MEANINGS: Final[dict[Kind, str]] = {
    "fixed": "fixed: by the hour",
    "usage": "usage: by volume",
    "apart": "apart: keys, secrets, web ACLs, addresses, EBS",
}
_CAP: Final = "#d1242f"
_UNSOURCED: Final = "66"
"""How opaque a colour is where nobody could source the price (two hexadecimal digits)."""

_WIDTH: Final = 940
_MARGIN: Final = 24
_BARS: Final = 214
"""Left edge of the bars."""
_SPACE: Final = 500
"""What the longest bar may take; its figure stands right of it."""
_TOP: Final = 124
_BAR: Final = 13
_GAP: Final = 3
_ROW: Final = 46


def draw(shown: Sheet) -> str:
    """The picture as SVG."""
    stacks = [stack for stack in shown.all_stacks if shown.amount("course", *KINDS, stack=stack).usd_hour]
    rows = ["", *stacks]
    bottom = _TOP + _ROW * len(rows) + 12
    picture = Drawing(_WIDTH, bottom + 58, *_alternative(shown))
    longest = max(shown.amount(book, *KINDS).usd(shown.span) for book in BOOKS)
    top = max([longest, *(cap.usd for cap in shown.caps if cap.span == shown.span)])
    scale = _SPACE / top if top else 0.0

    picture.text(_MARGIN, 38, _headline(shown), "strong", size=18)
    picture.text(_MARGIN, 60, _subtitle(shown), "quiet", size=12.5)
    _legend(picture, 84)
    _grid(picture, top, scale, bottom)
    for number, stack in enumerate(rows):
        y = _TOP + _ROW * number
        picture.text(_MARGIN, y + 19, stack or "all stacks", "plain" if stack else "strong", size=13)
        for place, book in enumerate(BOOKS):
            _bar(picture, shown, book, stack, Box(_BARS, y + (_BAR + _GAP) * place, 0, _BAR), scale)
    for cap in shown.caps:
        if cap.span == shown.span:
            x = _BARS + cap.usd * scale
            picture.rectangle(Box(x - 1, _TOP - 4, 2, _BAR + 6), "", radius=0, fill=_CAP)
            picture.text(x, _TOP - 9, f"cap {usd(cap.usd, cap.span)}", "strong", size=11, anchor="middle")
    note = "A figure on the left of + is what the caps count, at the course's prices. "
    if any(shown.unsourced(book) for book in BOOKS):
        note += f"{UNSOURCED} and faint: no public document found; in Seoul's bars the course's price stands in."
    picture.text(_MARGIN, bottom + 40, note, "quiet", size=11.5)
    return picture.render()


def _headline(shown: Sheet) -> str:
    course, seoul = (marked(shown.amount(book), shown.span) for book in BOOKS)
    span = SPAN_NAMES[shown.span]
    return f"{shown.stage}: {course} USD {span} at the course's prices, {seoul} at Seoul's"


def _subtitle(shown: Sheet) -> str:
    spans = {"session": "a session is 50 minutes", "month": "a month is 730 hours", "hour": ""}
    return f"From the synthesized templates, at desired sizes; {spans[shown.span]}."


def _alternative(shown: Sheet) -> tuple[str, str]:
    """Title and description: what somebody who does not see the picture hears."""
    parts = [
        f"{stack} {usd(shown.amount('course', stack=stack).usd(shown.span), shown.span)}" for stack in shown.all_stacks
    ]
    return f"Cost of stage {_headline(shown)}", f"By stack, USD {SPAN_NAMES[shown.span]}: {', '.join(parts)}."


def _legend(picture: Drawing, y: float) -> None:
    x: float = _MARGIN
    for kind, meaning in _MEANINGS.items():
        picture.rectangle(Box(x, y - 10, 12, 12), "", radius=2, fill=COLOURS[kind])
        picture.text(x + 18, y, meaning, "plain", size=12)
        x += 18 + width(meaning, 12) + 28


def _grid(picture: Drawing, top: float, scale: float, bottom: float) -> None:
    step = _step(top)
    for number in range(int(top / step) + 1):
        x = _BARS + number * step * scale
        picture.rectangle(Box(x - 0.5, _TOP - 8, 1, bottom - _TOP + 4), "chip", radius=0)
        label = f"{number * step:g}" if number else "0 USD"
        picture.text(x, bottom + 14, label, "quiet", size=11, anchor="middle")


def _bar(picture: Drawing, shown: Sheet, book: Book, stack: str, box: Box, scale: float) -> None:
    picture.text(
        box.x - 8, box.y + 10.5, book.capitalize() if book == "seoul" else book, "quiet", size=11, anchor="end"
    )
    x = box.x
    for kind in KINDS:
        amount = shown.amount(book, kind, stack=stack)
        unsourced = amount.unsourced_share * amount.usd(shown.span) * scale
        sourced = amount.usd(shown.span) * scale - unsourced
        for long, colour in ((sourced, COLOURS[kind]), (unsourced, COLOURS[kind] + _UNSOURCED)):
            if long > 0:
                picture.rectangle(Box(x, box.y, long, box.height), "", radius=0, fill=colour)
                x += long
    counted, apart = shown.amount(book, stack=stack), shown.amount(book, "apart", stack=stack)
    figure = usd(counted.usd(shown.span), shown.span) + (UNSOURCED if counted.unsourced_hour else "")
    if beside := change(apart.usd(shown.span), shown.span):
        figure += f" {beside[0]} {beside[1:]}{UNSOURCED if apart.unsourced_hour else ''}"
    x += 7
    for mark in (_BARS + cap.usd * scale for cap in shown.caps if not stack and book == "course"):
        if x - 4 < mark < x + width(figure, 11.5) + 4:
            x = mark + 7  # no figure under the line of a cap
    picture.text(x, box.y + 10.5, figure, "plain" if stack else "strong", size=11.5)


def _step(top: float) -> float:
    """A round distance between lines, for four to eight of them."""
    raw = top / 6 if top else 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw)
