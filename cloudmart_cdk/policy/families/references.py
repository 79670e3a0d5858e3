"""REF: what a resource refers to is of this app. A role, a key or a template from elsewhere cannot be checked here.

Owns the table of references that decide about security, and the rule that every reference leads somewhere.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..model import MISSING, Deployment, Pointer, Resource, as_list, leaves, pointers_in, section, text_of
from ..rule import Found, Rule, shown

_ANY: Final = ""
_BUCKET: Final = "AWS::S3::Bucket"
_CLUSTER: Final = "AWS::EKS::Cluster"
_FUNCTION: Final = "AWS::Lambda::Function"
_LB: Final = "AWS::ElasticLoadBalancingV2"
_ROLE: Final = "AWS::IAM::Role"

REFERENCES: Final[tuple[tuple[str, str, str, bool], ...]] = (
    ("AWS::AutoScaling::AutoScalingGroup", "LaunchTemplate.LaunchTemplateId", "AWS::EC2::LaunchTemplate", True),
    ("AWS::AutoScaling::AutoScalingGroup", "LaunchTemplate.Version", "AWS::EC2::LaunchTemplate", True),
    ("AWS::AutoScaling::AutoScalingGroup", "LifecycleHookSpecificationList[].NotificationTargetARN", _ANY, False),
    ("AWS::AutoScaling::AutoScalingGroup", "LifecycleHookSpecificationList[].RoleARN", _ROLE, False),
    ("AWS::AutoScaling::AutoScalingGroup", "NotificationConfigurations[].TopicARN", "AWS::SNS::Topic", False),
    ("AWS::AutoScaling::AutoScalingGroup", "TargetGroupARNs[]", f"{_LB}::TargetGroup", False),
    ("AWS::Backup::BackupSelection", "BackupSelection.IamRoleArn", _ROLE, True),
    ("AWS::Backup::BackupVault", "Notifications.SNSTopicArn", "AWS::SNS::Topic", False),
    ("AWS::CloudFront::Distribution", "DistributionConfig.WebACLId", "AWS::WAFv2::WebACL", False),
    ("AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn", _ROLE, False),
    ("AWS::CodeDeploy::DeploymentGroup", "ServiceRoleArn", _ROLE, True),
    ("AWS::EC2::FlowLog", "LogDestination", _BUCKET, False),
    ("AWS::EC2::Instance", "IamInstanceProfile", "AWS::IAM::InstanceProfile", False),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.IamInstanceProfile.Arn", "AWS::IAM::InstanceProfile", False),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.NetworkInterfaces[].SubnetId", "AWS::EC2::Subnet", False),
    ("AWS::EC2::SubnetRouteTableAssociation", "RouteTableId", "AWS::EC2::RouteTable", True),
    ("AWS::EC2::VPCGatewayAttachment", "InternetGatewayId", "AWS::EC2::InternetGateway", True),
    ("AWS::EKS::AccessEntry", "ClusterName", _CLUSTER, True),
    ("AWS::EKS::Addon", "ClusterName", _CLUSTER, True),
    ("AWS::EKS::Cluster", "RoleArn", _ROLE, True),
    ("AWS::EKS::Nodegroup", "ClusterName", _CLUSTER, True),
    ("AWS::EKS::PodIdentityAssociation", "ClusterName", _CLUSTER, True),
    (f"{_LB}::Listener", "LoadBalancerArn", f"{_LB}::LoadBalancer", True),
    (f"{_LB}::ListenerRule", "ListenerArn", f"{_LB}::Listener", True),
    (f"{_LB}::TargetGroup", "Targets[].Id", _ANY, False),
    ("AWS::Events::Rule", "Targets[].Arn", _ANY, True),
    ("AWS::Events::Rule", "Targets[].RoleArn", _ROLE, False),
    ("AWS::IAM::InstanceProfile", "Roles[]", _ROLE, True),
    ("AWS::IAM::ManagedPolicy", "Groups[]", "AWS::IAM::Group", False),
    ("AWS::IAM::ManagedPolicy", "Roles[]", _ROLE, False),
    ("AWS::IAM::ManagedPolicy", "Users[]", "AWS::IAM::User", False),
    ("AWS::IAM::Policy", "Groups[]", "AWS::IAM::Group", False),
    ("AWS::IAM::Policy", "Roles[]", _ROLE, True),
    ("AWS::IAM::Policy", "Users[]", "AWS::IAM::User", False),
    ("AWS::KMS::Alias", "TargetKeyId", "AWS::KMS::Key", True),
    ("AWS::Lambda::EventSourceMapping", "EventSourceArn", _ANY, True),
    ("AWS::Lambda::EventSourceMapping", "FunctionName", _FUNCTION, True),
    ("AWS::Lambda::Function", "DeadLetterConfig.TargetArn", _ANY, False),
    ("AWS::Lambda::Function", "Layers[]", "AWS::Lambda::LayerVersion", False),
    ("AWS::Lambda::Function", "Role", _ROLE, True),
    ("AWS::RDS::DBCluster", "AssociatedRoles[].RoleArn", _ROLE, False),
    ("AWS::RDS::DBInstance", "AssociatedRoles[].RoleArn", _ROLE, False),
    ("AWS::RDS::DBInstance", "DBClusterIdentifier", "AWS::RDS::DBCluster", False),
    ("AWS::RDS::DBInstance", "MonitoringRoleArn", _ROLE, False),
    ("AWS::RDS::DBInstance", "SourceDBInstanceIdentifier", "AWS::RDS::DBInstance", False),
    ("AWS::RDS::DBProxy", "RoleArn", _ROLE, True),
    ("AWS::RDS::DBProxyTargetGroup", "DBClusterIdentifiers[]", "AWS::RDS::DBCluster", False),
    ("AWS::RDS::DBProxyTargetGroup", "DBInstanceIdentifiers[]", "AWS::RDS::DBInstance", False),
    ("AWS::S3::Bucket", "InventoryConfigurations[].Destination.BucketArn", _BUCKET, False),
    ("AWS::S3::Bucket", "NotificationConfiguration.LambdaConfigurations[].Function", _FUNCTION, False),
    ("AWS::S3::Bucket", "NotificationConfiguration.QueueConfigurations[].Queue", "AWS::SQS::Queue", False),
    ("AWS::S3::Bucket", "NotificationConfiguration.TopicConfigurations[].Topic", "AWS::SNS::Topic", False),
    ("AWS::S3::BucketPolicy", "Bucket", _BUCKET, True),
    ("AWS::SNS::TopicPolicy", "Topics[]", "AWS::SNS::Topic", True),
    ("AWS::SSM::Association", "OutputLocation.S3Location.OutputS3BucketName", _BUCKET, False),
    ("AWS::SSM::Document", "Content.assumeRole", _ROLE, False),
    ("AWS::SSM::MaintenanceWindowTarget", "WindowId", "AWS::SSM::MaintenanceWindow", True),
    ("AWS::SSM::MaintenanceWindowTask", "ServiceRoleArn", _ROLE, True),
    ("AWS::SSM::MaintenanceWindowTask", "TaskArn", "AWS::SSM::Document", True),
    ("AWS::SSM::MaintenanceWindowTask", "WindowId", "AWS::SSM::MaintenanceWindow", True),
    ("AWS::Scheduler::Schedule", "Target.RoleArn", _ROLE, True),
    ("AWS::SecretsManager::RotationSchedule", "RotationLambdaARN", _FUNCTION, True),
    ("AWS::SecretsManager::RotationSchedule", "SecretId", "AWS::SecretsManager::Secret", True),
    ("AWS::SecretsManager::SecretTargetAttachment", "SecretId", "AWS::SecretsManager::Secret", True),
    ("AWS::Synthetics::Canary", "ExecutionRoleArn", _ROLE, True),
    ("AWS::WAFv2::WebACLAssociation", "ResourceArn", f"{_LB}::LoadBalancer", True),
    ("AWS::WAFv2::WebACLAssociation", "WebACLArn", "AWS::WAFv2::WebACL", True),
    ("Custom::CDKBucketDeployment", "DestinationBucketName", _BUCKET, True),
    ("Custom::S3AutoDeleteObjects", "BucketName", _BUCKET, True),
)
"""Type, property, the type that it has to refer to (`_ANY`: no matter which), and whether it has to be there."""

TRUSTED: Final = (
    ("AWS::Backup::BackupSelection", "BackupSelection.IamRoleArn", "backup.amazonaws.com"),
    ("AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
    ("AWS::CodeDeploy::DeploymentGroup", "ServiceRoleArn", "codedeploy.amazonaws.com"),
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    ("AWS::EKS::Addon", "PodIdentityAssociations[].RoleArn", "pods.eks.amazonaws.com"),
    ("AWS::EKS::Cluster", "RoleArn", "eks.amazonaws.com"),
    ("AWS::EKS::Nodegroup", "NodeRole", "ec2.amazonaws.com"),
    ("AWS::EKS::PodIdentityAssociation", "RoleArn", "pods.eks.amazonaws.com"),
    ("AWS::Events::Rule", "Targets[].RoleArn", "events.amazonaws.com"),
    ("AWS::IAM::InstanceProfile", "Roles[]", "ec2.amazonaws.com"),
    ("AWS::Lambda::Function", "Role", "lambda.amazonaws.com"),
    ("AWS::RDS::DBInstance", "MonitoringRoleArn", "monitoring.rds.amazonaws.com"),
    ("AWS::RDS::DBProxy", "RoleArn", "rds.amazonaws.com"),
    ("AWS::SSM::Document", "Content.assumeRole", "ssm.amazonaws.com"),
    ("AWS::SSM::MaintenanceWindowTask", "ServiceRoleArn", "ssm.amazonaws.com"),
    ("AWS::Scheduler::Schedule", "Target.RoleArn", "scheduler.amazonaws.com"),
    ("AWS::Synthetics::Canary", "ExecutionRoleArn", "lambda.amazonaws.com"),
)
"""Type, property with a role, and the service that takes the role on."""

_OF_AWS: Final = "arn:aws:iam::aws:policy/"
_WRITTEN_OUT: Final = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\$\{AWS::AccountId\}|\d{12}):[\w-]+[:/](\$\{.+)")
"""An ARN of an account, around a reference: how CDK names the source of a read replica."""

_AUTOMATION: Final = re.compile(
    r"arn:aws:ssm:([a-z0-9-]+):(\$\{AWS::AccountId\}|\d{12}):automation-definition/([\w.-]+)(?::\$DEFAULT)?"
)
"""What starts an Automation document names it: the document has no attribute for it. Older versions, and
those of other regions, are in no template."""


def _own(app: Deployment) -> Iterator[Found]:
    for type_, path, target, needed in REFERENCES:
        for resource in app.of(type_):
            for where, value in resource.at(path):
                missing = value is MISSING and not needed
                if not missing and app.target(_named(app, value), target) is None:
                    yield Found(resource, shown(value), f"a reference to an {target or 'resource'} of this app", where)
    for resource in app.resources:
        if resource.type.startswith("Custom::"):
            token = resource.get("ServiceToken")
            if app.target(token, _FUNCTION) is None:
                yield Found(resource, shown(token), "a function of this app", "ServiceToken")
    for role in app.of(_ROLE):
        for where, value in role.at("ManagedPolicyArns[]"):
            of_aws = value is MISSING or text_of(value).startswith(_OF_AWS)
            if not of_aws and app.target(value, "AWS::IAM::ManagedPolicy") is None:
                yield Found(role, shown(value), "policies of AWS or of this app", where)


def _named(app: Deployment, value: Any) -> Any:
    """The reference in an ARN of this account that is written out, or meant by the name of a document of this app; any
    other value as it is."""
    if not isinstance(value, str):
        return value
    own = ("${AWS::AccountId}", app.settings.account)
    if (found := _AUTOMATION.fullmatch(value)) and found[2] in own:
        documents = (
            each for each in app.of("AWS::SSM::Document") if each.get("Name") == found[3] and each.region == found[1]
        )
        return next((Pointer(each.stack, each.logical_id) for each in documents), value)
    found = _WRITTEN_OUT.fullmatch(value)
    return found[2] if found and found[1] in own else value


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
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow"
        if isinstance(principal := statement.get("Principal"), Mapping)
        for service in as_list(principal.get("Service", []))
    }


def _forwards(app: Deployment) -> Iterator[Found]:
    for resource in app.of(f"{_LB}::Listener", f"{_LB}::ListenerRule"):
        for path in ("DefaultActions", "Actions"):
            for number, action in enumerate(resource.items(path)):
                kind = action.get("Type", MISSING) if isinstance(action, Mapping) else action
                if kind == "forward":
                    yield from _targets(app, resource, action, f"{path}.{number}")
                elif kind not in ("fixed-response", "redirect"):
                    yield Found(resource, shown(kind), "forward, redirect, fixed-response", f"{path}.{number}.Type")


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
        for where, name in _dangling(app, resource.properties):
            yield Found(resource, f"{name}, which is not there", "references to resources that exist", where)
        for name in resource.depends_on:
            if app.target(Pointer(resource.stack, name)) is None:
                yield Found(resource, f"{name}, which is not there", "resources that exist", "DependsOn", name)
    for stack in app.stacks.values():
        place = Resource(stack.id, "", "AWS::CloudFormation::Template", {}, stack.id, stack.region)
        for where, name in _dangling(app, app.value(stack.id, section(stack, "Outputs"))):
            yield Found(place, f"{name}, which is not there", "references to resources that exist", f"Outputs.{where}")


_FROM_OTHERS: Final = ("${Fn::GetStackOutput}", "${Fn::ImportValue}")


def _dangling(app: Deployment, node: Any) -> Iterator[tuple[str, str]]:
    """(path, reference) of what leads nowhere, as a value or inside of a text."""
    for where, value in leaves(node):
        text = text_of(value)
        if "${" not in text:
            continue
        for pointer in [value] if isinstance(value, Pointer) else pointers_in(text):
            if pointer.stack in app.stacks and app.target(pointer) is None:
                yield where, str(pointer)
        for function in _FROM_OTHERS:
            if function in text:
                yield where, function


RULES: Final = (
    Rule(
        "REF-1",
        "Every reference leads to a resource of this app",
        "CloudFormation guide, Ref and Fn::GetAtt: refused at deploy time. What follows such a reference sees nothing.",
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
        "REF-3",
        "Listeners forward to target groups of this app",
        "ELB guide, listener rules. A target group of somebody else would receive the customers' requests.",
        "forward to a target group of the stack",
        _forwards,
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
)
