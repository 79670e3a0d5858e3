"""The constructs that turn rows into CloudWatch alarms: `Alarms`, and the composites that page, `Pages`.

Owns the wiring of every alarm. Which alarms there are is in `table`; whom a page wakes is MonitoringStack's.
"""

from collections.abc import Iterable
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from .row import Alarm, Math, Metric, Page, Together, alarm_name, describe

_COMPARISONS: Final = {
    ">": "GreaterThanThreshold",
    "<": "LessThanThreshold",
    "below band": "LessThanLowerThreshold",
}
_RESULT: Final = "result"
_BAND: Final = "band"


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
