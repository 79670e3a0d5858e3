"""Encryption at rest, a row for each property of each type that stores something. Specification sections 2 to 7.

Owns the stores and their keys, and what else keeps a store's content whole: versions, validation, scans. A type that is
in no table here or in `in_transit`, and not listed as storing nothing in `classification`, is a finding.
"""

from collections.abc import Iterator
from typing import Any, Final

from ...settings.topology import DATA, MONITORING
from ..model import MISSING, Deployment, Resource
from ..rule import ABSENT, KEY, YES, Found, Row, Rule, equal, matching, one_of, optional, reference, rule_of, shown

_KEY: Final = "encrypt with the stage's own key: pass it as the construct's encryption key"
_DATA_KEY: Final = "Specification section 3: one customer-managed key for the data tier."


def _own_storage(resource: Resource, _: Deployment) -> bool:
    """Aurora's instances store nothing themselves; their cluster does."""
    return "DBClusterIdentifier" not in resource.properties


def _insights(resource: Resource, _: Deployment) -> bool:
    return resource.get("EnablePerformanceInsights") not in (MISSING, False)


def _with_kms(resource: Resource, _: Deployment) -> bool:
    return any(value != "AES256" for _, value in resource.at(_S3_ALGORITHM))


_S3_RULES: Final = "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault"
_S3_ALGORITHM: Final = f"{_S3_RULES}.SSEAlgorithm"

ROWS: Final = (
    Row(
        "RDS-1",
        "AWS::RDS::DBInstance",
        "StorageEncrypted",
        YES,
        "CIS AWS Foundations 2.2.1; Security Hub RDS.3. Cannot be switched on later without a new database.",
        when=_own_storage,
        acknowledgeable=False,
    ),
    Row("RDS-2", "AWS::RDS::DBInstance", "KmsKeyId", KEY, f"{_DATA_KEY} Security Hub RDS.3.", _KEY, _own_storage),
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
        "SNS-1",
        "AWS::SNS::Topic",
        "KmsMasterKeyId",
        KEY,
        "Specification section 7. With AWS's own key alarms reach nobody (SNS guide, key management).",
        _KEY,
        acknowledgeable=False,
    ),
    Row(
        "TRAIL-1",
        "AWS::CloudTrail::Trail",
        "KMSKeyId",
        KEY,
        "CIS AWS Foundations 3.5; Security Hub CloudTrail.2.",
        _KEY,
    ),
    Row(
        "TRAIL-2",
        "AWS::CloudTrail::Trail",
        "EnableLogFileValidation",
        YES,
        "CIS AWS Foundations 3.2; Security Hub CloudTrail.4: who alters the log is seen.",
    ),
    Row(
        "TRAIL-3",
        "AWS::CloudTrail::Trail",
        "IsMultiRegionTrail",
        YES,
        "CIS AWS Foundations 3.1; specification section 7: an intruder chooses a region nobody looks at.",
    ),
    Row(
        "TRAIL-4",
        "AWS::CloudTrail::Trail",
        "IsLogging",
        YES,
        "Security Hub CloudTrail.3: a trail that is off logs nothing.",
    ),
    Row(
        "TRAIL-5",
        "AWS::CloudTrail::Trail",
        "IncludeGlobalServiceEvents",
        YES,
        "IAM and STS are global services (CloudTrail guide, global service events).",
    ),
    Row(
        "TRAIL-6",
        "AWS::CloudTrail::Trail",
        "EventSelectors",
        ABSENT,
        "Without selectors every management event is logged, reads and writes (CIS AWS Foundations 3.1).",
    ),
    Row(
        "TRAIL-7",
        "AWS::CloudTrail::Trail",
        "S3BucketName",
        reference("AWS::S3::Bucket"),
        "A bucket of this app is checked too (Security Hub CloudTrail.6).",
    ),
    Row(
        "LOGS-1",
        "AWS::Logs::LogGroup",
        "KmsKeyId",
        lambda settings: KEY if settings.logs.customer_key else optional(KEY),
        "Where the stage asks for a key (setting logs.customer_key); CloudWatch Logs encrypts with its own otherwise.",
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
    Row("BACKUP-1", "AWS::Backup::BackupVault", "EncryptionKeyArn", KEY, f"{_DATA_KEY} Security Hub Backup.1.", _KEY),
    Row(
        "KMS-1",
        "AWS::KMS::Key",
        "EnableKeyRotation",
        YES,
        "CIS AWS Foundations 3.6; Security Hub KMS.4.",
        when=lambda key, _: key.get("KeySpec") in (MISSING, "SYMMETRIC_DEFAULT"),
    ),
    Row("KMS-2", "AWS::KMS::Key", "Enabled", optional(YES), "What is encrypted with a key that is off cannot be read."),
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
        matching(r"cdk-\w+-assets-.+", "CDK's asset bucket"),
        "Code from anywhere else was not in this commit (Well-Architected SEC11).",
        "make it an asset",
        when=lambda function, _: function.get("Code.ZipFile") is MISSING,
    ),
    Row(
        "LAMBDA-2",
        "AWS::Lambda::LayerVersion",
        "Content.S3Bucket",
        matching(r"cdk-\w+-assets-.+", "CDK's asset bucket"),
        "Code from anywhere else was not in this commit (Well-Architected SEC11).",
        "make it an asset",
    ),
)

TYPES: Final = frozenset(row.type for row in ROWS) | {"AWS::SQS::Queue"}
"""What these rules know."""


def _trail(app: Deployment) -> Iterator[Found]:
    if app.settings.monitoring.cloudtrail and MONITORING in app.stacks and not list(app.of("AWS::CloudTrail::Trail")):
        place = Resource(MONITORING, "", "AWS::CloudFormation::Template", {}, MONITORING, app.settings.region)
        yield Found(place, "without a trail", f"one in stage {app.settings.stage}")


def _queues(app: Deployment) -> Iterator[Found]:
    for queue in app.of("AWS::SQS::Queue"):
        managed = queue.get("SqsManagedSseEnabled") in (True, "true")
        key: Any = queue.get("KmsMasterKeyId")
        if not managed and app.target(key, "AWS::KMS::Key") is None:
            yield Found(queue, shown(key), "a key of this app, or SqsManagedSseEnabled: true", "KmsMasterKeyId")


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "TRAIL-8",
        "A stage whose settings say so has a trail",
        "Specification sections 1 and 7: one for the account, in prod; CIS AWS Foundations 3.1.",
        "AuditTrail in MonitoringStack, as settings.monitoring.cloudtrail says",
        _trail,
    ),
    Rule(
        "SQS-1",
        "SQS Queue: encrypted with a key of this app or SQS's own",
        "Security Hub SQS.1; stated, so that a reviewer sees it.",
        "set encryption= on the queue",
        _queues,
    ),
)
