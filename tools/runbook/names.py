"""The names that the synthesized templates make, by resource type, as a person meets them in a stage.

Owns the physical name of each resource (its own, or the shape of the one that CloudFormation generates), under the
prefix that the rehearsal uses, whatever stage a template was made for. What a command's parameter names is in `kinds`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

NAME: Final = "cloudmart"
STAGE: Final = "prod"
PREFIX: Final = f"{NAME}-{STAGE}"
"""Pages are rehearsed for this stage; names of others are read as if they were its."""
SECOND_NAME: Final = "cloudmart2"
"""The same stage under the name that it takes in another region."""
REGION: Final = "ap-northeast-2"
GENERATED: Final = "-SAMPLE"
"""Ends the names that CloudFormation would make."""
_ACCOUNT: Final = "123456789012"

STACK: Final = "AWS::CloudFormation::Stack"
_NAMED_BY: Final = {
    "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupName",
    "AWS::Backup::BackupPlan": "BackupPlan.BackupPlanName",
    "AWS::Backup::BackupVault": "BackupVaultName",
    "AWS::CloudFront::Function": "Name",
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CodeDeploy::Application": "ApplicationName",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::EKS::Cluster": "Name",
    "AWS::EKS::Nodegroup": "NodegroupName",
    "AWS::ElastiCache::ReplicationGroup": "ReplicationGroupId",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::QueryDefinition": "Name",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBProxy": "DBProxyName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Document": "Name",
    "AWS::SSM::MaintenanceWindow": "Name",
    "AWS::SSM::Parameter": "Name",
    "AWS::SSM::PatchBaseline": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Synthetics::Canary": "Name",
    "AWS::WAFv2::WebACL": "Name",
    "AWS::XRay::Group": "GroupName",
}
"""Where a resource of the type says its name. Of other types pages ask CloudFormation (`describe-stack-resources`)."""


@dataclass
class Names:
    """All names of the configurations read."""

    by_type: dict[str, set[str]] = field(default_factory=dict)
    resources: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    """Stack's name -> logical id -> what CloudFormation says of the resource."""
    outputs: dict[str, set[str]] = field(default_factory=dict)
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    """Stack's name -> parameter -> default."""
    metrics: set[tuple[str, str]] = field(default_factory=set)
    """(Namespace, name) that alarms watch."""
    alarms: dict[str, str] = field(default_factory=dict)
    """Name -> description."""

    @classmethod
    def of(cls, assemblies: Iterable[tuple[Path, str]]) -> "Names":
        """`assemblies`: synthesized folders, each with its `<name>-<stage>`."""
        names = cls()
        for folder, prefix in assemblies:
            for stack_name, template in _templates(folder, prefix):
                names._add(stack_name, template)
        return names

    @cached_property
    def all(self) -> set[str]:
        return {name for names in self.by_type.values() for name in names}

    @property
    def facts(self) -> dict[str, Any]:
        """What `aws_worker` answers from."""
        stacks = [
            {
                "StackName": name,
                "StackStatus": "CREATE_COMPLETE",
                "StackId": f"arn:aws:cloudformation:{REGION}:{_ACCOUNT}:stack/{name}/sample",
                "Outputs": [{"OutputKey": key, "OutputValue": f"sample-{key}"} for key in sorted(self.outputs[name])],
                "Parameters": [
                    {"ParameterKey": key, "ParameterValue": value}
                    for key, value in sorted(self.parameters[name].items())
                ],
            }
            for name in sorted(self.resources)
        ]
        return {
            "stacks": stacks,
            "resources": {stack: [*found.values()] for stack, found in self.resources.items()},
            "log_groups": sorted(self.by_type.get("AWS::Logs::LogGroup", ())),
        }

    def _add(self, stack_name: str, template: Mapping[str, Any]) -> None:
        self.by_type.setdefault(STACK, set()).add(stack_name)
        found = self.resources.setdefault(stack_name, {})
        self.outputs.setdefault(stack_name, set()).update(template.get("Outputs", ()))
        defaults = {key: str(each.get("Default", "")) for key, each in template.get("Parameters", {}).items()}
        self.parameters.setdefault(stack_name, {}).update(defaults)
        for logical_id, resource in template.get("Resources", {}).items():
            type_, properties = resource["Type"], resource.get("Properties", {})
            name = _name(type_, properties) or f"{stack_name}-{logical_id}{GENERATED}"
            self.by_type.setdefault(type_, set()).add(name)
            found[logical_id] = {
                "StackName": stack_name,
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": name,
                "ResourceType": type_,
                "ResourceStatus": "CREATE_COMPLETE",
            }
            if type_ == "AWS::SSM::Document":
                self.by_type.setdefault("AWS::RDS::DBInstance", set()).update(_copies(properties.get("Content")))
            if type_ in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
                self.alarms[name] = str(properties.get("AlarmDescription", ""))
                self.metrics.update(_metrics(properties))


def _templates(folder: Path, prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Stack's name -> template, under the rehearsal's prefix."""
    name, _, stage = prefix.rpartition("-")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for id, entry in manifest["artifacts"].items():
        if entry["type"] == "aws:cloudformation:stack":
            properties = entry["properties"]
            text = (folder / properties["templateFile"]).read_text(encoding="utf-8")
            for ours in (NAME, SECOND_NAME):
                renamed = text.replace(prefix, f"{ours}-{STAGE}").replace(f"/{name}/{stage}/", f"/{ours}/{STAGE}/")
                yield properties.get("stackName", id).replace(prefix, f"{ours}-{STAGE}"), json.loads(renamed)


def _metrics(alarm: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    stats = (each["MetricStat"]["Metric"] for each in alarm.get("Metrics", ()) if "MetricStat" in each)
    for metric in (alarm, *stats):
        if "MetricName" in metric:
            yield metric["Namespace"], metric["MetricName"]


def _copies(content: Any) -> Iterator[str]:
    """Servers that an automation makes."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key == "TargetDBInstanceIdentifier" and isinstance(value, str):
                yield value
            else:
                yield from _copies(value)
    elif isinstance(content, list):
        for value in content:
            yield from _copies(value)


def _name(type_: str, properties: Mapping[str, Any]) -> str:
    value: Any = properties
    for key in _NAMED_BY.get(type_, "").split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return _text(value)


def _text(value: Any) -> str:
    """A name that CloudFormation puts together, as far as it is one; else empty."""
    known = {"AWS::AccountId": _ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return known.get(name, "")
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(_text(part) for part in parts)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([\w:]+)\}", lambda found: known.get(found[1], ""), text)
        case _:
            return ""
