"""The rules as CDK calls them: once a synth, with the templates written.

Owns `attach`, and the translation into CDK's report. A finding that can be acknowledged has severity `error`; one that
cannot is `fatal`, which CDK never suppresses.
"""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from ..settings import Settings
from .assembly import ACKNOWLEDGED, load
from .engine import OWN_RULES, PACK, findings, unfounded
from .families import RULES
from .model import Acknowledgement
from .rule import Finding


def attach(app: cdk.App, settings: Settings) -> None:
    """Run cdk-nag's AwsSolutions pack and our own at synth; an unacknowledged finding of either fails it."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True), CloudMartChecks(settings))


@jsii.implements(cdk.IPolicyValidationPlugin)
class CloudMartChecks:
    """The project's own rules as a CDK validation plugin."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        return PACK

    @property
    def version(self) -> str | None:
        return None

    @property
    def rule_ids(self) -> list[str] | None:
        return [rule.id for rule in (*RULES, *OWN_RULES)]

    def validate(self, context: Any) -> cdk.PolicyValidationPluginReport:
        """Every finding of the assembly that was just written. CDK takes away what is acknowledged."""
        templates = context.stack_templates
        if not templates:
            return cdk.PolicyValidationPluginReport(success=True, violations=[])
        app = load(Path(templates[0].template_path).parent, self._settings, _on_the_app(context.app_construct))
        found = findings(app)
        found += unfounded(app, found)
        return cdk.PolicyValidationPluginReport(
            success=not found, violations=[_violation(finding) for finding in found]
        )


def _on_the_app(root: IConstruct) -> list[Acknowledgement]:
    """Acknowledgements on the app itself, which CDK heeds and writes nowhere: they would cover everything, unseen."""
    return [
        Acknowledgement("", rule, reason)
        for entry in root.node.metadata
        if entry.type == ACKNOWLEDGED
        for rule, reason in entry.data.items()
    ]


def _violation(finding: Finding) -> cdk.PolicyViolation:
    resource = finding.found.resource
    return cdk.PolicyViolation(
        rule_name=finding.id,
        description=finding.text,
        fix=finding.rule.fix,
        severity="error" if finding.rule.acknowledgeable else "fatal",
        violating_resources=[
            cdk.PolicyViolatingResource(
                construct_path=resource.path,
                locations=[f"Properties.{finding.found.where}"] if finding.found.where else [],
            )
        ],
    )
