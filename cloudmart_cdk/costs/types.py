"""What each resource type is billed for: the one table. Types by use are volumes.toml's; the rest is free, and why.

Owns the table. A type that is nowhere is an error (`UnpricedType`), never a zero.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ..policy.model import Deployment, Resource
from . import network, servers, stores, watching
from .charge import Charge, Charges, Kind


def _monthly(price: str, what: str, kind: Kind = "fixed") -> Charges:
    """One of something, by the month."""

    def charges(_: Resource, __: Deployment) -> Iterator[Charge]:
        yield Charge(price, 1, what, kind, "month")

    return charges


PRICED: Final[Mapping[str, Charges]] = {
    "AWS::AutoScaling::AutoScalingGroup": servers.scaling_group,
    "AWS::AutoScaling::ScheduledAction": servers.scheduled_action,
    "AWS::Scheduler::Schedule": servers.schedule,
    "AWS::EKS::Cluster": servers.cluster,
    "AWS::EKS::Nodegroup": servers.node_group,
    "AWS::EC2::NatGateway": network.nat_gateway,
    "AWS::EC2::EIP": network.address,
    "AWS::EC2::VPCEndpoint": network.endpoint,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": network.load_balancer,
    "AWS::RDS::DBInstance": stores.database,
    "AWS::RDS::DBProxyTargetGroup": stores.proxy_targets,
    "AWS::ElastiCache::ReplicationGroup": stores.cache,
    "AWS::CloudWatch::Alarm": watching.alarm,
    "AWS::CloudWatch::CompositeAlarm": watching.composite,
    "AWS::CloudWatch::Dashboard": watching.dashboard,
    "AWS::ApplicationSignals::ServiceLevelObjective": watching.objective,
    "AWS::Synthetics::Canary": watching.canary,
    "AWS::WAFv2::WebACL": watching.web_acl,
    "AWS::Route53::HostedZone": _monthly("route53.zone", "zone"),
    "AWS::KMS::Key": _monthly("kms.key", "key", "apart"),
    "AWS::SecretsManager::Secret": watching.secret,
}
"""Type -> what it costs as long as it stands."""

_FREE: Final[Mapping[str, tuple[str, ...]]] = {
    "networks and the rules in them are free (VPC pricing)": (
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCCidrBlock",
        "AWS::EC2::VPCGatewayAttachment",
    ),
    "permissions are free (IAM is offered at no charge)": (
        "AWS::EKS::AccessEntry",
        "AWS::EKS::PodIdentityAssociation",
        "AWS::ECR::RepositoryCreationTemplate",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::OIDCProvider",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::Lambda::Permission",
        "AWS::Logs::ResourcePolicy",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SecretsManager::ResourcePolicy",
    ),
    "a part of something that is billed as a whole": (
        "AWS::AutoScaling::LifecycleHook",
        "AWS::AutoScaling::ScalingPolicy",
        "AWS::Backup::BackupSelection",
        "AWS::Backup::BackupVault",
        "AWS::CloudFront::CachePolicy",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::CloudWatch::AnomalyDetector",
        "AWS::ElastiCache::ParameterGroup",
        "AWS::ElastiCache::SubnetGroup",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Url",
        "AWS::Lambda::Version",
        "AWS::RDS::DBClusterParameterGroup",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBProxy",
        "AWS::RDS::DBSubnetGroup",
        "AWS::Route53::RecordSet",
        "AWS::SNS::Subscription",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::SecretsManager::SecretTargetAttachment",
        "AWS::WAFv2::LoggingConfiguration",
        "AWS::WAFv2::WebACLAssociation",
    ),
    "what is started from it is billed, where it is started": ("AWS::EC2::LaunchTemplate",),
    "counted in volumes.toml, with the metrics of our own": (
        "AWS::CloudFront::MonitoringSubscription",
        "AWS::Logs::MetricFilter",
    ),
    "counted in volumes.toml, with what CloudFront delivers": ("AWS::CloudFront::Function",),
    "the account's own events and so few schedules are free (EventBridge pricing)": (
        "AWS::Events::Rule",
        "AWS::Scheduler::ScheduleGroup",
    ),
    "free for instances of EC2 and so few steps (Systems Manager pricing); parameters are standard ones": (
        "AWS::SSM::Association",
        "AWS::SSM::Document",
        "AWS::SSM::MaintenanceWindow",
        "AWS::SSM::MaintenanceWindowTarget",
        "AWS::SSM::MaintenanceWindowTask",
        "AWS::SSM::Parameter",
        "AWS::SSM::PatchBaseline",
    ),
    "free for instances of EC2 (CodeDeploy pricing)": (
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentConfig",
        "AWS::CodeDeploy::DeploymentGroup",
    ),
    "public certificates are free (Certificate Manager pricing)": ("AWS::CertificateManager::Certificate",),
    "budgets that only tell are free, anomaly detection too (Cost Management pricing)": (
        "AWS::Budgets::Budget",
        "AWS::CE::AnomalySubscription",
    ),
    "the first trail of management events is free (CloudTrail pricing); its files are in volumes.toml": (
        "AWS::CloudTrail::Trail",
    ),
    "saved queries are free, searching is in volumes.toml": ("AWS::Logs::QueryDefinition",),
    "functions that run during a deploy, for seconds": (
        "AWS::CloudFormation::CustomResource",
        "Custom::AWS",
        "Custom::AWSCDK-EKS-HelmChart",
        "Custom::AWSCDK-EKS-KubernetesObjectValue",
        "Custom::AWSCDK-EKS-KubernetesPatch",
        "Custom::AWSCDK-EKS-KubernetesResource",
        "Custom::CDKBucketDeployment",
        "Custom::CloudMartDatabaseUsers",
        "Custom::S3AutoDeleteObjects",
        "Custom::VpcRestrictDefaultSG",
    ),
}

FREE: Final[Mapping[str, str]] = {type_: reason for reason, types in _FREE.items() for type_ in types}
"""Type -> why it costs nothing by itself."""
