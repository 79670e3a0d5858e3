"""What each kind of resource is billed for: sizes, copies, zones, hours."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from cloudmart_cdk.costs import prices
from cloudmart_cdk.costs.charge import PRICE_FILE, TABLE
from cloudmart_cdk.costs.types import FREE, PRICED
from cloudmart_cdk.costs.volumes import load
from cloudmart_cdk.settings import catalogue
from tests.costs.support import billed, charged, refused
from tests.policy.support import Resources, resource
from tests.support import PROJECT

_SEOUL = {"ScheduleExpressionTimezone": "Asia/Seoul"}
_REST = "cron(0 20 ? * MON-FRI *)"
_WAKE = "cron(0 8 ? * MON-FRI *)"
_DAYS = 60 / 168
"""Twelve hours on weekdays, of a week."""


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _launch(name: str = "t3.micro", gb: int = 8, **disk: Any) -> dict[str, Any]:
    ebs = {"VolumeSize": gb, "VolumeType": "gp3", **disk}
    data = {"InstanceType": name, "BlockDeviceMappings": [{"Ebs": ebs}]}
    return resource("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": data})


def _scaling(size: Any, template: str = "T", **more: Any) -> dict[str, Any]:
    launch = {"LaunchTemplate": {"LaunchTemplateId": _ref(template)}}
    return resource("AWS::AutoScaling::AutoScalingGroup", {"MinSize": size, **launch, **more})


def _nodes(size: Any = 2, capacity: str = "ON_DEMAND", **more: Any) -> dict[str, Any]:
    properties = {
        "CapacityType": capacity,
        "InstanceTypes": ["t3.medium", "c5.large"],
        "LaunchTemplate": {"Id": _ref("T")},
        "ScalingConfig": {"DesiredSize": size},
    }
    return resource("AWS::EKS::Nodegroup", properties | more)


def _schedule(call: str, order: Any, at: str) -> dict[str, Any]:
    target = {"Arn": f"arn:aws:scheduler:::aws-sdk:{call}", "Input": order}
    return resource("AWS::Scheduler::Schedule", {"ScheduleExpression": at, "Target": target, **_SEOUL})


def _resized(size: int) -> dict[str, Any]:
    parts = [
        '{"NodegroupName":"',
        {"Fn::GetAtt": ["G", "NodegroupName"]},
        f'","ScalingConfig":{{"DesiredSize":{size}}}}}',
    ]
    return {"Fn::Join": ["", parts]}


def _database(**properties: Any) -> dict[str, Any]:
    standard = {"DBInstanceClass": "db.t3.medium", "AllocatedStorage": "100", "StorageType": "gp3"}
    return resource("AWS::RDS::DBInstance", standard | properties)


_AURORA: Resources = {
    "C": resource(
        "AWS::RDS::DBCluster",
        {"ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5}, "DBClusterIdentifier": "c"},
    ),
    "W": resource("AWS::RDS::DBInstance", {"DBInstanceClass": "db.serverless", "DBClusterIdentifier": _ref("C")}),
}


def _cache(**properties: Any) -> dict[str, Any]:
    return resource(
        "AWS::ElastiCache::ReplicationGroup", {"CacheNodeType": "cache.t3.medium", "Engine": "redis", **properties}
    )


def _alarm(**properties: Any) -> dict[str, Any]:
    return resource("AWS::CloudWatch::Alarm", properties)


def _canary(rate: str) -> dict[str, Any]:
    return resource("AWS::Synthetics::Canary", {"Schedule": {"Expression": rate}})


def _balancer(**properties: Any) -> dict[str, Any]:
    kind = {"Type": "application", "Subnets": ["a", "b"], "Scheme": "internet-facing"}
    return resource("AWS::ElasticLoadBalancingV2::LoadBalancer", kind | properties)


def _regional(*zones: str) -> dict[str, Any]:
    subnets = {
        f"S{number}": resource("AWS::EC2::Subnet", {"VpcId": _ref("V"), "AvailabilityZone": zone})
        for number, zone in enumerate(zones)
    }
    gateway = resource("AWS::EC2::NatGateway", {"AvailabilityMode": "regional", "VpcId": _ref("V")})
    return {"V": resource("AWS::EC2::VPC"), "N": gateway, **subnets}


_METRIC = {"Id": "m", "MetricStat": {"Period": 60}}

_CHARGED: dict[str, tuple[Resources, Mapping[str, float]]] = {
    "a group at its minimum": (
        {"T": _launch(), "G": _scaling("2", MaxSize="10")},
        {"ec2.t3.micro": 2, "ebs.gp3": 16},
    ),
    "a group that says more": ({"T": _launch(), "G": _scaling("2", DesiredCapacity="3")}, {"ec2.t3.micro": 3}),
    "a group that sleeps": (
        {
            "T": _launch(),
            "G": _scaling(1),
            "E": resource(
                "AWS::AutoScaling::ScheduledAction",
                {
                    "AutoScalingGroupName": _ref("G"),
                    "DesiredCapacity": 0,
                    "MinSize": 0,
                    "Recurrence": "0 20 * * MON-FRI",
                    "TimeZone": "Asia/Seoul",
                },
            ),
            "M": resource(
                "AWS::AutoScaling::ScheduledAction",
                {
                    "AutoScalingGroupName": _ref("G"),
                    "DesiredCapacity": 1,
                    "Recurrence": "0 8 * * MON-FRI",
                    "TimeZone": "Asia/Seoul",
                },
            ),
        },
        {"ec2.t3.micro": _DAYS, "ebs.gp3": 8 * _DAYS},
    ),
    "a template that nothing starts": ({"T": _launch("m7i.large")}, {}),
    "nodes, of the first class": ({"T": _launch(gb=20), "G": _nodes()}, {"ec2.t3.medium": 2, "ebs.gp3": 40}),
    "spot nodes": ({"T": _launch(gb=20), "G": _nodes(capacity="SPOT")}, {"ec2.spot.t3.medium": 2, "ebs.gp3": 40}),
    "spot nodes of a class without a spot price: on demand is the most": (
        {"T": _launch(), "G": _nodes(capacity="SPOT", InstanceTypes=["m7g.large"])},
        {"ec2.m7g.large": 2},
    ),
    "nodes that sleep": (
        {
            "T": _launch(),
            "G": _nodes(),
            "R": _schedule("eks:updateNodegroupConfig", _resized(0), _REST),
            "W": _schedule("eks:updateNodegroupConfig", _resized(2), _WAKE),
        },
        {"ec2.t3.medium": 2 * _DAYS},
    ),
    "a control plane": ({"C": resource("AWS::EKS::Cluster")}, {"eks.cluster": 1}),
    "a server in one zone": ({"D": _database()}, {"rds.db.t3.medium": 1, "rds.storage": 100}),
    "a server in two zones, and its disk": (
        {"D": _database(MultiAZ=True)},
        {"rds.db.t3.medium": 2, "rds.storage": 200},
    ),
    "a replica has the disk of its source": (
        {
            "D": _database(AllocatedStorage=50),
            "R": resource(
                "AWS::RDS::DBInstance",
                {
                    "DBInstanceClass": "db.t3.micro",
                    "StorageType": "gp3",
                    "SourceDBInstanceIdentifier": {"Fn::Sub": "arn:aws:rds:region:${AWS::AccountId}:db:${D}"},
                },
            ),
        },
        {"rds.db.t3.medium": 1, "rds.db.t3.micro": 1, "rds.storage": 100},
    ),
    "a server that sleeps keeps its disk": (
        {
            "D": _database(DBInstanceIdentifier="d"),
            "R": _schedule("rds:stopDBInstance", json.dumps({"DBInstanceIdentifier": "d"}), _REST),
            "W": _schedule("rds:startDBInstance", json.dumps({"DBInstanceIdentifier": "d"}), _WAKE),
            "O": _schedule("rds:stopDBInstance", json.dumps({"DBInstanceIdentifier": "other"}), "cron(0 1 ? * * *)"),
        },
        {"rds.db.t3.medium": _DAYS, "rds.storage": 100},
    ),
    "Aurora at its least": (_AURORA, {"aurora.acu": 0.5}),
    "Aurora that sleeps": (
        {
            **_AURORA,
            "R": _schedule("rds:stopDBCluster", json.dumps({"DBClusterIdentifier": "c"}), _REST),
            "A": _schedule("rds:startDBCluster", json.dumps({"DBClusterIdentifier": "c"}), _WAKE),
        },
        {"aurora.acu": 0.5 * _DAYS},
    ),
    "RDS Proxy before a server": (
        {
            "P": resource("AWS::RDS::DBProxy"),
            "G": resource("AWS::RDS::DBProxyTargetGroup", {"DBInstanceIdentifiers": ["d"]}),
        },
        {"rds.proxy": 2},
    ),
    "RDS Proxy before Aurora": (
        {"G": resource("AWS::RDS::DBProxyTargetGroup", {"DBClusterIdentifiers": ["c"]})},
        {"aurora.proxy": 8},
    ),
    "a cache of one node": ({"C": _cache(NumCacheClusters=1)}, {"elasticache.redis.cache.t3.medium": 1}),
    "a cache of shards and replicas": (
        {"C": _cache(NumNodeGroups=2, ReplicasPerNodeGroup=1, Engine="valkey", SnapshotRetentionLimit=1)},
        {"elasticache.valkey.cache.t3.medium": 4},
    ),
    "more snapshots than the free one": (
        {"C": _cache(NumNodeGroups=2, SnapshotRetentionLimit=3)},
        {"elasticache.redis.cache.t3.medium": 2, "elasticache.backup": 2 * 2 * 3.1},
    ),
    "a NAT gateway": ({"N": resource("AWS::EC2::NatGateway", {"SubnetId": "s"})}, {"nat.hour": 1}),
    "a regional one, in each zone": (_regional("a", "c", "c"), {"nat.hour": 2, "ipv4.public": 2}),
    "an address": ({"E": resource("AWS::EC2::EIP")}, {"ipv4.public": 1}),
    "a load balancer of the internet": ({"L": _balancer()}, {"alb.hour": 1, "ipv4.public": 2}),
    "an internal one": ({"L": _balancer(Scheme="internal")}, {"alb.hour": 1}),
    "gateway endpoints": ({"E": resource("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"})}, {}),
    "interface endpoints, by zone": (
        {"E": resource("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]})},
        {"endpoint.interface": 2},
    ),
    "an alarm": ({"A": _alarm(MetricName="m", Period=60)}, {"cloudwatch.alarm": 1}),
    "an alarm on three metrics": (
        {"A": _alarm(Metrics=[{"Id": "e", "Expression": "a"}, _METRIC, _METRIC, _METRIC])},
        {"cloudwatch.alarm": 3},
    ),
    "an alarm on a band": (
        {"A": _alarm(Metrics=[{"Id": "e", "Expression": "a"}, _METRIC], ThresholdMetricId="e")},
        {"cloudwatch.alarm": 3},
    ),
    "a composite alarm": ({"A": resource("AWS::CloudWatch::CompositeAlarm")}, {"cloudwatch.composite": 1}),
    "dashboards beyond the third": (
        {f"D{number}": resource("AWS::CloudWatch::Dashboard") for number in range(5)},
        {"cloudwatch.dashboard": 2},
    ),
    "an objective": (
        {"O": resource("AWS::ApplicationSignals::ServiceLevelObjective")},
        {"cloudwatch.signals": 2 * 60 / 1e6},
    ),
    "a canary": (
        {"C": _canary("rate(5 minutes)")},
        {"cloudwatch.canary": 12},
    ),
    "a web ACL": (
        {"W": resource("AWS::WAFv2::WebACL", {"Rules": [{}, {}, {}, {}]})},
        {"waf.acl": 1, "waf.rule": 4},
    ),
    "a key": ({"K": resource("AWS::KMS::Key")}, {"kms.key": 1}),
    "a secret": ({"S": resource("AWS::SecretsManager::Secret")}, {"secrets.secret": 1}),
    "a zone": ({"Z": resource("AWS::Route53::HostedZone")}, {"route53.zone": 1}),
}


@pytest.mark.parametrize("name", _CHARGED)
def test_what_is_charged(name: str) -> None:
    resources, expected = _CHARGED[name]
    found = charged(resources)
    disks = {"ebs.gp3"} - expected.keys()
    assert {price: found[price] for price in found if price not in disks} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        ({"X": resource("AWS::Nobody::Knows")}, "AWS::Nobody::Knows, a type without a price"),
        ({"T": _launch("t2.nano"), "G": _scaling(1)}, 'add [price."ec2.t2.nano"]'),
        ({"T": _launch(), "G": _scaling({"Ref": "Size"})}, "a number that the template states"),
        ({"T": _launch(), "G": _nodes({"Ref": "Size"})}, 'ScalingConfig.DesiredSize "${Size}"'),
        ({"T": _launch(), "G": _nodes(-1)}, "given ScalingConfig.DesiredSize -1"),
        ({"T": _launch(), "G": _nodes(InstanceTypes=[])}, "no InstanceTypes"),
        ({"T": _launch(), "G": _nodes(capacity="CAPACITY_BLOCK")}, "ON_DEMAND or SPOT"),
        ({"G": _scaling(1, template="Elsewhere")}, "no launch template of this app"),
        ({"T": _launch(VolumeType="io2"), "G": _scaling(1)}, "gp3 at its own speed"),
        ({"T": _launch(Iops=16000), "G": _scaling(1)}, "gp3 at its own speed"),
        ({"D": _database(DBInstanceClass={"Ref": "Class"})}, "a class that the template states"),
        ({"D": _database(StorageType="io1")}, "given StorageType io1"),
        ({"D": _database(Iops=12000)}, "given Iops 12000"),
        ({"D": _database(AllocatedStorage={"Ref": "Size"})}, 'AllocatedStorage "${Size}"'),
        ({"D": _database(SourceDBInstanceIdentifier="arn:aws:rds:x")}, "one of a server of this app"),
        ({**_AURORA, "W": _database(DBClusterIdentifier=_ref("C"))}, "DBInstanceClass db.t3.medium in Aurora"),
        ({"C": _cache(Engine="memcached")}, "redis or valkey"),
        ({"C": _cache(CacheNodeType="cache.x2.huge")}, 'add [price."elasticache.redis.cache.x2.huge"]'),
        ({"L": _balancer(Type="network")}, "allowed: application"),
        ({"N": _regional()["N"]}, "a network of this app"),
        ({"E": resource("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "GatewayLoadBalancer"})}, "Interface"),
        ({"A": _alarm(MetricName="m", Period=10)}, "a period below 60 s"),
        ({"C": _canary("cron(* * * * ? *)")}, "rate(5 minutes)"),
    ],
)  # fmt: skip
def test_what_has_no_price_is_said(resources: Resources, says: str) -> None:
    said = [line for line in refused(resources) if says in line]
    assert said, refused(resources)
    assert all("given" in line and "allowed: " in line and "\n" not in line for line in said)


def _two_colours(blue: str = "t3.micro", green: str = "t3.micro") -> tuple[Resources, dict[str, Any]]:
    def live(colour: str) -> dict[str, Any]:
        return {"Fn::If": [f"{colour}Live", "2", "0"]}

    resources = {
        "BlueTemplate": _launch(blue),
        "GreenTemplate": _launch(green),
        "Blue": _scaling(live("Blue"), "BlueTemplate"),
        "Green": _scaling(live("Green"), "GreenTemplate"),
    }
    colours = {colour: {"Fn::Equals": [_ref("Live"), colour.lower()]} for colour in ("Blue", "Green")}
    parameter = {"Type": "String", "Default": "blue", "AllowedValues": ["blue", "green"]}
    conditions = {f"{colour}Live": given for colour, given in colours.items()}
    return resources, {"Parameters": {"Live": parameter}, "Conditions": conditions}


def test_one_colour_is_live_at_a_time() -> None:
    resources, template = _two_colours()
    assert charged(resources, template=template)["ec2.t3.micro"] == 2


@pytest.mark.parametrize("dear", ["blue", "green"])
def test_of_two_colours_the_dearer_counts(dear: str) -> None:
    resources, template = _two_colours(**{dear: "m7i.large"})
    found = charged(resources, template=template)
    assert found["ec2.m7i.large"] == 2
    assert found["ec2.t3.micro"] == 0


def test_what_a_free_parameter_chooses_counts_as_the_dearest() -> None:
    resources, template = _two_colours()
    free = deepcopy(template)
    del free["Parameters"]["Live"]["AllowedValues"]
    assert charged(resources, template=free)["ec2.t3.micro"] == 4


def test_a_condition_inside_of_a_resource_counts_as_the_dearest() -> None:
    chosen = {"Fn::If": ["Big", "db.t3.large", "db.t3.micro"]}
    template = {"Conditions": {"Big": {"Fn::Equals": [_ref("Size"), "big"]}}, "Parameters": {"Size": {}}}
    found = charged({"D": _database(DBInstanceClass=chosen)}, template=template)
    assert found["rds.db.t3.large"] == 1
    assert found["rds.db.t3.micro"] == 0
    assert found["rds.storage"] == 100


def test_keys_secrets_web_acls_addresses_and_disks_are_apart() -> None:
    for name, (resources, _) in _CHARGED.items():
        for item in billed(resources):
            of_its_own = item.price_id.startswith(("kms.", "secrets.", "waf.", "ipv4.", "ebs."))
            assert (item.kind == "apart") is of_its_own, f"{name}: {item.what}"


def test_every_class_of_the_settings_has_a_price() -> None:
    """So that a class is refused by the settings, with the allowed ones, and never by the bill."""
    lines = prices.load().lines
    assert {f"ec2.{name}" for name in catalogue.EC2} <= lines.keys()
    assert {f"rds.{name}" for name in catalogue.DATABASE} <= lines.keys()
    assert {
        f"elasticache.{engine}.{name}" for engine in ("redis", "valkey") for name in catalogue.CACHE
    } <= lines.keys()


def test_a_type_is_priced_or_free_and_free_ones_have_a_reason() -> None:
    assert not PRICED.keys() & FREE.keys()
    assert not {volume.type for volume in load()} & FREE.keys()
    assert all(len(reason.split()) >= 4 for reason in FREE.values())


def test_the_files_that_errors_point_to_are_there() -> None:
    assert (PROJECT / TABLE).is_file()
    assert PROJECT / PRICE_FILE == prices.FILE
