"""AWS: what AWS refuses or quietly ignores at deploy time, and no other tool tells at synth.

Owns the traps that cost a deploy, or make an alarm that never speaks. Nothing here can be acknowledged: AWS would not
listen.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings.topology import EDGE_REGION
from ..model import MISSING, Deployment, Pointer, Resource, as_list, text_of
from ..rule import Found, Rule, shown

_CLASSES: Final = (
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
"""S3 guide, "Supported transitions": each may move to a later one only. Objects begin in STANDARD."""
_READ_AT_ONCE: Final = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR")
_RULES_A_GROUP: Final = 60
_PREFIX_LIST_COUNTS: Final = 55
"""CloudFront's, against the quota of a group (VPC guide, "AWS-managed prefix lists")."""
_DAY_S: Final = 86400
_REDIS_TOKEN: Final = (16, 128)


def _transitions(app: Deployment) -> Iterator[Found]:
    for bucket in app.of("AWS::S3::Bucket"):
        for number, rule in enumerate(bucket.items("LifecycleConfiguration.Rules")):
            if not isinstance(rule, Mapping):
                continue
            old = rule.get("NoncurrentVersionExpiration", {})
            for name, ends in (
                ("Transition", rule.get("ExpirationInDays", MISSING)),
                ("NoncurrentVersionTransition", old.get("NoncurrentDays", MISSING)),
            ):
                where = f"LifecycleConfiguration.Rules.{number}.{name}s"
                steps = [*as_list(rule.get(f"{name}s", [])), *as_list(rule.get(name, []))]
                yield from _in_order(bucket, [step for step in steps if isinstance(step, Mapping)], ends, where)


def _in_order(bucket: Resource, steps: list[Mapping[str, Any]], ends: Any, where: str) -> Iterator[Found]:
    days, ranks = {_days(step) for step in steps}, [_rank(step) for step in sorted(steps, key=_days)]
    if len(days) < len(steps) or ranks != sorted(set(ranks)) or -1 in ranks:
        allowed = f"later days and colder classes only, in the order {', '.join(_CLASSES)}"
        yield Found(bucket, shown(steps), allowed, where)
    if any(step.get("StorageClass") in ("STANDARD_IA", "ONEZONE_IA") and _days(step) < 30 for step in steps):
        yield Found(bucket, shown(steps), "STANDARD_IA and ONEZONE_IA after 30 days or more", where)
    if ends is not MISSING and any(_days(step) >= (whole(ends) or 0) for step in steps):
        yield Found(bucket, f"gone after {shown(ends)} days", "expiry after the last transition", where)


def _days(step: Mapping[str, Any]) -> int:
    return whole(step.get("TransitionInDays")) or 0


def whole(value: Any) -> int | None:
    """CloudFormation takes numbers as text too."""
    return int(value) if str(value).isdecimal() else None


def _rank(step: Mapping[str, Any]) -> int:
    name = step.get("StorageClass")
    return _CLASSES.index(name) if name in _CLASSES else -1


def _served_objects(app: Deployment) -> Iterator[Found]:
    origins = {
        (bucket.stack, bucket.logical_id)
        for cdn in app.of("AWS::CloudFront::Distribution")
        for origin in cdn.items("DistributionConfig.Origins")
        if isinstance(origin, Mapping) and (bucket := app.target(origin.get("DomainName"), "AWS::S3::Bucket"))
    }
    for bucket in app.of("AWS::S3::Bucket"):
        if (bucket.stack, bucket.logical_id) not in origins:
            continue
        for path in ("Transitions[].StorageClass", "Transition.StorageClass"):
            for where, value in bucket.at(f"LifecycleConfiguration.Rules[].{path}"):
                if value is not MISSING and value not in _READ_AT_ONCE:
                    yield Found(bucket, shown(value), f"{', '.join(_READ_AT_ONCE)}: CloudFront reads at once", where)


