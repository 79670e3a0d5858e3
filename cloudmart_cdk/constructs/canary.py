"""A synthetic customer that visits the shop every few minutes, and the alarm on it. Section 7; an option.

Owns schedule, rights, what is kept of a visit, and the alarm. What a visit is: `assets/canary/visit.py`. It sees what
no metric of ours does: a page whose scripts are missing, a name that leads nowhere, a certificate about to end, a shop
that nobody asks.

A visit costs 0.0012 USD (CloudWatch pricing, Synthetics; 100 a month are free) and Lambda's two or three seconds: every
5 minutes 8,640 visits, some 11 USD a month; 0.02 USD a lab hour.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_synthetics as synthetics
from constructs import Construct

from ..acknowledge import acknowledge
from .alarms import Alarm, Metric, Severity
from .function_archive import archive
from .instance_role import reported
from .log_groups import LogGroups
from .stage_owned import Lifecycle, private_bucket

RUNTIME: Final = "syn-python-selenium-14.0"
"""The newest of November 2026 (CloudWatch guide, "Runtime versions using Python and Selenium Webdriver"); with a
deprecated one no canary can be made. The browser in it is not started."""
NAMESPACE: Final = "CloudWatchSynthetics"
_VISIT: Final = Path(__file__).parents[1] / "assets" / "canary" / "visit.py"
_PREFIX: Final = "visits"
_SUCCESS_DAYS: Final = 7
_FAILURE_DAYS: Final = 30
_SECONDS: Final = 60
"""For a visit, and no longer than a minute, the shortest time between two. One of its dozen requests that takes more
than 5 s has failed."""
_MEMORY_MB: Final = 960
"""Synthetics' least."""
_GOES: Final = (
    "What a visit saw is of use for days, is no customer's and nobody's record: kept for a month, in one version."
)


def visit_alarms(name: str, *, minutes: int) -> Iterator[Alarm]:
    """`name`: the canary's; `minutes`: between its visits. Silence is an outage of the watch itself, so it breaches;
    hence the alarm is on, too, from a first deploy until the second visit."""
    yield Alarm(
        id="canary",
        broke="The synthetic customer could not use the shop in 2 of its last 3 visits, or did not visit it",
        watch=Metric(NAMESPACE, "SuccessPercent", "Average", {"CanaryName": name}),
        fires="<",
        threshold=100,
        period_s=minutes * 60,
        datapoints=(2, 3),
        severity=Severity.CRITICAL,
        silence="breaching",
        page="canary",
    )


class Canary(Construct):
    """`name`: the canary's. `shop_url`: with its last slash. `parts`: what the shop has of `visit.PARTS`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        shop_url: str,
        parts: Sequence[str],
        minutes: int,
        log_bucket: s3.IBucket | None,
        log_groups: LogGroups,
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(scope, id)
        code = archive(self, "Code", _bundle)
        bucket = private_bucket(
            self,
            "Visits",
            lifecycle=lifecycle,
            log_bucket=log_bucket,
            log_prefix="canary",
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=cdk.Duration.days(_FAILURE_DAYS),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
            ],
        )
        acknowledge(bucket, {f"CloudMart::{rule}": _GOES for rule in ("KEEP-22", "KEEP-23", "KEEP-23[versions]")})
        canary = synthetics.CfnCanary(
            self,
            "Canary",
            name=name,
            runtime_version=RUNTIME,
            code=synthetics.CfnCanary.CodeProperty(
                handler=f"{_VISIT.stem}.handler", s3_bucket=code.s3_bucket_name, s3_key=code.s3_object_key
            ),
            execution_role_arn=self._role(name, bucket).role_arn,
            artifact_s3_location=bucket.s3_url_for_object(_PREFIX),
            artifact_config=synthetics.CfnCanary.ArtifactConfigProperty(
                s3_encryption=synthetics.CfnCanary.S3EncryptionProperty(encryption_mode="SSE_S3")
            ),
            schedule=synthetics.CfnCanary.ScheduleProperty(
                expression=f"rate({minutes} minute{'s' if minutes > 1 else ''})"
            ),
            run_config=synthetics.CfnCanary.RunConfigProperty(
                timeout_in_seconds=_SECONDS,
                memory_in_mb=_MEMORY_MB,
                active_tracing=False,
                environment_variables={"SHOP_URL": shop_url, "PARTS": ",".join(parts)},
            ),
            start_canary_after_creation=True,
            success_retention_period=_SUCCESS_DAYS,
            failure_retention_period=_FAILURE_DAYS,
            # Else its function and layers outlive the stack.
            provisioned_resource_cleanup="AUTOMATIC",
        )
        # What empties the bucket runs after the canary is gone.
        for child in bucket.node.children:
            if child.node.id in ("Policy", "AutoDeleteObjectsCustomResource"):
                canary.node.add_dependency(child)
        # The function's name has the canary's id in it, so its group comes after it; what is logged before is with the
        # visit in the bucket.
        log_groups.make_resource(self, "Logs", name=f"/aws/lambda/cwsyn-{name}-{canary.attr_id}")

    def _role(self, name: str, bucket: s3.Bucket) -> iam.Role:
        """CloudWatch guide, "Required roles and permissions for canaries", but for making log groups."""
        stack = cdk.Stack.of(self)
        groups = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:/aws/lambda/cwsyn-{name}-*"
        role = iam.Role(
            self,
            "Role",
            description="Visits the shop as a customer, and keeps what it saw",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={
                "Visit": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=["s3:GetObject", "s3:PutObject"], resources=[bucket.arn_for_objects(f"{_PREFIX}/*")]
                        ),
                        iam.PolicyStatement(actions=["s3:GetBucketLocation"], resources=[bucket.bucket_arn]),
                        iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"]),
                        iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[groups]),
                        iam.PolicyStatement(
                            actions=["cloudwatch:PutMetricData"],
                            resources=["*"],
                            conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
                        ),
                    ]
                )
            },
        )
        resource = bucket.node.default_child
        assert isinstance(resource, cdk.CfnResource)
        visits = f"<{stack.get_logical_id(resource)}.Arn>/{_PREFIX}/*"
        acknowledge(
            role,
            {
                f"AwsSolutions::AwsSolutions-IAM5[Resource::{visits}]": "Artefacts of visits, named by their time.",
                reported(
                    stack, groups
                ): "Synthetics makes the canary's function and puts an id of its own into its name.",
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "PutMetricData is bound to a namespace; the names of "
                "buckets, which Synthetics' runtime lists, know no resources.",
                "CloudMart::IAM-2[cloudwatch:PutMetricData]": "Bound to the canary's namespace by "
                "cloudwatch:namespace; the one resource that AWS defines is the account's default dataset.",
            },
        )
        return role


def _bundle(target: Path) -> None:
    """Where Synthetics looks for Python (CloudWatch guide, "Packaging your Python canary files")."""
    folder = target / "python"
    folder.mkdir()
    shutil.copyfile(_VISIT, folder / _VISIT.name)
