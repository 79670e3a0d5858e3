"""Markdown for docs/cost.md, README.md and the labs' guides, and the pictures: what `make docs` writes.

Owns the content of the generated blocks; `tools.docs` puts them between their markers. The options take a synth each,
so their block is measured apart: `python -m tools.cost --options --page`.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from cloudmart_cdk.costs import prices, volumes
from cloudmart_cdk.costs.charge import Kind
from cloudmart_cdk.costs.prices import Document, Prices
from cloudmart_cdk.costs.volumes import Volume
from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.settings.loading import STAGES
from tools.assembly import PROJECT, Assembly
from tools.tables import table

from . import chart
from .billing import priced
from .figures import BOOKS, KINDS, SPANS, Sheet, Span, total
from .options import Measured
from .words import SPAN_NAMES, UNSOURCED, cap_sentence, in_markdown, left, marked, unsourced_sentence, usd

PAGE: Final = PROJECT / "docs" / "cost.md"
PICTURES: Final = PROJECT / "docs" / "images" / "cost"
OPTIONS_STAGE: Final = "prod"
"""The stage whose options docs/cost.md shows."""
_MARK: Final = in_markdown(UNSOURCED)
_STAND_IN: Final = {
    "en": ", the course's where no public document states Seoul's",
    "ko": "(공개 문서에서 서울 정가를 찾지 못한 항목은 강의 가격표 기준)",
}
_WHICH: Final = {
    "en": f"{_MARK} in part at a price that no public document was found for: [which](../../cost.md#the-stages).",
    "ko": f"{_MARK} 공개 문서에서 확인하지 못한 가격이 포함되어 있습니다: [목록](../../cost.md#the-stages).",
}
"""Below the labs' sentences; the address is as seen from a guide."""


def sheets_of(assemblies: Mapping[str, Assembly]) -> dict[str, Sheet]:
    """Stage -> its bill."""
    return {
        stage: priced(load(assembly.folder, load_settings({"stage": stage})), stage)
        for stage, assembly in assemblies.items()
    }


def blocks(sheets: Mapping[str, Sheet]) -> dict[str, str]:
    """Name -> content of every generated block but `cost_options`, which takes synths of its own."""
    return {
        "cost_stages": stages(list(sheets.values())),
        **{f"cost_{stage}": stacks(sheet) for stage, sheet in sheets.items()},
        "cost_readme": readme(sheets),
        "cost_unsourced": unsourced(list(sheets.values())),
        "cost_prices": price_list(prices.load()),
        "cost_volumes": volume_list(volumes.load(), prices.load()),
        "cost_commitments": commitments(prices.load()),
    }


def pictures(sheets: Mapping[str, Sheet]) -> dict[Path, str]:
    """File -> SVG."""
    return {PICTURES / f"{stage}.svg": chart.draw(sheet) for stage, sheet in sheets.items()}


def with_options(text: str, block: str) -> str:
    """The page with the options as they were measured. Raises `ValueError` for a page without a place for them."""
    begin, end = "<!-- measured: options -->\n", "<!-- end -->"
    before, found, rest = text.partition(begin)
    if not found or end not in rest:
        raise ValueError(f"{PAGE.name}: no {begin.strip()} and {end}")
    return f"{before}{begin}\n{block}\n{end}{rest.partition(end)[2]}"


def stages(sheets: Sequence[Sheet]) -> str:
    """Stages: what the caps count, apart, and the cap."""
    rows = [
        [
            sheet.stage,
            *(_both(sheet, span) for span in SPANS),
            _both(sheet, "month", "apart"),
            ", ".join(f"{usd(cap.usd, cap.span)} {SPAN_NAMES[cap.span]}" for cap in sheet.caps) or "none",
            in_markdown(", ".join(map(left, sheet.caps))),
        ]
        for sheet in sheets
    ]
    return table(["course / Seoul, USD", *(SPAN_NAMES[span] for span in SPANS), "apart, a month", "cap", "left"], rows)


