"""The alarms that steer a rollout."""

from collections.abc import Sequence
from typing import Any

from delivery.errors import RolloutError


def ringing(cloudwatch: Any, names: Sequence[str]) -> list[str]:
    """Of the alarms named, those that are on, each with CloudWatch's reason.

    Raises `RolloutError` when one of them is not there: what nobody watches is not quiet.
    """
    answer = cloudwatch.describe_alarms(AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    missing = sorted(set(names) - {alarm["AlarmName"] for alarm in alarms})
    if missing:
        share = f"{len(missing)} of {len(names)} alarms are missing"
        raise RolloutError(f"nobody watches it: {share}: {', '.join(missing)}")
    return [
        f"{alarm['AlarmName']} ({alarm.get('StateReason', '')})" for alarm in alarms if alarm["StateValue"] == "ALARM"
    ]
