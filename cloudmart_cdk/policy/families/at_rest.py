"""Encryption at rest, a row for each property of each type that stores something. Specification sections 2 to 7.

Owns the stores and their keys, and what else keeps a store's content whole: versions, validation, scans. A type that is
in no table here or in `in_transit`, and not listed as storing nothing in `classification`, is a finding.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from ...settings.topology import DATA
from ..lookups import own_storage
from ..model import MISSING, Deployment, Resource, text_of
from ..rule import ABSENT, KEY, YES, Found, Row, Rule, Test, at_most, equal, one_of, optional, rule_of, shown

_KEY: Final = "encrypt with the stage's own key: pass it as the construct's encryption key"
_DATA_KEY: Final = "Specification section 3: one customer-managed key for the data tier."


def _insights(resource: Resource, _: Deployment) -> bool:
    return resource.get("EnablePerformanceInsights") not in (MISSING, False)


def _rotates(key: Resource, _: Deployment) -> bool:
    """KMS rotates symmetric keys; a specification that is not known may be one."""
    return not re.match(r"(RSA|ECC|HMAC|SM2|ML)_", str(key.get("KeySpec")))


def _account(app: Deployment) -> str:
    return re.escape(app.settings.account or "${AWS::AccountId}")


def _from_assets(given: Any, app: Deployment) -> bool:
    return re.fullmatch(rf"cdk-\w+-assets-{_account(app)}-[a-z0-9-]+", str(given)) is not None


def _source(given: Any, app: Deployment) -> Resource | None:
    """A replica's source, by name or by ARN, when it is this app's."""
    name = re.sub(rf"^arn:aws:rds:[a-z0-9-]+:{_account(app)}:db:", "", text_of(given))
    return app.target(name, "AWS::RDS::DBInstance")


def _of_this_app(given: Any, app: Deployment) -> bool:
    return _source(given, app) is not None


def _encrypts(server: Resource, app: Deployment) -> bool:
    """A replica beside its source inherits encryption and key, and CloudFormation refuses to be told either."""
    source = _source(server.get("SourceDBInstanceIdentifier"), app)
    return own_storage(server, app) and (source is None or source.stack != server.stack)


def _with_kms(resource: Resource, _: Deployment) -> bool:
    return any(value != "AES256" for _, value in resource.at(_S3_ALGORITHM))


_ASSETS: Final = Test("CDK's asset bucket of this account", _from_assets)
_ORIGINS: Final = tuple(
    (type_, path)
    for type_, paths in {
        "AWS::RDS::DBInstance": (
            "DBSnapshotIdentifier",
            "DBClusterSnapshotIdentifier",
            "SourceDBClusterIdentifier",
            "SourceDBInstanceAutomatedBackupsArn",
            "SourceDbiResourceId",
        ),
        "AWS::RDS::DBCluster": (
            "SnapshotIdentifier",
            "SourceDBClusterIdentifier",
            "SourceDbClusterResourceId",
            "ReplicationSourceIdentifier",
            "GlobalClusterIdentifier",
        ),
        "AWS::ElastiCache::ReplicationGroup": (
            "SnapshotArns",
            "SnapshotName",
            "PrimaryClusterId",
            "GlobalReplicationGroupId",
        ),
    }.items()
    for path in paths
)
"""What a store can be made from, or joined to."""
_COPIED: Final = "What is made from a snapshot or another's database is encrypted as that was (RDS guide, encryption)."
_S3_RULES: Final = "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault"
_S3_ALGORITHM: Final = f"{_S3_RULES}.SSEAlgorithm"

ROWS: Final = (
    Row(
        "RDS-1",
        "AWS::RDS::DBInstance",
        "StorageEncrypted",
        YES,
        "CIS AWS Foundations 2.2.1; Security Hub RDS.3. Cannot be switched on later without a new database.",
        when=_encrypts,
        acknowledgeable=False,
    ),
    Row("RDS-2", "AWS::RDS::DBInstance", "KmsKeyId", KEY, f"{_DATA_KEY} Security Hub RDS.3.", _KEY, _encrypts),
    Row(
        "RDS-3",
        "AWS::RDS::DBCluster",
        "StorageEncrypted",
        YES,
        "Security Hub RDS.27. Cannot be switched on later without a new cluster.",
        acknowledgeable=False,
    ),
    Row("RDS-4", "AWS::RDS::DBCluster", "KmsKeyId", KEY, f"{_DATA_KEY} Security Hub RDS.27.", _KEY),
    Row(
        "RDS-5",
        "AWS::RDS::DBInstance",
        "PerformanceInsightsKMSKeyId",
        KEY,
        f"Performance Insights keeps the text of statements, values and all. {_DATA_KEY}",
        _KEY,
        _insights,
    ),
    Row(
        "RDS-6",
        "AWS::RDS::DBCluster",
        "PerformanceInsightsKmsKeyId",
        KEY,
        f"Performance Insights keeps the text of statements, values and all. {_DATA_KEY}",
        _KEY,
        when=lambda cluster, _: cluster.get("PerformanceInsightsEnabled") not in (MISSING, False),
    ),
    *(
        Row(f"ORIGIN-{number}", type_, path, ABSENT, _COPIED, "restore with AWS Backup")
        for number, (type_, path) in enumerate(_ORIGINS, start=1)
    ),
    Row(
        "RDS-7",
        "AWS::RDS::DBInstance",
        "SourceDBInstanceIdentifier",
        optional(Test("a database of this app", _of_this_app)),
        f"{_COPIED} One of this app is checked too.",
    ),
    Row(
        "CACHE-1",
        "AWS::ElastiCache::ReplicationGroup",
        "AtRestEncryptionEnabled",
        YES,
        "Security Hub ElastiCache.4. Cannot be switched on later without a new group.",
        acknowledgeable=False,
    ),
    Row("CACHE-2", "AWS::ElastiCache::ReplicationGroup", "KmsKeyId", KEY, f"{_DATA_KEY} Sessions are in it.", _KEY),
    Row("CACHE-3", "AWS::ElastiCache::ServerlessCache", "KmsKeyId", KEY, _DATA_KEY, _KEY),
    Row(
        "S3-1",
        "AWS::S3::Bucket",
        _S3_ALGORITHM,
        one_of("AES256", "aws:kms", "aws:kms:dsse"),
        "Stated, so that a reviewer sees it; S3 encrypts with AES256 by default (S3 guide, default encryption).",
        "set encryption= on the bucket",
    ),
    Row(
        "S3-2",
        "AWS::S3::Bucket",
        f"{_S3_RULES}.KMSMasterKeyID",
        KEY,
        "Without an id S3 takes AWS's own key, whose policy nobody can narrow (Security Hub S3.17).",
        _KEY,
        _with_kms,
    ),
    Row(
        "S3-3",
        "AWS::S3::Bucket",
        _S3_ALGORITHM,
        one_of("aws:kms", "aws:kms:dsse"),
        f"{_DATA_KEY} The images are in it.",
        _KEY,
        when=lambda bucket, _: bucket.stack == DATA,
    ),
    Row(
        "EBS-1",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.BlockDeviceMappings[].Ebs.Encrypted",
        YES,
        "CIS AWS Foundations 5.1.1; Security Hub EC2.7. Without a mapping the image decides.",
        acknowledgeable=False,
    ),
    Row(
        "EBS-2",
        "AWS::EC2::Instance",
        "BlockDeviceMappings[].Ebs.Encrypted",
        YES,
        "CIS AWS Foundations 5.1.1; Security Hub EC2.7. Without a mapping the image decides.",
        acknowledgeable=False,
    ),
    Row("EBS-3", "AWS::EC2::Volume", "Encrypted", YES, "Security Hub EC2.3.", acknowledgeable=False),
    Row("EFS-1", "AWS::EFS::FileSystem", "Encrypted", YES, "Security Hub EFS.1.", acknowledgeable=False),
    Row("EFS-2", "AWS::EFS::FileSystem", "KmsKeyId", KEY, _DATA_KEY, _KEY),
    Row(
        "ECR-1",
        "AWS::ECR::Repository",
        "EncryptionConfiguration.EncryptionType",
        one_of("AES256", "KMS"),
        "Specification section 6: repositories are encrypted, and say so.",
    ),
    Row(
        "ECR-2",
        "AWS::ECR::Repository",
        "ImageScanningConfiguration.ScanOnPush",
        YES,
        "Specification section 6; Security Hub ECR.1.",
    ),
    Row(
        "ECR-3",
        "AWS::ECR::Repository",
        "ImageTagMutability",
        equal("IMMUTABLE"),
        "Specification section 6; Security Hub ECR.2. A tag that moves lets other code in under a reviewed name.",
    ),
    Row(
        "ECR-4",
        "AWS::ECR::Repository",
        "ImageTagMutabilityExclusionFilters",
        ABSENT,
        "Tags that it names can move all the same (ECR guide, tag mutability).",
    ),
    Row(
        "SNS-1",
        "AWS::SNS::Topic",
        "KmsMasterKeyId",
        KEY,
        "Specification section 7. With AWS's own key alarms reach nobody (SNS guide, key management).",
        _KEY,
        acknowledgeable=False,
    ),
    Row(
        "LOGS-1",
        "AWS::Logs::LogGroup",
        "KmsKeyId",
        lambda settings: KEY if settings.logs.customer_key else optional(KEY),
        "Where the setting logs.customer_key asks; CloudWatch Logs encrypts with its own otherwise (its guide).",
        "leave it to application.build_app, which gives every log group the stage's key",
    ),
    Row(
        "SECRET-1",
        "AWS::SecretsManager::Secret",
        "KmsKeyId",
        KEY,
        "With AWS's own key whoever may call Secrets Manager in the account may decrypt (its guide).",
        _KEY,
    ),
    Row(
        "SECRET-7",
        "AWS::SecretsManager::Secret",
        "ReplicaRegions[].KmsKeyId",
        KEY,
        "A replica without a key of its own has AWS's (Secrets Manager guide, replication).",
        when=lambda secret, _: "ReplicaRegions" in secret.properties,
    ),
    Row("BACKUP-1", "AWS::Backup::BackupVault", "EncryptionKeyArn", KEY, f"{_DATA_KEY} Security Hub Backup.1.", _KEY),
    Row(
        "KMS-1",
        "AWS::KMS::Key",
        "EnableKeyRotation",
        YES,
        "CIS AWS Foundations 3.6; Security Hub KMS.4.",
        when=_rotates,
    ),
    Row(
        "KMS-3",
        "AWS::KMS::Key",
        "RotationPeriodInDays",
        optional(at_most(365)),
        "A year, KMS's default (KMS guide, rotating keys).",
    ),
    Row(
        "KMS-4",
        "AWS::KMS::Key",
        "Origin",
        optional(equal("AWS_KMS")),
        "Key material from outside is known outside, and KMS does not rotate it (KMS guide, importing key material).",
    ),
    Row(
        "KMS-2",
        "AWS::KMS::Key",
        "Enabled",
        optional(YES),
        "What is encrypted with a key that is off cannot be read (KMS guide).",
    ),
    Row(
        "OPENSEARCH-1",
        "AWS::OpenSearchService::Domain",
        "EncryptionAtRestOptions.Enabled",
        YES,
        "Security Hub Opensearch.1.",
    ),
    Row(
        "DYNAMODB-1",
        "AWS::DynamoDB::Table",
        "SSESpecification.SSEEnabled",
        YES,
        f"{_DATA_KEY} Without it AWS owns the key.",
    ),
    Row("DYNAMODB-2", "AWS::DynamoDB::Table", "SSESpecification.KMSMasterKeyId", KEY, _DATA_KEY, _KEY),
    Row(
        "DYNAMODB-3",
        "AWS::DynamoDB::GlobalTable",
        "SSESpecification.SSEEnabled",
        YES,
        f"{_DATA_KEY} Without it AWS owns the key.",
    ),
    Row(
        "KINESIS-1", "AWS::Kinesis::Stream", "StreamEncryption.EncryptionType", equal("KMS"), "Security Hub Kinesis.1."
    ),
    Row("KINESIS-2", "AWS::Kinesis::Stream", "StreamEncryption.KeyId", KEY, _DATA_KEY, _KEY),
    Row(
        "FIREHOSE-1",
        "AWS::KinesisFirehose::DeliveryStream",
        "DeliveryStreamEncryptionConfigurationInput.KeyType",
        one_of("CUSTOMER_MANAGED_CMK", "AWS_OWNED_CMK"),
        "Security Hub DataFirehose.1.",
    ),
    Row("PROMETHEUS-1", "AWS::APS::Workspace", "KmsKeyArn", KEY, _DATA_KEY, _KEY),
    Row(
        "CANARY-1",
        "AWS::Synthetics::Canary",
        "ArtifactConfig.S3Encryption.EncryptionMode",
        one_of("SSE_S3", "SSE_KMS"),
        "A canary keeps screenshots and traffic (CloudWatch guide, encrypting canary artifacts).",
    ),
    Row(
        "CANARY-2",
        "AWS::Synthetics::Canary",
        "Code.S3Bucket",
        _ASSETS,
        "CDK guide, assets: a canary is a function, and its code is this commit's.",
    ),
    Row(
        "SSM-1",
        "AWS::SSM::Parameter",
        "Type",
        one_of("String", "StringList"),
        "CloudFormation cannot write a SecureString; what must stay secret is a secret (specification section 3).",
        "put it into Secrets Manager",
    ),
    Row(
        "LAMBDA-1",
        "AWS::Lambda::Function",
        "Code.S3Bucket",
        _ASSETS,
        "Code from anywhere else was not in this commit (Well-Architected SEC11).",
        "make it an asset",
        when=lambda function, _: not isinstance(function.get("Code.ZipFile"), str),
    ),
    Row(
        "LAMBDA-2",
        "AWS::Lambda::LayerVersion",
        "Content.S3Bucket",
        _ASSETS,
        "Code from anywhere else was not in this commit (Well-Architected SEC11).",
        "make it an asset",
    ),
)

TYPES: Final = frozenset(row.type for row in ROWS) | {"AWS::SQS::Queue"}
"""What these rules know."""


def _queues(app: Deployment) -> Iterator[Found]:
    for queue in app.of("AWS::SQS::Queue"):
        managed = queue.get("SqsManagedSseEnabled") in (True, "true")
        key: Any = queue.get("KmsMasterKeyId")
        if not managed and app.target(key, "AWS::KMS::Key") is None:
            yield Found(queue, shown(key), "a key of this app, or SqsManagedSseEnabled: true", "KmsMasterKeyId")


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "SQS-1",
        "SQS Queue: encrypted with a key of this app or SQS's own",
        "Security Hub SQS.1; stated, so that a reviewer sees it.",
        "set encryption= on the queue",
        _queues,
    ),
)
