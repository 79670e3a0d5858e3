"""CloudTrail: who did what in this account. Specification section 7.

Owns the trail, its key and its bucket. A bucket of its own rather than the log bucket: who reads access logs
need not read, and above all not delete, the record of what was done; and the log bucket's policy stays free of
a trail that most stages do not have.
"""

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..acknowledge import acknowledge
from .log_bucket import transitions
from .stage_owned import Lifecycle, private_bucket, stage_key


class AuditTrail(Construct):
    """All regions, global services included, log files validated and encrypted.

    One per account: the copies of a second trail are billed. `name`: the trail's, stated so that key and bucket
    can name the trail before it exists. `log_bucket`: takes the bucket's access logs.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        expire_days: int,
        log_bucket: s3.IBucket | None,
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        service = iam.ServicePrincipal("cloudtrail.amazonaws.com")
        trail_arn = f"arn:aws:cloudtrail:{stack.region}:{stack.account}:trail/{name}"
        ours = {"StringEquals": {"aws:SourceArn": trail_arn}}

        key = stage_key(self, "Key", lifecycle=lifecycle, alias=name, description="CloudTrail log files")
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

        bucket = private_bucket(
            self,
            "Bucket",
            # No key as its default: the trail encrypts its log files with the key itself; digests, which prove them,
            # need none to be read.
            lifecycle=lifecycle,
            log_bucket=log_bucket,
            log_prefix="audit",
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    transitions=transitions(),
                    expiration=cdk.Duration.days(expire_days),
                    noncurrent_version_expiration=cdk.Duration.days(expire_days),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                )
            ],
        )
        if log_bucket is None:
            acknowledge(
                bucket,
                {
                    "AwsSolutions::AwsSolutions-S1": "VpcStack, which owns the log bucket, is left out of this app; "
                    "the trail records every change to this bucket."
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
