"""The alarms that steer a rollout."""

from collections.abc import Sequence
from typing import Any


def ringing(cloudwatch: Any, names: Sequence[str]) -> list[str]:
    """Of the alarms named, those that are on, each with CloudWatch's reason."""
    answer = cloudwatch.describe_alarms(AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return [
        f"{alarm['AlarmName']} ({alarm.get('StateReason', '')})" for alarm in alarms if alarm["StateValue"] == "ALARM"
    ]
