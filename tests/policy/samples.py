"""A resource of every type that a row speaks of, as it ought to be, and ways to spoil it.

Owns the samples. Each stands as `It` among `OTHERS`; every row is content with it, in the stage that it is made for.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from cloudmart_cdk.policy.model import MISSING, Deployment
from cloudmart_cdk.policy.rule import Row, Test
from cloudmart_cdk.settings import Settings
from tests.policy.support import deployment, resource

PARAMETER: Final = {"Ref": "Anybody"}
"""A value that the template does not say."""
_SECRET: Final = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Secret"}, ":SecretString:password::}}"]]}
_ASSETS: Final = {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-ap-northeast-2"}
_KEY: Final = {"Fn::GetAtt": ["Key", "Arn"]}
_FUNCTION: Final = {"Fn::GetAtt": ["Function", "Arn"]}
_LOGS: Final = {"Ref": "LogGroup"}

OTHERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Key": resource("AWS::KMS::Key"),
    "Secret": resource("AWS::SecretsManager::Secret"),
    "Bucket": resource("AWS::S3::Bucket"),
    "LogGroup": resource("AWS::Logs::LogGroup"),
    "Database": resource("AWS::RDS::DBInstance"),
    "Aurora": resource("AWS::RDS::DBCluster"),
    "Files": resource("AWS::EFS::FileSystem"),
    "Function": resource("AWS::Lambda::Function"),
    "Headers": resource("AWS::CloudFront::ResponseHeadersPolicy"),
    "FlowLog": resource("AWS::EC2::FlowLog", {"LogDestination": {"Fn::GetAtt": ["It", "Arn"]}}),
}
"""What samples refer to, and who refers to them: a bucket of VpcStack becomes the log bucket by its flow log."""


@dataclass(frozen=True)
class Sample:
    """One compliant resource. `name` tells apart those of a type."""

    type: str
    properties: Mapping[str, Any]
    name: str = ""
    stack: str = "DataStack"

    def app(self, stage: str, properties: Mapping[str, Any] | None = None) -> Deployment:
        """It among the others, or with other properties in its place."""
        return deployment(
            {**OTHERS, "It": resource(self.type, self.properties if properties is None else properties)},
            stack=self.stack,
            stage=stage,
        )

    def without(self, path: str) -> Mapping[str, Any]:
        copy, holder, last = self._opened(path)
        if isinstance(holder, list) or last in holder:
            del holder[last]
        return copy

    def given(self, path: str, value: Any) -> Mapping[str, Any]:
        copy, holder, last = self._opened(path)
        holder[last] = value
        return copy

    def at(self, path: str) -> Any:
        """The value as written; `MISSING` where there is none."""
        _, holder, last = self._opened(path)
        return holder[last] if isinstance(holder, list) or last in holder else MISSING

    def lists(self, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(words, properties) with something empty in each list of a path: beside what is right, and in its place."""
        for end in (found.start() for found in re.finditer(r"\[\]", path)):
            right = self.at(path[:end])
            yield "beside what is right", self.given(path[:end], [*right, {}])
            yield "in place of a list", self.given(path[:end], {})

    def _opened(self, path: str) -> tuple[Mapping[str, Any], Any, Any]:
        """A copy, what holds the value at a row's path, and where in it. Of lists the first element."""
        copy = deepcopy(dict(self.properties))
        parts: list[Any] = [int(part) if part.isdigit() else part for part in path.replace("[]", ".0").split(".")]
        *parents, last = parts
        holder: Any = copy
        for part in parents:
            holder = holder[part] if isinstance(holder, list) else holder.setdefault(part, {})
        return copy, holder, last


def _looks_at(row: Row, app: Deployment) -> bool:
    it = next(resource for resource in app.of(row.type) if resource.logical_id == "It")
    return row.when is None or row.when(it, app)


