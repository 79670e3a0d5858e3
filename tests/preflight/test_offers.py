"""What a region offers, against what the templates ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cloudmart_cdk.policy.model import Deployment, Stack
from preflight.account import Account
from preflight.checks import offers
from preflight.finding import Finding, Level
from preflight.needs import Needs
from tests.preflight.canned import Answer, Cloud

_ZONES: Final = ("ap-northeast-2a", "ap-northeast-2c")
_LIST: Final = "com.amazonaws.global.cloudfront.origin-facing"


def _found(
    check: Callable[[Account, Needs], Iterator[Finding]], needs: Needs, answers: Mapping[str, Answer]
) -> list[Finding]:
    return list(check(Cloud(answers).account(), needs))


def _zones(states: Mapping[str, str]) -> Mapping[str, Answer]:
    zones = [{"ZoneName": zone, "State": state} for zone, state in states.items()]
    return {"ec2:DescribeAvailabilityZones": {"AvailabilityZones": zones}}


@pytest.mark.parametrize(
    ("states", "level"),
    [
        ({"ap-northeast-2a": "available", "ap-northeast-2c": "available"}, Level.OK),
        ({"ap-northeast-2a": "available", "ap-northeast-2b": "available"}, Level.ERROR),
        ({"ap-northeast-2a": "available", "ap-northeast-2c": "unavailable"}, Level.ERROR),
    ],
)
def test_both_zones_are_the_accounts(lab: Needs, states: Mapping[str, str], level: Level) -> None:
    (found,) = _found(offers.zones, lab, _zones(states))
    assert found.level is level


@pytest.mark.parametrize(("id_", "level"), [("pl-22a6434b", Level.OK), ("pl-0123abcd", Level.ERROR)])
def test_the_prefix_list_is_the_regions(lab: Needs, id_: str, level: Level) -> None:
    lists = {"PrefixLists": [{"PrefixListId": id_, "PrefixListName": _LIST}]}
    (found,) = _found(offers.prefix_list, lab, {"ec2:DescribeManagedPrefixLists": lists})
    assert found.level is level
    if level is Level.ERROR:
        assert f"`-c network.cloudfront_prefix_lists.ap-northeast-2={id_}`" in found.text


def _types(offered: Mapping[str, Sequence[str]]) -> Mapping[str, Answer]:
    pairs = [{"InstanceType": type_, "Location": zone} for type_, zones in offered.items() for zone in zones]
    return {"ec2:DescribeInstanceTypeOfferings": {"InstanceTypeOfferings": pairs}}


def test_instance_types_by_zone(prod: Needs) -> None:
    everywhere = dict.fromkeys(prod.instance_types, _ZONES)
    assert set(prod.instance_types) == {"t3.micro", "t3.medium", "t3a.medium", "c5.large", "c6i.large"}
    assert {each.level for each in _found(offers.instance_types, prod, _types(everywhere))} == {Level.OK}


@pytest.mark.parametrize(
    ("type_", "zones", "level"),
    [
        ("t3.micro", (), Level.ERROR),
        ("t3.micro", _ZONES[:1], Level.WARNING),
        ("c5.large", (), Level.WARNING),  # one of four that the spot group takes
    ],
)
def test_a_type_that_is_missing(prod: Needs, type_: str, zones: Sequence[str], level: Level) -> None:
    offered = dict.fromkeys(prod.instance_types, _ZONES) | {type_: zones}
    found = {each.what: each.level for each in _found(offers.instance_types, prod, _types(offered))}
    assert found.pop(f"instance type {type_}") is level
    assert set(found.values()) == {Level.OK}


def _option(
    version: str = "16.9", zones: Sequence[str] = _ZONES, storage: str = "gp3", multi_az: bool = True
) -> dict[str, Any]:
    return {
        "Engine": "postgres",
        "EngineVersion": version,
        "AvailabilityZones": [{"Name": zone} for zone in zones],
        "MultiAZCapable": multi_az,
        "StorageType": storage,
    }


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ([_option()], Level.OK),
        ([_option(zones=_ZONES[:1]), _option(zones=_ZONES[1:])], Level.OK),
        ([_option(zones=_ZONES[:1])], Level.ERROR),  # prod stands in two zones
        ([_option(storage="io1")], Level.ERROR),
        ([_option(multi_az=False)], Level.ERROR),
        ([], Level.ERROR),
    ],
)
def test_version_class_and_storage_go_together(prod: Needs, options: Sequence[Mapping[str, Any]], level: Level) -> None:
    answers = {"rds:DescribeOrderableDBInstanceOptions": {"OrderableDBInstanceOptions": options}}
    (found,) = _found(offers.database, prod, answers)
    assert found.what == "database postgres 16.9 on db.t3.medium"
    assert found.level is level


def test_a_version_that_is_gone_comes_with_the_newest_of_its_major_one(prod: Needs) -> None:
    def answer(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        versions = () if "EngineVersion" in parameters else ("16.9", "16.10", "16.11", "17.2")
        return {"OrderableDBInstanceOptions": [_option(version) for version in versions]}

    (found,) = _found(offers.database, prod, {"rds:DescribeOrderableDBInstanceOptions": answer})
    assert "with this class AWS offers 16.11" in found.text


def _cache(*versions: str) -> Mapping[str, Answer]:
    return {
        "elasticache:DescribeCacheEngineVersions": {"CacheEngineVersions": [{"EngineVersion": v} for v in versions]}
    }


def test_an_instance_of_a_cluster_has_its_version(prod: Needs) -> None:
    """And no storage of its own; two alike are asked for once."""
    instance = {
        "Type": "AWS::RDS::DBInstance",
        "Properties": {
            "Engine": "aurora-postgresql",
            "DBInstanceClass": "db.serverless",
            "DBClusterIdentifier": {"Ref": "Cluster"},
        },
    }
    cluster = {
        "Type": "AWS::RDS::DBCluster",
        "Properties": {"Engine": "aurora-postgresql", "EngineVersion": "16.9"},
    }
    template = {"Resources": {"Cluster": cluster, "Writer": instance, "Reader": instance}}
    stack = Stack(id="DataStack", name="cloudmart-prod-DataStack", region="ap-northeast-2", template=template, paths={})
    needs = Needs(prod.folder, Deployment([stack], prod.settings, []))

    def options(given: Mapping[str, Any]) -> Mapping[str, Any]:
        assert given["EngineVersion"] == "16.9"
        zones = [{"Name": zone} for zone in _ZONES]
        return {"OrderableDBInstanceOptions": [{"StorageType": "aurora", "AvailabilityZones": zones}]}

    (found,) = _found(offers.database, needs, {"rds:DescribeOrderableDBInstanceOptions": options})
    assert (found.level, found.what) == (Level.OK, "database aurora-postgresql 16.9 on db.serverless")


@pytest.mark.parametrize(
    ("versions", "level"), [(("7.0", "7.1"), Level.OK), (("7.1.0",), Level.OK), (("7.0", "7.10"), Level.ERROR)]
)
def test_cache_version(lab: Needs, versions: Sequence[str], level: Level) -> None:
    (found,) = _found(offers.cache_version, lab, _cache(*versions))
    assert found.level is level


@pytest.mark.parametrize(
    ("offerings", "level"), [([{"CacheNodeType": "cache.t3.micro"}], Level.OK), ([], Level.WARNING)]
)
def test_cache_node_type(lab: Needs, offerings: Sequence[Mapping[str, Any]], level: Level) -> None:
    answers: Mapping[str, Answer] = {
        "elasticache:DescribeReservedCacheNodesOfferings": {"ReservedCacheNodesOfferings": offerings}
    }
    (found,) = _found(offers.cache_node_type, lab, answers)
    assert found.level is level


def _versions(**states: str) -> Mapping[str, Answer]:
    until = datetime(2027, 3, 23, tzinfo=UTC)
    found = [
        {"clusterVersion": version.replace("v", "1."), "versionStatus": state, "endOfStandardSupportDate": until}
        for version, state in states.items()
    ]
    return {"eks:DescribeClusterVersions": {"clusterVersions": found}}


@pytest.mark.parametrize(
    ("states", "level", "text"),
    [
        ({"v35": "STANDARD_SUPPORT"}, Level.OK, "until 2027-03-23"),
        ({"v35": "EXTENDED_SUPPORT", "v36": "STANDARD_SUPPORT"}, Level.ERROR, "1.36"),
        ({"v36": "STANDARD_SUPPORT"}, Level.ERROR, "given not offered"),
    ],
)
def test_kubernetes_is_in_standard_support(lab: Needs, states: Mapping[str, str], level: Level, text: str) -> None:
    (found,) = _found(offers.kubernetes, lab, _versions(**states))
    assert found.level is level
    assert text in found.text


def test_addons_are_offered_for_the_clusters_version(lab: Needs) -> None:
    def answer(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        assert parameters["kubernetesVersion"] == "1.35"
        name = parameters["addonName"]
        pinned = "v9.9.9-eksbuild.1" if name == "coredns" else lab.settings.eks.addons[name]
        return {"addons": [{"addonName": name, "addonVersions": [{"addonVersion": pinned}]}]}

    found = {each.what: each for each in _found(offers.addons, lab, {"eks:DescribeAddonVersions": answer})}
    assert found.keys() == {f"EKS add-on {name}" for name in lab.settings.eks.addons}
    wrong = found.pop("EKS add-on coredns")
    assert wrong.level is Level.ERROR
    assert "`-c eks.addons.coredns=v9.9.9-eksbuild.1`" in wrong.text
    assert {each.level for each in found.values()} == {Level.OK}
