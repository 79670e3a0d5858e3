"""What people are told: the figures of a good drill, the step of a bad one, and how long none was good."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient

from cloudmart_cdk.assets.restore_drill import outcome
from tests.restore_drill.account import COPY, ORIGINAL, REGION, Request, _validate, allowed, rds_arn
from tests.restore_drill.automation import Execution
from tests.restore_drill.template import document, one, statements

EXECUTION = "01234567-89ab-cdef-0123-456789abcdef"
EVENT = {"detail-type": "EC2 Automation Execution Status-change Notification", "detail": {"ExecutionId": EXECUTION}}
GOOD = {
    "Find.LossMinutes": "3.1",
    "Compare.Text": "the state of 2026-11-01 05:30 UTC was usable after 12.3 minutes",
    "Compare.RestoreMinutes": "12.3",
    "Compare.Tables": "6",
    "Compare.Rows": "1320",
}
Answers = dict[str, dict[str, Any]]
Call = tuple[str, dict[str, Any]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answers], list[Call]]]:
    """`calls(answers)`: from then on boto3 answers so, to what the role allows; the list of what was asked."""
    _, properties = one("AWS::Lambda::Function", "Outcome")
    for name, value in {**properties["Environment"]["Variables"], "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    outcome._client.cache_clear()
    found: list[Call] = []
    role = statements("OutcomeRole")

    def begin(answers: Answers) -> list[Call]:
        def make_api_call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            model = client.meta.service_model.operation_model(operation)
            _validate(parameters, model.input_shape)
            assert allowed(role, _asked(operation)), operation
            found.append((operation, parameters))
            answer = answers.get(operation, {})
            _validate(answer, model.output_shape)
            return answer

        patched = mock.patch.object(BaseClient, "_make_api_call", make_api_call)
        patched.start()
        return found

    yield begin
    mock.patch.stopall()


def _asked(operation: str) -> Request:
    here = f"{REGION}:123456789012"
    return {
        "GetAutomationExecution": Request(
            "ssm:GetAutomationExecution", f"arn:aws:ssm:{here}:automation-execution/{EXECUTION}"
        ),
        "PutEvents": Request(
            "events:PutEvents", f"arn:aws:events:{here}:event-bus/default", {"events:source": outcome.SOURCE}
        ),
        "GetMetricStatistics": Request("cloudwatch:GetMetricStatistics", "*"),
        "DescribeDBInstances": Request("rds:DescribeDBInstances", rds_arn("db", ORIGINAL)),
    }[operation]


def _ended(execution: Execution) -> Answers:
    shown = execution.shown(document()["outputs"])
    return {"GetAutomationExecution": {"AutomationExecution": shown}, "PutEvents": {"FailedEntryCount": 0}}


def _told(found: list[Call]) -> dict[str, Any]:
    (entry,) = next(parameters for operation, parameters in found if operation == "PutEvents")["Entries"]
    assert (entry["Source"], entry["DetailType"]) == ("cloudmart.restore-drill", "Restore drill ended")
    detail: dict[str, Any] = json.loads(entry["Detail"])
    assert (detail["stage"], detail["execution"]) == ("team3-prod", EXECUTION)
    return detail


def _measured(output: str) -> dict[str, Any]:
    """As CloudWatch reads embedded metrics."""
    (line,) = output.splitlines()
    found = json.loads(line)
    about = found.pop("_aws")
    assert about["Timestamp"] > 1_700_000_000_000, "milliseconds"
    (directive,) = about["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("CloudMart/Restore", [["Stage"]])
    assert {metric["Name"] for metric in directive["Metrics"]} == found.keys() - {"Stage"}
    assert found.pop("Stage") == "team3-prod"
    return dict(found)


def test_success_comes_with_its_figures(
    calls: Callable[[Answers], list[Call]], capsys: pytest.CaptureFixture[str]
) -> None:
    found = calls(_ended(Execution("Success", {"Find": "Success", "Gone": "Success"}, {}, dict(GOOD))))
    outcome.handle(EVENT, None)
    told = _told(found)
    assert (told["result"], told["step"]) == ("succeeded", "")
    assert told["text"] == f"Restore drill succeeded: {GOOD['Compare.Text']} ({EXECUTION})"
    assert _measured(capsys.readouterr().out) == {
        "Succeeded": 1,
        "Failed": 0,
        "RestoreMinutes": 12.3,
        "LossMinutes": 3.1,
        "Tables": 6,
        "Rows": 1320,
    }


def test_failure_comes_with_its_step_and_what_was_known_by_then(
    calls: Callable[[Answers], list[Call]], capsys: pytest.CaptureFixture[str]
) -> None:
    steps = {"Find": "Success", "RestoreBackup": "Success", "Compare": "Failed", "Delete": "Success", "Gone": "Success"}
    ended = Execution("Failed", steps, {"Compare": "different:\n orders is empty"}, {"Find.LossMinutes": "3.1"})
    found = calls(_ended(ended))
    outcome.handle(EVENT, None)
    told = _told(found)
    assert (told["result"], told["step"]) == ("failed", "Compare")
    assert told["text"].startswith("Restore drill failed: step Compare: different: orders is empty (")
    assert _measured(capsys.readouterr().out) == {"Succeeded": 0, "Failed": 1, "LossMinutes": 3.1}


@pytest.mark.parametrize(
    ("ended", "step", "left"),
    [
        (Execution("Failed", {"Find": "Failed"}, {"Find": "no backup"}), "Find", False),
        (
            Execution("TimedOut", {"RestoreBackup": "Success", "Available": "TimedOut", "Delete": "Failed"}),
            "Available",
            1,
        ),
        (
            Execution("Cancelled", {"RestoreBackup": "Success", "Compare": "Cancelled", "Delete": "Success"}),
            "Compare",
            1,
        ),
        (Execution("Cancelled", {}), "", False),
    ],
)
def test_what_may_be_left_is_said(
    calls: Callable[[Answers], list[Call]], ended: Execution, step: str, left: bool
) -> None:
    found = calls(_ended(ended))
    outcome.handle(EVENT, None)
    told = _told(found)
    assert told["step"] == step
    assert (f"{COPY} may still be there" in told["text"]) is bool(left)


def _points(*days: tuple[float, float]) -> Answers:
    now = datetime.now(UTC)
    points = [{"Timestamp": now - timedelta(days=ago), "Maximum": value} for ago, value in days]
    made = {"DBInstanceIdentifier": ORIGINAL, "InstanceCreateTime": now - timedelta(days=50)}
    return {"GetMetricStatistics": {"Datapoints": points}, "DescribeDBInstances": {"DBInstances": [made]}}


@pytest.mark.parametrize(
    ("points", "days"),
    [
        ([(20, 1), (48, 1), (6, 0)], 20),
        ([(6, 0)], 50),
        ([], 50),
    ],
)
def test_days_are_counted_from_the_last_good_drill_or_else_from_the_database(
    calls: Callable[[Answers], list[Call]],
    capsys: pytest.CaptureFixture[str],
    points: list[tuple[float, float]],
    days: float,
) -> None:
    found = calls(_points(*points))
    outcome.handle({"Order": "age"}, None)
    assert _measured(capsys.readouterr().out) == {"DaysSinceDrill": pytest.approx(days, abs=0.1)}
    (asked,) = (parameters for operation, parameters in found if operation == "GetMetricStatistics")
    assert (asked["Namespace"], asked["MetricName"], asked["Period"]) == ("CloudMart/Restore", "Succeeded", 86400)
    assert asked["EndTime"] - asked["StartTime"] > timedelta(days=35)
