"""What costs more than its type, and what AWS takes where a template says nothing: attacks on the caps."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cloudmart_cdk.costs.dear import _PLAIN
from cloudmart_cdk.costs.types import FREE, PRICED
from cloudmart_cdk.costs.volumes import load
from tests.costs.support import charged, refused
from tests.policy.support import Resources, resource

_NODES = {"ScalingConfig": {"DesiredSize": 2}}
_DATABASE = {"DBInstanceClass": "db.t3.medium", "AllocatedStorage": "100"}
_CACHE = {"CacheNodeType": "cache.t3.micro", "Engine": "redis"}
_BALANCER = {"Subnets": ["a", "b"]}
_DISK = {"Ebs": {"VolumeType": "gp3", "VolumeSize": 8}}
_PARAMETER = {"Ref": "Chosen"}


def _managed(**statement: str) -> Mapping[str, Any]:
    return {"Rules": [{"Statement": {"ManagedRuleGroupStatement": statement}}]}


_DEAR: list[tuple[str, Mapping[str, Any], str]] = [
    (
        "AWS::CloudFront::Distribution",
        {"DistributionConfig": {"ViewerCertificate": {"SslSupportMethod": "vip"}}},
        "vip",
    ),
    (
        "AWS::CloudFront::Distribution",
        {"DistributionConfig": {"Origins": [{}, {"OriginShield": {"Enabled": True}}]}},
        "Origins.1.OriginShield.Enabled true",
    ),
    ("AWS::CloudTrail::Trail", {"EventSelectors": [{"DataResources": [{}]}]}, "EventSelectors.0.DataResources"),
    ("AWS::CloudTrail::Trail", {"InsightSelectors": [{"InsightType": "ApiCallRateInsight"}]}, "InsightSelectors"),
    ("AWS::DynamoDB::Table", {"ProvisionedThroughput": {"WriteCapacityUnits": 40000}}, "BillingMode not set"),
    ("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"Placement": {"Tenancy": "dedicated"}}}, "Tenancy dedicated"),
    ("AWS::EC2::VPC", {"InstanceTenancy": "dedicated"}, "InstanceTenancy dedicated"),
    ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": _PARAMETER}, "SubnetIds"),
    ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface"}, "SubnetIds not set"),
    ("AWS::EC2::NatGateway", {"AvailabilityMode": _PARAMETER}, "AvailabilityMode"),
    ("AWS::EKS::Cluster", {"ControlPlaneScalingConfig": {"Tier": "tier-4xl"}}, "Tier tier-4xl"),
    ("AWS::EKS::Cluster", {"ComputeConfig": {"Enabled": "true"}}, "ComputeConfig.Enabled true"),
    ("AWS::EKS::Cluster", {"Version": "1.29"}, "Version 1.29"),
    ("AWS::EKS::Cluster", {"Version": "1.29", "UpgradePolicy": {"SupportType": "EXTENDED"}}, "Version 1.29"),
    ("AWS::EKS::Nodegroup", {**_NODES, "AmiType": "WINDOWS_CORE_2022_x86_64"}, "WINDOWS_CORE_2022_x86_64"),
    ("AWS::EKS::Nodegroup", {**_NODES, "CapacityType": _PARAMETER}, "CapacityType"),
    (
        "AWS::EKS::Nodegroup",
        {**_NODES, "CapacityType": "SPOT", "InstanceTypes": ["t3.medium", "m7i.48xlarge"]},
        "m7i.48xlarge",
    ),
    ("AWS::ElastiCache::ReplicationGroup", {**_CACHE, "EngineVersion": "5.0.6"}, "EngineVersion 5.0.6"),
    ("AWS::ElastiCache::ReplicationGroup", {**_CACHE, "DataTieringEnabled": True}, "DataTieringEnabled true"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        {**_BALANCER, "MinimumLoadBalancerCapacity": {"CapacityUnits": 500}},
        "MinimumLoadBalancerCapacity",
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", {**_BALANCER, "Type": _PARAMETER}, "Type"),
    ("AWS::Lambda::EventSourceMapping", {"ProvisionedPollerConfig": {"MinimumPollers": 99}}, "ProvisionedPollerConfig"),
    ("AWS::Lambda::Function", {"SnapStart": {"ApplyOn": "PublishedVersions"}}, "ApplyOn PublishedVersions"),
    (
        "AWS::Lambda::Version",
        {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 900}},
        "ProvisionedConcurrencyConfig",
    ),
    ("AWS::RDS::DBCluster", {"DBClusterInstanceClass": "db.r6gd.16xlarge"}, "DBClusterInstanceClass db.r6gd.16xlarge"),
    ("AWS::RDS::DBCluster", {"StorageType": "aurora-iopt1"}, "StorageType aurora-iopt1"),
    ("AWS::RDS::DBInstance", {**_DATABASE, "DatabaseInsightsMode": "advanced"}, "DatabaseInsightsMode advanced"),
    ("AWS::RDS::DBInstance", {**_DATABASE, "DedicatedLogVolume": True}, "DedicatedLogVolume true"),
    ("AWS::RDS::DBInstance", {**_DATABASE, "Engine": "sqlserver-ee"}, "Engine sqlserver-ee"),
    ("AWS::RDS::DBInstance", {**_DATABASE, "EngineVersion": "12.22"}, "EngineVersion 12.22"),
    ("AWS::RDS::DBInstance", {**_DATABASE, "MultiAZ": _PARAMETER}, "MultiAZ"),
    ("AWS::RDS::DBInstance", {**_DATABASE, "AllocatedStorage": "nan"}, "AllocatedStorage nan"),
    ("AWS::RDS::DBInstance", {**_DATABASE, "AllocatedStorage": "inf"}, "AllocatedStorage inf"),
    ("AWS::S3::Bucket", {"ReplicationConfiguration": {"Rules": []}}, "ReplicationConfiguration"),
    ("AWS::SSM::Parameter", {"Tier": "Advanced"}, "Tier Advanced"),
    ("AWS::Synthetics::Canary", {"Schedule": {"Expression": "rate(0 minute)"}}, "rate(0 minute)"),
    ("AWS::WAFv2::WebACL", _managed(VendorName="F5", Name="CVE"), "VendorName F5"),
    ("AWS::WAFv2::WebACL", _managed(VendorName="AWS", Name="AWSManagedRulesBotControlRuleSet"), "BotControl"),
]


@pytest.mark.parametrize(("type_", "properties", "says"), _DEAR, ids=[f"{one[0][5:]} {one[2]}" for one in _DEAR])
def test_what_costs_extra_does_not_pass_for_the_plain_one(type_: str, properties: Mapping[str, Any], says: str) -> None:
    found = [line for line in refused({"R": resource(type_, properties)}) if says in line]
    assert found, refused({"R": resource(type_, properties)})
    assert all("given" in line and "allowed: " in line and "\n" not in line for line in found)


def test_all_that_may_cost_extra_is_billed_or_free_by_itself() -> None:
    assert set(_PLAIN) <= PRICED.keys() | FREE.keys() | {volume.type for volume in load()}


def _schedule(call: str, order: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    target = {"Arn": f"arn:aws:scheduler:::aws-sdk:{call}", "Input": json.dumps(order)}
    when = {"ScheduleExpression": "cron(0 20 ? * MON-FRI *)", "ScheduleExpressionTimezone": "Asia/Seoul"}
    return resource("AWS::Scheduler::Schedule", {"Target": target, **when, **more})


def _group(**properties: Any) -> Resources:
    launch = {"LaunchTemplate": {"LaunchTemplateId": {"Ref": "T"}}}
    data = {"InstanceType": "t3.micro", "BlockDeviceMappings": [_DISK]}
    return {
        "T": resource("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": data}),
        "G": resource("AWS::AutoScaling::AutoScalingGroup", {"MinSize": 1, **launch, **properties}),
    }


def _action(**properties: Any) -> dict[str, Any]:
    return resource("AWS::AutoScaling::ScheduledAction", properties)


@pytest.mark.parametrize("when", [{"StartTime": "2026-12-01T00:00:00Z"}, {"Recurrence": "0 20 1 * *"}])
def test_an_action_that_makes_a_group_larger_counts(when: Mapping[str, Any]) -> None:
    action = _action(AutoScalingGroupName={"Ref": "G"}, MinSize=50, **when)
    assert charged({**_group(), "A": action})["ec2.t3.micro"] == 50


def test_by_the_group_s_name_too() -> None:
    action = _action(AutoScalingGroupName="shop", DesiredCapacity=50)
    assert charged({**_group(AutoScalingGroupName="shop"), "A": action})["ec2.t3.micro"] == 50
    assert any("AutoScalingGroupName shop" in line for line in refused({**_group(), "A": action}))


def test_an_action_without_a_size_changes_none() -> None:
    action = _action(AutoScalingGroupName={"Ref": "G"}, MaxSize=50, Recurrence="0 20 * * *")
    assert charged({**_group(), "A": action})["ec2.t3.micro"] == 1


@pytest.mark.parametrize(
    "broken", [{"Fn::If": []}, {"Fn::If": ["A", 1]}, {"Fn::If": [{"a": 1}, 2, 3]}, None, "nan", True, "-1"], ids=str
)
def test_a_size_that_is_none_is_said(broken: object) -> None:
    assert any("given MinSize" in line for line in refused(_group(MinSize=broken)))


@pytest.mark.parametrize("broken", [[], "x", {"P": []}, {"P": {"AllowedValues": 1}}], ids=str)
def test_broken_sections_choose_nothing(broken: object) -> None:
    template = {"Parameters": broken, "Conditions": {"A": {"Fn::Equals": []}, "B": []}}
    assert charged(_group(), template=template)["ec2.t3.micro"] == 1
    template = {"Parameters": {"P": {"AllowedValues": ["a"]}}, "Conditions": broken}
    assert charged(_group(), template=template)["ec2.t3.micro"] == 1


def test_a_group_without_a_size_is_said() -> None:
    group = {name: value for name, value in _group()["G"]["Properties"].items() if name != "MinSize"}
    resources = {**_group(), "G": resource("AWS::AutoScaling::AutoScalingGroup", group)}
    assert any("no MinSize" in line for line in refused(resources))


def test_a_broken_metric_of_an_alarm_is_one() -> None:
    alarm = resource("AWS::CloudWatch::Alarm", {"Metrics": [{"MetricStat": "x"}, {"MetricStat": [1]}]})
    assert charged({"A": alarm})["cloudwatch.alarm"] == 2


def test_a_condition_between_two_parameters_stays_open() -> None:
    size = {"Fn::If": ["Many", 100, 1]}
    parameters = {"P": {"AllowedValues": ["a", "b"]}, "Q": {}}
    template = {"Parameters": parameters, "Conditions": {"Many": {"Fn::Equals": [{"Ref": "P"}, {"Ref": "Q"}]}}}
    assert charged(_group(MinSize=size), template=template)["ec2.t3.micro"] == 100


@pytest.mark.parametrize(
    "off", [{"State": "DISABLED"}, {"State": _PARAMETER}, {"EndDate": "2026-12-01T00:00:00Z"}], ids=str
)
def test_a_schedule_that_does_not_run_each_week_saves_nothing(off: Mapping[str, Any]) -> None:
    server = resource("AWS::RDS::DBInstance", {**_DATABASE, "DBInstanceIdentifier": "d"})
    wake = {"ScheduleExpression": "cron(0 8 ? * MON-FRI *)"}
    order = {"DBInstanceIdentifier": "d"}
    resources = {
        "D": server,
        "Stop": _schedule("rds:stopDBInstance", order, **off),
        "Start": _schedule("rds:startDBInstance", order, **wake),
    }
    assert charged(resources)["rds.db.t3.medium"] == 1


@pytest.mark.parametrize(
    ("call", "order", "says"),
    [
        ("eks:updateNodegroupConfig", {"NodegroupName": "n", "ScalingConfig": {"DesiredSize": 99}}, "NodegroupName n"),
        ("autoscaling:setDesiredCapacity", {"AutoScalingGroupName": "g"}, "autoscaling:setDesiredCapacity"),
        ("rds:modifyDBInstance", {"DBInstanceClass": "db.r7g.16xlarge"}, "rds:modifyDBInstance"),
    ],
)
def test_a_schedule_that_makes_dearer_what_nobody_counts(call: str, order: Mapping[str, Any], says: str) -> None:
    assert any(says in line for line in refused({"S": _schedule(call, order)}))


def test_nodes_as_aws_takes_them_where_nothing_is_said() -> None:
    """On demand, t3.medium, its own disk of 20 GB."""
    found = charged({"G": resource("AWS::EKS::Nodegroup", _NODES)})
    assert found == {"ec2.t3.medium": 2, "ebs.gp2": 40}


def test_nodes_of_the_class_of_their_launch_template() -> None:
    data = {"InstanceType": "t3.large", "BlockDeviceMappings": [_DISK]}
    template = resource("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": data})
    nodes = resource("AWS::EKS::Nodegroup", {**_NODES, "LaunchTemplate": {"Id": {"Ref": "T"}}})
    assert charged({"T": template, "G": nodes}) == {"ec2.t3.large": 2, "ebs.gp3": 16}


def test_never_fewer_nodes_than_the_minimum() -> None:
    sizes = {"ScalingConfig": {"DesiredSize": 0, "MinSize": 5}}
    assert charged({"G": resource("AWS::EKS::Nodegroup", sizes)})["ec2.t3.medium"] == 5


def test_a_load_balancer_and_a_server_as_aws_takes_them_where_nothing_is_said() -> None:
    balancer = resource("AWS::ElasticLoadBalancingV2::LoadBalancer", _BALANCER)
    assert charged({"B": balancer}) == {"alb.hour": 1, "ipv4.public": 2}
    assert charged({"D": resource("AWS::RDS::DBInstance", _DATABASE)}) == {"rds.db.t3.medium": 1, "rds.storage": 100}


def test_shards_that_are_listed_count_each_with_its_replicas() -> None:
    listed = {"NodeGroupConfiguration": [{"ReplicaCount": 5}, {"ReplicaCount": "2"}, {}]}
    group = resource("AWS::ElastiCache::ReplicationGroup", {**_CACHE, **listed})
    assert charged({"C": group})["elasticache.redis.cache.t3.micro"] == 6 + 3 + 1


def test_a_secret_is_paid_for_in_each_region() -> None:
    secret = resource("AWS::SecretsManager::Secret", {"ReplicaRegions": [{"Region": "us-east-1"}]})
    assert charged({"S": secret})["secrets.secret"] == 2
