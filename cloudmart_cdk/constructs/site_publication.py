"""Puts the site's files into its bucket. Specification section 5.

Owns the upload, how long each file may be cached, what is invalidated, and the uploading function's rights
and log. Does not own the bucket or the distribution (`cdn`).
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from ..acknowledge import acknowledge
from .log_groups import LogGroups
from .site_bundle import bundle

_UPLOADER: Final = "Custom::CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C"
"""CDK's uploading function, one a stack."""

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_ALWAYS_ASK: Final = "no-cache"
_MOST_PATHS: Final = 500
"""Beyond it one wildcard: CloudFront takes 3,000 paths at a time from all who invalidate."""


class SitePublication(Construct):
    """One archive, uploaded in two steps: hashed assets first, then the pages that name them.

    The steps never see each other's files: the first takes the folders of hashed assets only and deletes nothing (a
    browser with yesterday's page still finds yesterday's assets); the second leaves them out, of its deletions too.
    A build without hashed assets has the second step only.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        folder: Path,
        config: Mapping[str, object],
        bucket: s3.IBucket,
        distribution: cloudfront.Distribution,
        log_groups: LogGroups,
    ) -> None:
        """`folder`: see `site_bundle.bundle`. `config`: becomes `/config.json`; nothing secret."""
        super().__init__(scope, id)
        with tempfile.TemporaryDirectory() as built:
            site = bundle(folder, Path(built), config=config)
            archive = assets.Asset(self, "Archive", path=built)  # copied into the assembly here and now
        log_group = log_groups.make(self, "LogGroup")
        role = self._role(archive, bucket, log_group)
        invalidation = self._invalidation(role, distribution)
        source = deployment.Source.bucket(archive.bucket, archive.s3_object_key)
        lasting = [f"{each}/*" for each in site.lasting]
        hashed = lasting and deployment.BucketDeployment(
            self,
            "Assets",
            sources=[source],
            destination_bucket=bucket,
            exclude=["*"],
            include=lasting,
            cache_control=[deployment.CacheControl.from_string(_IMMUTABLE)],
            prune=False,
            role=role.without_policy_updates(),
            log_group=log_group,
        )
        paths = ["/", *(f"/{quote(page)}" for page in site.pages)]
        named = deployment.BucketDeployment(
            self,
            "Pages",
            sources=[source],
            destination_bucket=bucket,
            exclude=lasting or None,
            cache_control=[deployment.CacheControl.from_string(_ALWAYS_ASK)],
            prune=True,
            distribution=distribution,
            distribution_paths=paths if len(paths) <= _MOST_PATHS else ["/*"],
            role=role.without_policy_updates(),
            log_group=log_group,
        )
        named.node.add_dependency(invalidation)
        if hashed:
            named.node.add_dependency(hashed)
            # One function serves both steps, with the first one's layer; the second layer would lie idle.
            named.node.try_remove_child("AwsCliLayer")
        acknowledge(
            cdk.Stack.of(self).node.find_child(_UPLOADER),
            {
                "AwsSolutions::AwsSolutions-L1": "CDK's own uploader: its runtime comes with aws-cdk-lib, with "
                "the AWS CLI layer built for it, and moves when that is bumped."
            },
        )

    def _invalidation(self, role: iam.Role, distribution: cloudfront.Distribution) -> iam.CfnPolicy:
        """The right that names the distribution, apart: role, function and hashed assets are there while CloudFront
        takes its minutes."""
        distribution_arn = cdk.Stack.of(self).format_arn(
            service="cloudfront", region="", resource="distribution", resource_name=distribution.distribution_id
        )
        document = iam.PolicyDocument(
            statements=[
                iam.PolicyStatement(
                    actions=["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"],
                    resources=[distribution_arn],
                )
            ]
        )
        return iam.CfnPolicy(
            self, "Invalidation", policy_name="Invalidate", policy_document=document, roles=[role.role_name]
        )

    def _role(self, archive: assets.Asset, bucket: s3.IBucket, log_group: logs.LogGroup) -> iam.Role:
        """What the uploading function does, no more: CDK would grant it every distribution and `s3:List*`."""
        permissions = (
            (["s3:GetObject"], archive.bucket.arn_for_objects(archive.s3_object_key)),
            (["s3:ListBucket"], bucket.bucket_arn),
            (["s3:PutObject", "s3:DeleteObject"], bucket.arn_for_objects("*")),
            (["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn),
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Uploads the site and invalidates its pages",
            inline_policies={
                "Publish": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(actions=actions, resources=[resource]) for actions, resource in permissions
                    ]
                )
            },
        )
        acknowledge(
            role,
            {
                f"AwsSolutions::AwsSolutions-IAM5[Resource::<{_logical_id(bucket)}.Arn>/*]": "The site's own bucket: "
                "which files a site consists of, and which of them go, only the upload knows."
            },
        )
        return role


def _logical_id(bucket: s3.IBucket) -> str:
    resource = bucket.node.default_child
    assert isinstance(resource, cdk.CfnResource)
    return str(cdk.Stack.of(bucket).resolve(resource.logical_id))
