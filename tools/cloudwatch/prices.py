"""What alarms cost a month, USD (CloudWatch's price list, us-east-1, the one the course uses).

Owns the rule: an alarm is billed by the metrics that it watches, a band as three of each, a composite by itself.
"""

from collections.abc import Mapping
from typing import Any, Final

METRIC: Final = 0.10
"""Of standard resolution: periods of a minute and more."""
COMPOSITE: Final = 0.50
_BAND: Final = 3
"""Metrics for which one is billed: itself and the band's two bounds."""


def price(resource: Mapping[str, Any]) -> float:
    """Of one resource of a template; 0 for what is no alarm."""
    if resource["Type"] == "AWS::CloudWatch::CompositeAlarm":
        return COMPOSITE
    if resource["Type"] != "AWS::CloudWatch::Alarm":
        return 0.0
    properties = resource["Properties"]
    metrics = sum("MetricStat" in query for query in properties.get("Metrics", ())) or 1
    return METRIC * metrics * (_BAND if "ThresholdMetricId" in properties else 1)


def monthly(template: Mapping[str, Any]) -> float:
    """Of all alarms in a template."""
    return sum(price(resource) for resource in template.get("Resources", {}).values())
