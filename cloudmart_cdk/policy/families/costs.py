"""COST: a stage costs no more than its cap, and nothing in it is without a price. Specification section 8.

Owns the comparison with the caps of the settings. What a template costs is `cloudmart_cdk.costs`' to say, at the
course's list prices and the volumes of its volumes.toml.
"""

from collections.abc import Iterator
from math import ceil
from typing import Final

from ...costs import prices, volumes
from ...costs.bill import CAPPED, Bill, drafted
from ...costs.charge import MONTH_HOURS, SESSION_HOURS, TABLE
from ...costs.prices import Book
from ..model import Deployment, Resource
from ..rule import Found, Rule

_BOOK: Final[Book] = "course"
"""The caps of the specification are at these prices."""
_NAMED: Final = 3


def _drafted(app: Deployment) -> Bill:
    return drafted(app, prices.load(), volumes.load())


def _dear(app: Deployment) -> Iterator[Found]:
    cost = app.settings.cost
    counted = _drafted(app).only(kinds=CAPPED)
    for cap, setting, hours, span in (
        (cost.session_cap_usd, "cost.session_cap_usd", SESSION_HOURS, "a session of 50 minutes"),
        (cost.month_cap_usd, "cost.month_cap_usd", MONTH_HOURS, "a month"),
    ):
        reached = counted.usd_hour(_BOOK) * hours
        if not cap or reached <= cap:
            continue
        items = sorted(counted, key=lambda item: -item.usd_hour(_BOOK))[:_NAMED]
        dearest = "; ".join(f"{item.what} in {item.stack} {item.usd_hour(_BOOK) * hours:.2f}" for item in items)
        place = Resource(items[0].stack, "", "bill of all stacks", {}, items[0].stack, items[0].region)
        # Somebody who needs a bigger database at night must not have to look up how a cap is lifted.
        allowed = f"{cap:.2f} USD, or what is decided now: -c {setting}={ceil(reached * 100) / 100:.2f}"
        yield Found(place, f"{reached:.2f} USD {span} (dearest: {dearest})", allowed, detail=span)


def _unpriced(app: Deployment) -> Iterator[Found]:
    for lacking in _drafted(app).unpriced:
        yield Found(lacking.resource, lacking.given, lacking.allowed)


RULES: Final = (
    Rule(
        "COST-1",
        "All stacks of a stage cost no more than its cap",
        "Specification section 8: lab at most 0.80 USD a session, prod at most 975 USD a month, at the course's list "
        "prices; keys, secrets, web ACLs, public addresses and EBS apart.",
        "see `python -m tools.cost --items`; take off what is not needed, or decide that it may cost more: the setting",
        _dear,
        acknowledgeable=False,
    ),
    Rule(
        "COST-2",
        "Every resource has a price, or a reason why it is free",
        "Specification section 8. What nobody priced would stand in the bill as a zero.",
        f"state what the price goes by in the template; a type, or a new way to bill one, belongs into {TABLE}",
        _unpriced,
        acknowledgeable=False,
    ),
)
