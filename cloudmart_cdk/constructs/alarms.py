"""Alarms from rows: the shape of a row, and the construct that turns rows into CloudWatch alarms.

Owns names, wording and wiring of every alarm. Which alarms there are, and their figures, is in
`alarm_table`; whom a page wakes is MonitoringStack's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

Silence = Literal["notBreaching", "breaching", "missing", "ignore"]
"""What missing data means: `notBreaching` where silence is normal (no traffic, an idle colour), `missing`
(the state "insufficient data") where it is not."""

Fires = Literal[">", "<", "below band"]
"""How a row's value meets its threshold. `below band`: under the band that CloudWatch has learned from two weeks."""

_COMPARISONS: Final = {
    ">": "GreaterThanThreshold",
    "<": "LessThanThreshold",
    "below band": "LessThanLowerThreshold",
}
_RESULT: Final = "result"
_BAND: Final = "band"


class Severity(StrEnum):
    """What a message asks of its reader; each has an SNS topic in MonitoringStack."""

    CRITICAL = "critical"
    """Users are hurt, or will be within hours: pages, through a composite alarm."""
    WARNING = "warning"
    """Somebody looks today."""
    INFO = "info"
    """Money and changes; nobody needs to act."""


@dataclass(frozen=True)
class Metric:
    """One CloudWatch metric and its statistic (`Average`, `Maximum`, `Sum` ...; a percentile in `Math` only)."""

    namespace: str
    name: str
    statistic: str
    dimensions: dict[str, str]


@dataclass(frozen=True)
class Math:
    """Metric math: `expression` over the ids in `terms` (CloudWatch guide, "Using math expressions")."""

    expression: str
    terms: dict[str, Metric]


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A row of the alarm table."""

    id: str
    """Unique in the stage; the alarm is `<name>-<stage>-<id>`."""
    broke: str
    """What is wrong when it fires, as a sentence without its full stop."""
    watch: Metric | Math
    fires: Fires = ">"
    threshold: float
    """In the metric's unit; of a band its half width, in standard deviations."""
    period_s: int
    datapoints: tuple[int, int] = (1, 1)
    """(M, N): fires when M of the last N periods are beyond the threshold."""
    severity: Severity
    silence: Silence
    page: str
    """Its page of the runbook: `docs/runbook/<page>.md`."""
    reports: bool = True
    """False: it tells nobody, and is there for the composites that count it."""


@dataclass(frozen=True, kw_only=True)
class Together:
    """A composite alarm that is on while all alarms named are. It speaks for them: they do not report."""

    id: str
    broke: str
    severity: Severity
    page: str
    alarms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A composite alarm that pages when any of the alarms named is on."""

    id: str
    broke: str
    page: str
    alarms: tuple[str, ...]
    """Ids of alarms of this stage, wherever they are made."""


def alarm_name(prefix: str, id: str) -> str:
    """The physical name of an alarm; `prefix` is the stage's `<name>-<stage>`."""
    return f"{prefix}-{id}"


def describe(broke: str, runbook_url: str, page: str) -> str:
    """The description that reaches a person: what broke, and where it says what to do."""
    return f"{broke}. Runbook: {runbook_url}/{page}.md"


