"""The images bucket: product and event pictures, shared by shop and Tiketi. Specification section 3."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .stage_owned import Lifecycle, private_bucket


class Images(Construct):
    """Versioned, readable through CloudFront only.

    The policy names CloudFront with this account's distributions rather than the one distribution, which
    lives two stacks further down and would close a cycle (aws/aws-cdk#31462).
    """

    def __init__(
        self, scope: Construct, id: str, *, name: str, key: kms.Key, log_bucket: s3.IBucket, lifecycle: Lifecycle
    ) -> None:
        super().__init__(scope, id)
        self.bucket = private_bucket(
            self,
            "Bucket",
            lifecycle=lifecycle,
            log_bucket=log_bucket,
            log_prefix="images",
            encryption_key=key,
            # Pods of EksPlatformStack, which has no edge here, find it by name.
            bucket_name_prefix=name,
            bucket_namespace=s3.BucketNamespace.ACCOUNT_REGIONAL,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    # Not GLACIER: CloudFront could no longer read them.
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                            transition_after=cdk.Duration.days(90),
                        )
                    ],
                    noncurrent_version_expiration=cdk.Duration.days(90),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                )
            ],
        )
        account = cdk.Aws.ACCOUNT_ID
        our_distributions = {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{account}:distribution/*"}}
        cloudfront = iam.ServicePrincipal("cloudfront.amazonaws.com")
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="ReadThroughCloudFront",
                principals=[cloudfront],
                actions=["s3:GetObject"],
                resources=[self.bucket.arn_for_objects("*")],
                conditions=our_distributions,
            )
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="DecryptForCloudFront",
                principals=[cloudfront],
                actions=["kms:Decrypt"],
                resources=["*"],  # in a key policy: this key
                conditions=our_distributions,
            )
        )
