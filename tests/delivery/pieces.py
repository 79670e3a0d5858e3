"""Pieces of templates that the tests of both release tools deploy."""

from typing import Any

Template = dict[str, Any]


def of(kind: str, **properties: Any) -> Template:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def alarm(name: str) -> Template:
    """One that only `set_alarm_state` rings."""
    return of(
        "CloudWatch::Alarm",
        AlarmName=name,
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
