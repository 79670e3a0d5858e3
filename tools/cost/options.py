"""Ways to pay less, side by side: what each saves in a stage, and what it gives up.

Every option is the stage synthesized with other settings and priced as the stage is. One-year commitments alone are
arithmetic: no template holds them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cloudmart_cdk.costs.prices import Book, Prices
from cloudmart_cdk.settings import Settings

from .figures import BOOKS, HOURS, Amount, Sheet
from .words import UNSOURCED, usd

Context = Mapping[str, str]

_ARM_SPOT: Final = "t4g.medium,t4g.large"


@dataclass(frozen=True)
class Option:
    """A way to pay less. `context`: the settings, for `-c`; `committed`: with all commitments of the price file."""

    title: str
    gives_up: str
    context: Context
    committed: bool = False


@dataclass(frozen=True)
class Measured:
    """What an option comes to, of what the caps count."""

    option: Option
    sheet: Sheet
    taken_off: Mapping[Book, float]
    """USD an hour that commitments take off."""

    def usd_hour(self, book: Book) -> float:
        return self.sheet.amount(book).usd_hour - self.taken_off[book]

    def amount(self, book: Book) -> Amount:
        """What is paid; marked where the stage's own bill is."""
        return Amount(self.usd_hour(book), self.sheet.amount(book).unsourced_hour)

    def saves(self, as_it_is: Sheet, book: Book) -> "Saving":
        now, then = as_it_is.amount(book), self.sheet.amount(book)
        saved = now.usd_hour - self.usd_hour(book)
        sourced = math.isclose(now.unsourced_hour, then.unsourced_hour, abs_tol=1e-9)
        return Saving(saved * HOURS["month"], saved / now.usd_hour if now.usd_hour else 0.0, sourced)


@dataclass(frozen=True)
class Saving:
    """What an option saves; less than 0 where it costs more."""

    usd_month: float
    share: float
    """Of what the stage costs as it is, 0 to 1."""
    sourced: bool
    """No price without a public source is among what is saved or paid instead."""

    def __str__(self) -> str:
        return usd(self.usd_month, "month") + ("" if self.sourced else UNSOURCED)


def options(settings: Settings) -> tuple[Option, ...]:
    """Those that change something in a stage. Nobody commits to a year of what is off at night or gone the same day."""
    seen: list[tuple[Context, bool]] = [({}, False)]
    chosen = []
    worth_a_year = not settings.off_hours and not settings.lifetime_hours
    for option in _all(settings):
        if option.committed and not worth_a_year:
            continue
        if (what := (option.context, option.committed)) not in seen:
            seen.append(what)
            chosen.append(option)
    return tuple(chosen)


def _all(settings: Settings) -> tuple[Option, ...]:
    """Those that change nothing here, too: without settings, or with those of another."""
    graviton, valkey, shard = _graviton(settings), _valkey(settings), _one_shard(settings)
    spot, fewer_nodes = _spot(settings), _fewer_nodes(settings)
    one_nat, no_proxy, off_hours = _one_nat(settings), _no_proxy(settings), _off_hours(settings)
    smaller = {**graviton, **valkey, **fewer_nodes, **shard, **one_nat, **no_proxy}
    return (
        Option(
            "Graviton",
            "Every image has to exist for arm64: those of your services too. The shop's does. Spot capacity of "
            "t4g costs a little more than that of t3.",
            graviton,
        ),
        Option(
            "Valkey in place of Redis OSS",
            "Nothing that the shop or the services use: the protocol is that of Redis OSS 7. In a stage that is up it "
            "replaces the cache: sessions and queues begin anew.",
            valkey,
        ),
        Option("Graviton and Valkey", "Both of the above.", {**graviton, **valkey} if graviton and valkey else {}),
        Option(
            "half of the on-demand nodes as spot",
            "AWS takes spot nodes back with two minutes' notice; pods move then. Payment and queue stay on on-demand "
            "nodes, which are fewer when many spot nodes go at once.",
            spot,
        ),
        Option(
            "half of the on-demand nodes, no others for them",
            "Room for a surge: the autoscaler asks for nodes, and they take two to three minutes to come.",
            fewer_nodes,
        ),
        Option(
            "one cache shard",
            "Half of the cache's memory and of its processors. Failover stays. In a stage that is up it is a "
            "resharding: do it at a quiet hour.",
            shard,
        ),
        Option(
            "one NAT gateway",
            "When its zone is lost, nothing private in the other zone reaches the internet or AWS's APIs until "
            "somebody acts; traffic between zones is paid.",
            one_nat,
        ),
        Option(
            "no RDS Proxy",
            "Connections are the processes' own: the shop 2, a service 1, and at most 7 instances of the shop. A "
            "failover is felt for a minute or two, not for seconds.",
            no_proxy,
        ),
        Option(
            "off-hours",
            "Nobody is served from 20:00 to 08:00 Seoul time and at weekends: for a rehearsal or a demonstration, not "
            "for a shop.",
            off_hours,
        ),
        Option(
            "one-year commitments",
            "The money is owed for a year, used or not. Decide on classes (Graviton) before.",
            {},
            committed=True,
        ),
        Option(
            "Graviton, Valkey, one-year commitments",
            "What the three give up; users notice none of it.",
            {**graviton, **valkey},
            committed=True,
        ),
        Option(
            "all but off-hours, one-year commitments",
            "All of the above together (the nodes are left out, not moved to spot): data and alarms stay, what was "
            "there twice is there once, and a surge is felt.",
            smaller,
            committed=True,
        ),
        Option(
            "all of it with off-hours, no commitments",
            "The same, and nobody is served at night: what is off at night is not worth a commitment.",
            {**smaller, **off_hours},
        ),
    )


