"""From CloudFormation types to what people call the thing: the picture and the tables count by these."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

_BY_TYPE: Final = {
    "AWS::EC2::EIP": "NAT",
    "AWS::EC2::FlowLog": "flow logs",
    "AWS::EC2::LaunchTemplate": "launch templates",
    "AWS::EC2::NatGateway": "NAT",
    "AWS::EC2::SecurityGroup": "security groups",
    "AWS::EC2::SecurityGroupEgress": "firewall rules",
    "AWS::EC2::SecurityGroupIngress": "firewall rules",
    "AWS::EC2::Subnet": "subnets",
    "AWS::EC2::VPCEndpoint": "endpoints",
    "AWS::ECR::Repository": "image repositories",
    "AWS::EKS::Addon": "add-ons",
    "AWS::EKS::Nodegroup": "node groups",
    "AWS::Logs::QueryDefinition": "saved queries",
    "AWS::SSM::Document": "documents",
    "AWS::SSM::Parameter": "parameters",
    "AWS::CloudWatch::Alarm": "alarms",
    "AWS::CloudWatch::CompositeAlarm": "alarms",
    "AWS::CloudWatch::Dashboard": "dashboards",
    "AWS::AutoScaling::ScalingPolicy": "scaling policies",
    "Custom::AWSCDK-EKS-HelmChart": "charts",
    "Custom::AWSCDK-EKS-KubernetesResource": "manifests",
}
_BY_SERVICE: Final = {
    "ApplicationSignals": "objectives",
    "AutoScaling": "scaling groups",
    "Backup": "backup",
    "Budgets": "budget",
    "CloudFront": "CDN",
    "CloudTrail": "audit trail",
    "CodeDeploy": "releases",
    "DynamoDB": "tables",
    "EC2": "network",
    "EKS": "cluster",
    "ElastiCache": "cache",
    "ElasticLoadBalancingV2": "load balancing",
    "Events": "event rules",
    "IAM": "roles and policies",
    "KMS": "keys",
    "Lambda": "functions",
    "Logs": "logs",
    "RDS": "database",
    "Route53": "DNS",
    "S3": "buckets",
    "SNS": "topics",
    "SQS": "queues",
    "SSM": "fleet care",
    "Scheduler": "schedules",
    "SecretsManager": "secrets",
    "Synthetics": "synthetic customer",
    "WAFv2": "web ACL",
    "XRay": "trace groups",
    "CertificateManager": "certificates",
}


def capability(resource_type: str) -> str:
    """What a resource is part of. An unknown service goes by its own name."""
    if resource_type in _BY_TYPE:
        return _BY_TYPE[resource_type]
    if not resource_type.startswith("AWS::"):
        return "deploy-time steps"
    service = resource_type.split("::")[1]
    return _BY_SERVICE.get(service, service)


def count(resource_types: Iterable[str]) -> dict[str, int]:
    """Capability -> resources, most first."""
    return dict(Counter(sorted(capability(name) for name in resource_types)).most_common())
