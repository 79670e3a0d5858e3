"""Whom of GitHub's workflows a role trusts.

Owns the form of that trust: which claims of GitHub's token have to say what. What such a role may do is said where it
is made. STS knows the claims beside `sub` and `aud` since January 2026 (IAM guide, "Available keys for AWS OIDC
federation").
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"
BRANCH: Final = "refs/heads/main"
_ID: Final = re.compile(r"@\d+")
"""What the subject may have behind the names of owner and repository; no other claim has."""


def provider_arn(scope: Construct) -> str:
    """Of the account's identity provider, whoever made it: an account has one for an issuer."""
    return f"arn:aws:iam::{cdk.Stack.of(scope).account}:oidc-provider/{ISSUER}"


def workflow_principal(
    provider: str,
    *,
    repository: str,
    environment: str | None,
    files: Sequence[str],
    claims: Mapping[str, str] | None = None,
) -> iam.WebIdentityPrincipal:
    """Jobs on the main branch of `repository`, in this environment (None: in none), of these workflow files as they
    stand there. The files' repository is said too: any branch could call a file of that name in somebody else's.

    `repository`: OWNER/REPOSITORY, as the tokens have it in their subject. `claims`: others that have to be so.
    """
    reached = [f"{_ID.sub('', repository)}/{file}@{BRANCH}" for file in files]
    return iam.WebIdentityPrincipal(
        provider,
        conditions={
            "StringEquals": {
                f"{ISSUER}:aud": AUDIENCE,
                f"{ISSUER}:sub": f"repo:{repository}:"
                + (f"environment:{environment}" if environment else f"ref:{BRANCH}"),
                **{f"{ISSUER}:{claim}": value for claim, value in (claims or {}).items()},
                f"{ISSUER}:ref": BRANCH,
                f"{ISSUER}:job_workflow_ref": reached[0] if len(reached) == 1 else reached,
            },
        },
    )
