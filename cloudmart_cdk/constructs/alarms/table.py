"""The alarm table of specification section 7: what is watched, by area, for what is there.

Owns the areas, each with its page. Rows are in the modules beside it, the only places with thresholds; how a row
becomes an alarm is `alarms`'; CloudFront's rows (`edge`) are in no area, because they are made in us-east-1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..canary import visit_alarms
from ..watched import Watched, WatchedLoadBalancer
from .backend import group_alarms
from .balancer import front_alarms, target_alarms
from .budget import budget_pairs, budget_windows
from .cache import cache_alarms
from .cluster import business_alarms, cluster_alarms
from .database import database_alarms
from .network import network_alarms
from .operation import backup_alarms, rotation_alarms
from .restore_drill import drill_alarms
from .rollout import rollout_alarms
from .row import Alarm, Page, Severity, Together


@dataclass(frozen=True)
class Area:
    """What one team is paged for. `steering` alarms are made in the stack whose rollouts they steer, `own` ones and
    `together` in MonitoringStack."""

    title: str
    steering: tuple[Alarm, ...]
    own: tuple[Alarm, ...]
    together: tuple[Together, ...] = ()

    @property
    def page(self) -> Page | None:
        """Pages when any critical alarm of the area is on; None: it has none."""
        rows: tuple[Alarm | Together, ...] = (*self.steering, *self.own, *self.together)
        critical = tuple(row.id for row in rows if row.severity is Severity.CRITICAL)
        if not critical:
            return None
        return Page(
            id=f"page-{self.title}",
            broke=f"Critical in {self.title}: users are hurt, or will be within hours",
            page="paged",
            alarms=critical,
        )


def areas(
    watched: Watched,
    *,
    latency_ms: int,
    availability: float,
    burn_rates: bool,
    bands: bool,
) -> list[Area]:
    """The table for what is there.

    `latency_ms`: the p95 objective; `availability`: percent. `burn_rates`: with alarms on how fast the error budget
    goes. `bands`: with alarms on levels that CloudWatch learns.
    """

    def of_balancer(balancer: WatchedLoadBalancer, behind: Iterator[Alarm]) -> Area:
        budget = budget_windows(balancer, availability=availability, latency_ms=latency_ms) if burn_rates else ()
        return Area(
            balancer.title,
            tuple(rollout_alarms(balancer, latency_ms=latency_ms)),
            (*target_alarms(balancer), *front_alarms(balancer, bands=bands), *budget, *behind),
            tuple(budget_pairs(balancer)) if burn_rates else (),
        )

    found = []
    if watched.network:
        found.append(Area("network", (), tuple(network_alarms(watched.network))))
    if watched.shop:
        found.append(of_balancer(watched.shop, _backend(watched)))
    if watched.tiketi:
        found.append(of_balancer(watched.tiketi, _platform(watched)))
    if data := tuple(_data(watched)):
        found.append(Area("data", (), data))
    return found


def _backend(watched: Watched) -> Iterator[Alarm]:
    if watched.backend:
        yield from group_alarms(watched.backend)
    if watched.canary:
        yield from visit_alarms(watched.canary.name, minutes=watched.canary.minutes)


def _platform(watched: Watched) -> Iterator[Alarm]:
    if watched.cluster:
        yield from cluster_alarms(watched.cluster)
        yield from business_alarms(watched.cluster)


def _data(watched: Watched) -> Iterator[Alarm]:
    if watched.database:
        yield from database_alarms(watched.database)
    if watched.cache:
        yield from cache_alarms(watched.cache)
    if watched.rotation:
        yield from rotation_alarms(watched.rotation)
    if watched.backup:
        yield from backup_alarms(watched.backup)
    if watched.restore_drill:
        yield from drill_alarms(watched.restore_drill)
