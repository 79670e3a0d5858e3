"""Network ACLs mean what the VPC guide says."""

from ipaddress import IPv4Address
from typing import Any, Literal

import pytest

from tests.policy.support import deployment
from tests.reachability.samples import acl, entry, network
from tools.reachability.acls import Acls

PEER = IPv4Address("10.0.10.5")


def passes(
    *entries: dict[str, Any],
    direction: Literal["in", "out"] = "in",
    ports: tuple[int, int] = (5432, 5432),
    subnet: str = "Data",
    udp: bool = False,
) -> bool:
    acls = Acls(deployment({**network(), **acl(*entries)}, stack="VpcStack"))
    return acls.judge(f"VpcStack/{subnet}", direction, "udp" if udp else "tcp", ports, PEER).allowed


def test_the_default_acl_is_open() -> None:
    assert passes(subnet="Private")


def test_one_of_our_own_is_closed_until_it_says_otherwise() -> None:
    assert not passes()
    assert passes(entry(100, egress=False))


def test_directions_are_apart() -> None:
    assert not passes(entry(100, egress=False), direction="out")
    assert passes(entry(100, egress=True), direction="out")


@pytest.mark.parametrize(("first", "open_"), [("allow", True), ("deny", False)])
def test_the_lowest_number_decides(first: str, *, open_: bool) -> None:
    second = "deny" if first == "allow" else "allow"
    assert passes(entry(200, egress=False, action=second), entry(100, egress=False, action=first)) is open_


def test_an_entry_speaks_of_its_ports_protocol_and_range() -> None:
    assert passes(entry(100, egress=False, ports=(5432, 5432)))
    assert not passes(entry(100, egress=False, ports=(5433, 5433)))
    assert not passes(entry(100, egress=False, ports=(5432, 5432)), udp=True)
    assert passes(entry(100, egress=False, cidr="10.0.10.0/24"))
    assert not passes(entry(100, egress=False, cidr="10.0.11.0/24"))


def test_every_port_of_a_range_has_to_pass() -> None:
    answers = (1024, 65535)
    most = entry(200, egress=True, ports=(1024, 65535))
    assert passes(most, direction="out", ports=answers)
    hole = entry(100, egress=True, ports=(3389, 3389), action="deny")
    assert not passes(most, hole, direction="out", ports=answers)
    assert not passes(entry(100, egress=True, ports=(32768, 60999)), direction="out", ports=answers)
    halves = (entry(100, egress=True, ports=(1024, 40000)), entry(110, egress=True, ports=(40001, 65535)))
    assert passes(*halves, direction="out", ports=answers)
