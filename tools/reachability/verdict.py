"""What a layer says of a connection, and which layers there are."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Protocol = Literal["tcp", "udp"]
PROTOCOLS: Final[tuple[Protocol, ...]] = ("tcp", "udp")

EPHEMERAL: Final = (1024, 65535)
"""Ports that answers go to: load balancers, NAT gateways and functions use all of these (VPC guide, "Ephemeral
ports")."""


class Layer(StrEnum):
    """What may stand in the way. Values are what people read."""

    ABSENT = "nothing there"
    METADATA = "metadata hop limit"
    POLICY_OUT = "egress network policy"
    POLICY_IN = "ingress network policy"
    GROUP_OUT = "security group, out"
    GROUP_IN = "security group, in"
    ROUTE = "route"
    ROUTE_BACK = "route back"
    ADDRESS = "no public address"
    ACL = "network ACL"
    ACL_BACK = "network ACL, answers"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One layer's answer. `why`: the rule that lets it through, or what is missing, for people."""

    allowed: bool
    why: str


def allow(why: str) -> Verdict:
    return Verdict(True, why)


def deny(why: str) -> Verdict:
    return Verdict(False, why)
