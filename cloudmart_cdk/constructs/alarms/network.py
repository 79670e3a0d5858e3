"""NAT gateways: the only way out of the private subnets, for payments as for package updates."""

from collections.abc import Iterator
from typing import Final

from ..watched import WatchedNetwork
from .row import Alarm, Math, Metric, Severity
from .usage import FIVE_MINUTES, over_five_minutes

_DROPPED: Final = 0.01
"""Percent of packets (VPC user guide, "NAT gateway metrics": above it, look at AWS's own health)."""
_FEWEST_DROPPED: Final = 100
"""In five minutes; below that a share says nothing."""


def network_alarms(network: WatchedNetwork) -> Iterator[Alarm]:
    """Each gateway by itself: each carries a zone."""
    for number, nat in enumerate(network.nat_ids, start=1):
        where = {"NatGatewayId": nat}
        yield over_five_minutes(
            f"nat{number}-ports",
            f"NAT gateway {number} had no port left for a connection: too many at once to one destination",
            Metric("AWS/NATGateway", "ErrorPortAllocation", "Sum", where),
            0,
            page="nat-gateway",
            silence="notBreaching",
        )
        yield Alarm(
            id=f"nat{number}-drops",
            broke=f"NAT gateway {number} drops more than {_DROPPED:g} % of its packets",
            watch=Math(
                f"IF(dropped >= {_FEWEST_DROPPED}, 100 * dropped / (FILL(outward, 0) + FILL(inward, 0)), 0)",
                {
                    "dropped": Metric("AWS/NATGateway", "PacketsDropCount", "Sum", where),
                    "outward": Metric("AWS/NATGateway", "PacketsOutToDestination", "Sum", where),
                    "inward": Metric("AWS/NATGateway", "PacketsOutToSource", "Sum", where),
                },
            ),
            threshold=_DROPPED,
            period_s=FIVE_MINUTES,
            datapoints=(3, 3),
            severity=Severity.WARNING,
            silence="notBreaching",
            page="nat-gateway",
        )
