"""The emulator with our types and mends, through CloudFormation and the SDK: what a stack makes is there."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.aws import Clients
from localcloud.state import State
from tests.localcloud import templates
from tests.localcloud.stacks import create, reasons, recorded_types, settle

pytestmark = pytest.mark.xdist_group("emulator")


@pytest.fixture(scope="module")
def deployed(clients: Clients) -> dict[str, str]:
    """Logical id -> physical id of a stack with every type; its tests only read it, or what they added themselves."""
    return create(clients, "everything", templates.everything(recorded=recorded_types()))


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
    answer = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[deployed["Group"]])
    (group,) = answer["AutoScalingGroups"]
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
    # Bare machines: their user data installs nothing. `test_instances` has some that do.
    assert {entry["TargetHealth"]["State"] for entry in health} == {"unhealthy"}
    scaling.set_desired_capacity(AutoScalingGroupName=group["AutoScalingGroupName"], DesiredCapacity=3)
    assert len(elb.describe_target_health(TargetGroupArn=deployed["Blue"])["TargetHealthDescriptions"]) == 3


def test_an_instance_that_somebody_terminates_is_replaced(clients: Clients, deployed: dict[str, str]) -> None:
    scaling, elb, ec2 = (clients.client(service) for service in ("autoscaling", "elbv2", "ec2"))

    def instances() -> set[str]:
        (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[deployed["Group"]])["AutoScalingGroups"]
        return {instance["InstanceId"] for instance in group["Instances"]}

    def targets() -> set[str]:
        health = elb.describe_target_health(TargetGroupArn=deployed["Blue"])["TargetHealthDescriptions"]
        return {entry["Target"]["Id"] for entry in health}

    def volumes(*ids: str) -> list[Any]:
        found: list[Any] = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": list(ids)}])[
            "Volumes"
        ]
        return found

    before = instances()
    lost = min(before)
    assert len(volumes(lost)) == 1
    ec2.terminate_instances(InstanceIds=[lost])
    deadline = time.monotonic() + 90
    while len(instances() - before) < 1 or targets() != instances():
        assert time.monotonic() < deadline, "a group has as many as are desired, and its load balancer knows them"
        time.sleep(0.05)
    assert len(instances()) == len(before)
    assert lost not in instances()
    assert volumes(lost) == []


def test_an_alarm_against_a_band_is_kept(clients: Clients, deployed: dict[str, str]) -> None:
    (alarm,) = clients.client("cloudwatch").describe_alarms(AlarmNames=[deployed["Band"]])["MetricAlarms"]
    assert alarm["ThresholdMetricId"] == "band"
    assert "Threshold" not in alarm
    assert [query["Id"] for query in alarm["Metrics"]] == ["m", "band"]


def test_a_composite_alarm_calls_nobody_while_its_suppressor_rings(clients: Clients, deployed: dict[str, str]) -> None:
    cloudwatch, sqs = clients.client("cloudwatch"), clients.client("sqs")

    def page() -> dict[str, Any]:
        answer = cloudwatch.describe_alarms(AlarmNames=["test-page"], AlarmTypes=["CompositeAlarm"])
        found: dict[str, Any] = answer["CompositeAlarms"][0]
        return found

    def ring(alarm: str, state: str) -> None:
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="test")

    def calls(seconds: int) -> int:
        """Messages, when there are some, or that there are none after so long."""
        answer = sqs.receive_message(QueueUrl=deployed["Called"], MaxNumberOfMessages=10, WaitTimeSeconds=seconds)
        return len(answer.get("Messages", []))

    assert (page()["ActionsSuppressor"], page()["ActionsSuppressorWaitPeriod"]) == ("test-planned", 60)
    ring("test-planned", "ALARM")
    ring("test-broken", "ALARM")
    assert (page()["StateValue"], calls(1)) == ("ALARM", 0)
    ring("test-broken", "OK")
    ring("test-planned", "OK")
    ring("test-broken", "ALARM")
    assert (page()["StateValue"], calls(20)) == ("ALARM", 1)


def test_a_table_expires_is_encrypted_and_can_be_taken_back(clients: Clients, deployed: dict[str, str]) -> None:
    dynamodb, name = clients.client("dynamodb"), deployed["Told"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "alias/test"}


def test_a_schedule_keeps_its_time_zone(clients: Clients, deployed: dict[str, str]) -> None:
    assert deployed["Monday"] == "test-monday"
    schedule = clients.client("scheduler").get_schedule(Name="test-monday")
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (
        "cron(0 9 ? * MON *)",
        "Asia/Seoul",
    )


def test_listener_keeps_both_weights(clients: Clients, deployed: dict[str, str]) -> None:
    elb = clients.client("elbv2")
    action = elb.describe_listeners(ListenerArns=[deployed["Listener"]])["Listeners"][0]["DefaultActions"][0]
    groups = {g["TargetGroupArn"]: g["Weight"] for g in action["ForwardConfig"]["TargetGroups"]}
    assert groups == {deployed["Blue"]: 100, deployed["Green"]: 0}


def test_live_colour_is_state_that_updates_keep(clients: Clients) -> None:
    """A release changes the template's parameter alone; a deploy changes the template and keeps the parameter."""
    cloudformation = clients.client("cloudformation")
    scaling, elb = clients.client("autoscaling"), clients.client("elbv2")
    made = create(clients, "colours", templates.colours())
    capabilities = {"StackName": "colours", "Capabilities": ["CAPABILITY_IAM"]}

    def weights_and_minima() -> dict[str, tuple[int, int]]:
        action = elb.describe_listeners(ListenerArns=[made["Listener"]])["Listeners"][0]["DefaultActions"][0]
        weights = {g["TargetGroupArn"]: g["Weight"] for g in action["ForwardConfig"]["TargetGroups"]}
        groups = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[made["BlueGroup"], made["GreenGroup"]])
        minima = {g["AutoScalingGroupName"]: g["MinSize"] for g in groups["AutoScalingGroups"]}
        return {colour: (weights[made[colour]], minima[made[f"{colour}Group"]]) for colour in ("Blue", "Green")}

    assert weights_and_minima() == {"Blue": (100, 2), "Green": (0, 0)}
    green = {"ParameterKey": "LiveColour", "ParameterValue": "green"}
    cloudformation.update_stack(UsePreviousTemplate=True, Parameters=[green], **capabilities)
    assert settle(cloudformation, "colours")["StackStatus"] == "UPDATE_COMPLETE"
    assert weights_and_minima() == {"Blue": (0, 0), "Green": (100, 2)}

    kept = {"ParameterKey": "LiveColour", "UsePreviousValue": True}
    larger = json.dumps(templates.colours(minimum=3))
    cloudformation.update_stack(TemplateBody=larger, Parameters=[kept], **capabilities)
    assert settle(cloudformation, "colours")["StackStatus"] == "UPDATE_COMPLETE"
    assert weights_and_minima() == {"Blue": (0, 0), "Green": (100, 3)}

    with pytest.raises(Exception, match="AllowedValues"):
        cloudformation.update_stack(
            UsePreviousTemplate=True, Parameters=[green | {"ParameterValue": "red"}], **capabilities
        )
    cloudformation.delete_stack(StackName="colours")


