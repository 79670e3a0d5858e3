"""What exists in the cloud's account, by kind and id.

Owns the inventory that a destroy is judged by: it is taken before the first deploy (CDK's bootstrap
stacks, the account's default network) and after the destroy; what the second has more is left over.
Does not decide by itself what a stage may keep; see `unexpected`.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from cloudmart_cdk.settings.topology import DATA, EKS, VPC
from localcloud.aws import Clients
from localcloud.state import Cloud

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings

Inventory = list[str]
"""Sorted lines `region kind id`."""

_Pick = Callable[[dict[str, Any]], str | None]


def _key(name: str) -> _Pick:
    return lambda entry: str(entry[name])


def _unless(name: str, key: str, *gone: str) -> _Pick:
    """The id, unless the entry says that it is already gone."""
    return lambda entry: None if _state(entry, key) in gone else str(entry[name])


def _state(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key, "")
    return str(value.get("Name", "")) if isinstance(value, dict) else str(value)


# kind -> (service, operation, result key, id)
_REGIONAL: Final[dict[str, tuple[str, str, str, _Pick]]] = {
    "stack": ("cloudformation", "describe_stacks", "Stacks", _unless("StackName", "StackStatus", "DELETE_COMPLETE")),
    "log group": ("logs", "describe_log_groups", "logGroups", _key("logGroupName")),
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", _key("AlarmName")),
    "dashboard": ("cloudwatch", "list_dashboards", "DashboardEntries", _key("DashboardName")),
    "queue": ("sqs", "list_queues", "QueueUrls", str),
    "table": ("dynamodb", "list_tables", "TableNames", str),
    "event source": ("lambda", "list_event_source_mappings", "EventSourceMappings", _key("UUID")),
    "topic": ("sns", "list_topics", "Topics", _key("TopicArn")),
    "function": ("lambda", "list_functions", "Functions", _key("FunctionName")),
    "layer": ("lambda", "list_layers", "Layers", _key("LayerName")),
    "parameter": ("ssm", "describe_parameters", "Parameters", _key("Name")),
    "secret": ("secretsmanager", "list_secrets", "SecretList", _key("Name")),
    "web ACL": ("wafv2", "list_web_acls", "WebACLs", _key("Name")),
    "certificate": ("acm", "list_certificates", "CertificateSummaryList", _key("CertificateArn")),
    "event rule": ("events", "list_rules", "Rules", _key("Name")),
    "key alias": ("kms", "list_aliases", "Aliases", _key("AliasName")),
}
_HOME_ONLY: Final[dict[str, tuple[str, str, str, _Pick]]] = {
    "VPC": ("ec2", "describe_vpcs", "Vpcs", _key("VpcId")),
    "subnet": ("ec2", "describe_subnets", "Subnets", _key("SubnetId")),
    "security group": ("ec2", "describe_security_groups", "SecurityGroups", _key("GroupId")),
    "address": ("ec2", "describe_addresses", "Addresses", _key("AllocationId")),
    "NAT gateway": ("ec2", "describe_nat_gateways", "NatGateways", _unless("NatGatewayId", "State", "deleted")),
    "internet gateway": ("ec2", "describe_internet_gateways", "InternetGateways", _key("InternetGatewayId")),
    "flow log": ("ec2", "describe_flow_logs", "FlowLogs", _key("FlowLogId")),
    "VPC endpoint": ("ec2", "describe_vpc_endpoints", "VpcEndpoints", _unless("VpcEndpointId", "State", "deleted")),
    "volume": ("ec2", "describe_volumes", "Volumes", _key("VolumeId")),
    "launch template": ("ec2", "describe_launch_templates", "LaunchTemplates", _key("LaunchTemplateName")),
    "load balancer": ("elbv2", "describe_load_balancers", "LoadBalancers", _key("LoadBalancerName")),
    "target group": ("elbv2", "describe_target_groups", "TargetGroups", _key("TargetGroupName")),
    "scaling group": ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", _key("AutoScalingGroupName")),
    "database": ("rds", "describe_db_instances", "DBInstances", _key("DBInstanceIdentifier")),
    "database cluster": ("rds", "describe_db_clusters", "DBClusters", _key("DBClusterIdentifier")),
    "database snapshot": ("rds", "describe_db_snapshots", "DBSnapshots", _key("DBSnapshotIdentifier")),
    "cluster snapshot": (
        "rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", _key("DBClusterSnapshotIdentifier")
    ),
    "database proxy": ("rds", "describe_db_proxies", "DBProxies", _key("DBProxyName")),
    "database parameters": (
        "rds", "describe_db_parameter_groups", "DBParameterGroups", _key("DBParameterGroupName")
    ),
    "database subnets": ("rds", "describe_db_subnet_groups", "DBSubnetGroups", _key("DBSubnetGroupName")),
    "cache": ("elasticache", "describe_replication_groups", "ReplicationGroups", _key("ReplicationGroupId")),
    "cache snapshot": ("elasticache", "describe_snapshots", "Snapshots", _key("SnapshotName")),
    "cache parameters": (
        "elasticache", "describe_cache_parameter_groups", "CacheParameterGroups", _key("CacheParameterGroupName")
    ),
    "cache subnets": (
        "elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups", _key("CacheSubnetGroupName")
    ),
    "cluster": ("eks", "list_clusters", "clusters", str),
    "repository": ("ecr", "describe_repositories", "repositories", _key("repositoryName")),
    "backup vault": ("backup", "list_backup_vaults", "BackupVaultList", _key("BackupVaultName")),
    "backup plan": ("backup", "list_backup_plans", "BackupPlansList", _key("BackupPlanName")),
    "schedule": ("scheduler", "list_schedules", "Schedules", _key("Name")),
    "trail": ("cloudtrail", "describe_trails", "trailList", _key("Name")),
    "role": ("iam", "list_roles", "Roles", _key("RoleName")),
    "instance profile": ("iam", "list_instance_profiles", "InstanceProfiles", _key("InstanceProfileName")),
    "identity provider": ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", _key("Arn")),
    "hosted zone": ("route53", "list_hosted_zones", "HostedZones", _key("Name")),
    "bucket": ("s3", "list_buckets", "Buckets", _key("Name")),
}  # fmt: skip

PENDING: Final = "key pending deletion"

KEPT_WITH_DATA: Final = frozenset(
    {
        "bucket",
        "database",
        "database cluster",
        "database snapshot",
        "cluster snapshot",
        "database parameters",
        "database subnets",
        "cache",
        "cache snapshot",
        "cache parameters",
        "cache subnets",
        "secret",
        "repository",
        "backup vault",
        "log group",
        "key",
        "key alias",
    }
)
"""What staging and prod may keep: specification section 1, "data and every key"."""


def _lines(clients: Clients, kinds: dict[str, tuple[str, str, str, _Pick]], region: str) -> Iterator[str]:
    for kind, (service, operation, result, pick) in kinds.items():
        client = clients.client(service, region)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate()
        else:
            pages = [getattr(client, operation)()]
        for page in pages:
            for entry in page.get(result) or []:
                identifier = pick(entry)
                if identifier:
                    yield f"{region} {kind} {identifier}"


def _composite_alarms(clients: Clients, region: str) -> Iterator[str]:
    answer = clients.client("cloudwatch", region).describe_alarms(AlarmTypes=["CompositeAlarm"])
    for alarm in answer["CompositeAlarms"]:
        yield f"{region} composite alarm {alarm['AlarmName']}"


def _instances(clients: Clients, region: str) -> Iterator[str]:
    for reservation in clients.client("ec2", region).describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] != "terminated":
                yield f"{region} instance {instance['InstanceId']}"


def _keys(clients: Clients, region: str) -> Iterator[str]:
    kms = clients.client("kms", region)
    for entry in kms.list_keys()["Keys"]:
        key = kms.describe_key(KeyId=entry["KeyId"])["KeyMetadata"]
        kind = PENDING if key["KeyState"] == "PendingDeletion" else "key"
        if key.get("KeyManager") != "AWS":
            yield f"{region} {kind} {entry['KeyId']}"


def _cloudfront(clients: Clients, region: str) -> Iterator[str]:
    client = clients.client("cloudfront", region)
    for distribution in client.list_distributions()["DistributionList"].get("Items") or []:
        yield f"{region} distribution {distribution['Id']}"
    for function in client.list_functions()["FunctionList"].get("Items") or []:
        yield f"{region} edge function {function['Name']}"
    controls = client.list_origin_access_controls()["OriginAccessControlList"].get("Items") or []
    for control in controls:
        yield f"{region} origin access control {control['Id']}"


def inventory(cloud: Cloud) -> Inventory:
    """Everything there is, in both regions."""
    clients = Clients(cloud)
    lines: set[str] = set()
    for region in cloud.regions:
        lines.update(_lines(clients, _REGIONAL, region))
        lines.update(_keys(clients, region))
        lines.update(_composite_alarms(clients, region))
    lines.update(_lines(clients, _HOME_ONLY, cloud.region))
    lines.update(_instances(clients, cloud.region))
    lines.update(_cloudfront(clients, cloud.region))
    return sorted(lines)


def _kind(line: str) -> str:
    """A line's kind: the longest known one that it begins with, ids may hold blanks."""
    rest = line.partition(" ")[2]
    kinds = {*_REGIONAL, *_HOME_ONLY, PENDING, "key", "instance", "distribution"}
    return max((kind for kind in kinds if rest.startswith(f"{kind} ")), key=len, default=rest)