class Alarms(Construct):
    """The alarms of `rows`, and the composites of `together`, each over some of these rows.

    `report_to`: the topic (ARN) that hears of every change; None: nobody does, as for an alarm that steers a rollout
    and is watched by MonitoringStack's composite. `resources`: by the alarm's id.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        rows: Iterable[Alarm],
        together: Iterable[Together] = (),
        prefix: str,
        runbook_url: str,
        report_to: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        actions = None if report_to is None else [report_to]
        self.resources: dict[str, cdk.CfnResource] = {
            row.id: self._make(
                row,
                alarm_name(prefix, row.id),
                describe(row.broke, runbook_url, row.page),
                actions if row.reports else None,
            )
            for row in rows
        }
        for composite in together:
            made = cloudwatch.CfnCompositeAlarm(
                self,
                composite.id,
                alarm_name=alarm_name(prefix, composite.id),
                alarm_description=describe(composite.broke, runbook_url, composite.page),
                alarm_rule=_rule(" AND ", prefix, composite.alarms),
                alarm_actions=actions,
                ok_actions=actions,
            )
            for alarm in composite.alarms:
                made.add_resource_dependency(self.resources[alarm])
            self.resources[composite.id] = made

    def _make(self, row: Alarm, name: str, description: str, actions: list[str] | None) -> cloudwatch.CfnAlarm:
        """One L1, one jsii call: a stage has several dozen of them."""
        return cloudwatch.CfnAlarm(
            self,
            row.id,
            alarm_name=name,
            alarm_description=description,
            comparison_operator=_COMPARISONS[row.fires],
            threshold=None if row.fires == "below band" else row.threshold,
            threshold_metric_id=_BAND if row.fires == "below band" else None,
            datapoints_to_alarm=row.datapoints[0],
            evaluation_periods=row.datapoints[1],
            treat_missing_data=row.silence,
            alarm_actions=actions,
            ok_actions=actions,
            **_watched(row.watch, row),
        )


class Pages(Construct):
    """The composite alarms of `pages`, which tell `page_to` (a topic's ARN).

    One an area rather than one for all: while a composite alarm is on, a second cause pages nobody. `alarms`: made
    in this stack; the others must exist before it is deployed, because CloudWatch refuses a rule on an unknown alarm.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        pages: Iterable[Page],
        alarms: Alarms,
        prefix: str,
        runbook_url: str,
        page_to: str,
    ) -> None:
        super().__init__(scope, id)
        for page in pages:
            composite = cloudwatch.CfnCompositeAlarm(
                self,
                page.id,
                alarm_name=alarm_name(prefix, page.id),
                alarm_description=describe(page.broke, runbook_url, page.page),
                alarm_rule=_rule(" OR ", prefix, page.alarms),
                alarm_actions=[page_to],
                ok_actions=[page_to],
            )
            for alarm in page.alarms:
                if alarm in alarms.resources:
                    composite.add_resource_dependency(alarms.resources[alarm])


def _rule(operator: str, prefix: str, alarms: Iterable[str]) -> str:
    return operator.join(f'ALARM("{alarm_name(prefix, alarm)}")' for alarm in alarms)


def _watched(watch: Metric | Math, row: Alarm) -> dict[str, Any]:
    if isinstance(watch, Math):
        return {"metrics": _queries(watch, row)}
    return {
        "namespace": watch.namespace,
        "metric_name": watch.name,
        "dimensions": _dimensions(watch),
        "statistic": watch.statistic,
        "period": row.period_s,
    }


def _dimensions(metric: Metric) -> list[cloudwatch.CfnAlarm.DimensionProperty]:
    return [cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in metric.dimensions.items()]


def _queries(math: Math, row: Alarm) -> list[cloudwatch.CfnAlarm.MetricDataQueryProperty]:
    results = [
        cloudwatch.CfnAlarm.MetricDataQueryProperty(
            id=_RESULT, expression=math.expression, label=row.id, return_data=True
        )
    ]
    if row.fires == "below band":
        results.append(
            cloudwatch.CfnAlarm.MetricDataQueryProperty(
                id=_BAND,
                expression=f"ANOMALY_DETECTION_BAND({_RESULT}, {row.threshold:g})",
                label="expected",
                return_data=True,
            )
        )
    terms = [
        cloudwatch.CfnAlarm.MetricDataQueryProperty(
            id=term,
            metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
                metric=cloudwatch.CfnAlarm.MetricProperty(
                    namespace=metric.namespace, metric_name=metric.name, dimensions=_dimensions(metric)
                ),
                period=row.period_s,
                stat=metric.statistic,
            ),
            return_data=False,
        )
        for term, metric in math.terms.items()
    ]
    return [*results, *terms]
