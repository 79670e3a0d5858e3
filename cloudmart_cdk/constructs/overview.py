"""The overview dashboard: alarms, objectives, traffic, and a graph for everything that has an alarm.

Decides what is shown; how it is drawn is `dashboard`'s.
"""

from collections.abc import Sequence

from ..settings.topology import EDGE_REGION
from .alarm_table import Area, distribution_alarms
from .alarms import alarm_name
from .dashboard import Widget, alarm_states, graphs, objectives, text, traffic
from .watched import Watched


def overview(
    areas: Sequence[Area],
    watched: Watched,
    *,
    prefix: str,
    region: str,
    account: str,
    runbook_url: str,
    availability: float,
    latency_ms: int,
) -> list[Widget]:
    """Widgets for what is there. `availability` (percent) and `latency_ms` (p95): the objectives."""
    widgets = [text(f"# {prefix}\nRed lines are where alarms fire; what to do then: {runbook_url}")]
    rows = [row for area in areas for row in (*area.steering, *area.own)]
    ids = [area.page.id for area in areas if area.page] + [row.id for row in rows]
    if ids:
        arns = [f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm_name(prefix, alarm)}" for alarm in ids]
        widgets.append(alarm_states("Alarms", arns))
    balancers = [balancer for balancer in (watched.shop, watched.tiketi) if balancer]
    widgets += [
        objectives(balancer, region=region, availability=availability, latency_ms=latency_ms) for balancer in balancers
    ]
    if balancers:
        widgets.append(traffic(balancers, region=region))
    widgets += graphs(rows, region=region)
    if watched.distribution_id:
        widgets += graphs(distribution_alarms(watched.distribution_id), region=EDGE_REGION)
    return widgets
