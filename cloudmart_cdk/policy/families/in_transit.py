"""Encryption in transit and access to the stores: TLS forced, passwords from Secrets Manager, buckets closed.

Owns what stands between a client and a store or queue; load balancers, CloudFront and web ACLs are the family `edge`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings.topology import VPC
from ..lookups import always, log_buckets, own_storage, same
from ..model import MISSING, Deployment, Pointer, Resource, text_of
from ..rule import (
    ABSENT,
    NO,
    YES,
    Check,
    Found,
    Row,
    Rule,
    Test,
    equal,
    matching,
    one_of,
    optional,
    reference,
    rule_of,
    shown,
)
from ..statements import Statement, read

_DYNAMIC: Final = re.compile(r"\{\{resolve:secretsmanager:(\$\{[^}]+\}[^{}]*)\}\}")
_BLOCKED: Final = "Security Hub S3.1, S3.8; specification section 3: public access blocked."


def _of_a_secret(given: Any, app: Deployment) -> bool:
    found = _DYNAMIC.fullmatch(given) if isinstance(given, str) else None
    return found is not None and app.target(found[1], "AWS::SecretsManager::Secret") is not None


_SECRET: Final = Test("a dynamic reference to a secret of this app", _of_a_secret)


def _has_password(server: Resource, app: Deployment) -> bool:
    """A replica takes its source's."""
    stated = "MasterUserPassword" in server.properties
    return stated or (own_storage(server, app) and "SourceDBInstanceIdentifier" not in server.properties)


def _takes_logs(bucket: Resource, app: Deployment) -> bool:
    """The stage's log bucket is VpcStack's: no other becomes one by being named as such."""
    return bucket.stack == VPC and any(same(bucket, each) for each in log_buckets(app))


_TO_SUBSCRIBERS: Final = one_of("https", "email", "email-json", "sms", "sqs", "lambda", "firehose", "application")
_NOT_HTTP: Final = "Not http: messages name resources and accounts (SNS guide, security best practices)."
_SUBSCRIBERS: Final = Test(
    "monitoring.email of the settings, or a function of this app",
    lambda given, app: (
        app.target(given, "AWS::Lambda::Function") is not None
        or (bool(given) and given == app.settings.monitoring.email)
    ),
)
_TOLD: Final = "Messages name resources and accounts; specification section 7 says who is told."
_IN_SETTINGS: Final = "state the address with -c monitoring.email=..."

