"""The one way to acknowledge a finding: exact id, beside its construct, with a reason."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on `construct` and its descendants.

    `reasons` maps a finding's full id, pack first (`AwsSolutions::AwsSolutions-S1`,
    `AwsSolutions::AwsSolutions-IAM5[Resource::*]`, `CloudFormation-Validate::W3010`), to why it is safe
    here. An id that no longer matches a finding is stale; a test fails on it.
    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=finding, reason=reason) for finding, reason in reasons.items())
    )
