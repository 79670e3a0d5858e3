"""AWS::CloudWatch::Alarm.

Fault: an alarm on an expression over metrics is refused. Here it is kept and read back; it is never
evaluated, so that its state stays INSUFFICIENT_DATA.
"""

from typing import Any, Final

from ministack.services.cloudformation import provisioners

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


def install() -> None:
    of_one_metric = provisioners._cw_metric_alarm_record

    def record(name: str, properties: Properties) -> dict[str, Any]:
        queries = properties.get("Metrics")
        if not queries:
            return dict(of_one_metric(name, properties))
        stand_in = {key: value for key, value in properties.items() if key != "Metrics"}
        alarm = dict(of_one_metric(name, {**stand_in, "MetricName": "-", "Namespace": "-"}))
        for key in _OF_ONE_METRIC:
            alarm.pop(key, None)
        return {**alarm, "Metrics": [_query(query) for query in queries]}

    provisioners._cw_metric_alarm_record = record
