"""The emulator with our types and mends, through CloudFormation and the SDK: create, update, delete."""

import json
import time
from typing import Any

import pytest

from localcloud.aws import Clients
from localcloud.leftovers import inventory
from localcloud.state import Cloud, State
from tests.localcloud import templates

pytestmark = pytest.mark.xdist_group("emulator")

STACK = "everything"


def recorded_types() -> list[str]:
    """The record-only list, read as text: importing the server's modules would start MiniStack's here."""
    import ast
    from pathlib import Path

    import localcloud.server

    source = Path(localcloud.server.__file__).with_name("records.py").read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "TYPES":
            assert isinstance(node.value, ast.Dict)
            return [key.value for key in node.value.keys if isinstance(key, ast.Constant)]  # type: ignore[misc]
    raise AssertionError("no list of record-only types")


def settle(cloudformation: Any, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        assert time.monotonic() < deadline
        time.sleep(0.1)


def reasons(cloudformation: Any, stack_id: str) -> list[str]:
    events = cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
    return [
        f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in events if "FAILED" in e["ResourceStatus"]
    ]


@pytest.fixture(scope="module")
def before(cloud: Cloud) -> list[str]:
    return inventory(cloud)


@pytest.fixture(scope="module")
def deployed(clients: Clients, before: list[str]) -> dict[str, str]:
    """Logical id -> physical id of a stack with every type."""
    cloudformation = clients.client("cloudformation")
    body = json.dumps(templates.everything(recorded=recorded_types()))
    stack_id = cloudformation.create_stack(StackName=STACK, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])[
        "StackId"
    ]
    stack = settle(cloudformation, STACK)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cloudformation, stack_id)
    assert stack["Outputs"][0]["OutputValue"] == "10.0.0.0/16"
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for page in pages for r in page["StackResourceSummaries"]}


def test_network(clients: Clients, deployed: dict[str, str]) -> None:
    ec2 = clients.client("ec2")
    vpc = ec2.describe_vpcs(VpcIds=[deployed["Vpc"]])["Vpcs"][0]
    assert {a["CidrBlock"] for a in vpc["CidrBlockAssociationSet"]} == {"10.0.0.0/16", "100.64.0.0/16"}
    db = ec2.describe_security_groups(GroupIds=[deployed["Db"]])["SecurityGroups"][0]
    pair = db["IpPermissions"][0]["UserIdGroupPairs"][0]
    assert (pair["GroupId"], pair["Description"]) == (deployed["Web"], "PostgreSQL from web")
    web = ec2.describe_security_groups(GroupIds=[deployed["Web"]])["SecurityGroups"][0]
    assert web["IpPermissions"][0]["PrefixListIds"][0]["PrefixListId"] == "pl-22a6434b"
    zones = clients.client("route53").list_hosted_zones()["HostedZones"]
    assert [z["Config"]["PrivateZone"] for z in zones if z["Name"] == "lab.test.internal."] == [True]


def test_bucket(clients: Clients, deployed: dict[str, str]) -> None:
    s3, name = clients.client("s3"), deployed["Bucket"]
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "Stage", "Value": "lab"}]
    rule = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]
    assert [(t["Days"], t["StorageClass"]) for t in rule["Transitions"]] == [(30, "STANDARD_IA"), (90, "GLACIER")]
    assert rule["Expiration"]["Days"] == 180
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    assert deployed["Images"] == "test-images-111111111111-ap-northeast-2-an"


