"""The bill of a deployment: every resource of its templates, priced, and the volumes of its stage.

Owns `Item`, `Bill` and how resources become items. What a type is billed for is in `types`. Nothing is left out in
silence: what has no price is an error.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from ..policy.model import Deployment, Resource
from ..settings.topology import EDGE_REGION
from .charge import MONTH_HOURS, PRICE_FILE, SESSION_HOURS, Charge, Kind, Per, Unpriced, UnpricedType
from .dear import extras
from .prices import Book, Line, Prices
from .types import FREE, PRICED
from .volumes import TRACED, Volume

_HOURS: Final[dict[Per, float]] = {"hour": 1, "month": MONTH_HOURS, "session": SESSION_HOURS}
_HELD: Final = ("GB-month", "month")
"""Units of what stands all the time: a quantity of a month, in a lab session too."""
_RATIO: Final = re.compile(r"(?:TRACE_RATIO|OTEL_TRACES_SAMPLER_ARG)(?:\W|value)+?(\d+(?:\.\d+)?(?:e-\d+)?)")
"""The share of requests that are traced, in user data and in pods' environments."""
CAPPED: Final[tuple[Kind, ...]] = ("fixed", "usage")
"""What the caps of specification section 8 count."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the bill. `logical_id` of a volume is the first resource that it hangs on."""

    stack: str
    logical_id: str
    resource_type: str
    path: str
    region: str
    what: str
    kind: Kind
    line: Line
    quantity: float
    """Units in each hour, month or session: `per`. On average, where schedules change it."""
    per: Per
    source: str = ""
    """Why so much, of a volume."""

    @property
    def price_id(self) -> str:
        return self.line.id

    @property
    def unit(self) -> str:
        return self.line.unit

    def usd_hour(self, book: Book) -> float:
        """USD an hour. What no document prices in Seoul counts at the course's price; see `sourced`."""
        return self.quantity * self.line.usd(self._book(book)) / _HOURS[self.per]

    def sourced(self, book: Book) -> bool:
        """False: nobody could source the price in this book."""
        return self.line.sourced(self._book(book))

    def _book(self, book: Book) -> Book:
        """The edge's region has its own list, which the course's book is where the course has no figure."""
        return "course" if self.region == EDGE_REGION else book


@dataclass(frozen=True, slots=True)
class Bill:
    """Items, and their sums in USD. `only` makes the bill of a part."""

    items: tuple[Item, ...]
    unpriced: tuple[Unpriced, ...] = ()
    """What could not be priced; `bill` raises instead."""

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def stacks(self) -> tuple[str, ...]:
        """Stacks that cost something, in the order of the app."""
        return tuple(dict.fromkeys(item.stack for item in self.items))

    def only(self, *, stacks: Collection[str] | None = None, kinds: Collection[Kind] | None = None) -> "Bill":
        """The items of these stacks and kinds; without an argument of all."""
        return Bill(
            tuple(
                item
                for item in self.items
                if (stacks is None or item.stack in stacks) and (kinds is None or item.kind in kinds)
            ),
            self.unpriced,
        )

    def usd_hour(self, book: Book) -> float:
        return sum(item.usd_hour(book) for item in self.items)

    def usd_session(self, book: Book) -> float:
        """50 minutes."""
        return self.usd_hour(book) * SESSION_HOURS

    def usd_month(self, book: Book) -> float:
        """730 hours."""
        return self.usd_hour(book) * MONTH_HOURS


def bill(app: Deployment, prices: Prices, volumes: Collection[Volume]) -> Bill:
    """What the templates cost, and the use of `app.settings.stage`; no other setting counts.

    Raises `Unpriced` for the first resource that has no price, or no figure to price it by.
    """
    made = drafted(app, prices, volumes)
    if made.unpriced:
        raise made.unpriced[0]
    return made


def drafted(app: Deployment, prices: Prices, volumes: Collection[Volume]) -> Bill:
    """As `bill`, with all that has no price in `unpriced`."""
    by_use = {volume.type for volume in volumes}
    unpriced: list[Unpriced] = []
    by_resource: dict[tuple[str, str], list[Item]] = {}
    for resource in app.resources:
        unpriced += extras(resource)
        if resource.type not in PRICED:
            if resource.type not in FREE and resource.type not in by_use:
                unpriced.append(UnpricedType(resource))
            continue
        try:
            items = list(_items(resource, app, prices))
        except Unpriced as found:
            unpriced.append(found)
            continue
        # A resource with conditions inside is there once for each outcome: the dearest counts.
        key = (resource.stack, resource.logical_id)
        if key not in by_resource or _usd(items) > _usd(by_resource[key]):
            by_resource[key] = items
    of_use = [item for volume in volumes for item in _used(volume, app, prices)]
    return Bill(tuple(item for items in by_resource.values() for item in items) + tuple(of_use), tuple(unpriced))


def _usd(items: Collection[Item]) -> float:
    return sum(item.usd_hour("course") for item in items)


def _items(resource: Resource, app: Deployment, prices: Prices) -> Iterator[Item]:
    for charge in PRICED[resource.type](resource, app):
        if charge.quantity:
            yield _item(resource, charge, _line(resource, charge, prices))


def _line(resource: Resource, charge: Charge, prices: Prices) -> Line:
    line = prices.lines.get(charge.price) or prices.lines.get(charge.at_most)
    if line is None:
        raise Unpriced(
            resource, charge.price, "an id of the price file", f'add [price."{charge.price}"] to {PRICE_FILE}'
        )
    return line


def _used(volume: Volume, app: Deployment, prices: Prices) -> Iterator[Item]:
    place = next(filter(volume.hangs_on, app.of(volume.type)), None)
    quantity = volume.quantity(app.settings.stage, prices) * (_traced(app, volume.stack) if volume.traces else 1)
    if place is None or not quantity:
        return
    line = prices.lines[volume.price]
    flows: Per = "session" if app.settings.stage == "lab" else "month"
    kind: Kind = "apart" if volume.apart else "usage"
    charge = Charge(line.id, quantity, volume.what, kind, "month" if line.unit in _HELD else flows)
    yield _item(place, charge, line, volume.source)


def _traced(app: Deployment, stack: str) -> float:
    """How many times the volumes' share of requests is traced: what programs of the stack are told, the most of it.

    A stack that traces nothing itself, as MonitoringStack, has the most of all.
    """
    said = {
        one.id: max(map(float, _RATIO.findall(json.dumps(one.template))), default=None) for one in app.stacks.values()
    }
    own = said.get(stack)
    most = own if own is not None else max((ratio for ratio in said.values() if ratio is not None), default=TRACED)
    return most / TRACED


def _item(resource: Resource, charge: Charge, line: Line, source: str = "") -> Item:
    return Item(
        stack=resource.stack,
        logical_id=resource.logical_id,
        resource_type=resource.type,
        path=resource.path,
        region=resource.region,
        what=charge.what,
        kind=charge.kind,
        line=line,
        quantity=charge.quantity,
        per=charge.per,
        source=source,
    )
