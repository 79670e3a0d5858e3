"""Encryption in transit and access to the stores: TLS forced, passwords from Secrets Manager, buckets closed.

Owns what stands between a client and a store or queue; load balancers, CloudFront and web ACLs are the family `edge`.
"""

from collections.abc import Iterator
from typing import Final

from ...settings.topology import VPC
from ..lookups import always, log_buckets, same
from ..model import MISSING, Deployment, Pointer, Resource, text_of
from ..rule import (
    ABSENT,
    YES,
    Check,
    Found,
    Row,
    Rule,
    Test,
    equal,
    matching,
    one_of,
    reference,
    rule_of,
    shown,
)
from ..statements import Statement, read

_BLOCKED: Final = "Security Hub S3.1, S3.8; specification section 3: public access blocked."


def _takes_logs(bucket: Resource, app: Deployment) -> bool:
    """The stage's log bucket is VpcStack's: no other becomes one by being named as such."""
    return bucket.stack == VPC and any(same(bucket, each) for each in log_buckets(app))


_TO_SUBSCRIBERS: Final = one_of("https", "email", "email-json", "sms", "sqs", "lambda", "firehose", "application")
_NOT_HTTP: Final = "Not http: messages name resources and accounts (SNS guide, security best practices)."
_SUBSCRIBERS: Final = Test(
    "monitoring.email of the settings, or a function or queue of this app",
    lambda given, app: (
        app.target(given, "AWS::Lambda::Function") is not None
        or app.target(given, "AWS::SQS::Queue") is not None
        or (bool(given) and given == app.settings.monitoring.email)
    ),
)
_TOLD: Final = "Messages name resources and accounts; specification section 7 says who is told."
_IN_SETTINGS: Final = "state the address with -c monitoring.email=..."

ROWS: Final = (
    *(
        Row(
            f"S3-{number}",
            "AWS::S3::Bucket",
            f"PublicAccessBlockConfiguration.{name}",
            YES,
            _BLOCKED,
            "block_public_access=BlockPublicAccess.BLOCK_ALL",
            acknowledgeable=False,
        )
        for number, name in enumerate(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), start=10
        )
    ),
    Row(
        "S3-14",
        "AWS::S3::Bucket",
        "OwnershipControls.Rules[].ObjectOwnership",
        equal("BucketOwnerEnforced"),
        "Security Hub S3.12: access by policy, not by ACL.",
        "object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED",
        when=lambda bucket, app: not _takes_logs(bucket, app),
    ),
    Row(
        "S3-18",
        "AWS::S3::Bucket",
        "OwnershipControls.Rules[].ObjectOwnership",
        one_of("BucketOwnerEnforced", "BucketOwnerPreferred"),
        "CloudFront's classic logs are delivered by ACL, into the log bucket only (specification section 5).",
        "object_ownership=ObjectOwnership.BUCKET_OWNER_PREFERRED",
        when=_takes_logs,
    ),
    Row("S3-15", "AWS::S3::Bucket", "AccessControl", ABSENT, "Security Hub S3.12: access by policy, not by ACL."),
    Row(
        "S3-16",
        "AWS::S3::Bucket",
        "WebsiteConfiguration",
        ABSENT,
        "A website endpoint is HTTP and public (S3 guide); CloudFront serves (specification section 5).",
    ),
    Row(
        "S3-17",
        "AWS::S3::Bucket",
        "ReplicationConfiguration",
        ABSENT,
        "It copies every object to a bucket that no rule here has seen (S3 guide, replication).",
    ),
    Row(
        "S3-22",
        "AWS::S3::Bucket",
        "CorsConfiguration.CorsRules[].AllowedOrigins[]",
        matching(r"https?://[^*]+", "stated origins, without *"),
        "OWASP, cross-origin resource sharing: * lets every page of the web read through a visitor.",
        "name the shop's origin",
        when=lambda bucket, _: "CorsConfiguration" in bucket.properties,
    ),
    Row(
        "EFS-10",
        "AWS::EFS::MountTarget",
        "FileSystemId",
        reference("AWS::EFS::FileSystem"),
        "A file system of this app is checked too (EFS guide, mount targets).",
    ),
    Row(
        "OPENSEARCH-10",
        "AWS::OpenSearchService::Domain",
        "NodeToNodeEncryptionOptions.Enabled",
        YES,
        "Security Hub Opensearch.3.",
    ),
    Row(
        "OPENSEARCH-11",
        "AWS::OpenSearchService::Domain",
        "DomainEndpointOptions.EnforceHTTPS",
        YES,
        "Security Hub Opensearch.8.",
    ),
    Row(
        "OPENSEARCH-12",
        "AWS::OpenSearchService::Domain",
        "DomainEndpointOptions.TLSSecurityPolicy",
        one_of("Policy-Min-TLS-1-2-2019-07", "Policy-Min-TLS-1-2-PFS-2023-10"),
        "Security Hub Opensearch.8.",
    ),
    Row(
        "SES-10",
        "AWS::SES::ConfigurationSet",
        "DeliveryOptions.TlsPolicy",
        equal("REQUIRE"),
        "Mail carries order data: TLS only (SES guide, enforcing TLS).",
    ),
    Row("SNS-11", "AWS::SNS::Subscription", "Protocol", _TO_SUBSCRIBERS, _NOT_HTTP),
    Row("SNS-13", "AWS::SNS::Subscription", "Endpoint", _SUBSCRIBERS, _TOLD, _IN_SETTINGS),
    Row(
        "SNS-14",
        "AWS::SNS::Topic",
        "Subscription[].Endpoint",
        _SUBSCRIBERS,
        _TOLD,
        _IN_SETTINGS,
        when=lambda topic, _: "Subscription" in topic.properties,
    ),
    Row(
        "SNS-12",
        "AWS::SNS::Topic",
        "Subscription[].Protocol",
        _TO_SUBSCRIBERS,
        _NOT_HTTP,
        when=lambda topic, _: "Subscription" in topic.properties,
    ),
)

