"""Dashboards as synthesized, read for tests: abbreviations spelled out, math over metrics and not over ids."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.support import Synthesized
from tools.assembly import Assembly
from tools.dashboards.bodies import Body, bodies, text

MONITORING = "MonitoringStack"


@cache
def dashboards(app: Synthesized) -> dict[str, Body]:
    """Id (the name without `<name>-<stage>-`) -> body."""
    return {body.name.removeprefix(app.settings.names.of("")): body for body in bodies(Assembly(app.folder))}


def metric_text(namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, period: int) -> str:
    where = ",".join(f"{key}={value}" for key, value in sorted(dimensions.items()))
    return f"<{namespace} {name} {where} {statistic} {period}>"


def over_metrics(expression: str, terms: Mapping[str, str]) -> str:
    """`terms`: id -> what stands in its place."""
    return re.sub(r"[A-Za-z_]\w*", lambda id: terms.get(id[0], id[0]), expression)


@dataclass(frozen=True)
class Drawn:
    """A widget that shows metrics."""

    board: str
    title: str
    region: str
    properties: Mapping[str, Any]
    metrics: tuple[tuple[str, str, Mapping[str, str]], ...]
    """Namespace, name, dimensions of each."""
    lines: tuple[str, ...]
    """What each visible line shows."""


@cache
def drawn(app: Synthesized) -> list[Drawn]:
    values = _outputs(app)
    return [
        _drawn(board, widget["properties"], values)
        for board, body in dashboards(app).items()
        for widget in body.widgets
        if widget["type"] == "metric"
    ]


def _outputs(app: Synthesized) -> dict[str, str]:
    """What other stacks' outputs are called -> what the producing stack itself calls the value."""
    return {
        name: text(output["Value"])
        for template in app.templates.values()
        for name, output in template.get("Outputs", {}).items()
        if name.startswith("PublishOutput")
    }


def _drawn(board: str, properties: Mapping[str, Any], values: Mapping[str, str]) -> Drawn:
    metrics, terms, expressions, lines = [], {}, {}, []
    above: list[str] = []
    for item in properties["metrics"]:
        options, names = item[-1], [part for part in item if isinstance(part, str)]
        if "expression" in options:
            expressions[options["id"]] = options["expression"]
            continue
        above = [above[place] if part == "." else part for place, part in enumerate(names)]
        where = dict(zip(above[2::2], (_known(value, values) for value in above[3::2]), strict=True))
        metrics.append((above[0], above[1], where))
        period = options.get("period", properties["period"])
        spelled = metric_text(above[0], above[1], where, options["stat"], period)
        if options.get("visible", True):
            lines.append(spelled)
        if "id" in options:
            terms[options["id"]] = spelled
    whole = {id: over_metrics(expression, terms) for id, expression in expressions.items()}
    lines += [over_metrics(expression, whole) for expression in whole.values()]
    return Drawn(board, properties["title"], properties["region"], properties, tuple(metrics), tuple(lines))


def _known(value: str, values: Mapping[str, str]) -> str:
    """A node of a cache is its group's name and a number: the reference is only a beginning."""
    name = next((name for name in values if value.startswith(name)), "")
    return values[name] + value.removeprefix(name) if name else value


@dataclass(frozen=True)
class Watched:
    """An alarm of a template, as it would be drawn."""

    name: str
    line: str
    band: str
    threshold: float | None


@cache
def alarms(app: Synthesized) -> list[Watched]:
    """Those that tell people something; what scales a group by steps is not among them."""
    values = _outputs(app)
    return [
        _watched(resource["Properties"], values)
        for stack in app.templates
        for resource in app.resources(stack, "AWS::CloudWatch::Alarm").values()
        if "Runbook:" in resource["Properties"].get("AlarmDescription", "")
    ]


def _watched(properties: Mapping[str, Any], values: Mapping[str, str]) -> Watched:
    queries = properties.get("Metrics")
    name = text(properties["AlarmName"])
    if not queries:
        line = _of(properties, properties["Statistic"], properties["Period"], values)
        return Watched(name, line, "", properties["Threshold"])
    terms = {
        query["Id"]: _of(
            query["MetricStat"]["Metric"], query["MetricStat"]["Stat"], query["MetricStat"]["Period"], values
        )
        for query in queries
        if "MetricStat" in query
    }
    expressions = {query["Id"]: query["Expression"] for query in queries if "Expression" in query}
    band = expressions.pop(properties.get("ThresholdMetricId"), "")
    ((id, expression),) = expressions.items()
    line = over_metrics(expression, terms)
    return Watched(name, line, over_metrics(band, {id: line}), properties.get("Threshold"))


def _of(metric: Mapping[str, Any], statistic: str, period: int, values: Mapping[str, str]) -> str:
    where = {each["Name"]: _known(text(each["Value"]), values) for each in metric.get("Dimensions", ())}
    return metric_text(metric["Namespace"], metric["MetricName"], where, statistic, period)


def everything_else(app: Synthesized) -> str:
    """All templates without their dashboards, as text, references as the names that `text` gives them."""
    kept = {
        stack: {id: r for id, r in template.get("Resources", {}).items() if not r["Type"].endswith("::Dashboard")}
        | {"Outputs": list(template.get("Outputs", ()))}
        for stack, template in app.templates.items()
    }
    return json.dumps(kept)
