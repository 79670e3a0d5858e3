"""The stage's log bucket, into which load balancers, CloudFront, S3, flow logs and CloudTrail write."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..acknowledge import acknowledge


def transitions() -> list[s3.Transition]:
    """Of logs and trails: STANDARD_IA at 30 days, GLACIER at 90. Specification section 2."""
    return [
        s3.Transition(storage_class=storage_class, transition_after=cdk.Duration.days(days))
        for storage_class, days in ((s3.StorageClass.INFREQUENT_ACCESS, 30), (s3.StorageClass.GLACIER, 90))
    ]


class LogBucket(Construct):
    """Ever cheaper, then gone (`transitions`). Specification section 2.

    SSE-S3, because load balancers write nothing else; ACLs stay possible, because CloudFront's
    standard (legacy) logs are delivered by them.

    `bucket` is for this stack; `for_writers` is the same bucket for all other stacks: its policy is stated
    here, once, so that a construct elsewhere that wants to log adds nothing to it and closes no cycle.
    """

    def __init__(self, scope: Construct, id: str, *, expire_days: int, keep: bool) -> None:
        super().__init__(scope, id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    transitions=transitions(),
                    expiration=cdk.Duration.days(expire_days),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                )
            ],
            removal_policy=cdk.RemovalPolicy.RETAIN if keep else cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=not keep,
        )
        if self.bucket.policy:
            # A kept bucket stays TLS-only. One that goes is emptied by CDK's handler, which adds a Deny to this policy:
            # were the policy deleted first, a late log would come in and the bucket could not go (aws/aws-cdk#26874).
            self.bucket.policy.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        # S3 server access logs and load balancer logs: the services' own principals, this account's sources only.
        for sid, service, path in (
            ("S3AccessLogs", "logging.s3.amazonaws.com", "s3/*"),
            ("LoadBalancerLogs", "logdelivery.elasticloadbalancing.amazonaws.com", "alb/*"),
        ):
            self.bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    principals=[iam.ServicePrincipal(service)],
                    actions=["s3:PutObject"],
                    resources=[self.bucket.arn_for_objects(path)],
                    conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
                )
            )
        self.for_writers = s3.Bucket.from_bucket_name(self, "ForWriters", self.bucket.bucket_name)
        acknowledge(
            self.bucket,
            {
                "AwsSolutions::AwsSolutions-S1": "Access logs of all others come here; logging it into itself would "
                "never end."
            },
        )
