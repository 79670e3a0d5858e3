"""The deployment's subnets: in which zone each is, and by its default route in which tier.

Owns the meaning of tiers. Names of subnets mean nothing here: what counts is where packets can go.
"""

from functools import cached_property
from typing import Any, Final

from labs.grade.deployed import Deployed

PUBLIC: Final = "public"
"""The default route is an internet gateway."""
PRIVATE: Final = "private"
"""A way out, by NAT, but none in."""
ISOLATED: Final = "isolated"
"""No default route."""
_EVERYWHERE: Final = ("0.0.0.0/0", "::/0")


class Network:
    """Of the VPCs that the stacks own."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._vpcs = deployed.ids("AWS::EC2::VPC")

    def of_ours(self, operation: str, key: str) -> list[dict[str, Any]]:
        """What EC2 tells of our VPCs."""
        found = self._deployed.all("ec2", operation, key)
        return [each for each in found if each.get("VpcId") in self._vpcs]

    @cached_property
    def zones(self) -> dict[str, str]:
        """Subnet -> zone."""
        subnets = self.of_ours("describe_subnets", "Subnets")
        return {
            each["SubnetId"]: each["AvailabilityZone"] for each in sorted(subnets, key=lambda each: each["SubnetId"])
        }

    @cached_property
    def tiers(self) -> dict[str, str]:
        """Subnet -> tier."""
        return {subnet: _tier(self._default(subnet)) for subnet in self.zones}

    def gateway(self, subnet: str) -> str:
        """The NAT gateway of its default route; empty: none."""
        return str(self._default(subnet).get("NatGatewayId") or "")

    def described(self, subnets: list[str]) -> str:
        """Tiers and zones of subnets, for a line of evidence."""
        places = {f"{self.tiers.get(each, 'unknown')} {self.zones.get(each, '')}".strip() for each in subnets}
        return ", ".join(sorted(places)) or "none"

    def spread(self, subnets: list[str]) -> int:
        """Over how many zones."""
        return len({self.zones[each] for each in subnets if each in self.zones})

    def only(self, subnets: list[str], *tiers: str) -> bool:
        """Whether there are subnets, and all of these tiers."""
        return bool(subnets) and all(self.tiers.get(each) in tiers for each in subnets)

    def _default(self, subnet: str) -> dict[str, Any]:
        table = self._tables.get(subnet) or self._tables.get("main") or {}
        for route in table.get("Routes", []):
            to = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
            # A blackhole leads nowhere: its gateway is gone. An egress-only gateway lets nobody in, and is no NAT.
            if to in _EVERYWHERE and route.get("State") != "blackhole" and not route.get("EgressOnlyInternetGatewayId"):
                return dict(route)
        return {}

    @cached_property
    def _tables(self) -> dict[str, dict[str, Any]]:
        """Subnet -> its route table; `main`: that of the others."""
        found = {}
        for table in self.of_ours("describe_route_tables", "RouteTables"):
            for association in table.get("Associations", []):
                if association.get("SubnetId"):
                    found[association["SubnetId"]] = table
                elif association.get("Main"):
                    found["main"] = table
        return found


def _tier(default: dict[str, Any]) -> str:
    if not default:
        return ISOLATED
    return PUBLIC if str(default.get("GatewayId") or "").startswith("igw-") else PRIVATE
