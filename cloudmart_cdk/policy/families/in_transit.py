"""Encryption in transit and access to the stores: TLS forced, passwords from Secrets Manager, buckets closed.

Owns what stands between a client and a store or queue; load balancers, CloudFront and web ACLs are the family `edge`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ..model import MISSING, Deployment, Pointer, Resource, as_list, text_of
from ..rule import ABSENT, YES, Found, Row, Rule, equal, matching, one_of, reference, rule_of, shown

_SECRET: Final = matching(r"\{\{resolve:secretsmanager:\$\{.+", "a dynamic reference to a secret of this app")
_BLOCKED: Final = "Security Hub S3.1, S3.8; specification section 3: public access blocked."
_TLS_ONLY: Final = "an unconditional Deny of every action without TLS"


def _own(resource: Resource, _: Deployment) -> bool:
    return "DBClusterIdentifier" not in resource.properties


def log_buckets(app: Deployment) -> list[Resource]:
    """Buckets that others log to. One cannot log to itself without end (S3 guide, server access logging)."""
    named = [bucket.get("LoggingConfiguration.DestinationBucketName") for bucket in app.of("AWS::S3::Bucket")]
    named += [log.get("LogDestination") for log in app.of("AWS::EC2::FlowLog")]
    return [bucket for value in named if (bucket := app.target(value, "AWS::S3::Bucket"))]


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
        "A secret of this app is checked too.",
    ),
    Row(
        "RDS-13",
        "AWS::RDS::DBInstance",
        "EnableIAMDatabaseAuthentication",
        YES,
        "Specification section 3; Security Hub RDS.10.",
        when=_own,
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
        when=lambda server, app: _own(server, app) and "SourceDBInstanceIdentifier" not in server.properties,
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
        when=lambda group, _: group.get("UserGroupIds") is MISSING,
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
        when=lambda bucket, app: bucket not in log_buckets(app),
    ),
    Row(
        "S3-18",
        "AWS::S3::Bucket",
        "OwnershipControls.Rules[].ObjectOwnership",
        one_of("BucketOwnerEnforced", "BucketOwnerPreferred"),
        "CloudFront's classic logs are delivered by ACL, into the log bucket only (specification section 5).",
        "object_ownership=ObjectOwnership.BUCKET_OWNER_PREFERRED",
        when=lambda bucket, app: bucket in log_buckets(app),
    ),
    Row("S3-15", "AWS::S3::Bucket", "AccessControl", ABSENT, "Security Hub S3.12: access by policy, not by ACL."),
    Row(
        "S3-16",
        "AWS::S3::Bucket",
        "WebsiteConfiguration",
        ABSENT,
        "A website endpoint is HTTP and public; CloudFront serves.",
    ),
    Row(
        "EFS-10",
        "AWS::EFS::MountTarget",
        "FileSystemId",
        reference("AWS::EFS::FileSystem"),
        "A file system of this app.",
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
        "Mail with order data, TLS only.",
    ),
    Row(
        "SNS-11",
        "AWS::SNS::Subscription",
        "Protocol",
        one_of("https", "email", "email-json", "sms", "sqs", "lambda", "firehose", "application"),
        "Not http: messages name resources and accounts.",
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


def _forced_tls(app: Deployment) -> Iterator[Found]:
    for type_, path, kind in (
        ("AWS::RDS::DBInstance", "DBParameterGroupName", "AWS::RDS::DBParameterGroup"),
        ("AWS::RDS::DBCluster", "DBClusterParameterGroupName", "AWS::RDS::DBClusterParameterGroup"),
    ):
        for server in app.of(type_):
            if type_.endswith("DBInstance") and not _own(server, app):
                continue
            group = app.target(server.get(path), kind)
            parameters = group.get("Parameters") if group else MISSING
            value = parameters.get("rds.force_ssl", MISSING) if isinstance(parameters, Mapping) else MISSING
            if str(value) != "1":
                yield Found(server, f"{path} with rds.force_ssl {shown(value)}", 'rds.force_ssl = "1"', path)


def _buckets_tls_only(app: Deployment) -> Iterator[Found]:
    for bucket in app.of("AWS::S3::Bucket"):
        arn = str(Pointer(bucket.stack, bucket.logical_id, "Arn"))
        policies = [p for p in app.of("AWS::S3::BucketPolicy") if app.target(p.get("Bucket")) is bucket]
        if not any(_denies_without_tls(policy, ("s3:*",), {arn, f"{arn}/*"}) for policy in policies):
            yield Found(bucket, "without a policy that denies plain HTTP", f"{_TLS_ONLY} on bucket and objects")


def _topics_tls_only(app: Deployment) -> Iterator[Found]:
    for topic in app.of("AWS::SNS::Topic"):
        policies = [
            policy
            for policy in app.of("AWS::SNS::TopicPolicy")
            if any(app.target(value) is topic for value in policy.items("Topics"))
        ]
        arn = str(Pointer(topic.stack, topic.logical_id))
        if not any(_denies_without_tls(policy, ("sns:Publish", "sns:*"), {arn}) for policy in policies):
            yield Found(topic, "without a policy that denies plain HTTP", "a Deny of sns:Publish without TLS")


def _queues_tls_only(app: Deployment) -> Iterator[Found]:
    for queue in app.of("AWS::SQS::Queue"):
        policies = [
            policy
            for policy in app.of("AWS::SQS::QueuePolicy")
            if any(app.target(value) is queue for value in policy.items("Queues"))
        ]
        arn = str(Pointer(queue.stack, queue.logical_id, "Arn"))
        if not any(_denies_without_tls(policy, ("sqs:*",), {arn}) for policy in policies):
            yield Found(queue, "without a policy that denies plain HTTP", _TLS_ONLY)


def _denies_without_tls(policy: Resource, actions: tuple[str, ...], resources: set[str]) -> bool:
    """A Deny for everybody, of one of `actions`, on all of `resources`, when aws:SecureTransport is false."""
    for statement in as_list(policy.get("PolicyDocument.Statement")):
        if not isinstance(statement, Mapping) or statement.get("Effect") != "Deny":
            continue
        everybody = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        condition = statement.get("Condition")
        plain = condition in ({"Bool": {"aws:SecureTransport": "false"}}, {"Bool": {"aws:SecureTransport": False}})
        named = {text_of(value) for value in as_list(statement.get("Resource", []))}
        action = any(value in actions for value in as_list(statement.get("Action", [])))
        if everybody and plain and action and resources <= named:
            return True
    return False


def _access_logged(app: Deployment) -> Iterator[Found]:
    logs = log_buckets(app)
    for bucket in app.of("AWS::S3::Bucket"):
        if bucket in logs:
            continue
        path = "LoggingConfiguration.DestinationBucketName"
        value = bucket.get(path)
        if app.target(value, "AWS::S3::Bucket") in (None, bucket):
            yield Found(bucket, shown(value), "the stage's log bucket", path)


def _open_sharing(app: Deployment) -> Iterator[Found]:
    for bucket in app.of("AWS::S3::Bucket"):
        for number, rule in enumerate(bucket.items("CorsConfiguration.CorsRules")):
            if isinstance(rule, Mapping) and "*" in [str(v) for v in as_list(rule.get("AllowedOrigins", []))]:
                where = f"CorsConfiguration.CorsRules.{number}.AllowedOrigins"
                yield Found(bucket, "*", "stated origins", where)


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "RDS-20",
        "PostgreSQL refuses connections without TLS: rds.force_ssl = 1 in its parameter group",
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
        _buckets_tls_only,
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
        "S3-22",
        "Buckets share with stated origins",
        "OWASP, cross-origin resource sharing: * lets every page of the web read through a visitor.",
        "name the shop's origin",
        _open_sharing,
    ),
    Rule(
        "SNS-10",
        "Every topic has a policy that denies publishing without TLS",
        "SNS guide, security best practices: enforce encryption of data in transit.",
        "enforce_ssl=True on the topic",
        _topics_tls_only,
    ),
    Rule(
        "SQS-10",
        "Every queue has a policy that denies requests without TLS",
        "SQS guide, security best practices: enforce encryption of data in transit.",
        "enforce_ssl=True on the queue",
        _queues_tls_only,
    ),
)
