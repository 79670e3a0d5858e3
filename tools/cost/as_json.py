"""A bill as JSON: `bill.schema.json` beside it says what stands where, and does not change without `SCHEMA`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloudmart_cdk.costs.charge import Kind
from cloudmart_cdk.costs.prices import Book, load

from .figures import BOOKS, HOURS, KINDS, SPANS, Amount, Sheet
from .options import Measured

SCHEMA: Final = 1


def document(sheets: Sequence[Sheet]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "currency": "USD",
        "prices_of": load().date.isoformat(),
        "hours": {span: HOURS[span] for span in SPANS},
        "stages": [_stage(one) for one in sheets],
    }


def options(as_it_is: Sheet, measured: Sequence[Measured]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "currency": "USD",
        "prices_of": load().date.isoformat(),
        "stage": as_it_is.stage,
        "as_it_is_month": {book: _figure(as_it_is.amount(book).usd("month")) for book in BOOKS},
        "options": [
            {
                "title": one.option.title,
                "settings": dict(one.option.context),
                "committed": one.option.committed,
                "usd_month": {book: _figure(one.usd_hour(book) * HOURS["month"]) for book in BOOKS},
                "saves_month": {book: _figure(one.saves(as_it_is, book).usd_month) for book in BOOKS},
                "gives_up": one.option.gives_up,
            }
            for one in measured
        ],
    }


def _stage(one: Sheet) -> dict[str, Any]:
    return {
        "stage": one.stage,
        "source": one.label,
        "name": one.settings.name,
        "region": one.settings.region,
        "caps": [{"span": cap.span, "usd": cap.usd, "reached": _figure(cap.reached)} for cap in one.caps],
        "totals": _sums(one, ""),
        "stacks": [{"stack": stack, "totals": _sums(one, stack)} for stack in one.all_stacks],
        "items": [
            {
                "stack": item.stack,
                "resource": item.logical_id,
                "type": item.resource_type,
                "what": item.what,
                "kind": item.kind,
                "price": item.price_id,
                "quantity": _figure(item.quantity),
                "per": item.per,
                "unit": item.unit,
                "usd_hour": {book: _figure(item.usd_hour(book)) for book in BOOKS},
                "sourced": {book: item.sourced(book) for book in BOOKS},
            }
            for item in one.items
        ],
        "unsourced": {book: list(one.unsourced(book)) for book in BOOKS},
    }


def _sums(one: Sheet, stack: str) -> Mapping[Book, Mapping[Kind, Mapping[str, float]]]:
    """Book -> kind -> span -> USD; `unsourced_hour` is the part of an hour without a public source."""
    return {book: {kind: _amount(one.amount(book, kind, stack=stack)) for kind in KINDS} for book in BOOKS}


def _amount(amount: Amount) -> dict[str, float]:
    return {
        **{span: _figure(amount.usd(span)) for span in SPANS},
        "unsourced_hour": _figure(amount.unsourced_hour),
    }


def _figure(value: float) -> float:
    """To a millionth of a cent: the same figures on every machine."""
    return round(value, 8)
