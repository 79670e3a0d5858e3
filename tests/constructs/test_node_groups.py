"""Managed nodes against the table of specification section 1."""

import json
from typing import Any

import pytest

from cloudmart_cdk.constructs.ssm_agent import SSM_AGENT_ACTIONS
from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.support import Resource, Synthesized

STAGES = ("lab", "dev", "staging", "prod")


def _groups(app: Synthesized, capacity: str) -> list[dict[str, Any]]:
    groups = app.resources(EKS, "AWS::EKS::Nodegroup").values()
    return [g["Properties"] for g in groups if g["Properties"]["CapacityType"] == capacity]


def _launch_template(app: Synthesized) -> dict[str, Any]:
    (template,) = app.resources(EKS, "AWS::EC2::LaunchTemplate").values()
    data: dict[str, Any] = template["Properties"]["LaunchTemplateData"]
    return data


@pytest.mark.parametrize(
    ("stage", "groups", "sizes"),
    [("lab", 1, (2, 2, 3)), ("dev", 1, (2, 2, 4)), ("staging", 1, (2, 2, 10)), ("prod", 2, (2, 4, 10))],
)
def test_on_demand_nodes(synthesized: Synthesize, stage: str, groups: int, sizes: tuple[int, int, int]) -> None:
    """`sizes`: minimum, first size and maximum, all groups together."""
    made = _groups(synthesized(stage), "ON_DEMAND")
    assert len(made) == groups
    scaling = [group["ScalingConfig"] for group in made]
    assert tuple(sum(s[key] for s in scaling) for key in ("MinSize", "DesiredSize", "MaxSize")) == sizes
    assert all(group["InstanceTypes"] == ["t3.medium"] for group in made)


def test_prod_has_one_on_demand_group_per_zone(synthesized: Synthesize) -> None:
    subnets = [group["Subnets"] for group in _groups(synthesized("prod"), "ON_DEMAND")]
    names = [[subnet["Fn::GetStackOutput"]["OutputName"] for subnet in group] for group in subnets]
    assert [len(group) for group in names] == [1, 1]
    assert "PrivateSubnet1" in names[0][0]
    assert "PrivateSubnet2" in names[1][0]


@pytest.mark.parametrize(
    ("stage", "sizes"), [("lab", None), ("dev", (0, 0, 4)), ("staging", (0, 2, 20)), ("prod", (0, 2, 20))]
)
def test_spot_nodes(synthesized: Synthesize, stage: str, sizes: tuple[int, int, int] | None) -> None:
    made = _groups(synthesized(stage), "SPOT")
    if sizes is None:
        assert made == []
        return
    (group,) = made
    scaling = group["ScalingConfig"]
    assert (scaling["MinSize"], scaling["DesiredSize"], scaling["MaxSize"]) == sizes
    assert len(group["InstanceTypes"]) > 1
    assert len(group["Subnets"]) == 2


@pytest.mark.parametrize("stage", STAGES)
def test_nodes_are_amazon_linux_2023_in_private_subnets_and_say_what_they_cost(
    synthesized: Synthesize, stage: str
) -> None:
    app = synthesized(stage)
    (template,) = app.resources(EKS, "AWS::EC2::LaunchTemplate")
    for capacity, label in (("ON_DEMAND", "on-demand"), ("SPOT", "spot")):
        for group in _groups(app, capacity):
            assert group["AmiType"] == "AL2023_x86_64_STANDARD"
            assert group["Version"] == "1.35"
            assert group["Labels"] == {"cloudmart.internal/capacity": label}
            assert all("PrivateSubnet" in s["Fn::GetStackOutput"]["OutputName"] for s in group["Subnets"])
            assert group["LaunchTemplate"] == {
                "Id": {"Ref": template},
                "Version": {"Fn::GetAtt": [template, "LatestVersionNumber"]},
            }


