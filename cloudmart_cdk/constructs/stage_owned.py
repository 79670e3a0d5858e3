"""What a stage owns and how long: its lifecycle, keys, private buckets.

Owns the decision of ADR 0005 (what stays when a stage goes) and the defaults that every key and bucket here
shares; what is special about one is its construct's.
"""

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..acknowledge import acknowledge


@dataclass(frozen=True)
class Lifecycle:
    """What happens when a stack goes."""

    keep: bool
    """Data and keys stay (staging, prod)."""
    deletion_protection: bool
    """AWS refuses to delete databases, load balancers and the cluster (prod)."""

    @property
    def removal(self) -> cdk.RemovalPolicy:
        """Of keys, buckets, secrets."""
        return cdk.RemovalPolicy.RETAIN if self.keep else cdk.RemovalPolicy.DESTROY

    @property
    def store_removal(self) -> cdk.RemovalPolicy:
        """Of databases and caches. A snapshot: a retained server would hold VPC, subnets and groups, and cost."""
        return cdk.RemovalPolicy.SNAPSHOT if self.keep else cdk.RemovalPolicy.DESTROY


def stage_key(
    scope: Construct,
    id: str,
    *,
    lifecycle: Lifecycle,
    description: str,
    alias: str | None = None,
    policy: iam.PolicyDocument | None = None,
) -> kms.Key:
    """A customer key with rotation. Deletion waits 30 days where data is kept, else 7, KMS's least."""
    return kms.Key(
        scope,
        id,
        alias=alias,
        description=description,
        enable_key_rotation=True,
        policy=policy,
        removal_policy=lifecycle.removal,
        pending_window=cdk.Duration.days(30 if lifecycle.keep else 7),
    )


def private_bucket(
    scope: Construct,
    id: str,
    *,
    lifecycle: Lifecycle,
    log_bucket: s3.IBucket | None,
    log_prefix: str,
    encryption_key: kms.IKey | None = None,
    **options: Any,
) -> s3.Bucket:
    """TLS only, no public access, no ACLs, encrypted, its access logged to `log_bucket` below `s3/<log_prefix>/`.

    Emptied and deleted with its stack unless data is kept. `options`: any other of `s3.Bucket`.
    """
    bucket = s3.Bucket(
        scope,
        id,
        encryption=s3.BucketEncryption.KMS if encryption_key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=encryption_key,
        bucket_key_enabled=True if encryption_key else None,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        server_access_logs_bucket=log_bucket,
        server_access_logs_prefix=f"s3/{log_prefix}/" if log_bucket else None,
        removal_policy=lifecycle.removal,
        auto_delete_objects=not lifecycle.keep,
        **options,
    )
    if lifecycle.keep and bucket.policy:
        bucket.policy.apply_removal_policy(cdk.RemovalPolicy.RETAIN)  # a kept bucket stays TLS-only
    if log_bucket:
        acknowledge(
            bucket,
            {
                "Annotation::@aws-cdk/aws-s3:accessLogsPolicyNotAdded": "The log bucket states its writers itself "
                "(ADR 0007), S3's log delivery among them."
            },
        )
    return bucket
