"""Quotas: what is in use and what a deploy adds, against what AWS allows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from preflight.account import Account
from preflight.checks import quotas
from preflight.finding import Finding, Level
from preflight.needs import Machines, Needs
from tests.preflight.canned import Answer, Cloud, Refusal

Check = Callable[[Account, Needs], Iterator[Finding]]


def _quota(value: float) -> Mapping[str, Any]:
    return {"Quota": {"Value": value}}


def _one(check: Check, needs: Needs, limit: Answer, **answers: Answer) -> Finding:
    given = {f"ec2:{operation}": answer for operation, answer in answers.items()}
    (found,) = check(Cloud({"service-quotas:GetServiceQuota": limit, **given}).account(), needs)
    return found


def _addresses(count: int) -> Mapping[str, Any]:
    return {"Addresses": [{"PublicIp": f"203.0.113.{each}"} for each in range(count)]}


@pytest.mark.parametrize(("used", "level"), [(0, Level.OK), (3, Level.OK), (4, Level.ERROR), (5, Level.ERROR)])
def test_prod_takes_two_addresses(prod: Needs, used: int, level: Level) -> None:
    found = _one(quotas.addresses, prod, _quota(5), DescribeAddresses=_addresses(used))
    assert found.level is level
    assert f"{used} of 5 in use, 2 more needed" in found.text


def test_what_is_there_already_is_not_needed_again(prod: Needs) -> None:
    there = dataclasses.replace(prod, there=frozenset(prod.app.stacks))
    found = _one(quotas.addresses, there, _quota(5), DescribeAddresses=_addresses(5))
    assert found.level is Level.OK
    assert "0 more needed" in found.text
    assert (there.on_demand, there.spot) == (Machines(), Machines())


def test_a_quota_that_nobody_changed_is_awss_default(lab: Needs) -> None:
    cloud = Cloud(
        {
            "ec2:DescribeVpcs": {"Vpcs": [{"VpcId": f"vpc-{each}"} for each in range(5)]},
            "service-quotas:GetServiceQuota": Refusal("NoSuchResourceException"),
            "service-quotas:GetAWSDefaultServiceQuota": _quota(5),
        }
    )
    (found,) = quotas.vpcs(cloud.account(), lab)
    assert found.level is Level.ERROR
    assert "--service-code vpc --quota-code L-F678F1CE --desired-value 6" in found.text


def _gateways(zones: Mapping[str, int], state: str = "available") -> dict[str, Answer]:
    """So many in each zone, each in the zone's subnet."""
    return {
        "DescribeSubnets": {"Subnets": [{"SubnetId": f"of-{zone}", "AvailabilityZone": zone} for zone in zones]},
        "DescribeNatGateways": {
            "NatGateways": [
                {"NatGatewayId": f"nat-{zone}-{each}", "SubnetId": f"of-{zone}", "State": state}
                for zone, count in zones.items()
                for each in range(count)
            ]
        },
    }


@pytest.mark.parametrize(
    ("zones", "state", "lab_level", "prod_level"),
    [
        ({"ap-northeast-2a": 5}, "available", Level.ERROR, Level.ERROR),
        ({"ap-northeast-2c": 5}, "available", Level.OK, Level.ERROR),
        ({"ap-northeast-2b": 5}, "available", Level.OK, Level.OK),
        ({"ap-northeast-2a": 5}, "deleted", Level.OK, Level.OK),
    ],
)
def test_gateways_count_by_zone(
    lab: Needs, prod: Needs, zones: Mapping[str, int], state: str, lab_level: Level, prod_level: Level
) -> None:
    for needs, level in ((lab, lab_level), (prod, prod_level)):
        assert _one(quotas.nat_gateways, needs, _quota(5), **_gateways(zones, state)).level is level


def _instance(type_: str, cores: int, *, spot: bool = False) -> dict[str, Any]:
    lifecycle = {"InstanceLifecycle": "spot"} if spot else {}
    return {"InstanceType": type_, "CpuOptions": {"CoreCount": cores, "ThreadsPerCore": 2}, **lifecycle}


_RUNNING = {
    "Reservations": [
        {"Instances": [_instance("m5.xlarge", 2), _instance("t3.medium", 1, spot=True)]},
        {"Instances": [_instance("g4dn.xlarge", 2), _instance("im4gn.large", 1)]},
    ]
}


def test_machines_of_a_stage(lab: Needs, prod: Needs) -> None:
    """Section 1: two t3.micro and four nodes at first; both colours, ten each, and ten nodes; two spot nodes of 20."""
    assert prod.on_demand == Machines(first=(2 + 4) * 2, most=(2 * 10 + 10) * 2)
    assert prod.spot == Machines(first=2 * 2, most=20 * 2)
    assert lab.on_demand == Machines(first=(2 + 2) * 2, most=(2 * 4 + 3) * 2)
    assert lab.spot == Machines()


@pytest.mark.parametrize(("limit", "level"), [(5, Level.ERROR), (17, Level.ERROR), (18, Level.WARNING), (66, Level.OK)])
def test_on_demand_machines_at_first_and_at_most(prod: Needs, limit: int, level: Level) -> None:
    found = _one(quotas.on_demand, prod, _quota(limit), DescribeInstances=_RUNNING)
    assert found.level is level
    assert f"6 of {limit} in use, 12 more needed" in found.text


def test_spot_machines_have_a_quota_of_their_own(prod: Needs, lab: Needs) -> None:
    found = _one(quotas.spot, prod, _quota(42), DescribeInstances=_RUNNING)
    assert found.level is Level.OK
    assert "2 of 42 in use, 4 more needed, 40 with every group full" in found.text
    assert "no new group" in next(quotas.spot(Cloud().account(), lab)).text


@pytest.mark.parametrize(
    ("entries", "limit", "level"), [(55, 60, Level.OK), (55, 50, Level.ERROR), (120, 60, Level.ERROR)]
)
def test_a_prefix_list_counts_with_its_entries(prod: Needs, entries: int, limit: int, level: Level) -> None:
    lists = {"PrefixLists": [{"PrefixListId": "pl-22a6434b", "MaxEntries": entries}]}
    found = _one(quotas.security_group_rules, prod, _quota(limit), DescribeManagedPrefixLists=lists)
    assert found.level is level
    assert f"{entries} more needed (FirewallShopLoadBalancer" in found.text