TYPES: Final = frozenset(row.type for row in ROWS) | {
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}
"""What these rules know."""


_PLAIN_HTTP: Final = tuple({"Bool": {"aws:SecureTransport": value}} for value in ("false", False, ["false"], [False]))
"""The one condition that may stand in such a Deny: with another beside it, it denies only where both hold."""


def _tls_only(
    type_: str, policy_type: str, path: str, actions: tuple[str, ...], parts: tuple[str, ...] = ("",)
) -> Check:
    """Whoever owns a policy of a store: each that there is has to deny, since the last one written is the one that
    counts. `parts`: of the store, as ends of its ARN."""

    def check(app: Deployment) -> Iterator[Found]:
        for store in app.of(type_):
            policies = [p for p in app.of(policy_type) if any(same(app.target(v), store) for v in p.items(path))]
            needed = [{f"{arn}{part}" for arn in _arns(store)} for part in parts]
            denying = [policy for policy in policies if _denies_without_tls(app, policy, actions, needed)]
            if len(denying) < len(policies) or not any(always(app, policy) for policy in policies):
                allowed = f"an unconditional Deny of {' or '.join(actions)} without TLS, for everybody"
                yield Found(store, "without a policy that denies plain HTTP", allowed)

    return check


def _arns(store: Resource) -> tuple[str, ...]:
    """The ways to write its ARN: by attribute, by reference, and put together by hand."""
    name, arn, topic = (str(Pointer(store.stack, store.logical_id, each)) for each in ("", "Arn", "TopicArn"))
    return arn, name, topic, f"arn:aws:s3:::{name}"


def _denies_without_tls(app: Deployment, policy: Resource, actions: tuple[str, ...], needed: list[set[str]]) -> bool:
    """A Deny for everybody, of one of `actions`, on all that is `needed`, when aws:SecureTransport is false."""

    def denies(statement: Statement) -> bool:
        named = {text_of(value) for value in statement.values("resource")}
        return (
            not statement.allows
            and statement.where.startswith("PolicyDocument.Statement")
            and statement.body.get("principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
            and statement.body.get("condition") in _PLAIN_HTTP
            and any(value in actions for value in statement.values("action"))
            and all(named & arns for arns in needed)
        )

    return any(denies(statement) for statement in read(app)[0] if statement.resource is policy)


def _access_logged(app: Deployment) -> Iterator[Found]:
    path = "LoggingConfiguration.DestinationBucketName"
    for bucket in app.of("AWS::S3::Bucket"):
        value = bucket.get(path)
        if value is MISSING and (_takes_logs(bucket, app) or not app.settings.has(VPC)):
            continue  # without VpcStack there is no log bucket
        receiver = app.target(value, "AWS::S3::Bucket")
        if receiver is None or receiver.stack != VPC or same(receiver, bucket):
            yield Found(bucket, shown(value), "the stage's log bucket", path)


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "S3-20",
        "Every bucket has a policy that denies requests without TLS",
        "CIS AWS Foundations 2.1.1; Security Hub S3.5; specification section 3.",
        "enforce_ssl=True on the bucket",
        _tls_only("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket", ("s3:*",), ("", "/*")),
        acknowledgeable=False,
    ),
    Rule(
        "S3-21",
        "Access to every bucket is logged, but to the log bucket itself",
        "Specification section 3: access logged where it can be; Security Hub S3.9.",
        "pass the stage's log bucket as server_access_logs_bucket",
        _access_logged,
    ),
    Rule(
        "SNS-10",
        "Every topic has a policy that denies publishing without TLS",
        "SNS guide, security best practices: enforce encryption of data in transit.",
        "enforce_ssl=True on the topic",
        _tls_only("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", ("sns:Publish", "sns:*")),
    ),
    Rule(
        "SQS-10",
        "Every queue has a policy that denies requests without TLS",
        "SQS guide, security best practices: enforce encryption of data in transit.",
        "enforce_ssl=True on the queue",
        _tls_only("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", ("sqs:*",)),
    ),
)
