"""Faults that somebody causes by hand in what is deployed, each put right again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.labs.grade import template
from tests.labs.grade.conftest import Team

Fault = Callable[[Team], AbstractContextManager[None]]
EVERYWHERE = "0.0.0.0/0"
_CLOSED = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@contextmanager
def isolated_subnet_has_a_way_out(team: Team) -> Iterator[None]:
    table = team.ids["DataCTable"]
    ec2 = team.client("ec2")
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, GatewayId=team.ids["Gateway"])
    yield
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE)


def route(target: str, value: str) -> Fault:
    """The default route of the second private subnet leads elsewhere."""

    @contextmanager
    def fault(team: Team) -> Iterator[None]:
        table, ec2 = team.ids["PrivateCTable"], team.client("ec2")
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, **{target: team.ids[value]})
        yield
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, NatGatewayId=team.ids["NatC"])

    return fault


def distribution(change: Callable[[dict[str, Any]], None]) -> Fault:
    """CloudFront is configured otherwise."""

    @contextmanager
    def fault(team: Team) -> Iterator[None]:
        client, id = team.client("cloudfront"), team.ids["Cdn"]
        before = client.get_distribution_config(Id=id)["DistributionConfig"]
        now = client.get_distribution_config(Id=id)
        change(now["DistributionConfig"])
        client.update_distribution(Id=id, IfMatch=now["ETag"], DistributionConfig=now["DistributionConfig"])
        yield
        tag = client.get_distribution_config(Id=id)["ETag"]
        client.update_distribution(Id=id, IfMatch=tag, DistributionConfig=before)

    return fault


def call(service: str, do: tuple[str, dict[str, Any]], undo: tuple[str, dict[str, Any]], region: str = "") -> Fault:
    """One call, and another one that takes it back; `{Logical}` in a value stands for the physical id."""

    @contextmanager
    def fault(team: Team) -> Iterator[None]:
        client = team.client(service, region or None)
        getattr(client, do[0])(**_filled(do[1], team))
        yield
        getattr(client, undo[0])(**_filled(undo[1], team))

    return fault


def _filled(value: Any, team: Team) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, team) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, team) for each in value]
    return value.format_map(team.ids) if isinstance(value, str) and value.startswith("{") else value


def open_port(group: str, port: int, **sources: Any) -> Fault:
    """A rule of a security group, added by hand."""
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **sources}
    arguments = {"GroupId": f"{{{group}}}", "IpPermissions": [rule]}
    return call("ec2", ("authorize_security_group_ingress", arguments), ("revoke_security_group_ingress", arguments))


def resized(service: str, operation: str, broken: dict[str, Any], whole: dict[str, Any], **which: str) -> Fault:
    """Properties that are set, and set back."""
    return call(service, (operation, which | broken), (operation, which | whole))


@contextmanager
def nothing_ends(team: Team) -> Iterator[None]:
    """No bucket has a lifecycle any more."""
    s3 = team.client("s3")
    rules = {
        name: s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        for name in (team.ids["Logs"], team.ids["Site"])
    }
    for name in rules:
        s3.delete_bucket_lifecycle(Bucket=name)
    yield
    for name, before in rules.items():
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": before})


@contextmanager
def stack_without_tags(team: Team) -> Iterator[None]:
    name = "team3-lab-Untagged"
    cloudformation = team.client("cloudformation")
    team.create(name, {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}, tags={})
    yield
    cloudformation.delete_stack(StackName=name)


@contextmanager
def target_gone(team: Team) -> Iterator[None]:
    elb, arn = team.client("elbv2"), team.ids["Targets"]
    target = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]["Target"]
    elb.deregister_targets(TargetGroupArn=arn, Targets=[target])
    yield
    elb.register_targets(TargetGroupArn=arn, Targets=[target])


@contextmanager
def nobody_subscribed(team: Team) -> Iterator[None]:
    sns, topic = team.client("sns"), team.ids["Topic"]
    for each in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    yield
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="team3@example.com")


@contextmanager
def only_a_machine_subscribed(team: Team) -> Iterator[None]:
    """Nobody has said yes, but a queue takes it."""
    sns, topic = team.client("sns"), team.ids["Topic"]
    with nobody_subscribed(team):
        arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:ap-northeast-2:111111111111:q")
        yield
        sns.unsubscribe(SubscriptionArn=arn["SubscriptionArn"])


@contextmanager
def pages_tell_nobody(team: Team) -> Iterator[None]:
    cloudwatch = team.client("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    pages = {each["AlarmName"]: each for each in found}
    for name, page in pages.items():
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=page["AlarmRule"], AlarmActions=[])
    yield
    for name, page in pages.items():
        cloudwatch.put_composite_alarm(
            AlarmName=name, AlarmRule=page["AlarmRule"], AlarmActions=page["AlarmActions"], ActionsEnabled=True
        )


def machine(**broken: Any) -> Fault:
    """A newer version of the launch template."""
    whole = template.MACHINE
    versions = ({"LaunchTemplateData": whole | broken}, {"LaunchTemplateData": whole})
    return resized("ec2", "create_launch_template_version", *versions, LaunchTemplateId="{Machine}")


def answered(service: str, operation: str, change: Callable[[dict[str, Any]], None]) -> Fault:
    """AWS's answer is another one: for what this emulator takes no calls to change."""

    @contextmanager
    def fault(team: Team) -> Iterator[None]:
        # The very client that reads: they are made once each, by region.
        meta = team.client(service, team.cloud.region).meta
        events, event = meta.events, f"after-call.{meta.service_model.service_id.hyphenize()}.{operation}"

        def alter(parsed: dict[str, Any], **_: Any) -> None:
            change(parsed)

        events.register(event, alter)
        try:
            yield
        finally:
            events.unregister(event, alter)

    return fault


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """In what is at a dotted path; in every element of a list on the way."""

    def change(config: Any) -> None:
        head, _, rest = path.partition(".")
        if isinstance(config, list):
            for each in config:
                change(each)
        elif rest:
            _set(rest, value)(config[head])
        else:
            config[head] = value

    return change


