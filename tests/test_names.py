"""Stages and students share an account: physical names are never shared."""

import re

import pytest

from tests.support import synthesize

_NAMING = re.compile(r"(Name|Identifier)$")
_NOT_OURS = {"MetricName", "AddonName", "DBName", "TargetGroupName", "CACertificateIdentifier", "DeploymentConfigName"}
"""Properties of that ending which name something of AWS's, or inside a resource of ours."""
_NOT_ACCOUNT_WIDE = {"AWS::IAM::Policy", "AWS::Route53::HostedZone", "AWS::Route53::RecordSet"}
"""Inline policies belong to their role, private zones (named by stage alone: specification section 2) to their VPC."""


def _names(**context: str) -> set[tuple[str, str]]:
    return {
        (resource["Type"], value)
        for template in synthesize(context).templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] not in _NOT_ACCOUNT_WIDE
        for key, value in resource.get("Properties", {}).items()
        if _NAMING.search(key) and key not in _NOT_OURS and isinstance(value, str)
        if (resource["Type"], key) != ("AWS::SSM::Association", "Name")  # the document's
    }


@pytest.mark.parametrize("other", [{"stage": "staging"}, {"stage": "prod", "name": "team3"}])
def test_no_two_stages_or_teams_name_anything_alike(other: dict[str, str]) -> None:
    prod = _names(stage="prod")
    assert len(prod) > 20
    assert prod & _names(**other) == set()
