"""The function that tells people: how a drill ended, and every day how long the last good one is ago.

Called by EventBridge when the document's execution ends, however it does, and by a schedule. Measures by embedded
metrics in its log (CloudWatch guide, "Embedding metrics within logs"), which needs no right.
"""

import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

NAMESPACE: Final = "CloudMart/Restore"
SOURCE: Final = "cloudmart.restore-drill"
DETAIL_TYPE: Final = "Restore drill ended"
AGE: Final = "age"
"""The order of the daily schedule."""
_LOOK_BACK_DAYS: Final = 90
_DAY: Final = 86400
_LONGEST: Final = 1000
"""Characters of what a step says; EventBridge takes 256 KB, people less."""
_PATIENCE: Final = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 5})
_GONE: Final = "Gone"
_WRONG: Final = ("Failed", "TimedOut", "Cancelled")
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")
_FIGURES: Final = {
    "RestoreMinutes": "Compare.RestoreMinutes",
    "LossMinutes": "Find.LossMinutes",
    "Tables": "Compare.Tables",
    "Rows": "Compare.Rows",
}
"""Metric -> the document's output that it is."""


def handle(event: dict[str, Any], _: Any) -> None:
    """`event`: EventBridge's of an execution that ended, or `{"Order": "age"}`."""
    if event.get("Order") == AGE:
        _measure(DaysSinceDrill=_days_since_success())
        return
    _tell(event["detail"]["ExecutionId"])


def _tell(execution: str) -> None:
    ended = _client("ssm").get_automation_execution(AutomationExecutionId=execution)["AutomationExecution"]
    steps = {step["StepName"]: step for step in ended["StepExecutions"]}
    succeeded = ended["AutomationExecutionStatus"] == "Success"
    outputs = {name: values[0] for name, values in ended.get("Outputs", {}).items() if values}
    # In place of the output of a step that did not end well stand words.
    figures = {
        metric: float(outputs[name]) for metric, name in _FIGURES.items() if _NUMBER.fullmatch(outputs.get(name, ""))
    }
    _measure(Succeeded=int(succeeded), Failed=int(not succeeded), **figures)
    step, text = ("", outputs.get("Compare.Text", "")) if succeeded else _failure(ended, steps)
    stage, result = os.environ["STAGE"], "succeeded" if succeeded else "failed"
    _client("events").put_events(
        Entries=[
            {
                "Source": SOURCE,
                "DetailType": DETAIL_TYPE,
                "Detail": json.dumps(
                    {
                        "stage": stage,
                        "result": result,
                        "step": step,
                        "execution": execution,
                        "text": f"Restore drill {result}: {text} ({execution})",
                    }
                ),
            }
        ]
    )


def _failure(ended: dict[str, Any], steps: dict[str, Any]) -> tuple[str, str]:
    """The first step that went wrong, and what it said; and whether the copy is still there."""
    status = ended["AutomationExecutionStatus"]
    wrong: dict[str, Any] = next((step for step in ended["StepExecutions"] if step["StepStatus"] in _WRONG), {})
    step = wrong.get("StepName", "")
    said = " ".join((wrong.get("FailureMessage") or ended.get("FailureMessage") or status).split())[:_LONGEST]
    started = any(name.startswith("Restore") for name in steps)
    left = started and steps.get(_GONE, {}).get("StepStatus") != "Success"
    kept = f"; {os.environ['COPY']} may still be there, and costs: see the runbook" if left else ""
    return step, f"{f'step {step}: ' if step else ''}{said}{kept}"


def _days_since_success() -> float:
    """Days since the last drill that succeeded; if there was none yet, since the database was made."""
    now = datetime.now(UTC)
    points = _client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="Succeeded",
        Dimensions=[{"Name": "Stage", "Value": os.environ["STAGE"]}],
        StartTime=now - timedelta(days=_LOOK_BACK_DAYS),
        EndTime=now,
        Period=_DAY,
        Statistics=["Maximum"],
    )["Datapoints"]
    good = [point["Timestamp"] for point in points if point["Maximum"] >= 1]
    if good:
        return _days(now - max(good))
    servers = _client("rds").describe_db_instances(DBInstanceIdentifier=os.environ["ORIGINAL"])["DBInstances"]
    return _days(now - servers[0]["InstanceCreateTime"])


def _days(span: timedelta) -> float:
    return round(span / timedelta(days=1), 1)


def _measure(**values: float) -> None:
    print(
        json.dumps(
            {
                "_aws": {
                    "Timestamp": int(time.time() * 1000),
                    "CloudWatchMetrics": [
                        {
                            "Namespace": NAMESPACE,
                            "Dimensions": [["Stage"]],
                            "Metrics": [{"Name": name} for name in values],
                        }
                    ],
                },
                "Stage": os.environ["STAGE"],
                **values,
            }
        ),
        flush=True,
    )


@cache
def _client(service: str) -> Any:
    """boto3's client, made once a start of the function."""
    return boto3.client(service, region_name=os.environ["AWS_REGION"], config=_PATIENCE)
