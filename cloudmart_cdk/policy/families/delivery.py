"""AWS: what is sent has to arrive. Alarms at topics, logs in buckets, both under keys that let their services in.

Owns the traps in which AWS takes the template and then says nothing, or stops half-way. Nothing here can be
acknowledged: AWS would not listen.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings.topology import EDGE_WATCH, MONITORING
from ..lookups import attribute_values, log_buckets
from ..model import MISSING, Deployment, Resource, as_list, parsed, text_of
from ..rule import Found, shown
from .limits import rule_of_aws, whole

_DAY_S: Final = 86400
_NAMED: Final = re.compile(r'ALARM\("?([^")]+)"?\)')
"""An alarm in a composite's rule."""
_ALGORITHM: Final = "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault.SSEAlgorithm"

_SUBSCRIBERS: Final = (
    (
        "AWS::Budgets::Budget",
        "NotificationsWithSubscribers[].Subscribers[]",
        "SubscriptionType",
        "budgets.amazonaws.com",
    ),
    ("AWS::CE::AnomalySubscription", "Subscribers[]", "Type", "costalerts.amazonaws.com"),
)
"""Type, where it names whom it tells, the key that says how, and the service that publishes."""


def _alarms_speak(app: Deployment) -> Iterator[Found]:
    """An alarm's topic is this region's; its key and its policy let CloudWatch publish."""
    counted = {
        (composite.stack, name)
        for composite in app.of("AWS::CloudWatch::CompositeAlarm")
        if composite.items("AlarmActions")
        for name in _NAMED.findall(text_of(composite.get("AlarmRule")))
    }
    for alarm in app.of("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        if alarm.get("ActionsEnabled") not in (MISSING, True, "true"):
            yield Found(alarm, shown(alarm.get("ActionsEnabled")), "true, or nothing", "ActionsEnabled")
        # Those of other stacks steer a rollout, and whoever rolls out reads them. For some a composite speaks.
        heard = alarm.items("AlarmActions") or (alarm.stack, alarm.get("AlarmName")) in counted
        if alarm.stack in (MONITORING, EDGE_WATCH) and not heard:
            yield Found(alarm, "not set", "a topic, its own or of a composite that counts it", "AlarmActions")
        for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
            for number, value in enumerate(alarm.items(name)):
                if app.target(value, "AWS::AutoScaling::ScalingPolicy") is None:
                    yield from _heard(app, alarm, value, "cloudwatch.amazonaws.com", f"{name}.{number}")
    for type_, path, key, service in _SUBSCRIBERS:
        for sender in app.of(type_):
            for where, value in sender.at(path):
                mail = isinstance(value, Mapping) and value.get(key) == "EMAIL"
                address = value.get("Address") if isinstance(value, Mapping) else value
                if not mail:
                    yield from _heard(app, sender, address, service, f"{where}.Address")
    for rule in app.of("AWS::Events::Rule"):
        if rule.get("State") not in (MISSING, "ENABLED"):
            yield Found(rule, shown(rule.get("State")), "ENABLED: nobody hears another", "State")
        for where, value in rule.at("Targets[].Arn"):
            if app.target(value, "AWS::SNS::Topic"):
                yield from _heard(app, rule, value, "events.amazonaws.com", where)


def _heard(app: Deployment, sender: Resource, value: Any, service: str, where: str) -> Iterator[Found]:
    topic = app.target(value, "AWS::SNS::Topic")
    if topic is None:
        yield Found(sender, shown(value), "a topic of this app", where)
    elif topic.region != sender.region:
        yield Found(sender, f"a topic of {topic.region}", f"topics of {sender.region}", where)
    elif service not in _publishers(app, topic):
        allowed = "a topic whose policy and key let it"
        yield Found(sender, f"{topic.path}, which {service} may not publish to", allowed, where)


def _publishers(app: Deployment, topic: Resource) -> set[str]:
    """Services that the topic's policy lets publish, and that its key lets encrypt."""
    policies = [
        policy
        for policy in app.of("AWS::SNS::TopicPolicy")
        if any(app.target(v) is topic for v in policy.items("Topics"))
    ]
    may_publish = {
        service for policy in policies for service in services_allowed(policy.get("PolicyDocument"), ("sns:Publish",))
    }
    key = app.target(topic.get("KmsMasterKeyId"), "AWS::KMS::Key")
    if key is None:
        return may_publish if topic.get("KmsMasterKeyId") is MISSING else set()
    decrypt = services_allowed(key.get("KeyPolicy"), ("kms:Decrypt",))
    generate = services_allowed(key.get("KeyPolicy"), ("kms:GenerateDataKey", "kms:GenerateDataKey*"))
    return may_publish & decrypt & generate


def services_allowed(document: Any, actions: tuple[str, ...]) -> set[str]:
    """Services that a resource policy allows one of these actions."""
    document = parsed(document)
    statements = as_list(document.get("Statement", [])) if isinstance(document, Mapping) else []
    return {
        text_of(service)
        for statement in statements
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow"
        if any(action in actions for action in as_list(statement.get("Action", [])))
        if isinstance(principal := statement.get("Principal"), Mapping)
        for service in as_list(principal.get("Service", []))
    }


def _keys_open_to_their_services(app: Deployment) -> Iterator[Found]:
    """A trail or a log group with a key that its service may not use is refused."""
    generate = ("kms:GenerateDataKey", "kms:GenerateDataKey*", "kms:*")
    for type_, path, service in (
        ("AWS::CloudTrail::Trail", "KMSKeyId", "cloudtrail.amazonaws.com"),
        ("AWS::Logs::LogGroup", "KmsKeyId", "logs.{region}.amazonaws.com"),
    ):
        for resource in app.of(type_):
            key = app.target(resource.get(path), "AWS::KMS::Key")
            name = service.format(region=resource.region)
            if key and name not in services_allowed(key.get("KeyPolicy"), generate):
                yield Found(resource, f"{key.path}, which {name} may not use", "a key whose policy lets it", path)
            if key and key.region != resource.region:
                yield Found(resource, f"a key of {key.region}", f"keys of {resource.region}", path)


def _log_receivers(app: Deployment) -> Iterator[Found]:
    for balancer in app.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        for value in attribute_values(balancer, "LoadBalancerAttributes", "access_logs.s3.bucket"):
            bucket = app.target(value, "AWS::S3::Bucket")
            for where, algorithm in bucket.at(_ALGORITHM) if bucket else ():
                if bucket and algorithm != "AES256":
                    yield Found(bucket, shown(algorithm), "AES256: load balancers write to nothing else", where)
    for cdn in app.of("AWS::CloudFront::Distribution"):
        bucket = app.target(cdn.get("DistributionConfig.Logging.Bucket"), "AWS::S3::Bucket")
        for where, owner in bucket.at("OwnershipControls.Rules[].ObjectOwnership") if bucket else ():
            if bucket and owner != "BucketOwnerPreferred":
                yield Found(bucket, shown(owner), "BucketOwnerPreferred: CloudFront delivers by ACL", where)
    for bucket in log_buckets(app):
        if bucket.get("ObjectLockConfiguration") is not MISSING:
            yield Found(bucket, "an object lock", "no lock: log delivery cannot write to such a bucket")


def _alarm_windows(app: Deployment) -> Iterator[Found]:
    for alarm in app.of("AWS::CloudWatch::Alarm"):
        evaluated = whole(alarm.get("EvaluationPeriods")) or 0
        for path in ("Period", "Metrics[].Period", "Metrics[].MetricStat.Period"):
            for where, given in alarm.at(path):
                if given is MISSING:
                    continue
                period = whole(given) or 0
                if period not in (10, 20, 30) and (period < 1 or period % 60):
                    yield Found(alarm, shown(given), "10, 20, 30 or a multiple of 60 seconds", where, "period")
                elif period * evaluated > (7 * _DAY_S if period >= 3600 else _DAY_S):
                    words = f"{evaluated} periods of {period} s"
                    allowed = "a day in all, a week for periods of an hour and more"
                    yield Found(alarm, words, allowed, "EvaluationPeriods", "window")


RULES: Final = (
    rule_of_aws(
        "AWS-5",
        "Alarms, event rules and warnings of cost are on, and reach a topic of their region that lets them publish",
        "SNS guide, key management: with the wrong key or policy an alarm fires and nobody hears it.",
        "publish to a topic of constructs/topics.py, with the service among its publishers",
        _alarms_speak,
    ),
    rule_of_aws(
        "AWS-6",
        "Buckets take the logs that are sent to them: SSE-S3 for load balancers, ACLs for CloudFront, no lock",
        "ELB guide, access log bucket requirements; CloudFront guide, standard logging.",
        "send logs to the stage's log bucket as constructs/log_bucket.py makes it",
        _log_receivers,
    ),
    rule_of_aws(
        "AWS-11",
        "Alarms have periods and windows that CloudWatch takes",
        "CloudWatch API reference, PutMetricAlarm.",
        "shorten the window",
        _alarm_windows,
    ),
    rule_of_aws(
        "AWS-12",
        "Trails and log groups have a key of their region that lets their service use it",
        "CloudTrail guide and CloudWatch Logs guide, KMS: with any other key the deploy stops.",
        "the key of constructs/audit_trail.py or constructs/log_groups.py",
        _keys_open_to_their_services,
    ),
)
