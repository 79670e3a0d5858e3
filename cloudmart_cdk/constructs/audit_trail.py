"""CloudTrail: who did what in this account. Specification section 7.

Owns the trail, its key and its bucket. A bucket of its own rather than the log bucket: who reads access logs
need not read, and above all not delete, the record of what was done; and the log bucket's policy stays free of
a trail that most stages do not have.
"""

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..policy.acknowledge import acknowledge


class AuditTrail(Construct):
    """All regions, global services included, log files validated and encrypted.

    One per account: the copies of a second trail are billed. `name`: the trail's, stated so that key and bucket
    can name the trail before it exists. `log_bucket`: takes the bucket's access logs.
    """

    def __init__(
        self, scope: Construct, id: str, *, name: str, expire_days: int, log_bucket: s3.IBucket | None, keep: bool
    ) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        service = iam.ServicePrincipal("cloudtrail.amazonaws.com")
        removal = cdk.RemovalPolicy.RETAIN if keep else cdk.RemovalPolicy.DESTROY
        trail_arn = f"arn:aws:cloudtrail:{stack.region}:{stack.account}:trail/{name}"
        ours = {"StringEquals": {"aws:SourceArn": trail_arn}}

        key = kms.Key(
            self,
            "Key",
            alias=name,
            description="CloudTrail log files",
            enable_key_rotation=True,
            removal_policy=removal,
            pending_window=cdk.Duration.days(30 if keep else 7),
        )
        context = {
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{stack.account}:trail/*"}
        }
        for sid, action, conditions in (
            ("EncryptLogFiles", "kms:GenerateDataKey*", {**ours, **context}),
            ("DescribeKey", "kms:DescribeKey", ours),
        ):
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    principals=[service],
                    actions=[action],
                    resources=["*"],  # in a key policy: this key
                    conditions=conditions,
                )
            )

        bucket = s3.Bucket(
            self,
            "Bucket",
            # The trail encrypts its log files with the key itself; digests, which prove them, need no key to be read.
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=log_bucket,
            server_access_logs_prefix="s3/audit/" if log_bucket else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INFREQUENT_ACCESS, transition_after=cdk.Duration.days(30)
                        ),
                        s3.Transition(storage_class=s3.StorageClass.GLACIER, transition_after=cdk.Duration.days(90)),
                    ],
                    expiration=cdk.Duration.days(expire_days),
                    noncurrent_version_expiration=cdk.Duration.days(expire_days),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                )
            ],
            removal_policy=removal,
            auto_delete_objects=not keep,
        )
        acknowledge(
            bucket,
            {
                "Annotation::@aws-cdk/aws-s3:accessLogsPolicyNotAdded": "The log bucket states its writers itself "
                "(LogBucket), S3's log delivery among them."
            }
            if log_bucket
            else {
                "AwsSolutions::AwsSolutions-S1": "VpcStack, which owns the log bucket, is left out of this app; the "
                "trail records every change to this bucket."
            },
        )
        for sid, action, resource, conditions in (
            ("TrailReadsAcl", "s3:GetBucketAcl", bucket.bucket_arn, ours),
            (
                "TrailWrites",
                "s3:PutObject",
                bucket.arn_for_objects(f"AWSLogs/{stack.account}/*"),
                {"StringEquals": {"aws:SourceArn": trail_arn, "s3:x-amz-acl": "bucket-owner-full-control"}},
            ),
        ):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid, principals=[service], actions=[action], resources=[resource], conditions=conditions
                )
            )
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=name,
            s3_bucket_name=bucket.bucket_name,
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            kms_key_id=key.key_arn,
        )
        # The policy must be there first, and what empties the bucket must run after the trail is gone.
        for child in bucket.node.children:
            if child.node.id in ("Policy", "AutoDeleteObjectsCustomResource"):
                trail.node.add_dependency(child)
