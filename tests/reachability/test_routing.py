"""Route tables mean what the VPC guide says."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.policy.support import deployment, resource
from tests.reachability.samples import network, ref
from tools.reachability.routing import Hop, Routes

INSIDE, OUTSIDE = IPv4Address("10.0.20.5"), IPv4Address("192.0.2.1")


def hop(subnet: str, address: IPv4Address, changes: dict[str, Any] | None = None, prefix_list: str = "") -> Hop:
    template = {**network(), **(changes or {})}
    routes = Routes(deployment({id_: it for id_, it in template.items() if it}, stack="VpcStack"))
    return routes.next(f"VpcStack/{subnet}", address, prefix_list)


def test_tiers_differ_in_their_way_out() -> None:
    assert hop("Public", OUTSIDE).kind == "internet gateway"
    assert hop("Private", OUTSIDE) == Hop("NAT gateway", "NAT gateway Nat", "VpcStack/Public")
    assert hop("Data", OUTSIDE).kind == "none"


@pytest.mark.parametrize("subnet", ["Public", "Private", "Data"])
def test_within_the_vpc_everything_is_local(subnet: str) -> None:
    assert hop(subnet, INSIDE).kind == "local"


def test_a_second_range_is_the_vpcs_too() -> None:
    pod = IPv4Address("100.64.0.1")
    block = resource("AWS::EC2::VPCCidrBlock", {"CidrBlock": "100.64.0.0/16"})
    assert hop("Data", pod).kind == "none"
    assert hop("Data", pod, {"More": block}).kind == "local"


def test_a_subnet_without_a_table_knows_the_vpc_only() -> None:
    assert hop("Public", OUTSIDE, {"PublicLink": None}).kind == "none"
    assert hop("Public", INSIDE, {"PublicLink": None}).kind == "local"


def test_a_gateway_that_is_not_attached_leads_nowhere() -> None:
    assert hop("Public", OUTSIDE, {"Attached": None}).kind == "none"


def test_the_longest_prefix_wins() -> None:
    detour = resource(
        "AWS::EC2::Route",
        {"RouteTableId": ref("PrivateTable"), "DestinationCidrBlock": "192.0.2.0/24", "TransitGatewayId": "tgw-1"},
    )
    assert hop("Private", OUTSIDE, {"Detour": detour}).kind == "other"
    assert hop("Private", IPv4Address("198.51.100.1"), {"Detour": detour}).kind == "NAT gateway"


def test_a_gateway_endpoint_takes_its_service_from_its_tables() -> None:
    endpoint = resource(
        "AWS::EC2::VPCEndpoint",
        {"ServiceName": "com.amazonaws.ap-northeast-2.s3", "RouteTableIds": [ref("DataTable")]},
    )
    assert hop("Data", OUTSIDE, {"S3": endpoint}, "s3").kind == "gateway endpoint"
    assert hop("Data", OUTSIDE, {"S3": endpoint}).kind == "none"
    assert hop("Private", OUTSIDE, {"S3": endpoint}, "s3").kind == "NAT gateway"


def test_a_regional_nat_gateway_stands_in_no_subnet() -> None:
    assert hop("Private", OUTSIDE, {"Nat": resource("AWS::EC2::NatGateway")}) == Hop("NAT gateway", "NAT gateway Nat")
