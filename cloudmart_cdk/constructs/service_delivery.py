"""Releases of the services on AWS: a document a service, an abort that needs nobody, a role for GitHub's workflow.

Owns who may change what. CloudFormation applies a release with the role that CDK deploys with, which may do anything;
so nobody who releases gets `UpdateStack`, but the document that says which update (ADR 0020). What a release consists
of is `service_releases`'; the workflows are in `.github/workflows`.
"""

import json
from collections.abc import Mapping
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .. import service_releases as releases
from ..acknowledge import acknowledge
from ..service_releases import Order
from ..settings.model import Service
from ..settings.naming import Names
from ..settings.service_names import pascal_case
from .github import provider_arn, workflow_principal
from .instance_role import reported
from .platform_load_balancer import Route
from .roles import automation_principal, permit
from .service_document import content

WORKFLOW_FILE: Final = ".github/workflows/tiketi-service.yml"
SESSION_S: Final = 7200
"""A release waits for a canary of half an hour, and before it for deploys."""
_IN_REPOSITORY: Final = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:DescribeImageScanFindings",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:StartImageScan",
    "ecr:UploadLayerPart",
)
"""Push, pull, scan (ECR guide, "IAM permissions for pushing an image"). Nothing is deleted, nothing overwritten."""
_LOOKS: Final = (
    "cloudwatch:DescribeAlarms",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetHealth",
)
_OF_STACK: Final = (
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
)
_ANY_ID: Final = "This stack, by its name: a call that names a stack is judged without the id that follows it."


