"""What costs extra beyond what its type is billed for: tenancy, reserved capacity, provisioned throughput and the like.

Owns the one table of such properties, and what of each costs nothing more. Anything else in their place, and what only
a deployment settles, has no price: an error, never a zero.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ..policy.model import MISSING, Resource, text_of
from ..policy.rule import shown
from .charge import TABLE, Unpriced

_NONE: Final = ""
"""The property is not there."""
_OFF: Final = (_NONE, "false")
_DISTRIBUTION: Final = "DistributionConfig"
_MANAGED: Final = "Rules[].Statement.ManagedRuleGroupStatement"
_FREE_RULES: Final = (
    "AdminProtectionRuleSet", "AmazonIpReputationList", "AnonymousIpList", "CommonRuleSet", "KnownBadInputsRuleSet",
    "LinuxRuleSet", "PHPRuleSet", "SQLiRuleSet", "UnixRuleSet", "WindowsRuleSet", "WordPressRuleSet",
)  # fmt: skip
"""Of AWSManagedRules; bots, takeover and creation of accounts, and DDoS cost by the month (WAF pricing)."""

_PLAIN: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "AWS::CloudFront::Distribution": {
        f"{_DISTRIBUTION}.AnycastIpListId": (_NONE,),
        f"{_DISTRIBUTION}.CacheBehaviors[].RealtimeLogConfigArn": (_NONE,),
        f"{_DISTRIBUTION}.DefaultCacheBehavior.RealtimeLogConfigArn": (_NONE,),
        f"{_DISTRIBUTION}.Origins[].OriginShield.Enabled": _OFF,
        f"{_DISTRIBUTION}.ViewerCertificate.SslSupportMethod": (_NONE, "sni-only"),
    },
    "AWS::CloudTrail::Trail": {
        "AdvancedEventSelectors": (_NONE,),
        "EventSelectors[].DataResources": (_NONE,),
        "InsightSelectors": (_NONE,),
    },
    "AWS::DynamoDB::Table": {  # absent it is PROVISIONED
        "BillingMode": ("pay_per_request",),
        "ContributorInsightsSpecification.Enabled": _OFF,
        "WarmThroughput": (_NONE,),
    },
    "AWS::EC2::LaunchTemplate": {"LaunchTemplateData.Placement.Tenancy": (_NONE, "default")},
    "AWS::EC2::VPC": {"InstanceTenancy": (_NONE, "default")},
    "AWS::EKS::Cluster": {
        "ComputeConfig.Enabled": _OFF,
        "ControlPlaneScalingConfig.Tier": (_NONE, "standard"),
        "RemoteNetworkConfig": (_NONE,),
    },
    "AWS::EKS::Nodegroup": {  # Windows has a licence in each hour
        "AmiType": (
            _NONE, "al2_x86_64", "al2_arm_64", "al2023_x86_64_standard", "al2023_arm_64_standard",
            "bottlerocket_x86_64", "bottlerocket_arm_64",
        ),
    },
    "AWS::ElastiCache::ReplicationGroup": {"DataTieringEnabled": _OFF, "GlobalReplicationGroupId": (_NONE,)},
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {"MinimumLoadBalancerCapacity": (_NONE,)},
    "AWS::Lambda::EventSourceMapping": {"ProvisionedPollerConfig": (_NONE,)},
    "AWS::Lambda::Function": {"CapacityProviderConfig": (_NONE,), "SnapStart.ApplyOn": (_NONE, "none")},
    "AWS::Lambda::Version": {"ProvisionedConcurrencyConfig": (_NONE,)},
    "AWS::RDS::DBCluster": {
        "AllocatedStorage": (_NONE,),
        "DBClusterInstanceClass": (_NONE,),
        "DatabaseInsightsMode": (_NONE, "standard"),
        "Engine": (_NONE, "aurora-postgresql"),
        "GlobalClusterIdentifier": (_NONE,),
        "Iops": (_NONE,),
        "PerformanceInsightsRetentionPeriod": (_NONE, "7"),
        "StorageType": (_NONE, "aurora"),
    },
    "AWS::RDS::DBInstance": {
        "DatabaseInsightsMode": (_NONE, "standard"),
        "DedicatedLogVolume": _OFF,
        "Engine": (_NONE, "aurora-postgresql", "postgres"),
        "PerformanceInsightsRetentionPeriod": (_NONE, "7"),
    },
    "AWS::S3::Bucket": {
        "AccelerateConfiguration": (_NONE,),
        "AnalyticsConfigurations": (_NONE,),
        "InventoryConfigurations": (_NONE,),
        "MetricsConfigurations": (_NONE,),
        "ReplicationConfiguration": (_NONE,),
    },
    "AWS::SSM::Parameter": {"Tier": (_NONE, "standard")},
    "AWS::WAFv2::WebACL": {
        f"{_MANAGED}.Name": (_NONE, *(f"awsmanagedrules{name}".lower() for name in _FREE_RULES)),
        f"{_MANAGED}.VendorName": (_NONE, "aws"),
    },
}  # fmt: skip
"""Type -> property -> what costs nothing more, in small letters (the types' pages of the CloudFormation reference, and
the services' pricing pages)."""


def extras(resource: Resource) -> Iterator[Unpriced]:
    """Properties of a resource that cost extra."""
    for path, plain in _PLAIN.get(resource.type, {}).items():
        for place, value in resource.at(path):
            if (_NONE if value is MISSING else text_of(value).lower()) not in plain:
                allowed = " or ".join(word or "none" for word in plain)
                yield Unpriced(resource, f"{place} {shown(value)}", allowed, f"teach {TABLE} what it costs")
