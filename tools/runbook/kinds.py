"""What the parameters of AWS's operations name, and whether the templates have it.

Owns the table from a parameter to the resource types whose names it takes. A value under the stage's prefix in a
parameter that is not in the table is a fault: a name that nobody holds against the templates may be anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final

from .aws_cli import Call
from .names import GENERATED, NAME, SECOND_NAME, STACK, STAGE, Names

_GROUP: Final = ("AWS::Logs::LogGroup",)
_ALARM: Final = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_DATABASE: Final = ("AWS::RDS::DBInstance",)
_SCALING: Final = ("AWS::AutoScaling::AutoScalingGroup",)
_CLUSTER: Final = ("AWS::EKS::Cluster",)
_DOCUMENT: Final = ("AWS::SSM::Document",)
_PARAMETER: Final = ("AWS::SSM::Parameter",)
_CANARY: Final = ("AWS::Synthetics::Canary",)

_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "AlarmName": _ALARM,
    "AlarmNamePrefix": _ALARM,
    "AlarmNames": _ALARM,
    "AutoScalingGroupName": _SCALING,
    "AutoScalingGroupNames": _SCALING,
    "BackupVaultName": ("AWS::Backup::BackupVault",),
    "ByBackupVaultName": ("AWS::Backup::BackupVault",),
    "ClusterName": _CLUSTER,
    "DBClusterIdentifier": ("AWS::RDS::DBCluster",),
    "DBInstanceIdentifier": _DATABASE,
    "DBInstanceIdentifiers": _DATABASE,
    "DBProxyName": ("AWS::RDS::DBProxy",),
    "DashboardName": ("AWS::CloudWatch::Dashboard",),
    "DocumentName": _DOCUMENT,
    "FunctionName": ("AWS::Lambda::Function",),
    "GroupName": ("AWS::XRay::Group",),
    "KeyId": ("AWS::KMS::Alias",),
    "NodegroupName": ("AWS::EKS::Nodegroup",),
    "PatchGroup": ("AWS::SSM::PatchBaseline",),
    "PerformanceInsightsKMSKeyId": ("AWS::KMS::Alias",),
    "QueueName": ("AWS::SQS::Queue",),
    "ReplicationGroupId": ("AWS::ElastiCache::ReplicationGroup",),
    "RepositoryName": ("AWS::ECR::Repository",),
    "SecretId": ("AWS::SecretsManager::Secret",),
    "SourceDBInstanceIdentifier": _DATABASE,
    "StackName": (STACK,),
    "TrailName": ("AWS::CloudTrail::Trail",),
    "clusterName": _CLUSTER,
    "deploymentGroupName": ("AWS::CodeDeploy::DeploymentGroup",),
    "applicationName": ("AWS::CodeDeploy::Application",),
    "repositoryName": ("AWS::ECR::Repository",),
    "logGroupName": _GROUP,
    "logGroupNamePrefix": _GROUP,
    "logGroupNames": _GROUP,
    "queryDefinitionNamePrefix": ("AWS::Logs::QueryDefinition",),
    "cloudfront.Name": ("AWS::CloudFront::Function",),
    "cloudtrail.AttributeValue": _DATABASE,
    "cloudtrail.Name": ("AWS::CloudTrail::Trail",),
    "eks.name": _CLUSTER,
    "elbv2.Names": ("AWS::ElasticLoadBalancingV2::LoadBalancer",),
    "rds.SourceIdentifier": _DATABASE,
    "rds.filter db-instance-id": _DATABASE,
    "scheduler.NamePrefix": (STACK,),
    "secretsmanager.filter name": ("AWS::SecretsManager::Secret",),
    "ssm.filter tag:PatchGroup": ("AWS::SSM::PatchBaseline",),
    "ssm.Name": (*_PARAMETER, *_DOCUMENT),
    "ssm.Names": _PARAMETER,
    "ssm.Path": _PARAMETER,
    "ssm.filter DocumentName": _DOCUMENT,
    "ssm.filter DocumentNamePrefix": _DOCUMENT,
    "ssm.filter Name": ("AWS::SSM::MaintenanceWindow", *_DOCUMENT, *_PARAMETER),
    "synthetics.Name": _CANARY,
    "ec2.filter tag:aws:cloudformation:stack-name": (STACK,),
    "cloudwatch.dimension AutoScalingGroupName": _SCALING,
    "cloudwatch.dimension CacheClusterId": ("AWS::ElastiCache::ReplicationGroup",),
    "cloudwatch.dimension CanaryName": _CANARY,
    "cloudwatch.dimension ClusterName": _CLUSTER,
    "cloudwatch.dimension DBInstanceIdentifier": _DATABASE,
    "cloudwatch.dimension FunctionName": ("AWS::Lambda::Function", "AWS::CloudFront::Function"),
    "cloudwatch.dimension ProxyName": ("AWS::RDS::DBProxy",),
    "cloudwatch.dimension QueueName": ("AWS::SQS::Queue",),
}
"""Parameter, or `service.parameter` where services differ -> types."""

_PREFIXES: Final = {
    "ssm.Path",
    "scheduler.NamePrefix",
    "secretsmanager.filter name",
    "ssm.filter DocumentNamePrefix",
    "cloudwatch.dimension CacheClusterId",
}
"""Take the beginning of a name, beside what ends in `Prefix`. (A cache node's id goes on after the group's.)"""

_FREE: Final = {
    "s3.paths",
    "ec2.filter tag:Name",
    "rds.DBSnapshotIdentifier",
    "rds.FinalDBSnapshotIdentifier",
    "resourcegroupstaggingapi.filter Stage",
}
"""Not made by a template, or not by name."""

_MADE: Final = {
    "TargetDBInstanceIdentifier": _DATABASE,
    "NewDBInstanceIdentifier": _DATABASE,
    "RestoreDBInstanceFromDBSnapshot.DBInstanceIdentifier": _DATABASE,
}
"""Parameters that make a name: later commands of the page may use it."""


@dataclass
class Held:
    """The names that one page may use: the templates', and those that its own commands make."""

    names: Names
    made: dict[str, set[str]] = field(default_factory=dict)

    def faults(self, call: Call) -> Iterator[str]:
        for parameter, value in _values(call.parameters):
            if not _is_ours(value):
                continue
            made = _MADE.get(parameter, _MADE.get(f"{call.operation}.{parameter}"))
            if made:
                for type_ in made:
                    self.made.setdefault(type_, set()).add(value)
                continue
            special = f"{call.service}.{parameter}"
            types = _KINDS.get(special, _KINDS.get(parameter))
            if special in _FREE:
                continue
            if types is None:
                where = "parameters in tools/runbook/kinds.py"
                yield f"{call.operation}: {parameter}: given {value}; allowed: {where}; add it"
            elif not self._has(types, value, begins=special in _PREFIXES or parameter.endswith("Prefix")):
                there = [name for type_ in types for name in sorted(self.names.by_type.get(type_, ()))]
                near = get_close_matches(value, there, n=3, cutoff=0.4)
                what = ", ".join(near) + " ..." if near else "no name of that kind"
                yield f"{call.operation}: {parameter}: given {value}, which no template makes; allowed: {what}"

    def _has(self, types: tuple[str, ...], value: str, *, begins: bool) -> bool:
        names = {
            name for type_ in types for name in (self.names.by_type.get(type_, set()) | self.made.get(type_, set()))
        }
        if begins:
            return any(name.startswith(value) or value.startswith(name) for name in names)
        return any(name == value or fnmatchcase(name, value) for name in names)


def _is_ours(value: str) -> bool:
    """Under the stage's prefix, and typed by a person; what CloudFormation answered a command with is right."""
    begins = [begin for name in (NAME, SECOND_NAME) for begin in (f"{name}-{STAGE}", f"/{name}/{STAGE}/")]
    return GENERATED not in value and any(begin in value for begin in begins)


def _values(parameters: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(Parameter's name, value) of every string. A filter's or dimension's own name takes the parameter's place."""
    if isinstance(parameters, Mapping):
        key = parameters.get("Name", parameters.get("Key", parameters.get("key")))
        listed = parameters.get("Values", parameters.get("values"))
        if isinstance(key, str) and isinstance(listed, list):
            yield from _values(listed, f"filter {key}")
        elif isinstance(key, str) and set(parameters) <= {"Name", "Key", "Value"} and "Value" in parameters:
            yield from _values(parameters["Value"], f"dimension {key}")
        else:
            for inner, value in parameters.items():
                yield from _values(value, inner)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from _values(value, name)
    elif isinstance(parameters, str):
        yield name, parameters
