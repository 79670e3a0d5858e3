"""The alarm table of specification section 7: what is watched, by area, for what is there.

Owns the areas, each with its page. Rows are in the modules `*_alarms`, the only places with thresholds; how a row
becomes an alarm is `alarms`'; what steers a rollout is in `rollout_alarms`, what CloudFront has in `edge_alarms`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .alarms import Alarm, Page, Severity, Together
from .backend_alarms import group_alarms
from .balancer_alarms import front_alarms, target_alarms
from .budget_alarms import budget_pairs, budget_windows
from .cache_alarms import cache_alarms
from .canary import canary_alarms
from .cluster_alarms import business_alarms, cluster_alarms
from .database_alarms import database_alarms
from .network_alarms import network_alarms
from .operation_alarms import backup_alarms, rotation_alarms
from .restore_drill_alarms import drill_alarms
from .rollout_alarms import rollout_alarms
from .watched import Watched, WatchedLoadBalancer


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
    availability: float = 99.9,
    burn_rates: bool = False,
    bands: bool = False,
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
        yield from canary_alarms(watched.canary.name, minutes=watched.canary.minutes)


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