def test_data(clients: Clients, deployed: dict[str, str]) -> None:
    rds = clients.client("rds")
    database = rds.describe_db_instances(DBInstanceIdentifier=deployed["Database"])["DBInstances"][0]
    assert database["MasterUsername"] == "owner"
    assert database["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert database["ReadReplicaDBInstanceIdentifiers"] == [deployed["Replica"]]
    replica = rds.describe_db_instances(DBInstanceIdentifier=deployed["Replica"])["DBInstances"][0]
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == deployed["Database"]
    assert replica["EngineVersion"] == "16.9"
    targets = rds.describe_db_proxy_targets(DBProxyName="test-lab")["Targets"]
    assert [target["RdsResourceId"] for target in targets] == [deployed["Database"]]
    group = clients.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    assert len(group["NodeGroups"]) == 2
    secret = clients.client("secretsmanager").describe_secret(SecretId=deployed["Secret"])
    assert secret["RotationRules"]["AutomaticallyAfterDays"] == 30


def test_platform(clients: Clients, deployed: dict[str, str]) -> None:
    eks = clients.client("eks")
    cluster = eks.describe_cluster(name="test-lab")["cluster"]
    assert cluster["encryptionConfig"][0]["resources"] == ["secrets"]
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    group = eks.describe_nodegroup(clusterName="test-lab", nodegroupName=deployed["Nodes"])["nodegroup"]
    assert group["capacityType"] == "SPOT"
    assert eks.list_addons(clusterName="test-lab")["addons"] == ["coredns"]
    assert len(eks.list_pod_identity_associations(clusterName="test-lab")["associations"]) == 1


def test_instances_join_their_target_group_and_keep_their_number(clients: Clients, deployed: dict[str, str]) -> None:
    scaling, elb = clients.client("autoscaling"), clients.client("elbv2")
    group = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert group["TargetGroupARNs"] == [deployed["Blue"]]
    instances = {instance["InstanceId"] for instance in group["Instances"]}
    assert len(instances) == 2
    assert {
        i["InstanceType"]
        for r in clients.client("ec2").describe_instances(InstanceIds=sorted(instances))["Reservations"]
        for i in r["Instances"]
    } == {"t3.micro"}
    health = elb.describe_target_health(TargetGroupArn=deployed["Blue"])["TargetHealthDescriptions"]
    assert {entry["Target"]["Id"] for entry in health} == instances
    # No process stands in for them here, so nothing answers the probe.
    assert {entry["TargetHealth"]["State"] for entry in health} == {"unhealthy"}
    scaling.set_desired_capacity(AutoScalingGroupName=group["AutoScalingGroupName"], DesiredCapacity=3)
    assert len(elb.describe_target_health(TargetGroupArn=deployed["Blue"])["TargetHealthDescriptions"]) == 3


def test_listener_keeps_both_weights(clients: Clients, deployed: dict[str, str]) -> None:
    elb = clients.client("elbv2")
    action = elb.describe_listeners(ListenerArns=[deployed["Listener"]])["Listeners"][0]["DefaultActions"][0]
    groups = {g["TargetGroupArn"]: g["Weight"] for g in action["ForwardConfig"]["TargetGroups"]}
    assert groups == {deployed["Blue"]: 100, deployed["Green"]: 0}


def test_what_is_only_recorded_is_listed(state: State, deployed: dict[str, str]) -> None:
    listed = {entry["type"] for entry in state.records()["resources"]}
    assert listed == set(recorded_types())


def test_unknown_type_fails_with_its_name(clients: Clients) -> None:
    body = json.dumps({"Resources": {"Odd": {"Type": "AWS::Nothing::Like", "Properties": {}}}})
    with pytest.raises(Exception, match="AWS::Nothing::Like"):
        clients.client("cloudformation").create_stack(StackName="odd", TemplateBody=body)


def test_full_bucket_and_protected_database_are_not_deleted(clients: Clients) -> None:
    cloudformation, s3 = clients.client("cloudformation"), clients.client("s3")
    protected = {"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "DeletionProtection": True}
    resources = {
        "Full": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "a-full-bucket"}},
        "Database": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Delete", "Properties": protected},
    }
    cloudformation.create_stack(StackName="refusing", TemplateBody=json.dumps({"Resources": resources}))
    settle(cloudformation, "refusing")
    s3.put_object(Bucket="a-full-bucket", Key="x", Body=b"x")
    cloudformation.delete_stack(StackName="refusing")
    stack = settle(cloudformation, "refusing")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert "Database, Full" in stack["StackStatusReason"]
    s3.delete_object(Bucket="a-full-bucket", Key="x")
    database = clients.client("rds").describe_db_instances()["DBInstances"]
    identifier = next(d["DBInstanceIdentifier"] for d in database if d["DBInstanceIdentifier"].startswith("refusing"))
    clients.client("rds").modify_db_instance(
        DBInstanceIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True
    )
    cloudformation.delete_stack(StackName="refusing")
    assert settle(cloudformation, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_stack_output_of_another_region(clients: Clients) -> None:
    there, here = clients.client("cloudformation", "us-east-1"), clients.client("cloudformation")
    made = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}
    there.create_stack(
        StackName="edge",
        TemplateBody=json.dumps({"Resources": made, "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}}}),
    )
    arn = settle(there, "edge")["Outputs"][0]["OutputValue"]
    reference = {"Fn::GetStackOutput": {"StackName": "edge", "OutputName": "Arn", "Region": "us-east-1"}}
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Name": "/edge", "Value": reference}}
    here.create_stack(StackName="reader", TemplateBody=json.dumps({"Resources": {"P": parameter}}))
    assert settle(here, "reader")["StackStatus"] == "CREATE_COMPLETE"
    assert clients.client("ssm").get_parameter(Name="/edge")["Parameter"]["Value"] == arn
    for client, name in ((here, "reader"), (there, "edge")):
        client.delete_stack(StackName=name)


def test_update_then_delete_leaves_nothing(
    cloud: Cloud, clients: Clients, before: list[str], deployed: dict[str, str]
) -> None:
    """Runs last: it takes the stack of this module down."""
    cloudformation, scaling = clients.client("cloudformation"), clients.client("autoscaling")
    group = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupName"]
    scaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=3)
    body = json.dumps(templates.everything(recorded=recorded_types(), threshold=90))
    cloudformation.update_stack(StackName=STACK, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    stack = settle(cloudformation, STACK)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["DesiredCapacity"] == 3, (
        "an update must not reset the live size"
    )
    cloudformation.delete_stack(StackName=STACK)
    gone = settle(cloudformation, stack["StackId"])
    assert gone["StackStatus"] == "DELETE_COMPLETE", reasons(cloudformation, stack["StackId"])
    left = [line for line in inventory(cloud) if line not in before]
    assert left == [f"ap-northeast-2 cache snapshot {deployed['Cache']}-final-snapshot"]