@pytest.mark.parametrize("stage", STAGES)
def test_launch_template(synthesized: Synthesize, stage: str) -> None:
    data = _launch_template(synthesized(stage))
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    (disk,) = data["BlockDeviceMappings"]
    assert disk["Ebs"] == {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": 20, "DeleteOnTermination": True}
    (group,) = data["SecurityGroupIds"]
    assert "FirewallEksNodes" in group["Fn::GetStackOutput"]["OutputName"]
    assert not {"ImageId", "InstanceType", "IamInstanceProfile"} & data.keys()  # EKS refuses or ignores them
    for specification in data["TagSpecifications"]:
        tags = {tag["Key"]: tag["Value"] for tag in specification["Tags"]}
        assert tags["Project"] == "CloudMart"
        assert (tags["Stage"], tags["Stack"]) == (stage, EKS)
    assert {specification["ResourceType"] for specification in data["TagSpecifications"]} == {"instance", "volume"}


def test_user_data_sets_the_maximum_of_pods_and_keeps_memory_for_as_many(synthesized: Synthesize) -> None:
    """nodeadm by itself would keep 255 MiB + 11 MiB for each of the 17 pods of a t3.medium without prefixes."""
    lines = _launch_template(synthesized("lab"))["UserData"]["Fn::Base64"].splitlines()
    assert lines[1] == 'Content-Type: multipart/mixed; boundary="//"'
    assert lines[3:6] == ["--//", "Content-Type: application/node.eks.aws", ""]
    kept = {"cpu": "70m", "memory": "695Mi", "ephemeral-storage": "1Gi"}
    assert json.loads(lines[6])["spec"] == {"kubelet": {"config": {"maxPods": 40, "kubeReserved": kept}}}
    assert lines[-1] == "--//--"


@pytest.mark.parametrize("stage", STAGES)
def test_nodes_change_one_by_one_and_are_repaired(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    for group in _groups(app, "ON_DEMAND") + _groups(app, "SPOT"):
        assert group["UpdateConfig"] == {"MaxUnavailable": 1}
        assert group["NodeRepairConfig"] == {"Enabled": True}


def test_graviton_nodes_get_the_image_of_their_architecture(synthesized: Synthesize) -> None:
    app = synthesized("prod", **{"eks.on_demand.instance_types": "t4g.medium", "eks.spot.instance_types": "t4g.medium"})
    groups = _groups(app, "ON_DEMAND") + _groups(app, "SPOT")
    assert {group["AmiType"] for group in groups} == {"AL2023_ARM_64_STANDARD"}


def test_a_node_may_boot_pull_and_be_reached_and_nothing_of_the_cni(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    (group, *_) = _groups(app, "ON_DEMAND")
    role: Resource = app.templates[EKS]["Resources"][group["NodeRole"]["Fn::GetAtt"][0]]
    assert {arn.rpartition("/")[2] for arn in role["Properties"]["ManagedPolicyArns"]} == {
        "AmazonEC2ContainerRegistryPullOnly",
    }
    (policy,) = role["Properties"]["Policies"]
    statements = [(s["Action"], s["Resource"] == "*") for s in policy["PolicyDocument"]["Statement"]]
    assert (["ec2:DescribeInstances", "ec2:DescribeInstanceTypes"], True) in statements
    assert (list(SSM_AGENT_ACTIONS), True) in statements
    assert ("eks-auth:AssumeRoleForPodIdentity", False) in statements
    assert len(statements) == 3


@pytest.mark.parametrize("stage", ["lab", "staging", "prod"])
def test_nodes_stay_up_at_night_elsewhere_than_in_dev(synthesized: Synthesize, stage: str) -> None:
    assert synthesized(stage).resources(EKS, "AWS::Scheduler::Schedule") == {}


def test_dev_has_no_node_off_hours(synthesized: Synthesize) -> None:
    schedules = [s["Properties"] for s in synthesized("dev").resources(EKS, "AWS::Scheduler::Schedule").values()]
    assert {s["ScheduleExpressionTimezone"] for s in schedules} == {"Asia/Seoul"}
    sizes = [
        (s["ScheduleExpression"], json.loads("".join(part for part in parts if isinstance(part, str)))["ScalingConfig"])
        for s in schedules
        for parts in [s["Target"]["Input"]["Fn::Join"][1]]
    ]
    evening, morning = "cron(0,20 20 ? * MON-FRI *)", "cron(0 8 ? * MON-FRI *)"
    nothing = {"MinSize": 0, "DesiredSize": 0, "MaxSize": 1}
    day = [{"MinSize": 2, "DesiredSize": 2, "MaxSize": 4}, {"MinSize": 0, "DesiredSize": 0, "MaxSize": 4}]
    expected = [(evening, nothing), (evening, nothing), *((morning, sizes) for sizes in day)]
    assert sorted(sizes, key=str) == sorted(expected, key=str)


def test_an_evening_call_that_fails_does_not_come_in_the_morning(synthesized: Synthesize) -> None:
    dev = synthesized("dev")
    schedules = [s for stack in (EKS, "DataStack") for s in dev.resources(stack, "AWS::Scheduler::Schedule").values()]
    targets = [
        s["Properties"]["Target"] for s in schedules if "aws-sdk:ssm" not in str(s["Properties"]["Target"]["Arn"])
    ]
    assert len(targets) == 6
    assert {target["RetryPolicy"]["MaximumEventAgeInSeconds"] for target in targets} == {3600}