class ServiceDelivery(Construct):
    """A document a service, and with a repository a role each for its workflows. Known by names: `service_releases`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        services: Mapping[str, Service],
        routes: Mapping[str, Route],
        github_repository: str,
    ) -> None:
        """`github_repository`: OWNER/REPOSITORY, as GitHub's tokens have it in their subject; empty: no role."""
        super().__init__(scope, id)
        self._names, self._stack = names, cdk.Stack.of(self)
        self._routes, self._every = routes, releases.stack_parameters(list(services))
        documents = {service: self._document(service, figures.hpa_max) for service, figures in services.items()}
        self._aborts(documents)
        if github_repository:
            for service, document in documents.items():
                self._github(service, github_repository, document)

    def _document(self, service: str, largest: int) -> iam.Role:
        """Makes it; its role."""
        stem, route = pascal_case(service), self._routes[service]
        role = self._automation_role(f"{stem}Role", route.rule.ref)
        ssm.CfnDocument(
            self,
            stem,
            name=releases.document_name(self._names, service),
            document_type="Automation",
            document_format="JSON",
            update_method="NewVersion",
            content=content(
                service,
                role_arn=role.role_arn,
                stack=self._stack.stack_id,
                every=self._every,
                rule_arn=route.rule.ref,
                group_arns={track: group.ref for track, group in route.groups.items()},
                stickiness=route.stickiness,
                largest=largest,
            ),
        )
        return role

    def _automation_role(self, id: str, rule_arn: str) -> iam.Role:
        here = f"{self._stack.region}:{self._stack.account}"
        bootstrap = f"/cdk-bootstrap/{self._stack.synthesizer.bootstrap_qualifier}/version"
        role = iam.Role(
            self,
            id,
            description="What a release of one service changes, by its Automation document",
            assumed_by=automation_principal(self),
            inline_policies={
                "Release": iam.PolicyDocument(
                    statements=[
                        # The stack keeps the role that CDK gave it: nothing to pass (UpdateStack, `RoleARN`).
                        permit(["cloudformation:UpdateStack", "cloudformation:DescribeStacks"], [self._stack_arn]),
                        # Whoever updates a stack reads what its parameters refer to: CDK's version, here.
                        permit(["ssm:GetParameters"], [f"arn:aws:ssm:{here}:parameter{bootstrap}"]),
                        permit(["elasticloadbalancing:ModifyRule"], [rule_arn]),
                    ]
                )
            },
        )
        acknowledge(role, {reported(self._stack, self._stack_arn): _ANY_ID})
        return role

    def _aborts(self, documents: Mapping[str, iam.Role]) -> None:
        """An alarm on a canary sets all requests back to stable, whether or not anybody watches."""
        definitions = {service: self._definition(service) for service in documents}
        role = iam.Role(
            self,
            "AbortRole",
            description="Starts a service's release document when an alarm on its canary rings",
            assumed_by=iam.ServicePrincipal(
                "events.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self._stack.account}}
            ),
            inline_policies={"Start": iam.PolicyDocument(statements=self._start(documents))},
        )
        self._acknowledge_start(role)
        for service, definition in definitions.items():
            events.CfnRule(
                self,
                f"{pascal_case(service)}Abort",
                description=f"An alarm on the canary of {service} ends its release",
                event_pattern={
                    "source": ["aws.cloudwatch"],
                    "detail-type": ["CloudWatch Alarm State Change"],
                    "detail": {
                        "alarmName": [self._names.of(alarm) for alarm in releases.alarm_ids(service)],
                        "state": {"value": ["ALARM"]},
                    },
                },
                targets=[
                    events.CfnRule.TargetProperty(
                        id="Release",
                        arn=definition,
                        role_arn=role.role_arn,
                        input=json.dumps({"Order": [str(Order.ABORT)]}),
                    )
                ],
            )

    def _github(self, service: str, repository: str, document: iam.Role) -> None:
        """The role of the service's workflow, in the environment that is called like the stage."""
        here = f"{self._stack.region}:{self._stack.account}"
        registry = f"arn:aws:ecr:{here}:repository/{self._names.repository(service)}"
        role = iam.Role(
            self,
            f"{pascal_case(service)}GitHub",
            role_name=releases.role_name(self._names, service),
            description=f"GitHub's workflow {releases.workflow(service)}: push, release, watch",
            max_session_duration=cdk.Duration.seconds(SESSION_S),
            # Of the six workflows this one, and what it calls.
            assumed_by=workflow_principal(
                provider_arn(self),
                repository=repository,
                environment=self._names.stage,
                files=[WORKFLOW_FILE],
                claims={"workflow": releases.workflow(service)},
            ),
            inline_policies={
                "Release": iam.PolicyDocument(
                    statements=[
                        permit(["ecr:GetAuthorizationToken"], ["*"]),
                        permit(_IN_REPOSITORY, [registry]),
                        *self._start({service: document}),
                        permit(["ssm:GetAutomationExecution"], [self._executions]),
                        permit(_OF_STACK, [self._stack_arn]),
                        permit(_LOOKS, ["*"]),
                    ]
                )
            },
        )
        self._acknowledge_start(role, "ssm:GetAutomationExecution")
        acknowledge(
            role,
            {
                reported(self._stack, self._stack_arn): _ANY_ID,
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "Descriptions of load balancers know no resources, nor "
                "does the login to the registry.",
                "CloudMart::IAM-2[cloudwatch:DescribeAlarms]": "Asked for alarms by name and of both kinds, CloudWatch "
                "wants it for all ('DescribeAlarms': composite alarms); states are no secret.",
            },
        )

    def _start(self, documents: Mapping[str, iam.Role]) -> list[iam.PolicyStatement]:
        """Starting these documents, which whoever starts hands their roles."""
        names = [f"document/{releases.document_name(self._names, service)}" for service in documents]
        return [
            permit(
                ["ssm:StartAutomationExecution"],
                [
                    *(self._arn(name) for name in names),
                    *(self._definition(service) for service in documents),
                    self._executions,
                ],
            ),
            permit(
                ["iam:PassRole"],
                [role.role_arn for role in documents.values()],
                {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
            ),
        ]

    def _acknowledge_start(self, role: iam.Role, *actions: str) -> None:
        why = (
            "Starting is judged on the execution that comes of it, too, which has no id before; of which document it "
            "may be is said beside."
        )
        acknowledge(
            role,
            {reported(self._stack, self._executions): why}
            | {f"CloudMart::IAM-2[{action}]": why for action in ("ssm:StartAutomationExecution", *actions)},
        )

    @property
    def _stack_arn(self) -> str:
        return f"arn:aws:cloudformation:{self._stack.region}:{self._stack.account}:stack/{self._stack.stack_name}/*"

    @property
    def _executions(self) -> str:
        return self._arn("automation-execution/*")

    def _definition(self, service: str) -> str:
        return self._arn(f"automation-definition/{releases.document_name(self._names, service)}:$DEFAULT")

    def _arn(self, what: str) -> str:
        return f"arn:aws:ssm:{self._stack.region}:{self._stack.account}:{what}"