def _us_east_1(app: Deployment) -> Iterator[Found]:
    for acl in app.of("AWS::WAFv2::WebACL"):
        scope = acl.get("Scope")
        if scope not in ("CLOUDFRONT", "REGIONAL") or (scope == "CLOUDFRONT" and acl.region != EDGE_REGION):
            yield Found(acl, f"{shown(scope)} in {acl.region}", f"CLOUDFRONT in {EDGE_REGION}, or REGIONAL", "Scope")
    for alarm in app.of("AWS::CloudWatch::Alarm"):
        if "AWS/CloudFront" in _namespaces(alarm) and alarm.region != EDGE_REGION:
            yield Found(alarm, f"a metric of AWS/CloudFront in {alarm.region}", f"such alarms in {EDGE_REGION}")
    for cdn in app.of("AWS::CloudFront::Distribution"):
        value = cdn.get("DistributionConfig.ViewerCertificate.AcmCertificateArn")
        certificate = app.target(value)
        region = certificate.region if certificate else "".join(text_of(value).split(":")[3:4])
        if value is not MISSING and region != EDGE_REGION:
            where = "DistributionConfig.ViewerCertificate.AcmCertificateArn"
            yield Found(cdn, f"{shown(value)} of {region or 'nowhere'}", f"certificates of {EDGE_REGION}", where)
        acl_used = app.target(cdn.get("DistributionConfig.WebACLId"), "AWS::WAFv2::WebACL")
        if acl_used and acl_used.get("Scope") != "CLOUDFRONT":
            given = shown(acl_used.get("Scope"))
            yield Found(cdn, f"a web ACL of scope {given}", "scope CLOUDFRONT", "DistributionConfig.WebACLId")
    for link in app.of("AWS::WAFv2::WebACLAssociation"):
        acl_used = app.target(link.get("WebACLArn"), "AWS::WAFv2::WebACL")
        if acl_used and acl_used.get("Scope") != "REGIONAL":
            yield Found(link, f"a web ACL of scope {shown(acl_used.get('Scope'))}", "scope REGIONAL", "WebACLArn")


def _namespaces(alarm: Resource) -> set[str]:
    found = {alarm.get("Namespace")}
    found |= {value for _, value in alarm.at("Metrics[].MetricStat.Metric.Namespace")}
    return {value for value in found if isinstance(value, str)}


def _log_names(app: Deployment) -> Iterator[Found]:
    for group in app.of("AWS::Logs::LogGroup"):
        name = group.get("LogGroupName")
        if name is not MISSING and not re.fullmatch(r"[\w./#${}:-]{1,512}", text_of(name)):
            yield Found(group, shown(name), "letters, digits, and _ - / . #", "LogGroupName")
    for entry in app.of("AWS::WAFv2::LoggingConfiguration"):
        for number, value in enumerate(entry.items("LogDestinationConfigs")):
            names = [
                text_of(group.get("LogGroupName"))
                for group in app.of("AWS::Logs::LogGroup")
                if str(Pointer(group.stack, group.logical_id)) in text_of(value)
                or str(Pointer(group.stack, group.logical_id, "Arn")) in text_of(value)
            ]
            if not all(name.startswith("aws-waf-logs-") for name in names):
                where = f"LogDestinationConfigs.{number}"
                yield Found(entry, shown(names), "a log group whose name begins with aws-waf-logs-", where)


def _redis(app: Deployment) -> Iterator[Found]:
    for group in app.of("AWS::ElastiCache::ReplicationGroup"):
        token = text_of(group.get("AuthToken"))
        for secret in app.of("AWS::SecretsManager::Secret"):
            if str(Pointer(secret.stack, secret.logical_id)) not in token:
                continue
            length = secret.get("GenerateSecretString.PasswordLength")
            low, high = _REDIS_TOKEN
            if not low <= (whole(length) or 0) <= high:
                given, where = shown(length), "GenerateSecretString.PasswordLength"
                yield Found(secret, given, f"{low} to {high} characters, for Redis AUTH", where)
            if secret.get("GenerateSecretString.ExcludePunctuation") not in (True, "true"):
                where = "GenerateSecretString.ExcludePunctuation"
                yield Found(secret, "punctuation", "none: Redis AUTH takes only ! & # $ ^ < > -", where)
        failover = group.get("AutomaticFailoverEnabled") in (True, "true")
        if group.get("NumNodeGroups") is not MISSING and not failover:
            allowed = "failover in cluster mode"
            yield Found(group, "cluster mode without automatic failover", allowed, "AutomaticFailoverEnabled")
        replicas = group.get("ReplicasPerNodeGroup")
        nodes = group.get("NumCacheClusters")
        alone = (whole(nodes) or 0) < 2 if nodes is not MISSING else (whole(replicas) or 0) < 1
        if failover and alone:
            yield Found(group, "failover without a replica", "one replica or more", "ReplicasPerNodeGroup")


def _group_quota(app: Deployment) -> Iterator[Found]:
    for group in app.of("AWS::EC2::SecurityGroup"):
        for direction in ("Ingress", "Egress"):
            inline = [entry for entry in group.items(f"SecurityGroup{direction}") if isinstance(entry, Mapping)]
            apart = [
                entry.properties
                for entry in app.of(f"AWS::EC2::SecurityGroup{direction}")
                if app.target(entry.get("GroupId")) is group
            ]
            lists = [e for e in (*inline, *apart) if {"SourcePrefixListId", "DestinationPrefixListId"} & set(e)]
            count = len(inline) + len(apart) + len(lists) * (_PREFIX_LIST_COUNTS - 1)
            if count > _RULES_A_GROUP:
                given = f"{count} {direction.lower()} rules, a prefix list counting {_PREFIX_LIST_COUNTS}"
                yield Found(group, given, f"{_RULES_A_GROUP}, EC2's quota", detail=direction)


