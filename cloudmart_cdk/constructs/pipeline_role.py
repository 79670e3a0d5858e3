"""The roles by which the pipeline deploys a stage, and looks at it.

Owns who becomes whom: a job of GitHub becomes one of these, and these may only become roles that `cdk bootstrap` made.
What those may do is the bootstrap's business; the workflows are in `.github/workflows`, ADR 0026 says why.
"""

from collections.abc import Sequence
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from ..settings.naming import Names
from .github import AUDIENCE, ISSUER, provider_arn, workflow_principal
from .roles import permit

DEPLOY_FILE: Final = ".github/workflows/deploy-stage.yml"
DRIFT_FILE: Final = ".github/workflows/drift-stage.yml"
SESSION_S: Final = 7200
"""A first deploy of prod takes more than an hour when AWS is slow (docs/plan.md); CDK's CLI takes the bootstrap's roles
on again each hour."""
_DEPLOYS: Final = ("deploy", "file-publishing", "lookup")
"""Of the bootstrap's roles. Not image-publishing: no asset of this application is an image."""
_LOOKS: Final = ("lookup",)


def deploy_role_name(names: Names) -> str:
    """Known to the workflow without a reference."""
    return names.of("pipeline-deploy")


def look_role_name(names: Names) -> str:
    """Known to the workflows without a reference."""
    return names.of("pipeline-look")


class PipelineRoles(Construct):
    """`<name>-<stage>-pipeline-deploy` for jobs in the stage's environment, `-pipeline-look` for jobs in none."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        repository: str,
        regions: Sequence[str],
        make_provider: bool,
    ) -> None:
        """`regions`: those that the stage has stacks in. `make_provider`: the account has no identity provider of
        GitHub yet."""
        super().__init__(scope, id)
        provider = provider_arn(self)
        if make_provider:
            # Without thumbprints: IAM checks GitHub's certificates by its own list of authorities.
            provider = iam.CfnOIDCProvider(
                self, "Provider", url=f"https://{ISSUER}", client_id_list=[AUDIENCE]
            ).attr_arn
        self._role(
            "Deploy",
            name=deploy_role_name(names),
            description=f"The pipeline deploys {names.stage}: jobs in that environment, of the main branch",
            trusts=workflow_principal(provider, repository=repository, environment=names.stage, files=[DEPLOY_FILE]),
            roles=_DEPLOYS,
            regions=regions,
        )
        self._role(
            "Look",
            name=look_role_name(names),
            description=f"The pipeline looks at {names.stage}, before a deploy and each night",
            trusts=workflow_principal(
                provider, repository=repository, environment=None, files=[DEPLOY_FILE, DRIFT_FILE]
            ),
            roles=_LOOKS,
            regions=regions,
        )

    def _role(
        self,
        id: str,
        *,
        name: str,
        description: str,
        trusts: iam.IPrincipal,
        roles: Sequence[str],
        regions: Sequence[str],
    ) -> None:
        stack = cdk.Stack.of(self)
        made = f"arn:aws:iam::{stack.account}:role/cdk-{stack.synthesizer.bootstrap_qualifier}"
        iam.Role(
            self,
            id,
            role_name=name,
            description=description,
            max_session_duration=cdk.Duration.seconds(SESSION_S),
            assumed_by=trusts,
            inline_policies={
                "Become": iam.PolicyDocument(
                    statements=[
                        permit(
                            ["sts:AssumeRole"],
                            [f"{made}-{role}-role-{stack.account}-{region}" for role in roles for region in regions],
                        )
                    ]
                )
            },
        )
