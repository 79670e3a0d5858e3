"""TYPE: every resource type is known to a rule, or listed here as storing and carrying nothing.

Owns the list. A type that nobody classified is a finding, so that a new service cannot arrive unencrypted and unseen;
so is what no rule can look into: nested stacks, macros, parameters with values of their own.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..model import Deployment, Resource
from ..rule import Found, Rule
from . import at_rest, edge, in_transit, web_acls

_CONFIGURATION: Final[dict[str, tuple[str, ...]]] = {
    "a path or an address; what may pass is NET's and SG's": (
        "AWS::EC2::EIP",
        "AWS::EC2::FlowLog",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NatGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCCidrBlock",
        "AWS::EC2::VPCEndpoint",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::Route53::HostedZone",
        "AWS::Route53::RecordSet",
    ),
    "a permission; IAM reads it": (
        "AWS::ECR::RepositoryCreationTemplate",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::OIDCProvider",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::Logs::ResourcePolicy",
        "AWS::SecretsManager::ResourcePolicy",
    ),
    "servers and their number; disks are the launch template's": (
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::AutoScaling::LifecycleHook",
        "AWS::AutoScaling::ScalingPolicy",
        "AWS::AutoScaling::ScheduledAction",
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentConfig",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Scheduler::Schedule",
        "AWS::SSM::Association",
        "AWS::SSM::Document",
        "AWS::SSM::MaintenanceWindow",
        "AWS::SSM::MaintenanceWindowTarget",
        "AWS::SSM::MaintenanceWindowTask",
    ),
    "the cluster; EKS and POD read it": (
        "AWS::EKS::AccessEntry",
        "AWS::EKS::Addon",
        "AWS::EKS::Cluster",
        "AWS::EKS::Nodegroup",
        "AWS::EKS::PodIdentityAssociation",
        "Custom::AWSCDK-EKS-HelmChart",
        "Custom::AWSCDK-EKS-KubernetesObjectValue",
        "Custom::AWSCDK-EKS-KubernetesPatch",
        "Custom::AWSCDK-EKS-KubernetesResource",
    ),
    "numbers about resources, and who is told": (
        "AWS::ApplicationSignals::ServiceLevelObjective",
        "AWS::Budgets::Budget",
        "AWS::CE::AnomalySubscription",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::AnomalyDetector",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::Rule",
        "AWS::Logs::MetricFilter",
        "AWS::Logs::QueryDefinition",
        "AWS::XRay::Group",
    ),
    "how a store is run; the store's own rows say how it is encrypted": (
        "AWS::Backup::BackupPlan",
        "AWS::Backup::BackupSelection",
        "AWS::ElastiCache::ParameterGroup",
        "AWS::ElastiCache::SubnetGroup",
        "AWS::KMS::Alias",
        "AWS::RDS::DBProxyTargetGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::SecretsManager::SecretTargetAttachment",
        "AWS::SES::EmailIdentity",
    ),
    "a deploy-time step of CDK, whose function and role are in the template and read by the rules": (
        "Custom::CDKBucketDeployment",
        "Custom::S3AutoDeleteObjects",
        "Custom::VpcRestrictDefaultSG",
    ),
}
"""Why a type needs no row -> the types."""

STORES_NOTHING: Final[Mapping[str, str]] = {
    type_: reason for reason, types in _CONFIGURATION.items() for type_ in types
}
"""Type -> why nothing of it is to be encrypted."""

PROTECTED: Final = at_rest.TYPES | in_transit.TYPES | edge.TYPES | web_acls.TYPES
"""Types that rows or rules of encryption know."""


def _unclassified(app: Deployment) -> Iterator[Found]:
    for resource in app.resources:
        if resource.type not in PROTECTED and resource.type not in STORES_NOTHING:
            yield Found(resource, "of a type that nobody classified", "a type with rows, or listed as storing nothing")


def _opaque(app: Deployment) -> Iterator[Found]:
    for stack in app.stacks.values():
        place = Resource(stack.id, "", "AWS::CloudFormation::Template", {}, stack.id, stack.region)
        for section in ("Transform", "Hooks"):
            if section in stack.template:
                yield Found(
                    place, f"with a section {section}", "plain resources, which rules can read", section, section
                )
        for where, name in _macros(stack.template.get("Resources", {}), "Resources"):
            yield Found(place, name, "no macros and includes", where, where)


def _macros(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("Fn::Transform", "Fn::ForEach") or str(key).startswith("Fn::ForEach::"):
                yield path, str(key)
            yield from _macros(value, f"{path}.{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _macros(value, f"{path}.{number}")


RULES: Final = (
    Rule(
        "TYPE-1",
        "Every resource type is classified",
        "A new service that no rule knows would arrive unencrypted and unseen (specification section 8).",
        "write its rows in policy/families/at_rest.py, or list it in classification.py with the reason",
        _unclassified,
        acknowledgeable=False,
    ),
    Rule(
        "TYPE-2",
        "Templates hold plain resources: no macros, transforms or loops",
        "CloudFormation expands them after the rules have run.",
        "write the resources out in Python",
        _opaque,
        acknowledgeable=False,
    ),
)