def _fleets(app: Deployment) -> Iterator[Found]:
    for group in app.of("AWS::CodeDeploy::DeploymentGroup"):
        style = group.get("DeploymentStyle.DeploymentType")
        if style == "BLUE_GREEN":
            yield Found(group, "BLUE_GREEN", "IN_PLACE on EC2 (ADR 0004)", "DeploymentStyle.DeploymentType")
    for hook in app.of("AWS::AutoScaling::LifecycleHook"):
        yield Found(hook, "a hook of its own, which the first instances miss", "LifecycleHookSpecificationList")
    for group in app.of("AWS::AutoScaling::AutoScalingGroup"):
        if group.get("DesiredCapacity") is not MISSING:
            given = shown(group.get("DesiredCapacity"))
            yield Found(group, given, "nothing: every deploy would reset the live size", "DesiredCapacity")
    for template in app.of("AWS::EC2::LaunchTemplate"):
        for where, value in template.at("LaunchTemplateData.BlockDeviceMappings[].Ebs.KmsKeyId"):
            if value is not MISSING:
                allowed = "nothing: Auto Scaling's service role has no grant on a customer key"
                yield Found(template, shown(value), allowed, where)


def _pruners(app: Deployment) -> Iterator[Found]:
    uploads = list(app.of("Custom::CDKBucketDeployment"))
    for entry in uploads:
        if entry.get("Prune") in (False, "false"):
            continue
        for other in uploads:
            if other is entry or not _overlap(entry, other):
                continue
            if other.get("Prune") not in (False, "false"):
                yield Found(entry, f"pruning what {other.path} uploads", "one that prunes a bucket", "Prune")
            elif not entry.items("Exclude"):
                yield Found(entry, f"pruning what {other.path} uploads", "Exclude with the other's files", "Exclude")


def _overlap(one: Resource, other: Resource) -> bool:
    """Whether one uploads into the other's folder."""
    buckets = {text_of(each.get("DestinationBucketName")) for each in (one, other)}
    short, long = sorted(
        (text_of(each.properties.get("DestinationBucketKeyPrefix", "")) for each in (one, other)), key=len
    )
    return len(buckets) == 1 and long.startswith(short)


def rule_of_aws(id_: str, what: str, why: str, fix: str, check: Any) -> Rule:
    return Rule(id_, what, why, fix, check, acknowledgeable=False)


RULES: Final = (
    rule_of_aws(
        "AWS-1",
        "Lifecycle transitions go to colder classes on later days, and expiry comes last",
        'S3 guide, "Transitioning objects": S3 refuses the rest, Intelligent-Tiering to Standard-IA among it.',
        "order the transitions",
        _transitions,
    ),
    rule_of_aws(
        "AWS-2",
        "What CloudFront serves stays in a class that is read at once",
        "S3 guide, storage classes: GLACIER objects have to be restored first; GLACIER_IR ones not.",
        "use GLACIER_IR",
        _served_objects,
    ),
    rule_of_aws(
        "AWS-3",
        "CloudFront's web ACLs, certificates and alarms are in us-east-1",
        "CloudFront guide: its metrics exist there only, so an alarm elsewhere never fires; the rest is refused.",
        "put it into EdgeStack or EdgeWatchStack",
        _us_east_1,
    ),
    rule_of_aws(
        "AWS-4",
        "Log groups have legal names; those of web ACLs begin with aws-waf-logs-",
        "WAF guide, CloudWatch Logs destinations; CloudWatch Logs API reference.",
        "rename the group",
        _log_names,
    ),
    rule_of_aws(
        "AWS-7",
        "Redis AUTH tokens have 16 to 128 plain characters; cluster mode has failover and a replica",
        "ElastiCache guide, AUTH and replication groups: anything else is refused at deploy time.",
        "constructs/secrets.py and constructs/cache.py as they are",
        _redis,
    ),
    rule_of_aws(
        "AWS-8",
        "A security group stays within EC2's quota of 60 rules a direction",
        "VPC quotas; CloudFront's prefix list counts as 55 rules.",
        "one rule with the prefix list, or fewer stated sources",
        _group_quota,
    ),
    rule_of_aws(
        "AWS-9",
        "Fleets: in-place deployments, hooks and sizes that CloudFormation keeps",
        "CloudFormation has no blue/green on EC2 (ADR 0004); hooks apart miss the first instances; a desired size "
        "resets the live one (specification section 4).",
        "constructs/colour_group.py as it is",
        _fleets,
    ),
    rule_of_aws(
        "AWS-10",
        "One upload prunes a bucket, not two, and leaves out what others upload",
        "CDK guide, aws-s3-deployment: each deletes what the other has put there.",
        "prune=False on all but one, and exclude= on that",
        _pruners,
    ),
)