def stacks(sheet: Sheet) -> str:
    """Stacks of one stage, both books. `fixed`, `usage` and `apart` are of a month."""
    rows = []
    for stack in (*sheet.all_stacks, ""):
        counted = [_both(sheet, span, stack=stack) for span in SPANS]
        cells = [*counted, *(_both(sheet, "month", kind, stack=stack) for kind in KINDS)]
        rows.append([stack, *cells] if stack else ["**all**", *(f"**{cell}**" for cell in cells)])
    head = ["course / Seoul, USD", *(SPAN_NAMES[span] for span in SPANS), *KINDS]
    return table(head, rows) + "".join(f"\n{in_markdown(cap_sentence(cap))}.\n" for cap in sheet.caps)


def readme(sheets: Mapping[str, Sheet], chosen: Sequence[str] = ("lab", "prod")) -> str:
    """README's table: an hour of each stack at the course's prices, and what all of it comes to in both books."""
    names = list(dict.fromkeys(stack for stage in chosen for stack in sheets[stage].all_stacks))
    bills = [sheets[stage] for stage in chosen]
    rows = [[stack, *(_hour(sheet, stack) for sheet in bills)] for stack in names]
    rows.append(["**all**", *(f"**{_hour(sheet)}**" for sheet in bills)])
    spans: tuple[Span, ...] = ("session", "month")
    for span in spans:
        rows.append([f"{SPAN_NAMES[span]}, course / Seoul", *(_both(sheet, span) for sheet in bills)])
    rows.append(["apart, a month, course / Seoul", *(_both(sheet, "month", "apart") for sheet in bills)])
    note = f"\n{_MARK} in part at a price that no public document was found for: [which](docs/cost.md#the-stages).\n"
    marks = any(sheet.unsourced(book) for sheet in bills for book in BOOKS)
    return table(["USD an hour, course", *chosen], rows) + (note if marks else "")


def so_far(stacks: Sequence[str], sheet: Sheet, language: Literal["en", "ko"] = "en") -> str:
    """One sentence for a lab's guide: what 50 minutes cost with these stacks up, addresses and keys included.

    Raises `ValueError` for a stack that the stage does not have.
    """
    if unknown := [stack for stack in stacks if stack not in sheet.all_stacks]:
        raise ValueError(f"{unknown[0]}: no stack of {sheet.stage}; allowed: {', '.join(sheet.all_stacks)}")
    sums = {book: total((item for item in sheet.items if item.stack in stacks), book) for book in BOOKS}
    course, seoul = (usd(sums[book].usd("session"), "session") for book in BOOKS)
    hour = usd(sums["course"].usd_hour, "hour")
    names = ", ".join(stacks)
    marks = {book: _MARK if sums[book].unsourced_hour else "" for book in BOOKS}
    stand_in = _STAND_IN[language] if marks["seoul"] else ""
    which = f"\n{_WHICH[language]}\n" if any(marks.values()) else ""
    if language == "ko":
        return (
            f"지금까지의 비용: 50분에 약 **{course} USD**{marks['course']}"
            f"(강의 가격표 기준, 시간당 {hour} USD{marks['course']}). "
            f"서울 리전 정가로는 50분에 {seoul} USD{marks['seoul']}입니다{stand_in}. "
            f"키, 시크릿, 공인 IP 주소, EBS도 포함한 금액입니다. 배포된 스택: {names}.\n{which}"
        )
    return (
        f"Cost so far: about **{course} USD**{marks['course']} for 50 minutes ({hour} USD{marks['course']} an hour, at "
        f"the course's prices; {seoul} USD{marks['seoul']} for 50 minutes at Seoul's list prices{stand_in}) with "
        f"{names} up. Keys, secrets, public addresses and EBS are in it.\n{which}"
    )