disabled_alarm = call(
    "cloudwatch",
    ("disable_alarm_actions", {"AlarmNames": ["team3-lab-database"]}),
    ("enable_alarm_actions", {"AlarmNames": ["team3-lab-database"]}),
)
_NOTIFICATION = {
    "AccountId": "111111111111",
    "BudgetName": "{Budget}",
    "Notification": {"ComparisonOperator": "GREATER_THAN", "NotificationType": "ACTUAL", "Threshold": 80},
}
_BOARD = ("put_dashboard", {"DashboardName": "team3-lab"})

FAULTS: list[tuple[str, str, Fault, int]] = [
    ("tiers", "isolated subnet with a way out", isolated_subnet_has_a_way_out, 4),
    ("isolated_data", "isolated subnet with a way out", isolated_subnet_has_a_way_out, 1),
    (
        "isolated_data",
        "public database",
        resized(
            "rds",
            "modify_db_instance",
            {"PubliclyAccessible": True},
            {"PubliclyAccessible": False},
            DBInstanceIdentifier="{Database}",
        ),
        2,
    ),
    ("private_compute", "private subnet with an internet gateway", route("GatewayId", "Gateway"), 0),
    ("nat", "NAT of the other zone", route("NatGatewayId", "NatA"), 2),
    ("cdn", "no compression", distribution(_set("DefaultCacheBehavior.Compress", False)), 3),
    ("cdn", "HTTP/1.1", distribution(_set("HttpVersion", "http1.1")), 3),
    ("in_transit", "plain HTTP", distribution(_set("DefaultCacheBehavior.ViewerProtocolPolicy", "allow-all")), 1),
    ("web_acl", "none", distribution(_set("WebACLId", "")), 0),
    ("written", "CDN does not log", distribution(_set("Logging", {"Enabled": False, "Bucket": ""})), 1),
    (
        "balancers",
        "one zone",
        resized(
            "elbv2",
            "set_subnets",
            {"Subnets": ["{PublicA}"]},
            {"Subnets": ["{PublicA}", "{PublicC}"]},
            LoadBalancerArn="{Alb}",
        ),
        1,
    ),
    (
        "scaling",
        "no room",
        resized(
            "autoscaling", "update_auto_scaling_group", {"MaxSize": 2}, {"MaxSize": 4}, AutoScalingGroupName="{Group}"
        ),
        2,
    ),
    (
        "containers",
        "an add-on is missing",
        call(
            "eks",
            ("delete_addon", {"clusterName": "{Cluster}", "addonName": "vpc-cni"}),
            ("create_addon", {"clusterName": "{Cluster}", "addonName": "vpc-cni"}),
        ),
        2,
    ),
    ("tags", "a stack without", stack_without_tags, 0),
    (
        "works",
        "no page",
        call(
            "s3",
            ("delete_object", {"Bucket": "{Site}", "Key": "index.html"}),
            ("put_object", {"Bucket": "{Site}", "Key": "index.html", "Body": b"<html>"}),
        ),
        1,
    ),
    ("storage", "nothing ends", nothing_ends, 0),
    (
        "database",
        "one zone",
        answered("rds", "DescribeDBInstances", _set("DBInstances.MultiAZ", False)),
        0,
    ),
    (
        "backups",
        "of one day",
        answered("rds", "DescribeDBInstances", _set("DBInstances.BackupRetentionPeriod", 1)),
        3,
    ),
    (
        "cache",
        "no failover",
        resized(
            "elasticache",
            "modify_replication_group",
            {"AutomaticFailoverEnabled": False, "MultiAZEnabled": False},
            {"AutomaticFailoverEnabled": True, "MultiAZEnabled": True},
            ReplicationGroupId="{Cache}",
        ),
        1,
    ),
    (
        "backend",
        "one is enough",
        resized(
            "autoscaling", "update_auto_scaling_group", {"MinSize": 1}, {"MinSize": 2}, AutoScalingGroupName="{Group}"
        ),
        3,
    ),
    (
        "backend",
        "its own health check",
        resized(
            "autoscaling",
            "update_auto_scaling_group",
            {"HealthCheckType": "EC2"},
            {"HealthCheckType": "ELB"},
            AutoScalingGroupName="{Group}",
        ),
        4,
    ),
    ("targets", "one left", target_gone, 0),
    (
        "nodes",
        "one is enough",
        answered("eks", "DescribeNodegroup", _set("nodegroup.scalingConfig.minSize", 1)),
        2,
    ),
    ("doors", "SSH from everywhere", open_port("Store", 22, IpRanges=[{"CidrIp": EVERYWHERE}]), 0),
    ("doors", "web ports behind the load balancer", open_port("Store", 80, IpRanges=[{"CidrIp": EVERYWHERE}]), 0),
    ("doors", "half of the internet", open_port("Store", 5432, IpRanges=[{"CidrIp": "0.0.0.0/1"}]), 0),
    ("doors", "IPv6", open_port("Store", 5432, Ipv6Ranges=[{"CidrIpv6": "::/0"}]), 0),
    ("doors", "another port of the load balancer", open_port("Front", 8080, IpRanges=[{"CidrIp": EVERYWHERE}]), 0),
    (
        "at_rest",
        "the database",
        answered("rds", "DescribeDBInstances", _set("DBInstances.StorageEncrypted", False)),
        2,
    ),
    ("at_rest", "a disk", machine(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}}]), 2),
    ("metadata_service", "the old one", machine(MetadataOptions={"HttpTokens": "optional"}), 1),
    ("secrets", "the same for ever", answered("secretsmanager", "DescribeSecret", _set("RotationEnabled", False)), 1),
    (
        "secrets",
        "the same for a year",
        answered("secretsmanager", "DescribeSecret", _set("RotationRules", {"ScheduleExpression": "rate(365 days)"})),
        1,
    ),
    (
        "buckets",
        "one opened",
        call(
            "s3",
            ("delete_public_access_block", {"Bucket": "{Site}"}),
            (
                "put_public_access_block",
                {"Bucket": "{Site}", "PublicAccessBlockConfiguration": dict.fromkeys(_CLOSED, True)},
            ),
        ),
        0,
    ),
    (
        "api_endpoint",
        "open",
        answered("eks", "DescribeCluster", _set("cluster.resourcesVpcConfig.endpointPublicAccess", True)),
        0,
    ),
    (
        "images",
        "not scanned",
        resized(
            "ecr",
            "put_image_scanning_configuration",
            {"imageScanningConfiguration": {"scanOnPush": False}},
            {"imageScanningConfiguration": {"scanOnPush": True}},
            repositoryName="{Repository}",
        ),
        0,
    ),
    (
        "areas",
        "one silent",
        disabled_alarm,
        5,
    ),
    (
        "told",
        "one silent",
        disabled_alarm,
        1,
    ),
    ("page", "pages tell nobody", pages_tell_nobody, 0),
    ("budget_burn", "pages tell nobody", pages_tell_nobody, 0),
    ("told", "pages tell nobody", pages_tell_nobody, 1),
    ("people", "nobody subscribed", nobody_subscribed, 1),
    ("people", "only a machine", only_a_machine_subscribed, 1),
    (
        "dashboards",
        "one area missing",
        call(
            "cloudwatch",
            (_BOARD[0], _BOARD[1] | {"DashboardBody": '"AWS/EC2 AWS/RDS AWS/ElastiCache ContainerInsights AWS/EKS"'}),
            (
                _BOARD[0],
                _BOARD[1]
                | {"DashboardBody": '"AWS/EC2 AWS/ApplicationELB AWS/RDS AWS/ElastiCache AWS/EKS AWS/CloudFront"'},
            ),
        ),
        1,
    ),
    (
        "kept",
        "a week",
        resized(
            "logs", "put_retention_policy", {"retentionInDays": 7}, {"retentionInDays": 30}, logGroupName="{LogGroup}"
        ),
        1,
    ),
    (
        "kept",
        "for ever",
        call(
            "logs",
            ("delete_retention_policy", {"logGroupName": "{LogGroup}"}),
            ("put_retention_policy", {"logGroupName": "{LogGroup}", "retentionInDays": 30}),
        ),
        0,
    ),
    (
        "money",
        "nobody is told",
        call(
            "budgets",
            ("delete_notification", _NOTIFICATION),
            (
                "create_notification",
                _NOTIFICATION | {"Subscribers": [{"SubscriptionType": "EMAIL", "Address": "team3@example.com"}]},
            ),
        ),
        0,
    ),
]
"""Criterion, what somebody did, how, the points that are left."""