def of(row: Row, stage: str, settings: Settings) -> Iterator[Sample]:
    """The samples that a row looks at."""
    for sample in samples(settings):
        if sample.type == row.type and _looks_at(row, sample.app(stage)):
            yield sample


_WRONG: Final[Mapping[type, tuple[Any, ...]]] = {
    bool: ("nonsense", PARAMETER, 1),
    int: (0, "nonsense", PARAMETER),
    str: ("nonsense", "", PARAMETER),
    list: ("nonsense", [], ["nonsense"], PARAMETER),
    dict: ("nonsense", "arn:aws:kms:ap-northeast-2:999999999999:key/1", PARAMETER, {"Ref": "It"}),
}
"""Kind of the right value -> wrong ones. A reference, in a template, is a dictionary."""
_WHERE_NOTHING_STANDS: Final = ("nonsense", True, PARAMETER)


def wrong(row: Row, sample: Sample, must: Test) -> tuple[Any, ...]:
    """Values that the row must not let pass; those that it does let pass are the test's business."""
    right = sample.at(row.path)
    if right is MISSING:
        return _WHERE_NOTHING_STANDS
    if must.allows == "a value":
        return ("", [], {})
    if isinstance(right, bool):
        return (not right, str(not right).lower(), *_WRONG[bool])
    if must.allows.startswith("at most"):
        return (10**6, "nonsense", PARAMETER)
    return _WRONG[type(right)]


