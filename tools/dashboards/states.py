"""The state that each alarm of the templates has at the end of the story, by CloudWatch's own rules."""

from collections.abc import Mapping
from typing import Any, Final

from tools.assembly import Assembly
from tools.cloudwatch.alarm_state import PLAIN, MetricAlarm, State, children, composite_state

from . import samples
from .bodies import alarms, text
from .errors import PreviewError
from .levels import Sampled
from .story import NOW

_PERIODS: Final = 24
"""Beyond the alarm's own; more than a band needs to have learned something."""


def states(assembly: Assembly) -> dict[str, State]:
    """By the alarm's name; composite alarms too. Raises `PreviewError` for a metric that nobody describes."""
    found: dict[str, State] = {}
    rules: dict[str, str] = {}
    for properties in alarms(assembly):
        name = text(properties["AlarmName"])
        if "AlarmRule" in properties:
            rules[name] = text(properties["AlarmRule"])
        else:
            try:
                found[name] = _state(properties)
            except KeyError as unknown:
                raise PreviewError(
                    f"alarm {name}",
                    given=str(unknown.args[0]),
                    allowed="a metric with a sample level",
                    do="give it one in tools/dashboards/levels.py",
                ) from unknown
    while rules:
        ready = [name for name, rule in rules.items() if not set(children(rule)) & rules.keys()]
        for name in ready:
            found[name] = composite_state(rules.pop(name), found)
    return found


def _state(properties: Mapping[str, Any]) -> State:
    alarm = MetricAlarm(properties)
    period = alarm.period_s
    end = NOW // period * period
    start = end - (alarm.periods + _PERIODS) * period
    metrics = {query["Id"]: query["MetricStat"] for query in properties.get("Metrics", ()) if "MetricStat" in query}
    wanted = (
        {id: _sampled(stat["Metric"], stat["Stat"]) for id, stat in metrics.items()}
        if metrics
        else {PLAIN: _sampled(properties, properties["Statistic"])}
    )
    series = {id: samples.series(metric, start=start, end=end, period_s=period) for id, metric in wanted.items()}
    return alarm.states(series)[-1]


def _sampled(metric: Mapping[str, Any], statistic: str) -> Sampled:
    dimensions = {each["Name"]: text(each["Value"]) for each in metric.get("Dimensions", ())}
    return Sampled(metric["Namespace"], metric["MetricName"], statistic, dimensions)