def test_regional_bucket_name_needs_its_namespace(clients: Clients, state: State, deployed: dict[str, str]) -> None:
    cloudformation = clients.client("cloudformation")
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketNamePrefix": "test-images"}}
    body = json.dumps({"Resources": {"Images": bucket}})
    stack_id = cloudformation.create_stack(StackName="nameless", TemplateBody=body)["StackId"]
    assert settle(cloudformation, stack_id)["StackStatus"].startswith("ROLLBACK")
    assert any("account-regional" in reason for reason in reasons(cloudformation, stack_id))
    ignored = state.records()["ignored_properties"].get("AWS::S3::Bucket", [])
    assert not {"BucketNamePrefix", "BucketNamespace"} & set(ignored), "both make the name of `Images`"


def test_what_is_only_recorded_is_listed(state: State, deployed: dict[str, str]) -> None:
    listed = {entry["type"] for entry in state.records()["resources"]}
    assert listed == set(recorded_types())


def test_unknown_type_fails_with_its_name(clients: Clients) -> None:
    body = json.dumps({"Resources": {"Odd": {"Type": "AWS::Nothing::Like", "Properties": {}}}})
    with pytest.raises(Exception, match="AWS::Nothing::Like"):
        clients.client("cloudformation").create_stack(StackName="odd", TemplateBody=body)


def test_what_is_there_is_not_made_again(clients: Clients) -> None:
    """A route or a vault in another's place is refused, as AWS does; the first stays."""
    way_out = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}, "RouteTableId": {"Ref": "Table"}}
    vault = {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "taken"}}
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway", "Properties": {}},
        "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "First": {"Type": "AWS::EC2::Route", "Properties": way_out},
    }
    cloudformation, ec2 = clients.client("cloudformation"), clients.client("ec2")
    made = create(clients, "once", {"Resources": {**resources, "Vault": vault}})

    def updated(**changed: Any) -> list[str]:
        cloudformation.update_stack(StackName="once", TemplateBody=json.dumps({"Resources": resources | changed}))
        stack = settle(cloudformation, "once")
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        return reasons(cloudformation, stack["StackId"])

    renamed = {"Second": resources.pop("First"), "Vault": vault}
    assert "Second: The route identified by 0.0.0.0/0 already exists." in updated(**renamed)
    resources["First"] = renamed["Second"]
    assert "Other: Backup vault with the same name already exists" in updated(Vault=vault, Other=vault)
    with pytest.raises(ClientError, match="RouteAlreadyExists"):
        ec2.create_route(RouteTableId=made["Table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=made["Gateway"])
    (table,) = ec2.describe_route_tables(RouteTableIds=[made["Table"]])["RouteTables"]
    ways = [route.get("GatewayId") for route in table["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0"]
    assert ways == [made["Gateway"]]
    cloudformation.delete_stack(StackName="once")


def test_a_resource_keeps_its_type(clients: Clients) -> None:
    """AWS refuses the change set, and names the resource; nothing is left behind of what it was."""
    cloudformation = clients.client("cloudformation")
    create(clients, "typed", {"Resources": {"Thing": {"Type": "AWS::SNS::Topic", "Properties": {}}}})
    body = json.dumps({"Resources": {"Thing": {"Type": "AWS::SQS::Queue", "Properties": {}}}})
    cloudformation.create_change_set(StackName="typed", ChangeSetName="retyped", TemplateBody=body)
    found = cloudformation.describe_change_set(StackName="typed", ChangeSetName="retyped")
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"].startswith("Update of resource type is not permitted.")
    assert found["StatusReason"].endswith("following resources: [Thing]")
    cloudformation.delete_stack(StackName="typed")


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
