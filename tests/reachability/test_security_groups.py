"""Security groups mean what the VPC guide says."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.policy.support import deployment, resource
from tests.reachability.samples import CLOSED, group_id, rule
from tools.reachability.security_groups import CLUSTER_GROUP, SecurityGroups
from tools.reachability.verdict import Protocol

INSIDE, OUTSIDE = IPv4Address("10.0.0.10"), IPv4Address("192.0.2.1")


def groups(**properties: Any) -> SecurityGroups:
    """`It` as given, and `Peer`."""
    template = {
        "It": resource("AWS::EC2::SecurityGroup", {"SecurityGroupEgress": CLOSED, **properties}),
        "Peer": resource("AWS::EC2::SecurityGroup", {"SecurityGroupEgress": CLOSED}),
    }
    return SecurityGroups.of(deployment(template, stack="VpcStack"))


def enters(
    found: SecurityGroups,
    *,
    port: int = 5432,
    protocol: Protocol = "tcp",
    address: IPv4Address = INSIDE,
    peer: str = "",
    prefix_list: str = "",
) -> bool:
    peers = frozenset([f"VpcStack/{peer}"] if peer else [])
    return found.judge(frozenset(["VpcStack/It"]), "in", protocol, port, address, peers, prefix_list).allowed


def leaves(found: SecurityGroups, *, port: int = 5432, address: IPv4Address = OUTSIDE) -> bool:
    return found.judge(frozenset(["VpcStack/It"]), "out", "tcp", port, address, frozenset()).allowed


def test_nothing_comes_in_without_a_rule() -> None:
    assert not enters(groups())


def test_a_rule_by_range() -> None:
    found = groups(SecurityGroupIngress=[rule(5432, CidrIp="10.0.0.0/24")])
    assert enters(found)
    assert not enters(found, port=5433)
    assert not enters(found, protocol="udp")
    assert not enters(found, address=OUTSIDE)


def test_a_rule_by_group() -> None:
    found = groups(SecurityGroupIngress=[rule(5432, SourceSecurityGroupId=group_id("Peer"))])
    assert enters(found, peer="Peer")
    assert not enters(found, peer="It")


def test_a_rule_by_prefix_list() -> None:
    found = groups(SecurityGroupIngress=[rule(5432, SourcePrefixListId="pl-1")])
    assert enters(found, prefix_list="pl-1")
    assert not enters(found, prefix_list="pl-2")
    assert not enters(found)


def test_all_traffic_and_ranges_of_ports() -> None:
    everything = {"IpProtocol": "-1", "CidrIp": "10.0.0.0/8", "Description": "all"}
    assert enters(groups(SecurityGroupIngress=[everything]), protocol="udp", port=9)
    few = rule(3001, CidrIp="10.0.0.0/8") | {"ToPort": 3006}
    assert enters(groups(SecurityGroupIngress=[few]), port=3006)
    assert not enters(groups(SecurityGroupIngress=[few]), port=3007)


def test_without_an_egress_rule_everything_leaves() -> None:
    assert leaves(groups(SecurityGroupEgress=[]))
    assert not leaves(groups())
    assert not leaves(groups(SecurityGroupEgress=[rule(443, CidrIp="0.0.0.0/0")]))
    assert leaves(groups(SecurityGroupEgress=[rule(443, CidrIp="0.0.0.0/0")]), port=443)


def test_one_of_several_groups_suffices() -> None:
    found = groups(SecurityGroupIngress=[rule(5432, CidrIp="10.0.0.0/24")])
    both = frozenset(["VpcStack/It", "VpcStack/Peer"])
    assert found.judge(both, "in", "tcp", 5432, INSIDE, frozenset()).allowed


def test_rules_apart_from_their_group() -> None:
    template = {
        "It": resource("AWS::EC2::SecurityGroup", {"SecurityGroupEgress": CLOSED}),
        "Apart": resource(
            "AWS::EC2::SecurityGroupIngress", {"GroupId": group_id("It"), **rule(5432, CidrIp="10.0.0.0/24")}
        ),
    }
    assert enters(SecurityGroups.of(deployment(template, stack="VpcStack")))


def test_the_clusters_own_group_is_known_from_the_guide() -> None:
    found = groups()
    cluster, it = frozenset([CLUSTER_GROUP]), frozenset(["VpcStack/It"])
    assert found.judge(cluster, "out", "tcp", 1, OUTSIDE, frozenset()).allowed
    assert found.judge(cluster, "in", "tcp", 1, INSIDE, cluster).allowed
    assert not found.judge(cluster, "in", "tcp", 1, INSIDE, it).allowed


@pytest.mark.parametrize("peer", [{}, {"SourceSecurityGroupId": {"Ref": "SomeParameter"}}])
def test_a_rule_whose_peer_cannot_be_read_is_an_error(peer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="allowed:"):
        groups(SecurityGroupIngress=[rule(5432, **peer)])