def measure(
    settings: Settings, prices: Prices, sheets: Callable[[Mapping[str, Context]], Sequence[Sheet]]
) -> tuple[Sheet, list[Measured]]:
    """(as it is, each option). `sheets` answers the bills of contexts, by title; each context is asked for once."""
    chosen = options(settings)
    asked: dict[str, Context] = {"as it is": {}}
    for option in chosen:
        if option.context not in asked.values():
            asked[option.title] = option.context
    bills = sheets(asked)
    contexts = list(asked.values())
    measured = []
    for option in chosen:
        sheet = bills[contexts.index(option.context)]
        off = {book: committed(sheet, prices, book) if option.committed else 0.0 for book in BOOKS}
        measured.append(Measured(option, sheet, off))
    return bills[0], measured


def committed(sheet: Sheet, prices: Prices, book: Book) -> float:
    """USD an hour that the price file's commitments take off a bill; those without a public discount take off 0.

    Where several cover a price, the one that takes off least counts: it binds least.
    """
    discounts: dict[str, float] = {}
    for commitment in prices.commitments:
        if commitment.discount_percent is not None:
            share = commitment.discount_percent / 100
            for price in commitment.covers:
                discounts[price] = min(share, discounts.get(price, share))
    return sum(item.usd_hour(book) * discounts.get(item.price_id, 0.0) for item in sheet.items if item.kind == "fixed")


def _graviton(settings: Settings) -> Context:
    """t3 to t4g, size by size; none where something else was chosen."""
    wanted = {
        "backend.instance_type": settings.backend.instance_type,
        "eks.on_demand.instance_types": ",".join(settings.eks.on_demand.instance_types),
        "database.instance_class": settings.database.instance_class,
        "cache.node_type": settings.cache.node_type,
    }
    if not all("t3." in value for value in wanted.values()):
        return {}
    return {
        **{key: value.replace("t3.", "t4g.") for key, value in wanted.items()},
        "eks.spot.instance_types": _ARM_SPOT,
    }


def _valkey(settings: Settings) -> Context:
    return {"cache.engine": "valkey"} if settings.cache.engine != "valkey" else {}


def _spot(settings: Settings) -> Context:
    """Half of the first on-demand nodes; a stage without spot nodes keeps what it has."""
    on_demand, spot = settings.eks.on_demand, settings.eks.spot
    moved = on_demand.desired // 2
    if not spot.desired or on_demand.desired - moved < on_demand.min:
        return {}
    return {"eks.on_demand.desired": str(on_demand.desired - moved), "eks.spot.desired": str(spot.desired + moved)}


def _fewer_nodes(settings: Settings) -> Context:
    moved = _spot(settings)
    return {key: value for key, value in moved.items() if "spot" not in key}


def _one_shard(settings: Settings) -> Context:
    return {"cache.shards": "1"} if settings.cache.shards > 1 else {}


def _one_nat(settings: Settings) -> Context:
    return {"network.nat_gateways": "1"} if settings.network.nat_gateways > 1 else {}


def _no_proxy(settings: Settings) -> Context:
    """With pools that db.t3.medium's 100 connections hold (specification section 3)."""
    if not settings.database.proxy:
        return {}
    return {
        "database.proxy": "false",
        "database.shop_pool": "2",
        "database.service_pool": "1",
        "backend.max": str(min(7, settings.backend.max)),
    }


def _off_hours(settings: Settings) -> Context:
    return {} if settings.off_hours else {"off_hours": "true"}