ROWS: Final = (
    Row(
        "RDS-10", "AWS::RDS::DBProxy", "RequireTLS", YES, "Specification section 3: TLS forced.", acknowledgeable=False
    ),
    Row(
        "RDS-11",
        "AWS::RDS::DBProxy",
        "Auth[].AuthScheme",
        equal("SECRETS"),
        "Passwords come from Secrets Manager (RDS guide, RDS Proxy).",
    ),
    Row(
        "RDS-12",
        "AWS::RDS::DBProxy",
        "Auth[].SecretArn",
        reference("AWS::SecretsManager::Secret"),
        "A secret of this app is checked too (specification section 3).",
    ),
    Row(
        "RDS-13",
        "AWS::RDS::DBInstance",
        "EnableIAMDatabaseAuthentication",
        YES,
        "Specification section 3; Security Hub RDS.10.",
        when=own_storage,
    ),
    Row(
        "RDS-14",
        "AWS::RDS::DBCluster",
        "EnableIAMDatabaseAuthentication",
        YES,
        "Specification section 3; Security Hub RDS.12.",
    ),
    Row(
        "RDS-15",
        "AWS::RDS::DBInstance",
        "MasterUserPassword",
        _SECRET,
        "Specification section 3: nothing secret in a template.",
        "Credentials.from_secret",
        when=_has_password,
        acknowledgeable=False,
    ),
    Row(
        "RDS-16",
        "AWS::RDS::DBCluster",
        "MasterUserPassword",
        _SECRET,
        "Specification section 3: nothing secret in a template.",
        "Credentials.from_secret",
        acknowledgeable=False,
    ),
    Row(
        "RDS-17",
        "AWS::RDS::DBInstance",
        "CACertificateIdentifier",
        one_of("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"),
        "Clients verify against AWS's current roots; rds-ca-2019 has expired (RDS guide, certificate authorities).",
    ),
    Row(
        "RDS-18",
        "AWS::RDS::DBProxy",
        "DebugLogging",
        optional(NO),
        "It writes the text of statements into the log, values and all (RDS guide, RDS Proxy).",
    ),
    *(
        Row(
            id_,
            type_,
            "Engine",
            optional(one_of("postgres", "aurora-postgresql")),
            "Specification section 3. What forces TLS on PostgreSQL means nothing to another engine.",
        )
        for id_, type_ in (("RDS-21", "AWS::RDS::DBInstance"), ("RDS-22", "AWS::RDS::DBCluster"))
    ),
    Row(
        "RDS-23",
        "AWS::RDS::DBCluster",
        "EnableHttpEndpoint",
        optional(NO),
        "The Data API is a way in past the VPC and its security groups (Aurora guide, Data API).",
    ),
    *(
        Row(id_, "AWS::RDS::DBInstance", path, ABSENT, "A directory elsewhere would say who gets in (RDS guide).")
        for id_, path in (("RDS-24", "Domain"), ("RDS-25", "DomainFqdn"))
    ),
    Row(
        "CACHE-10",
        "AWS::ElastiCache::ReplicationGroup",
        "TransitEncryptionEnabled",
        YES,
        "Security Hub ElastiCache.5; AUTH needs it.",
        acknowledgeable=False,
    ),
    Row(
        "CACHE-11",
        "AWS::ElastiCache::ReplicationGroup",
        "TransitEncryptionMode",
        equal("required"),
        "preferred lets clients connect in clear (ElastiCache guide, in-transit encryption).",
        acknowledgeable=False,
    ),
    Row(
        "CACHE-12",
        "AWS::ElastiCache::ReplicationGroup",
        "AuthToken",
        _SECRET,
        "Specification section 3: AUTH; Security Hub ElastiCache.6.",
        "pass the secret's value as a dynamic reference",
        acknowledgeable=False,
    ),
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
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBClusterParameterGroup",
}
"""What these rules know."""


_PARAMETERS: Final = {
    "rds.force_ssl": ("1",),
    "ssl_min_protocol_version": ("TLSv1.2", "TLSv1.3", str(MISSING)),
    "password_encryption": ("scram-sha-256", str(MISSING)),
}
"""Parameter of PostgreSQL -> what it may be. Left out, RDS has TLS 1.2 and SCRAM for PostgreSQL 16."""


def _forced_tls(app: Deployment) -> Iterator[Found]:
    for type_, path, kind in (
        ("AWS::RDS::DBInstance", "DBParameterGroupName", "AWS::RDS::DBParameterGroup"),
        ("AWS::RDS::DBCluster", "DBClusterParameterGroupName", "AWS::RDS::DBClusterParameterGroup"),
    ):
        for server in app.of(type_):
            if type_.endswith("DBInstance") and not own_storage(server, app):
                continue
            named = app.target(server.get(path), kind)
            groups = [group.get("Parameters") for group in app.of(kind) if same(named, group)]
            for parameters in groups or [MISSING]:
                given = parameters if isinstance(parameters, Mapping) else {}
                for name, allowed in _PARAMETERS.items():
                    value = given.get(name, MISSING)
                    if str(value) not in allowed:
                        yield Found(server, f"{path} with {name} {shown(value)}", " or ".join(allowed), path, name)


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
        if value is MISSING and _takes_logs(bucket, app):
            continue
        receiver = app.target(value, "AWS::S3::Bucket")
        if receiver is None or receiver.stack != VPC or same(receiver, bucket):
            yield Found(bucket, shown(value), "the stage's log bucket", path)


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "RDS-20",
        "PostgreSQL refuses connections without TLS: rds.force_ssl = 1 in its parameter group; TLS 1.2 and SCRAM",
        "Specification section 3; RDS guide, using SSL with PostgreSQL. Encryption that a client may skip is none.",
        'parameters={"rds.force_ssl": "1"} in the server\'s own parameter group',
        _forced_tls,
        acknowledgeable=False,
    ),
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
