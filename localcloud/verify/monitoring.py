"""MonitoringStack and EdgeWatchStack, and the log groups of all stacks."""

from collections.abc import Iterator
from typing import Any

from cloudmart_cdk.settings.topology import BACKEND, DATA, MONITORING
from localcloud.verify.table import Check
from localcloud.verify.view import View


def checks(view: View) -> Iterator[Check]:
    yield from _log_groups(view)
    alarms = _alarms(view)
    yield from _alarms_are_complete(view, alarms)
    if view.stack(MONITORING) is not None:
        yield from _table(view, list(alarms.values()))
        yield from _event_rules(view)
        yield from _weekly_report(view)
        yield from _account(view)


def _log_groups(view: View) -> Iterator[Check]:
    """Every log group of ours has the stage's retention, and its key where the stage asks for one."""
    keyed = view.settings.logs.customer_key
    for region in dict.fromkeys(stack.region for stack in view.stacks.values()):
        pages = view.client("logs", region).get_paginator("describe_log_groups").paginate()
        found = {group["logGroupName"]: group for page in pages for group in page["logGroups"]}
        for stack, group in view.all("AWS::Logs::LogGroup"):
            if stack.region == region:
                name, actual = f"{stack.id} log group {group.physical_id}", found.get(group.physical_id, {})
                yield Check(f"{name}, days", view.settings.log_retention_days, actual.get("retentionInDays", "missing"))
                yield Check(f"{name}, key of its own", keyed, f":kms:{region}:" in actual.get("kmsKeyId", ""))


def _alarms(view: View) -> dict[tuple[str, str], dict[str, Any]]:
    """All metric alarms that exist, by region and name."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for region in dict.fromkeys(stack.region for stack in view.stacks.values()):
        for page in view.client("cloudwatch", region).get_paginator("describe_alarms").paginate():
            found |= {(region, alarm["AlarmName"]): alarm for alarm in page["MetricAlarms"]}
    return found


def _alarms_are_complete(view: View, alarms: dict[tuple[str, str], dict[str, Any]]) -> Iterator[Check]:
    for stack, deployed in view.all("AWS::CloudWatch::Alarm"):
        alarm = alarms.get((stack.region, deployed.physical_id))
        if alarm is None:
            yield Check(f"alarm {deployed.physical_id}", "exists", "missing")
            continue
        yield Check(f"alarm {deployed.physical_id} says what broke", True, bool(alarm.get("AlarmDescription")))


def _event_rules(view: View) -> Iterator[Check]:
    """Each tells people one line, by a topic of the stage: an event as it comes is nothing to read at night."""
    topics = {topic.physical_id for topic in view.of(MONITORING, "AWS::SNS::Topic")}
    for rule in view.of(MONITORING, "AWS::Events::Rule"):
        targets = view.client("events").list_targets_by_rule(Rule=rule.physical_id)["Targets"]
        told = [target["Arn"] in topics and "InputTransformer" in target for target in targets]
        yield Check(f"event rule {rule.physical_id} tells one topic, in words", [True], told)


def _weekly_report(view: View) -> Iterator[Check]:
    """There on Monday when people come."""
    client = view.client("scheduler")
    schedules = view.of(MONITORING, "AWS::Scheduler::Schedule")
    found = [client.get_schedule(Name=each.physical_id)["ScheduleExpression"] for each in schedules]
    expected = ["cron(0 9 ? * MON *)"] if view.settings.monitoring.weekly_report else []
    yield Check("weekly report, when", expected, found)


def _metrics(alarm: dict[str, Any]) -> set[str]:
    named = {alarm["MetricName"]} if alarm.get("MetricName") else set()
    return named | {q["MetricStat"]["Metric"]["MetricName"] for q in alarm.get("Metrics", []) if "MetricStat" in q}


def _table(view: View, alarms: list[dict[str, Any]]) -> Iterator[Check]:
    """Specification section 7: for each metric the threshold, where the stack that it watches is there."""
    settings = view.settings
    connections = int(settings.database.max_connections * 0.8)
    rows: list[tuple[str, str, str, float]] = [
        (BACKEND, "CPUUtilization", "AWS/EC2", 80),
        (DATA, "CPUUtilization", "AWS/RDS", 80),
        (DATA, "CPUUtilization", "AWS/ElastiCache", 80),
        (DATA, "DatabaseMemoryUsagePercentage", "AWS/ElastiCache", 85),
        (DATA, "DatabaseConnections", "AWS/RDS", connections),
        (BACKEND, "UnHealthyHostCount", "AWS/ApplicationELB", 0),
        (BACKEND, "HTTPCode_Target_5XX_Count", "AWS/ApplicationELB", 5),
        (BACKEND, "TargetResponseTime", "AWS/ApplicationELB", settings.monitoring.latency_slo_ms / 1000),
    ]
    if settings.database.engine == "postgres":
        rows.append((DATA, "FreeStorageSpace", "AWS/RDS", settings.database.storage_gb * 1024**3 // 10))
    for stack_id, metric, namespace, threshold in rows:
        if view.stack(stack_id) is None:
            continue
        matching = [alarm for alarm in alarms if metric in _metrics(alarm) and _in_namespace(alarm, namespace)]
        # One against a band has none.
        found = sorted({alarm["Threshold"] for alarm in matching if "Threshold" in alarm})
        reached = any(_near(value, threshold) for value in found)
        yield Check(f"alarm on {namespace} {metric}, threshold", threshold, threshold if reached else found)


def _in_namespace(alarm: dict[str, Any], namespace: str) -> bool:
    if alarm.get("Namespace"):
        return bool(alarm["Namespace"] == namespace)
    queries = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    return any(metric["Namespace"] == namespace for metric in queries)


def _near(value: float, expected: float) -> bool:
    return abs(value - expected) <= 0.001 * max(1.0, abs(expected))


def _account(view: View) -> Iterator[Check]:
    names = [budget.physical_id for budget in view.of(MONITORING, "AWS::Budgets::Budget")]
    answer = view.client("budgets").describe_budgets(AccountId=view.cloud.account)
    limits = [float(b["BudgetLimit"]["Amount"]) for b in answer.get("Budgets", []) if b["BudgetName"] in names]
    yield Check("budget, USD a month", [float(view.settings.monitoring.budget_usd)], limits)
    trails = [trail.physical_id for trail in view.of(MONITORING, "AWS::CloudTrail::Trail")]
    yield Check("trails", int(view.settings.monitoring.cloudtrail), len(trails))
    for name in trails:
        trail = view.client("cloudtrail").describe_trails(trailNameList=[name])["trailList"][0]
        figures = (trail["IsMultiRegionTrail"], trail["LogFileValidationEnabled"], bool(trail.get("KmsKeyId")))
        yield Check("trail: multi-region, validated, encrypted", (True, True, True), figures)
    dashboards = view.client("cloudwatch").list_dashboards()["DashboardEntries"]
    yield Check("dashboards", True, bool(dashboards))
    composite = view.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    yield Check("composite alarm that pages", True, bool(composite))
