"""Rows as EventBridge rules."""

import json
from typing import Any

import aws_cdk as cdk
import pytest

from cloudmart_cdk.constructs.alarms import Severity
from cloudmart_cdk.constructs.events import EventRules
from cloudmart_cdk.constructs.events.account import sign_in_events
from tests.constructs.stacks import resources
from tests.events.bridge import line, matches
from tests.events.samples import sign_in

TOPICS = {severity: f"arn:aws:sns:ap-northeast-2:123456789012:{severity}" for severity in Severity}


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    def make(stack: cdk.Stack) -> None:
        EventRules(stack, "Events", rows=sign_in_events(), prefix="cloudmart-prod", topics=TOPICS)

    return resources(make, "AWS::Events::Rule")


def test_a_rule_tells_the_topic_of_its_severity_and_no_other(rules: list[dict[str, Any]]) -> None:
    targets = [[target["Arn"] for target in rule["Targets"]] for rule in rules]
    assert targets == [[TOPICS[Severity.INFO]], [TOPICS[Severity.WARNING]]]


def test_a_rule_says_what_it_tells(rules: list[dict[str, Any]]) -> None:
    assert rules[0]["Description"] == "cloudmart-prod: Somebody signed in to the console"


def test_what_arrives_is_one_line_that_begins_with_the_stage(rules: list[dict[str, Any]]) -> None:
    event = sign_in()
    assert [matches(rule["EventPattern"], event) for rule in rules] == [True, False]
    transformer = rules[0]["Targets"][0]["InputTransformer"]
    assert line(transformer["InputTemplate"], transformer["InputPathsMap"], event) == (
        "[cloudmart-prod] arn:aws:iam::123456789012:user/kim signed in to the console from 203.0.113.7 "
        "(ap-northeast-2), MFA: No."
    )


def test_templates_are_within_eventbridges_limits(rules: list[dict[str, Any]]) -> None:
    """8,192 characters of template, 100 paths, 4,096 characters of pattern (EventBridge API reference, PutTargets)."""
    for rule in rules:
        transformer = rule["Targets"][0]["InputTransformer"]
        assert len(transformer["InputTemplate"]) <= 8192
        assert len(transformer["InputPathsMap"]) <= 100
        assert len(json.dumps(rule["EventPattern"])) <= 4096
