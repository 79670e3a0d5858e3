"""Which dashboards a stage has: one for each part that is there, and the overview before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...service_releases import Track
from ..alarms import Alarm
from ..alarms.rollout import canary_alarms, colour_alarms
from ..alarms.table import Area
from ..watched import Watched
from .backend import backend
from .cdn import cdn
from .data import data
from .eks import eks
from .overview import OBJECTIVE_PAGES, overview
from .place import Place
from .widgets import Widget, placed, text

_CANARY: Final = f"-{Track.CANARY}"
_HALF_A_DAY: Final = "-PT12H"
_A_SHIFT: Final = "-PT6H"


@dataclass(frozen=True)
class Board:
    """A dashboard. `id`: its name is `<name>-<stage>-<id>`."""

    id: str
    widgets: list[Widget]
    start: str
    """Of the time that is shown at first, as CloudWatch spells it."""


def boards(
    areas: Sequence[Area],
    watched: Watched,
    *,
    place: Place,
    cdn_rows: Sequence[Alarm] = (),
) -> list[Board]:
    """Overview first. `cdn_rows`: CloudFront's alarms; none where they are not made."""
    rows = {area.title: [*area.steering, *area.own] for area in areas}
    objectives = [row for each in rows.values() for row in each if row.page in OBJECTIVE_PAGES]
    rows = {title: [row for row in each if row.page not in OBJECTIVE_PAGES] for title, each in rows.items()}
    parts: dict[str, list[Widget]] = {}
    if watched.shop:
        colours = watched.shop.target_groups
        steering = [row for each in colours for row in colour_alarms(watched.shop, each, latency_ms=place.latency_ms)]
        parts["backend"] = backend(watched.shop, watched.backend, [*rows.pop("shop", []), *steering], place=place)
    if watched.database or watched.cache:
        parts["data"] = data(watched, rows.pop("data", []), place=place)
    if watched.distribution:
        parts["cdn"] = cdn(watched.distribution, cdn_rows)
    if watched.tiketi:
        canaries = [name.removesuffix(_CANARY) for name in watched.tiketi.target_groups if name.endswith(_CANARY)]
        steering = [
            row for each in canaries for row in canary_alarms(watched.tiketi, each, latency_ms=place.latency_ms)
        ]
        parts["eks"] = eks(watched.tiketi, watched.cluster, [*rows.pop("tiketi", []), *steering], place=place)
    elsewhere = [*objectives, *(row for left in rows.values() for row in left)]
    first = overview(areas, watched, elsewhere, place=place)
    names = ["overview", *parts]
    return [
        Board(id, list(placed([_head(id, names, place), *widgets])), _HALF_A_DAY if id == "overview" else _A_SHIFT)
        for id, widgets in {"overview": first, **parts}.items()
    ]


_ABOUT: Final = {
    "overview": "Are users served, and has it been so for 30 days? Red lines are where alarms fire.",
    "backend": "The shop's load balancer and its two colours of instances.",
    "data": "PostgreSQL, Redis, rotation of their secrets, backups.",
    "cdn": "CloudFront, as its viewers see it; its metrics are in us-east-1.",
    "eks": "Tiketi: queue, admissions and payments; its load balancer, nodes and pods.",
}


def _head(id: str, ids: Sequence[str], place: Place) -> Widget:
    """What this is, and the way to the other dashboards and the runbook."""
    links = [f"[{other}](#dashboards:name={place.prefix}-{other})" for other in ids if other != id]
    runbook = place.runbook_url
    links.append(f"[runbook]({runbook})" if runbook.startswith("https://") else f"runbook: `{runbook}`")
    return text(f"# {place.prefix} {id}\n{_ABOUT[id]} {' | '.join(links)}", height=2)