_DATABASE: Final = frozenset({"database", "database cluster", "database snapshot", "cluster snapshot"})
_CACHE: Final = frozenset({"cache", "cache snapshot"})

_MUST_STAY: Final[dict[str, dict[str, frozenset[str]]]] = {
    VPC: {"a bucket": frozenset({"bucket"})},
    DATA: {
        "a bucket": frozenset({"bucket"}),
        "a key": frozenset({"key"}),
        "a secret": frozenset({"secret"}),
        "the database or a snapshot of it": _DATABASE,
        "the cache or a snapshot of it": _CACHE,
    },
    EKS: {"a key": frozenset({"key"}), "a repository": frozenset({"repository"})},
}
"""Stack -> what it leaves where data is kept -> the kinds of which one has to be there (ADR 0005)."""


def lost(lines: Inventory, settings: "Settings") -> list[str]:
    """What a stage that keeps its data should have left, given the stacks that it has, and has not."""
    kinds = {_kind(line) for line in lines}
    wanted = {
        what: any_of for stack_id, kept in _MUST_STAY.items() if settings.has(stack_id) for what, any_of in kept.items()
    }
    return [what for what, any_of in wanted.items() if not kinds & any_of]


def unexpected(lines: Inventory, *, keeps_data: bool) -> Inventory:
    """The lines that a stage must not leave behind."""
    allowed = {PENDING} | (KEPT_WITH_DATA if keeps_data else frozenset())
    return [line for line in lines if _kind(line) not in allowed]
