"""The way of an alarm to people: CloudWatch to SNS, SQS to Lambda.

Faults: an alarm's message lacks its ARN and configuration, names the region by its code, tells the time in whole
seconds, and says nothing of a composite's rule and children; a batching window is kept and never waited for, and a
batch ends at ten messages.
"""

import functools
import json
import time
from datetime import UTC, datetime
from typing import Any, Final

from botocore.session import Session
from ministack.core.responses import get_region
from ministack.services import cloudwatch, lambda_svc, sqs

from localcloud.server import patching

_A_RECEIVE: Final = 10
"""The most messages that SQS hands out at once; Lambda gathers more of them (Lambda guide, "Batching behavior")."""
_ACTIONS: Final = ("OKActions", "AlarmActions", "InsufficientDataActions")
_STATISTICS: Final = {"Average": "AVERAGE", "Sum": "SUM", "Minimum": "MINIMUM", "Maximum": "MAXIMUM"}


def _instant(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def _dimensions(dimensions: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"value": each["Value"], "name": each["Name"]} for each in dimensions]


def _term(query: dict[str, Any]) -> dict[str, Any]:
    """Of an alarm on metric math."""
    if "MetricStat" not in query:
        return query
    metric = query["MetricStat"]["Metric"]
    spelled = {**metric, "Dimensions": _dimensions(metric.get("Dimensions", []))}
    return {**query, "MetricStat": {**query["MetricStat"], "Metric": spelled}}


def _trigger(alarm: dict[str, Any], trigger: dict[str, Any]) -> dict[str, Any]:
    if alarm.get("Metrics"):
        common = {key: trigger[key] for key in ("Period", "EvaluationPeriods", "ComparisonOperator", "Threshold")}
        return {**common, "Metrics": [_term(query) for query in alarm["Metrics"]]}
    statistic = str(trigger["Statistic"])
    return {
        **trigger,
        "StatisticType": "Statistic",
        "Statistic": _STATISTICS.get(statistic, statistic),
        "Dimensions": _dimensions(trigger["Dimensions"]),
    }


def _children(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that have moved a composite; none when somebody set its state by hand."""
    reason = json.loads(alarm.get("StateReasonData") or "{}")
    return [
        {
            "Arn": child["arn"],
            "State": {"Value": child["state"]["value"], "Timestamp": child["state"]["timestamp"]},
        }
        for child in reason.get("triggeringAlarms", [])
    ]


def _message(alarm: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """As CloudWatch writes it (CloudWatch guide, "Notifying users on alarm changes")."""
    whole = {
        **payload,
        "StateChangeTime": _instant(time.time()),
        "Region": _region_name(get_region()),
        "AlarmArn": alarm["AlarmArn"],
        **{key: list(alarm.get(key) or []) for key in _ACTIONS},
    }
    if "AlarmRule" in alarm:
        whole.pop("Trigger")
        return {**whole, "AlarmRule": alarm["AlarmRule"], "TriggeringChildren": _children(alarm)}
    return {**whole, "Trigger": _trigger(alarm, payload["Trigger"])}


@functools.cache
def _region_name(region: str) -> str:
    """The region as people call it, which no ARN can be made of."""
    endpoints = Session().get_data("endpoints")
    for partition in endpoints["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region


def _gathering(mapping: dict[str, Any], queue: dict[str, Any]) -> bool:
    """Whether the batching window is still open: not full, and its first message not old enough."""
    window, now = mapping["MaximumBatchingWindowInSeconds"], time.time()
    visible = [message["visible_at"] for message in queue["messages"] if message["visible_at"] <= now]
    return bool(visible) and len(visible) < mapping["BatchSize"] and now - min(visible) < window


def _gathered(queue_url: str, most: int) -> list[dict[str, Any]]:
    batch: list[dict[str, Any]] = []
    while len(batch) < most:
        part = sqs._receive_messages_for_esm(queue_url, min(_A_RECEIVE, most - len(batch)))
        if not part:
            break
        batch += part
    return batch


def install() -> None:
    patching.edit(
        cloudwatch._dispatch_alarm_actions,
        old="    message = json.dumps(payload)\n",
        new="    message = json.dumps(_localcloud_message(alarm, payload))\n",
        names={"_localcloud_message": _message},
    )
    patching.edit(
        lambda_svc._poll_sqs,
        old="            batch = _sqs._receive_messages_for_esm(queue_url, batch_size)\n",
        new="            if _localcloud_gathering(esm, queue):\n"
        "                continue\n"
        "            batch = _localcloud_gathered(queue_url, batch_size)\n",
        names={"_localcloud_gathering": _gathering, "_localcloud_gathered": _gathered},
    )
