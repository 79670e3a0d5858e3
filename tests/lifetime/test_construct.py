"""LabAccountStack: what the function is told and may do; that the stack itself stays."""

import json
from typing import Any, Final

import pytest

from cloudmart_cdk.constructs.lifetime import needed_by
from cloudmart_cdk.settings.topology import LAB_ACCOUNT, SKIPPABLE
from tests.conftest import Synthesize
from tests.support import Synthesized

ALONE: Final = {"lab_account": "true", "skip": ",".join(SKIPPABLE)}
_REGIONS: Final = ("ap-northeast-2", "us-east-1")


@pytest.fixture(scope="module")
def app(synthesized: Synthesize) -> Synthesized:
    return synthesized("lab", **ALONE)


def _one(app: Synthesized, type_: str) -> dict[str, Any]:
    (resource,) = app.resources(LAB_ACCOUNT, type_).values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


def test_it_is_opt_in_and_stands_alone(app: Synthesized, synthesized: Synthesize) -> None:
    assert LAB_ACCOUNT not in synthesized("lab").stacks
    assert app.stacks.keys() == {LAB_ACCOUNT}
    assert app.findings == []


def test_it_has_no_lifetime_itself(app: Synthesized) -> None:
    assert "Lifetime" not in app.stacks[LAB_ACCOUNT]["properties"]["tags"]
    tags = [tag["Key"] for each in app.templates[LAB_ACCOUNT]["Resources"].values() for tag in _tags(each)]
    assert "Project" in tags
    assert "Lifetime" not in tags


def _tags(resource: dict[str, Any]) -> list[dict[str, str]]:
    tags = resource["Properties"].get("Tags", [])
    return tags if isinstance(tags, list) else [{"Key": key, "Value": value} for key, value in tags.items()]


def test_it_may_delete_stacks_of_a_course_s_day_only(app: Synthesized) -> None:
    role = next(
        each["Properties"]
        for each in app.resources(LAB_ACCOUNT, "AWS::IAM::Role").values()
        if each["Properties"]["Policies"][0]["PolicyName"] == "Delete"
    )
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    by_action = {action: each for each in statements for action in each["Action"]}
    assert set(by_action) == {
        "cloudformation:DescribeStacks",
        "cloudformation:DeleteStack",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    delete = by_action["cloudformation:DeleteStack"]
    assert delete["Condition"] == {
        "StringEquals": {"aws:ResourceTag/Project": "CloudMart", "aws:ResourceTag/Stage": "lab"},
        "StringLike": {"aws:ResourceTag/Lifetime": "?*h"},
    }
    patterns = [
        "".join(part if isinstance(part, str) else "1" for part in arn["Fn::Join"][1]) for arn in delete["Resource"]
    ]
    assert patterns == [f"arn:aws:cloudformation:{region}:1:stack/*-lab-*/*" for region in _REGIONS]


def test_every_quarter_of_an_hour(app: Synthesized) -> None:
    assert _one(app, "AWS::Scheduler::Schedule")["ScheduleExpression"] == "rate(15 minutes)"


def test_a_failure_is_an_alarm(app: Synthesized) -> None:
    alarm, function = _one(app, "AWS::CloudWatch::Alarm"), _one(app, "AWS::Lambda::Function")
    assert alarm["MetricName"] == "Errors"
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": function["FunctionName"]}]
    assert "AlarmActions" not in alarm


def test_the_teacher_hears_of_it_by_mail(synthesized: Synthesize) -> None:
    app = synthesized("lab", **ALONE, **{"monitoring.email": "teacher@example.com"})
    assert app.findings == []
    assert _one(app, "AWS::SNS::Subscription")["Endpoint"] == "teacher@example.com"
    assert _one(app, "AWS::CloudWatch::Alarm")["AlarmActions"] == [
        {"Ref": next(iter(app.resources(LAB_ACCOUNT, "AWS::SNS::Topic")))}
    ]


def test_the_function_is_told_the_order_of_the_app_itself(app: Synthesized, synthesized: Synthesize) -> None:
    """Of the configuration with every stack: as `cdk destroy` follows the manifest."""
    variables = _one(app, "AWS::Lambda::Function")["Environment"]["Variables"]
    assert variables["REGIONS"] == ",".join(_REGIONS)
    assert json.loads(variables["NEEDED_BY"]) == needed_by()
    deployed = synthesized("prod").dependencies
    for stack, users in needed_by().items():
        assert set(users) == {other for other, needed in deployed.items() if stack in needed}, stack
