"""KEEP: what stays and what goes, for how long, as the stage says. Specification section 1 "deletion", ADR 0005.

Owns deletion policies, retention of logs and backups, and protection against deletion.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...settings import Settings
from ...settings.topology import DATA, MONITORING, VPC
from ..lookups import attribute_values, holds_data, in_every_case, log_buckets, own_storage, same
from ..model import MISSING, Deployment, Resource, as_list, parsed
from ..rule import (
    ANYTHING,
    YES,
    Found,
    Row,
    Rule,
    Test,
    at_least,
    equal,
    optional,
    reference,
    rule_of,
    shown,
)

_SPEC: Final = "Specification section 1, row deletion; ADR 0005."


@dataclass(frozen=True)
class _Stays:
    """What becomes of a resource that goes, in stages that keep data and in those that keep nothing."""

    type: str
    kept: tuple[str, ...]
    thrown: tuple[str, ...] = ("Delete",)
    when: Callable[[Resource, Deployment], bool] = lambda _, __: True


def _of_the_data_tier(resource: Resource, _: Deployment) -> bool:
    return resource.stack == DATA


_RETAIN: Final = ("Retain", "RetainExceptOnCreate")
_POLICIES: Final = (
    _Stays("AWS::RDS::DBInstance", ("Snapshot",), when=holds_data),
    _Stays("AWS::RDS::DBInstance", ("Delete",), when=lambda server, app: not holds_data(server, app)),
    _Stays("AWS::RDS::DBCluster", ("Snapshot",)),
    _Stays("AWS::ElastiCache::ReplicationGroup", ("Snapshot",)),
    _Stays("AWS::ElastiCache::ServerlessCache", ("Retain",)),
    _Stays("AWS::S3::Bucket", ("Retain",)),
    _Stays("AWS::S3::BucketPolicy", ("Retain",), ("Delete", "Retain", "")),
    _Stays("AWS::KMS::Key", ("Retain",)),
    _Stays("AWS::SecretsManager::Secret", ("Retain",), when=_of_the_data_tier),
    _Stays("AWS::SecretsManager::Secret", ("Delete",), when=lambda secret, app: not _of_the_data_tier(secret, app)),
    _Stays("AWS::ECR::Repository", _RETAIN),
    _Stays("AWS::Backup::BackupVault", _RETAIN, ("Retain", "Delete", "RetainExceptOnCreate")),
    _Stays("AWS::Logs::LogGroup", ("Delete", ""), ("Delete", "")),
    _Stays("AWS::EFS::FileSystem", ("Retain",)),
    _Stays("AWS::EC2::Volume", ("Snapshot", "Retain")),
    _Stays("AWS::DynamoDB::Table", ("Retain",), when=_of_the_data_tier),
    _Stays("AWS::DynamoDB::Table", ("Delete",), when=lambda table, app: not _of_the_data_tier(table, app)),
    _Stays("AWS::DynamoDB::GlobalTable", ("Retain",)),
    _Stays("AWS::OpenSearchService::Domain", ("Retain",)),
    _Stays("AWS::Kinesis::Stream", ("Retain",)),
    _Stays("AWS::SQS::Queue", ("Delete", ""), ("Delete", "")),
)


def _policies(app: Deployment) -> Iterator[Found]:
    for entry in _POLICIES:
        allowed = entry.kept if app.settings.keeps_data else entry.thrown
        for resource in app.of(entry.type):
            if not entry.when(resource, app):
                continue
            for name, value in (
                ("DeletionPolicy", resource.deletion_policy),
                ("UpdateReplacePolicy", resource.update_replace_policy),
            ):
                # CloudFormation knows RetainExceptOnCreate as a deletion policy only.
                possible = [
                    policy for policy in allowed if name == "DeletionPolicy" or policy != "RetainExceptOnCreate"
                ]
                if value not in possible:
                    words = " or ".join(policy or "not set" for policy in possible)
                    yield Found(
                        resource, f"{name} {value or 'not set'}", f"{words} in stage {app.settings.stage}", detail=name
                    )


def _protected(settings: Settings) -> Test:
    return YES if settings.deletion_protection else ANYTHING


def _kept(value: int) -> Callable[[Settings], Test]:
    return lambda settings: at_least(value) if settings.keeps_data else ANYTHING


ROWS: Final = (
    Row(
        "KEEP-2",
        "AWS::Logs::LogGroup",
        "RetentionInDays",
        lambda settings: equal(settings.log_retention_days),
        "Specification section 1, row log retention; Security Hub CloudWatch.16. Left out, logs stay and cost forever.",
        "make it with the stage's LogGroups (constructs/log_groups.py)",
    ),
    Row(
        "KEEP-3",
        "AWS::RDS::DBInstance",
        "BackupRetentionPeriod",
        lambda settings: at_least(settings.database.backup_days),
        "Specification section 1, row automated backups; Security Hub RDS.11. 0 switches point-in-time restore off.",
        when=holds_data,
    ),
    Row(
        "KEEP-4",
        "AWS::RDS::DBCluster",
        "BackupRetentionPeriod",
        lambda settings: at_least(settings.database.backup_days),
        "Specification section 1, row automated backups; Security Hub RDS.14.",
    ),
    Row(
        "KEEP-5",
        "AWS::RDS::DBInstance",
        "DeletionProtection",
        _protected,
        _SPEC,
        when=own_storage,
    ),
    Row("KEEP-6", "AWS::RDS::DBCluster", "DeletionProtection", _protected, _SPEC),
    Row(
        "KEEP-7",
        "AWS::RDS::DBInstance",
        "DeleteAutomatedBackups",
        lambda settings: equal(False) if settings.keeps_data else ANYTHING,
        f"{_SPEC} Automated backups outlive the database where data is kept.",
        when=holds_data,
    ),
    Row(
        "KEEP-19",
        "AWS::RDS::DBCluster",
        "DeleteAutomatedBackups",
        lambda settings: equal(False) if settings.keeps_data else ANYTHING,
        f"{_SPEC} Automated backups outlive the database where data is kept.",
    ),
    Row(
        "KEEP-8",
        "AWS::KMS::Key",
        "PendingWindowInDays",
        _kept(30),
        f"{_SPEC} 30 days to notice that a key is missed, KMS's longest (KMS guide, deleting keys).",
    ),
    Row(
        "KEEP-9",
        "AWS::ElastiCache::ReplicationGroup",
        "SnapshotRetentionLimit",
        lambda settings: at_least(settings.cache.snapshot_days),
        "Specification section 3: daily snapshot; Security Hub ElastiCache.1.",
    ),
    Row(
        "KEEP-10",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.BlockDeviceMappings[].Ebs.DeleteOnTermination",
        YES,
        'Specification section 8, "everything goes": a disk that outlives its server costs, and holds what was on it.',
    ),
    Row(
        "KEEP-11",
        "AWS::ECR::Repository",
        "LifecyclePolicy.LifecyclePolicyText",
        Test("a policy that keeps the last 10 images", lambda given, _: _last_ten(given)),
        "Specification section 6: last 10 images kept.",
    ),
    Row(
        "KEEP-12",
        "AWS::ECR::Repository",
        "EmptyOnDelete",
        lambda settings: optional(equal(False)) if settings.keeps_data else YES,
        f"{_SPEC} A repository with images blocks a destroy, or is kept.",
    ),
    Row(
        "KEEP-13",
        "AWS::Lambda::Function",
        "LoggingConfig.LogGroup",
        reference("AWS::Logs::LogGroup"),
        'Specification section 8, "everything goes": a group that Lambda makes itself outlives the stack.',
        "give the function a log group of the stack",
    ),
    Row(
        "KEEP-14",
        "AWS::RDS::DBInstance",
        "AutoMinorVersionUpgrade",
        YES,
        "Specification section 3: minor upgrades on; CIS AWS Foundations 2.2.2; Security Hub RDS.13.",
        # Aurora's instances have it on by default.
        when=lambda server, app: own_storage(server, app) or server.get("AutoMinorVersionUpgrade") is not MISSING,
    ),
    Row(
        "KEEP-15",
        "AWS::ElastiCache::ReplicationGroup",
        "AutoMinorVersionUpgrade",
        YES,
        "Security Hub ElastiCache.2.",
    ),
    Row(
        "KEEP-17",
        "AWS::RDS::DBInstance",
        "EnableCloudwatchLogsExports",
        Test(
            '["postgresql", "upgrade"]',
            lambda given, _: isinstance(given, list) and {"postgresql", "upgrade"} <= set(given),
        ),
        "Specification section 3: log export; Security Hub RDS.9.",
        when=own_storage,
    ),
    Row(
        "KEEP-18",
        "AWS::ElastiCache::ReplicationGroup",
        "LogDeliveryConfigurations[].DestinationDetails.CloudWatchLogsDetails.LogGroup",
        reference("AWS::Logs::LogGroup"),
        "Specification section 3: slow log.",
    ),
    Row(
        "KEEP-16",
        "AWS::DynamoDB::Table",
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
        YES,
        "Security Hub DynamoDB.2.",
    ),
)


_TAGGED: Final = {"tagStatus": "tagged", "tagPatternList": ["*"]}
_TEN: Final = {"countType": "imageCountMoreThan", "countNumber": 10}
_WITHOUT_TAG: Final = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days"}
"""Parts of a tagged image, which ECR keeps as long as its index refers to them, and what was never tagged."""


def _last_ten(text: Any) -> bool:
    policy = parsed(text)
    rules = policy.get("rules", []) if isinstance(policy, Mapping) else []
    selections = [rule.get("selection") for rule in rules]
    if any(rule.get("action") != {"type": "expire"} for rule in rules):
        return False
    counted = [each for each in selections if each in (_TEN | {"tagStatus": "any"}, _TEN | _TAGGED)]
    return len(counted) == 1 and all(each in counted or _WITHOUT_TAG.items() <= each.items() for each in selections)


def _balancers_protected(app: Deployment) -> Iterator[Found]:
    key = "deletion_protection.enabled"
    for balancer in app.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        for value in attribute_values(balancer, "LoadBalancerAttributes", key):
            if app.settings.deletion_protection and str(value).lower() != "true":
                yield Found(
                    balancer, f"{key} {shown(value)}", f"true in stage {app.settings.stage}", "LoadBalancerAttributes"
                )


def _emptied(app: Deployment) -> Iterator[Found]:
    """CDK's function empties the buckets that it is told of and that carry its tag, whatever their deletion policy."""
    type_ = "Custom::S3AutoDeleteObjects"
    if app.settings.keeps_data:
        for entry in app.of(type_):
            yield Found(entry, "emptying a bucket when it goes", f"nothing of the kind in stage {app.settings.stage}")
        return
    for bucket in app.of("AWS::S3::Bucket"):
        tagged = attribute_values(bucket, "Tags", "aws-cdk:auto-delete-objects") == ["true"]
        if not tagged or not in_every_case(app, type_, partial(_empties, app, bucket)):
            yield Found(bucket, "not emptied before it goes", "auto_delete_objects where everything goes")


