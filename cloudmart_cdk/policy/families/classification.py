"""TYPE: every resource type is known to a rule, or listed here as storing and carrying nothing.

Owns the list. A type that nobody classified is a finding, so that a new service cannot arrive unencrypted and unseen;
so is what no rule can look into: nested stacks, macros, and whatever is decided after the synth only.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...service_releases import STACK
from .. import releases
from ..manifests import MANIFEST
from ..model import Deployment, Resource, Stack, Unknown, leaves, section
from ..rule import Found, Rule
from . import at_rest, audit_trail, cdn, database_access, in_transit, load_balancers, web_acls

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
    "what calls a function; its role is what it may do": ("AWS::Lambda::EventSourceMapping",),
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
        "AWS::SSM::PatchBaseline",
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
        "AWS::CloudFront::MonitoringSubscription",
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
    "a deploy-time step, whose function and role are in the template and read by the rules": (
        "Custom::CDKBucketDeployment",
        "Custom::CloudMartDatabaseUsers",
        "Custom::S3AutoDeleteObjects",
        "Custom::VpcRestrictDefaultSG",
    ),
}
"""Why a type needs no row -> the types."""

STORES_NOTHING: Final[Mapping[str, str]] = {
    type_: reason for reason, types in _CONFIGURATION.items() for type_ in types
}
"""Type -> why nothing of it is to be encrypted."""

PROTECTED: Final = (
    at_rest.TYPES
    | audit_trail.TYPES
    | database_access.TYPES
    | in_transit.TYPES
    | load_balancers.TYPES
    | cdn.TYPES
    | web_acls.TYPES
)
"""Types that rows or rules of encryption know."""


def _unclassified(app: Deployment) -> Iterator[Found]:
    for resource in app.resources:
        if resource.type not in PROTECTED and resource.type not in STORES_NOTHING:
            yield Found(resource, "of a type that nobody classified", "a type with rows, or listed as storing nothing")


_SECTIONS: Final = (
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
)
"""CloudFormation guide, template sections. `Transform` and `Hooks` are sections too, and change what is deployed."""
_PARAMETERS: Final = ("BootstrapVersion", "LiveColour")
"""CDK's check of the bootstrap stack, and which colour is live (ADR 0004)."""
_BY_COLOUR: Final = ("DesiredCapacity", "MaxSize", "MinSize", "Weight")
"""Properties that a condition may choose: what the live colour has more of."""
_ELSEWHERE: Final = ("Fn::GetStackOutput", "Fn::If", "Fn::ImportValue", "Fn::Transform")
"""Functions whose unknown values have findings of their own: in REF-1, in the conditions here, in TYPE-2."""


def _opaque(app: Deployment) -> Iterator[Found]:
    for stack in app.stacks.values():
        place = _template(stack)
        for name in stack.template:
            if name not in _SECTIONS:
                yield Found(place, f"with a section {name}", "plain resources, which rules can read", name, name)
        for where, function in _functions(stack.template):
            if function == "Fn::Transform" or function.startswith("Fn::ForEach"):
                yield Found(place, function, "no macros and includes", where, where)
    for resource in app.resources:
        for name in _raw(app, resource).get("Metadata") or ():
            if str(name).startswith("AWS::CloudFormation::"):
                yield Found(resource, f"with metadata {name}", "user data, which rules read", "Metadata", str(name))


def _admitted(stack: Stack, name: str, admitted: Mapping[str, Mapping[str, Any]]) -> bool:
    declared = section(stack, "Parameters")[name]
    wanted = admitted.get(name) if stack.id == STACK else None
    return wanted is not None and isinstance(declared, Mapping) and wanted.items() <= declared.items()


def _decided_later(app: Deployment) -> Iterator[Found]:
    admitted, canaries = releases.declared(app.settings), releases.conditions(app.settings)
    for stack in app.stacks.values():
        for name in section(stack, "Parameters"):
            if name not in _PARAMETERS and not _admitted(stack, name, admitted):
                yield Found(_template(stack), f"with a parameter {name}", "values known at synth", "Parameters", name)
        for where, function in _functions(section(stack, "Outputs")):
            if function == "Fn::If":
                yield Found(_template(stack), "chosen by a condition", "values known at synth", "Outputs", where)
    for resource in app.resources:
        raw, manifest = _raw(app, resource), resource.type == MANIFEST
        if "Condition" in raw and not (manifest and raw["Condition"] in canaries and releases.is_canary(resource)):
            given = f"there only if {raw['Condition']} holds"
            yield Found(resource, given, "resources that are always there", "Condition")
        for where, function in _functions(raw):
            # Both texts of a manifest are read, whichever a release chooses.
            chosen = where.rpartition(".")[2] in _BY_COLOUR or (manifest and where.startswith("Properties.Manifest"))
            if function == "Fn::If" and not chosen:
                allowed = f"conditions for {', '.join(_BY_COLOUR)} only"
                yield Found(resource, "chosen by a condition", allowed, where.removeprefix("Properties."))
        declared = section(app.stacks[resource.stack], "Parameters")
        for name in releases.misplaced(resource, app.settings) if manifest else ():
            allowed = "a release's values as image, minimum and annotation only"
            yield Found(resource, f"with ${{{name}}}", allowed, "Manifest", name)
        for where, value in leaves(resource.properties):
            for name in _unknown(value):
                if manifest and where == "Manifest" and name in admitted and isinstance(value, str):
                    continue  # where it may stand is asked above, and of which repository the image is by POD-20
                if name in declared or (name.startswith("Fn::") and name not in _ELSEWHERE):
                    yield Found(resource, f"with ${{{name}}}", "values known at synth", where)


def _template(stack: Stack) -> Resource:
    return Resource(stack.id, "", "AWS::CloudFormation::Template", {}, stack.id, stack.region)


def _raw(app: Deployment, resource: Resource) -> Mapping[str, Any]:
    raw = section(app.stacks[resource.stack], "Resources")[resource.logical_id]
    return raw if isinstance(raw, Mapping) else {}


def _functions(node: Any) -> Iterator[tuple[str, str]]:
    """(path, name) of every function in a piece of a template."""
    for key, value in _children(node):
        if str(key).startswith("Fn::"):
            yield "", str(key)
        for path, name in _functions(value):
            yield f"{key}.{path}".rstrip("."), name


def _children(node: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(node, Mapping):
        return node.items()
    return enumerate(node) if isinstance(node, list) else ()


def _unknown(value: Any) -> list[str]:
    """What only a deployment settles, as a value or inside of a text."""
    if isinstance(value, Unknown):
        return [value.text]
    return re.findall(r"\$\{([\w:]+)\}", value) if isinstance(value, str) and "${" in value else []


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
        "CloudFormation guide, macros and cfn-init: both change what is deployed after the rules have run.",
        "write the resources out in Python",
        _opaque,
        acknowledgeable=False,
    ),
    Rule(
        "TYPE-3",
        "What is deployed is decided at synth: by settings, not by parameters or conditions",
        "CDK guide, best practices, 'Make decisions at synthesis time'. What only a deployment knows no rule has seen. "
        "Two exceptions: the live colour chooses sizes and weights (ADR 0004); a service's release chooses a digest "
        "of its own repository, and whether a canary runs beside it (ADR 0020).",
        "decide by a setting, in Python",
        _decided_later,
        acknowledgeable=False,
    ),
)