def samples(settings: Settings) -> tuple[Sample, ...]:
    """As the settings of a stage want them."""
    keeps = settings.keeps_data
    database = {
        "AutoMinorVersionUpgrade": True,
        "BackupRetentionPeriod": settings.database.backup_days,
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "DeleteAutomatedBackups": not keeps,
        "DeletionProtection": settings.deletion_protection,
        "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
        "EnableIAMDatabaseAuthentication": True,
        "EnablePerformanceInsights": True,
        "KmsKeyId": _KEY,
        "MasterUserPassword": _SECRET,
        "PerformanceInsightsKMSKeyId": _KEY,
        "PubliclyAccessible": False,
        "StorageEncrypted": True,
    }
    aurora = {
        "BackupRetentionPeriod": settings.database.backup_days,
        "DeleteAutomatedBackups": not keeps,
        "DeletionProtection": settings.deletion_protection,
        "EnableIAMDatabaseAuthentication": True,
        "KmsKeyId": _KEY,
        "MasterUserPassword": _SECRET,
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsKmsKeyId": _KEY,
        "StorageEncrypted": True,
    }
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _KEY}
    bucket: dict[str, Any] = {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": encryption}]},
        "CorsConfiguration": {
            "CorsRules": [{"AllowedOrigins": ["https://shop.example.com"], "AllowedMethods": ["GET"]}]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
        ),
    }
    disks = [{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": True, "Encrypted": True}}]
    cards = [{"AssociatePublicIpAddress": False}]
    image = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    profile = "arn:aws:iam::123456789012:instance-profile/x"
    last_ten = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10}
    images = {"rules": [{"rulePriority": 1, "selection": last_ten, "action": {"type": "expire"}}]}
    slow_log = {"CloudWatchLogsDetails": {"LogGroup": _LOGS}}
    headers = {"Ref": "Headers"}
    behaviour = {"ViewerProtocolPolicy": "redirect-to-https", "ResponseHeadersPolicyId": headers}
    distribution = {
        "Aliases": ["shop.example.com"],
        "CacheBehaviors": [{**behaviour, "PathPattern": "/images/*"}],
        "DefaultCacheBehavior": behaviour,
        "DefaultRootObject": "index.html",
        "Logging": {"Bucket": "logs.s3.amazonaws.com"},
        "ViewerCertificate": {"MinimumProtocolVersion": "TLSv1.2_2021"},
        "WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/1",
    }
    security = {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": settings.frontend.content_security_policy, "Override": True},
        "ContentTypeOptions": {"Override": True},
        "FrameOptions": {"FrameOption": "DENY", "Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "same-origin", "Override": True},
        "StrictTransportSecurity": {"AccessControlMaxAgeSec": 31536000, "Override": True},
    }
    permissions = [{"Header": "Permissions-Policy", "Override": False, "Value": "camera=()"}]
    return (
        Sample("AWS::APS::Workspace", {"KmsKeyArn": _KEY}),
        Sample("AWS::Backup::BackupVault", {"EncryptionKeyArn": _KEY}),
        Sample("AWS::CloudFront::Distribution", {"DistributionConfig": distribution}),
        Sample(
            "AWS::CloudFront::OriginAccessControl",
            {
                "OriginAccessControlConfig": {
                    "OriginAccessControlOriginType": "s3",
                    "SigningBehavior": "always",
                    "SigningProtocol": "sigv4",
                }
            },
        ),
        Sample(
            "AWS::CloudFront::ResponseHeadersPolicy",
            {
                "ResponseHeadersPolicyConfig": {
                    "CustomHeadersConfig": {"Items": permissions},
                    "SecurityHeadersConfig": security,
                }
            },
        ),
        Sample(
            "AWS::CloudTrail::Trail",
            {
                "EnableLogFileValidation": True,
                "IncludeGlobalServiceEvents": True,
                "IsLogging": True,
                "IsMultiRegionTrail": True,
                "KMSKeyId": _KEY,
                "S3BucketName": {"Ref": "Bucket"},
            },
        ),
        Sample("AWS::DynamoDB::GlobalTable", {"SSESpecification": {"SSEEnabled": True}}),
        Sample(
            "AWS::DynamoDB::Table",
            {
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "SSESpecification": {"SSEEnabled": True, "KMSMasterKeyId": _KEY},
            },
        ),
        Sample("AWS::EC2::Instance", {"BlockDeviceMappings": disks, "NetworkInterfaces": cards}),
        Sample(
            "AWS::EC2::LaunchTemplate",
            {
                "LaunchTemplateData": {
                    "BlockDeviceMappings": disks,
                    "IamInstanceProfile": {"Arn": profile},
                    "ImageId": image,
                    "NetworkInterfaces": cards,
                }
            },
        ),
        Sample("AWS::EC2::Subnet", {"MapPublicIpOnLaunch": False}),
        Sample("AWS::EC2::VPCEndpoint", {"ServiceName": "com.amazonaws.ap-northeast-2.ecr.api"}),
        Sample("AWS::EC2::Volume", {"Encrypted": True}),
        Sample(
            "AWS::ECR::Repository",
            {
                "EmptyOnDelete": not keeps,
                "EncryptionConfiguration": {"EncryptionType": "AES256"},
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "ImageTagMutability": "IMMUTABLE",
                "LifecyclePolicy": {"LifecyclePolicyText": json.dumps(images)},
            },
        ),
        Sample("AWS::EFS::FileSystem", {"Encrypted": True, "KmsKeyId": _KEY}),
        Sample("AWS::EFS::MountTarget", {"FileSystemId": {"Ref": "Files"}}),
        Sample(
            "AWS::ElastiCache::ReplicationGroup",
            {
                "AtRestEncryptionEnabled": True,
                "AuthToken": _SECRET,
                "AutoMinorVersionUpgrade": True,
                "KmsKeyId": _KEY,
                "LogDeliveryConfigurations": [{"DestinationDetails": slow_log}],
                "SnapshotRetentionLimit": settings.cache.snapshot_days,
                "TransitEncryptionEnabled": True,
                "TransitEncryptionMode": "required",
            },
        ),
        Sample("AWS::ElastiCache::ServerlessCache", {"KmsKeyId": _KEY}),
        Sample("AWS::ElasticLoadBalancingV2::Listener", {"Protocol": "HTTP"}, "without TLS"),
        Sample(
            "AWS::ElasticLoadBalancingV2::Listener",
            {
                "Certificates": [{"CertificateArn": "arn:aws:acm:ap-northeast-2:123456789012:certificate/1"}],
                "Protocol": "HTTPS",
                "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            },
        ),
        Sample(
            "AWS::KMS::Key",
            {
                "Enabled": True,
                "EnableKeyRotation": True,
                "Origin": "AWS_KMS",
                "PendingWindowInDays": 30,
                "RotationPeriodInDays": 365,
            },
        ),
        Sample("AWS::KMS::Key", {"Enabled": True, "KeySpec": "RSA_2048", "PendingWindowInDays": 30}, "to sign with"),
        Sample("AWS::Kinesis::Stream", {"StreamEncryption": {"EncryptionType": "KMS", "KeyId": _KEY}}),
        Sample(
            "AWS::KinesisFirehose::DeliveryStream",
            {"DeliveryStreamEncryptionConfigurationInput": {"KeyType": "CUSTOMER_MANAGED_CMK"}},
        ),
        Sample(
            "AWS::Lambda::Function",
            {"Code": {"S3Bucket": _ASSETS, "S3Key": "1.zip"}, "LoggingConfig": {"LogGroup": _LOGS}},
        ),
        Sample("AWS::Lambda::Function", {"Code": {"ZipFile": "1"}, "LoggingConfig": {"LogGroup": _LOGS}}, "inline"),
        Sample("AWS::Lambda::LayerVersion", {"Content": {"S3Bucket": _ASSETS, "S3Key": "1.zip"}}),
        Sample("AWS::Lambda::Url", {"AuthType": "AWS_IAM"}),
        Sample("AWS::Logs::LogGroup", {"KmsKeyId": _KEY, "RetentionInDays": settings.log_retention_days}),
        Sample(
            "AWS::OpenSearchService::Domain",
            {
                "DomainEndpointOptions": {"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
                "EncryptionAtRestOptions": {"Enabled": True},
                "NodeToNodeEncryptionOptions": {"Enabled": True},
            },
        ),
        Sample("AWS::RDS::DBCluster", aurora),
        Sample("AWS::RDS::DBInstance", database),
        Sample(
            "AWS::RDS::DBInstance",
            {
                "CACertificateIdentifier": "rds-ca-ecc384-g1",
                "DBClusterIdentifier": {"Ref": "Aurora"},
                "PubliclyAccessible": False,
            },
            "of Aurora",
        ),
        Sample(
            "AWS::RDS::DBProxy",
            {"Auth": [{"AuthScheme": "SECRETS", "SecretArn": {"Ref": "Secret"}}], "RequireTLS": True},
        ),
        Sample("AWS::S3::Bucket", bucket),
        Sample(
            "AWS::S3::Bucket",
            {**bucket, "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}},
            "for logs",
            stack="VpcStack",
        ),
        Sample("AWS::SES::ConfigurationSet", {"DeliveryOptions": {"TlsPolicy": "REQUIRE"}}),
        Sample("AWS::SNS::Subscription", {"Protocol": "lambda", "Endpoint": _FUNCTION}),
        Sample(
            "AWS::SNS::Topic", {"KmsMasterKeyId": _KEY, "Subscription": [{"Protocol": "lambda", "Endpoint": _FUNCTION}]}
        ),
        Sample("AWS::SSM::Parameter", {"Type": "String"}),
        Sample(
            "AWS::SecretsManager::Secret",
            {
                "GenerateSecretString": {"PasswordLength": 32},
                "KmsKeyId": _KEY,
                "ReplicaRegions": [{"Region": "us-east-1", "KmsKeyId": _KEY}],
            },
        ),
        Sample("AWS::SecretsManager::RotationSchedule", {"RotationRules": {"ScheduleExpression": "rate(30 days)"}}),
        Sample(
            "AWS::Synthetics::Canary",
            {"ArtifactConfig": {"S3Encryption": {"EncryptionMode": "SSE_S3"}}, "Code": {"S3Bucket": _ASSETS}},
        ),
    )