def _empties(app: Deployment, bucket: Resource, entry: Resource) -> bool:
    return same(app.target(entry.get("BucketName")), bucket)


def _lifecycle(bucket: Resource) -> list[Mapping[str, Any]]:
    """The rules that are in force, or may be."""
    rules = [rule for rule in bucket.items("LifecycleConfiguration.Rules") if isinstance(rule, Mapping)]
    return [rule for rule in rules if rule.get("Status") != "Disabled"]


def _log_bucket(app: Deployment) -> Iterator[Found]:
    """STANDARD_IA at 30 days, GLACIER at 90, expiry per stage: the stage's log bucket and the trail's."""
    wanted = [
        {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
        {"StorageClass": "GLACIER", "TransitionInDays": 90},
    ]
    days = app.settings.logs.expire_days
    for bucket in app.of("AWS::S3::Bucket"):
        if bucket not in log_buckets(app) and bucket.stack not in (VPC, MONITORING):
            continue
        rules = _lifecycle(bucket)
        whole = any(
            rule.get("Transitions") == wanted
            and str(rule.get("ExpirationInDays")) == str(days)
            and rule.get("Status") == "Enabled"
            and not {"Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"} & set(rule)
            for rule in rules
        )
        sooner = any("ExpirationDate" in rule or int(rule.get("ExpirationInDays", days)) < days for rule in rules)
        if sooner or not whole:
            allowed = f"STANDARD_IA at 30, GLACIER at 90, gone after {days} days and by no rule sooner"
            yield Found(bucket, shown(rules or MISSING), allowed, "LifecycleConfiguration")


def _versions(app: Deployment) -> Iterator[Found]:
    """Images, trail and site: what an operator or an intruder overwrites can be had back."""
    longer = {DATA: 90, MONITORING: 90}
    for bucket in app.of("AWS::S3::Bucket"):
        if bucket.stack == VPC:
            continue  # logs are written once
        least = longer.get(bucket.stack, 30)
        status = bucket.get("VersioningConfiguration.Status")
        if status != "Enabled":
            yield Found(bucket, shown(status), "Enabled", "VersioningConfiguration.Status")
        rules = _lifecycle(bucket)
        stated = any(_days_of_versions(rule) for rule in rules if rule.get("Status") == "Enabled")
        if not stated or any(days < least for rule in rules for days in _days_of_versions(rule)):
            allowed = f"old versions kept for {least} days or more"
            yield Found(bucket, shown(rules or MISSING), allowed, "LifecycleConfiguration", "versions")
        if bucket.stack != MONITORING and any({"ExpirationInDays", "ExpirationDate"} & set(rule) for rule in rules):
            allowed = "objects that stay until somebody deletes them"
            yield Found(bucket, shown(rules), allowed, "LifecycleConfiguration", "expiry")


def _days_of_versions(rule: Mapping[str, Any]) -> list[int]:
    """For how long a rule keeps old versions, in both ways that CloudFormation has to say it."""
    newer = rule.get("NoncurrentVersionExpiration")
    days = [newer.get("NoncurrentDays", 0)] if isinstance(newer, Mapping) else []
    return [int(number) for number in (*days, *as_list(rule.get("NoncurrentVersionExpirationInDays", [])))]


RULES: Final = (
    Rule(
        "KEEP-1",
        "What holds data stays or goes as the stage says",
        _SPEC,
        "lifecycle.removal or lifecycle.store_removal (constructs/stage_owned.py)",
        _policies,
    ),
    *map(rule_of, ROWS),
    Rule(
        "KEEP-20",
        "Load balancers are protected from deletion where the stage says so",
        f"{_SPEC} Specification section 4; Security Hub ELB.6.",
        "deletion_protection=settings.deletion_protection",
        _balancers_protected,
    ),
    Rule(
        "KEEP-21",
        "Where everything goes, buckets are emptied before they go; where data is kept, none is",
        'Specification section 8, "everything goes": CloudFormation cannot delete a bucket with objects.',
        "private_bucket of constructs/stage_owned.py does it",
        _emptied,
    ),
    Rule(
        "KEEP-22",
        "The log bucket's objects: STANDARD_IA at 30 days, GLACIER at 90, gone as the stage says and not sooner",
        "Specification section 2.",
        "constructs/log_bucket.py has the lifecycle",
        _log_bucket,
    ),
    Rule(
        "KEEP-23",
        "Images, trail and site are versioned and stay; old versions are kept for 90 days, of the site for 30",
        "Specification section 3; Security Hub S3.14.",
        "versioned=True and a rule for noncurrent versions",
        _versions,
    ),
)
