"""What differs between two bills of a stage: resources that came, went or cost something else.

Owns which entries belong together. A resource that was merely renamed is no change.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cloudmart_cdk.costs.bill import Item
from cloudmart_cdk.costs.prices import Book

from .figures import BOOKS, Sheet, total
from .words import counted


@dataclass(frozen=True)
class Change:
    """Resources of one stack that changed alike."""

    stack: str
    resource_type: str
    before: str
    """What they were; empty: they were not there."""
    after: str
    apart: bool
    """Not among what the caps count."""
    resources: tuple[str, ...]
    """Logical ids."""
    usd_hour: Mapping[Book, float]
    """More than before, of all of them together."""
    unsourced: bool

    @property
    def size(self) -> float:
        return abs(self.usd_hour["course"])


@dataclass(frozen=True)
class Comparison:
    """Two bills, and what lies between them."""

    before: Sheet
    after: Sheet

    @property
    def stage(self) -> str:
        return self.after.stage

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Dearest first."""
        return tuple(sorted(_merged(_changes(self.before.items, self.after.items)), key=lambda one: -one.size))

    def usd_hour(self, book: Book, *, stack: str = "") -> float:
        """More than before, of what the caps count."""
        after, before = (one.amount(book, stack=stack).usd_hour for one in (self.after, self.before))
        return after - before


def _changes(before: Iterable[Item], after: Iterable[Item]) -> Iterator[Change]:
    was, now = _by_resource(before), _by_resource(after)
    gone = {key: items for key in was if (items := _without(was[key], now.get(key, ())))}
    come = {key: items for key in now if (items := _without(now[key], was.get(key, ())))}
    renamed = Counter(_meaning(key, items) for key, items in gone.items() if key not in now)
    back = Counter(_meaning(key, items) for key, items in come.items() if key not in was)
    same = renamed & back
    gone, come = _less(gone, now.keys(), same.copy()), _less(come, was.keys(), same.copy())
    for key in dict.fromkeys((*gone, *come)):
        for apart in (False, True):
            old = [item for item in gone.get(key, ()) if (item.kind == "apart") is apart]
            new = [item for item in come.get(key, ()) if (item.kind == "apart") is apart]
            if old or new:
                was_text, now_text = _texts(old, new)
                yield Change(
                    stack=key[0],
                    resource_type=(new or old)[0].resource_type,
                    before=was_text,
                    after=now_text,
                    apart=apart,
                    resources=(key[1],),
                    usd_hour={book: total(new, book).usd_hour - total(old, book).usd_hour for book in BOOKS},
                    unsourced=not all(item.sourced(book) for item in (*old, *new) for book in BOOKS),
                )


_Key = tuple[str, str, str]
"""(stack, logical id, which volume: what hangs on a resource without being of it stands by itself)."""


def _by_resource(items: Iterable[Item]) -> dict[_Key, list[Item]]:
    found: dict[_Key, list[Item]] = {}
    for item in items:
        found.setdefault((item.stack, item.logical_id, item.what if item.source else ""), []).append(item)
    return found


def _without(items: Iterable[Item], others: Iterable[Item]) -> list[Item]:
    """Those of `items` that have no equal among `others`."""
    left = Counter(map(_signature, others))
    kept = []
    for item in items:
        if left[_signature(item)]:
            left[_signature(item)] -= 1
        else:
            kept.append(item)
    return kept


def _signature(item: Item) -> tuple[object, ...]:
    return item.kind, item.price_id, round(item.quantity, 9), item.per


def _meaning(key: _Key, items: Iterable[Item]) -> tuple[object, ...]:
    """What a resource is, whatever it is called."""
    return key[0], *sorted((item.resource_type, *map(str, _signature(item))) for item in items)


def _less(
    found: Mapping[_Key, list[Item]], other: Iterable[_Key], same: Counter[tuple[object, ...]]
) -> dict[_Key, list[Item]]:
    """Without those that stand on the other side under another name."""
    elsewhere = set(other)
    kept = {}
    for key, items in found.items():
        meaning = _meaning(key, items)
        if key not in elsewhere and same[meaning]:
            same[meaning] -= 1
        else:
            kept[key] = items
    return kept


def _texts(old: Sequence[Item], new: Sequence[Item]) -> tuple[str, str]:
    """What they were and are, in words; with quantities where only these differ."""
    was, now = (", ".join(dict.fromkeys(item.what for item in items)) for items in (old, new))
    if was != now:
        return was, now
    return f"{was}: {_quantities(old)}", _quantities(new)


def _quantities(items: Iterable[Item]) -> str:
    return ", ".join(f"{_quantity(item)}{_span(item)}" for item in items)


def _span(item: Item) -> str:
    """Of a session: volumes of the other stages are a month's."""
    return " a session" if item.per == "session" else ""


def _quantity(item: Item) -> str:
    """Without the unit where so many of something are paid by time: `what` says of what."""
    figure = f"{item.quantity:,.4g}"
    return figure if item.unit in ("hour", "month") else counted(figure, item.unit)


def _merged(changes: Iterable[Change]) -> Iterator[Change]:
    """Alike ones as one, in the order of the first."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for one in changes:
        groups.setdefault((one.stack, one.resource_type, one.before, one.after, one.apart), []).append(one)
    for first, *rest in groups.values():
        everyone = (first, *rest)
        yield Change(
            stack=first.stack,
            resource_type=first.resource_type,
            before=first.before,
            after=first.after,
            apart=first.apart,
            resources=tuple(name for one in everyone for name in one.resources),
            usd_hour={book: sum(one.usd_hour[book] for one in everyone) for book in BOOKS},
            unsourced=any(one.unsourced for one in everyone),
        )
