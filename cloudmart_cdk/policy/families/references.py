"""REF: what a resource refers to is of this app. A role, a key or a template from elsewhere cannot be checked here.

Owns the table of references that decide about security, and the rule that every reference leads somewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..model import MISSING, Deployment, Pointer, Resource, as_list
from ..rule import Found, Rule, shown

_ROLE: Final = "AWS::IAM::Role"
_CLUSTER: Final = "AWS::EKS::Cluster"
_LB: Final = "AWS::ElasticLoadBalancingV2"

REFERENCES: Final[tuple[tuple[str, str, str, bool], ...]] = (
    ("AWS::AutoScaling::AutoScalingGroup", "LaunchTemplate.LaunchTemplateId", "AWS::EC2::LaunchTemplate", True),
    ("AWS::AutoScaling::AutoScalingGroup", "LaunchTemplate.Version", "AWS::EC2::LaunchTemplate", True),
    ("AWS::CloudFront::Distribution", "DistributionConfig.WebACLId", "AWS::WAFv2::WebACL", False),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.IamInstanceProfile.Arn", "AWS::IAM::InstanceProfile", False),
    ("AWS::EC2::SubnetRouteTableAssociation", "RouteTableId", "AWS::EC2::RouteTable", True),
    ("AWS::EC2::VPCGatewayAttachment", "InternetGatewayId", "AWS::EC2::InternetGateway", True),
    ("AWS::EKS::AccessEntry", "ClusterName", _CLUSTER, True),
    ("AWS::EKS::Addon", "ClusterName", _CLUSTER, True),
    ("AWS::EKS::Cluster", "RoleArn", _ROLE, True),
    ("AWS::EKS::Nodegroup", "ClusterName", _CLUSTER, True),
    ("AWS::EKS::PodIdentityAssociation", "ClusterName", _CLUSTER, True),
    ("AWS::IAM::InstanceProfile", "Roles[]", _ROLE, True),
    ("AWS::IAM::ManagedPolicy", "Roles[]", _ROLE, False),
    ("AWS::IAM::Policy", "Roles[]", _ROLE, True),
    ("AWS::KMS::Alias", "TargetKeyId", "AWS::KMS::Key", True),
    ("AWS::Lambda::Function", "Role", _ROLE, True),
    ("AWS::Lambda::Function", "Layers[]", "AWS::Lambda::LayerVersion", False),
    ("AWS::RDS::DBProxy", "RoleArn", _ROLE, True),
    ("AWS::S3::BucketPolicy", "Bucket", "AWS::S3::Bucket", True),
    ("AWS::Scheduler::Schedule", "Target.RoleArn", _ROLE, True),
    ("AWS::SecretsManager::RotationSchedule", "SecretId", "AWS::SecretsManager::Secret", True),
    ("AWS::SecretsManager::SecretTargetAttachment", "SecretId", "AWS::SecretsManager::Secret", True),
    ("AWS::SNS::TopicPolicy", "Topics[]", "AWS::SNS::Topic", True),
    ("AWS::WAFv2::WebACLAssociation", "WebACLArn", "AWS::WAFv2::WebACL", True),
    ("AWS::WAFv2::WebACLAssociation", "ResourceArn", f"{_LB}::LoadBalancer", True),
    (f"{_LB}::Listener", "LoadBalancerArn", f"{_LB}::LoadBalancer", True),
    (f"{_LB}::ListenerRule", "ListenerArn", f"{_LB}::Listener", True),
)
"""Type, property, the type that it has to refer to, and whether it has to be there."""

TRUSTED: Final = (
    ("AWS::Backup::BackupSelection", "BackupSelection.IamRoleArn", "backup.amazonaws.com"),
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    ("AWS::EKS::Addon", "PodIdentityAssociations[].RoleArn", "pods.eks.amazonaws.com"),
    ("AWS::EKS::Cluster", "RoleArn", "eks.amazonaws.com"),
    ("AWS::EKS::Nodegroup", "NodeRole", "ec2.amazonaws.com"),
    ("AWS::EKS::PodIdentityAssociation", "RoleArn", "pods.eks.amazonaws.com"),
    ("AWS::IAM::InstanceProfile", "Roles[]", "ec2.amazonaws.com"),
    ("AWS::Lambda::Function", "Role", "lambda.amazonaws.com"),
    ("AWS::RDS::DBProxy", "RoleArn", "rds.amazonaws.com"),
    ("AWS::Scheduler::Schedule", "Target.RoleArn", "scheduler.amazonaws.com"),
)
"""Type, property with a role, and the service that takes the role on."""


def _own(app: Deployment) -> Iterator[Found]:
    for type_, path, target, needed in REFERENCES:
        for resource in app.of(type_):
            for where, value in resource.at(path):
                missing = value is MISSING and not needed
                if not missing and app.target(value, target) is None:
                    yield Found(resource, shown(value), f"a reference to an {target} of this app", where)
    for resource in app.resources:
        if resource.type.startswith("Custom::"):
            token = resource.get("ServiceToken")
            if app.target(token, "AWS::Lambda::Function") is None:
                yield Found(resource, shown(token), "a function of this app", "ServiceToken")


def _trusted(app: Deployment) -> Iterator[Found]:
    for type_, path, service in TRUSTED:
        for resource in app.of(type_):
            for where, value in resource.at(path):
                role = app.target(value, _ROLE)
                services = _services(role) if role else set()
                if role and service not in services:
                    given = f"{role.path}, which trusts {', '.join(sorted(services)) or 'no service'}"
                    yield Found(resource, given, f"a role that trusts {service}", where)


def _services(role: Resource) -> set[str]:
    return {
        str(service)
        for statement in as_list(role.get("AssumeRolePolicyDocument.Statement"))
        if isinstance(statement, Mapping) and isinstance(principal := statement.get("Principal"), Mapping)
        for service in as_list(principal.get("Service", []))
    }


def _forwards(app: Deployment) -> Iterator[Found]:
    for resource in app.of(f"{_LB}::Listener", f"{_LB}::ListenerRule"):
        for path in ("DefaultActions", "Actions"):
            for number, action in enumerate(resource.items(path)):
                if isinstance(action, Mapping) and action.get("Type") == "forward":
                    yield from _targets(app, resource, action, f"{path}.{number}")


def _targets(app: Deployment, resource: Resource, action: Mapping[str, Any], where: str) -> Iterator[Found]:
    config = action.get("ForwardConfig", {})
    groups = [entry.get("TargetGroupArn") for entry in config.get("TargetGroups", []) if isinstance(entry, Mapping)]
    if "TargetGroupArn" in action:
        groups.append(action["TargetGroupArn"])
    for value in groups or [MISSING]:
        if app.target(value, f"{_LB}::TargetGroup") is None:
            yield Found(resource, shown(value), "a target group of this app", where)


def _lead_somewhere(app: Deployment) -> Iterator[Found]:
    for resource in app.resources:
        for where, pointer in _pointers(resource.properties, ""):
            if app.target(pointer) is None:
                yield Found(resource, f"{pointer}, which is not there", "references to resources that exist", where)
        for name in resource.depends_on:
            if app.target(Pointer(resource.stack, name)) is None:
                yield Found(resource, f"{name}, which is not there", "resources that exist", "DependsOn", name)


def _pointers(node: Any, path: str) -> Iterator[tuple[str, Pointer]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _pointers(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _pointers(value, f"{path}.{number}")
    elif isinstance(node, Pointer):
        yield path, node


RULES: Final = (
    Rule(
        "REF-1",
        "Every reference leads to a resource of this app",
        "CloudFormation refuses the rest at deploy time; a rule that follows a reference would see nothing.",
        "refer to the construct, not to a name that was",
        _lead_somewhere,
        acknowledgeable=False,
    ),
    Rule(
        "REF-2",
        "Roles, launch templates, listeners and what else decides about security are of this app",
        "What is not in these templates is not checked by any rule of theirs (specification section 8).",
        "make it in the stack, or hand it over from the one that owns it",
        _own,
        acknowledgeable=False,
    ),
    Rule(
        "REF-4",
        "A role is handed to the service that it trusts",
        "IAM guide, service roles: AWS refuses the rest, and a role of another purpose has another purpose's rights.",
        "hand over the role that was made for it",
        _trusted,
        acknowledgeable=False,
    ),
    Rule(
        "REF-3",
        "Listeners forward to target groups of this app",
        "A target group of somebody else would receive the customers' requests.",
        "forward to a target group of the stack",
        _forwards,
        acknowledgeable=False,
    ),
)
