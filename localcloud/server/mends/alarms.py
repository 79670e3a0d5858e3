"""AWS::CloudWatch::Alarm and AWS::CloudWatch::CompositeAlarm.

Faults: an alarm on an expression over metrics is refused, and so is one whose threshold is a band of normal values.
Here both are kept and read back; neither is ever evaluated, so that its state stays INSUFFICIENT_DATA. A composite
alarm's suppressor is dropped (`types.monitoring` keeps it); here no action is taken while it is in ALARM, without the
two waiting periods.
"""

from typing import Any, Final

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from localcloud.server import patching
from localcloud.server.resource import Properties, flag

_OF_ONE_METRIC: Final = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit")


def _query(query: Properties) -> dict[str, Any]:
    """A `MetricDataQuery` with numbers and booleans where a template may have strings."""
    answer = dict(query)
    if "ReturnData" in answer:
        answer["ReturnData"] = flag(answer["ReturnData"])
    if "Period" in answer:
        answer["Period"] = int(answer["Period"])
    if "MetricStat" in answer:
        answer["MetricStat"] = {**answer["MetricStat"], "Period": int(answer["MetricStat"]["Period"])}
    return answer


def _suppressed(alarm: dict[str, Any]) -> bool:
    """By another alarm, named by its name or ARN."""
    name = str(alarm.get("ActionsSuppressor", "")).rpartition(":alarm:")[2]
    suppressor = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name) or {}
    return bool(suppressor.get("StateValue") == "ALARM")


def install() -> None:
    patching.edit(
        cloudwatch._transition_composite,
        old="    _dispatch_alarm_actions(alarm, old_state, new_state, reason)\n",
        new="    if not _localcloud_suppressed(alarm):\n"
        "        _dispatch_alarm_actions(alarm, old_state, new_state, reason)\n",
        names={"_localcloud_suppressed": _suppressed},
    )
    of_one_metric = provisioners._cw_metric_alarm_record

    def record(name: str, properties: Properties) -> dict[str, Any]:
        queries = properties.get("Metrics")
        if not queries:
            return dict(of_one_metric(name, properties))
        stand_in = {key: value for key, value in properties.items() if key != "Metrics"}
        band = properties.get("ThresholdMetricId")
        given = {"Threshold": 0} if band else {}
        alarm = dict(of_one_metric(name, {**stand_in, **given, "MetricName": "-", "Namespace": "-"}))
        for key in (*_OF_ONE_METRIC, *given):
            alarm.pop(key, None)
        against = {"ThresholdMetricId": str(band)} if band else {}
        return {**alarm, **against, "Metrics": [_query(query) for query in queries]}

    provisioners._cw_metric_alarm_record = record