def _hour(sheet: Sheet, stack: str = "") -> str:
    """Empty for a stack that this stage does not have."""
    return in_markdown(marked(sheet.amount("course", stack=stack), "hour")) if stack in ("", *sheet.all_stacks) else ""


def _both(sheet: Sheet, span: Span, *kinds: Kind, stack: str = "") -> str:
    return in_markdown(" / ".join(marked(sheet.amount(book, *kinds, stack=stack), span) for book in BOOKS))


def options(as_it_is: Sheet, measured: Sequence[Measured]) -> str:
    """What each option saves, and what it gives up; below, by which settings: side by side no page is wide enough."""
    rows = [["as it is", *(in_markdown(marked(as_it_is.amount(book), "month")) for book in BOOKS), "", "", ""]]
    how = []
    for one in measured:
        saved = (one.saves(as_it_is, book) for book in BOOKS)
        rows.append(
            [
                one.option.title,
                *(in_markdown(marked(one.amount(book), "month")) for book in BOOKS),
                *(in_markdown(f"{saving} ({saving.share:.1%})") for saving in saved),
                one.option.gives_up,
            ]
        )
        if one.option.context:
            how.append([one.option.title, " ".join(f"`{key}={value}`" for key, value in one.option.context.items())])
    head = [f"{as_it_is.stage}, USD a month", "course", "Seoul", "saves, course", "saves, Seoul", "gives up"]
    return f"{table(head, rows)}\n{table(['option', 'settings, each with -c'], how)}"


def unsourced(sheets: Sequence[Sheet]) -> str:
    """Which prices in use nobody could source, of each book."""
    lines = []
    for book in BOOKS:
        prices = list(dict.fromkeys(price for sheet in sheets for price in sheet.unsourced(book)))
        if prices:
            share = max(sheet.amount(book, *KINDS).unsourced_share for sheet in sheets)
            lines.append(f"{_MARK} {unsourced_sentence(book, [f'`{price}`' for price in prices], share)}.\n")
    return "\n".join(lines) or "Every price in use has a public source, in both books.\n"


def price_list(book: Prices) -> str:
    rows = [
        [
            f"`{line.id}`",
            line.unit,
            f"{_plain(line.course)}{'' if line.sourced('course') else _MARK}",
            _document(line.course_source),
            f"{_plain(line.seoul)}{'' if line.sourced('seoul') else _MARK}" if line.seoul is not None else _MARK,
            _document(line.seoul_source),
        ]
        for line in book.lines.values()
    ]
    return table(["price", "USD for one", "course", "source", "Seoul", "source"], rows)


def volume_list(used: Collection[Volume], book: Prices) -> str:
    """What each stage uses, in units of the price."""
    rows = [
        [
            one.stack,
            one.what,
            f"`{one.price}`",
            book.lines[one.price].unit,
            *(_plain(one.quantity(stage, book), digits=4) for stage in STAGES),
            "the proposal's" if one.source == volumes.PROPOSAL else one.source,
        ]
        for one in used
    ]
    return table(["stack", "what", "price", "unit", *STAGES, "why so much"], rows)


def commitments(book: Prices) -> str:
    rows = [
        [
            f"`{one.id}`",
            f"{one.discount_percent:g} %" if one.discount_percent is not None else _MARK,
            ", ".join(f"`{price}`" for price in one.covers),
            _document(one.source),
        ]
        for one in book.commitments
    ]
    return table(["commitment", "takes off", "of", "source"], rows)


def _plain(value: float, *, digits: int = 10) -> str:
    """So many digits that count, never as a power of ten: 0.0000166667, 10,000."""
    return f"{Decimal(f'{value:.{digits}g}'):,f}"


def _document(document: Document | None) -> str:
    if document is None:
        return "none found"
    name = f"[{document.name}]({document.address})" if document.address else document.name
    return f"{name}, {f'read {document.read}' if document.read else 'not read'}"
