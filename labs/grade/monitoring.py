"""Monitoring: whether somebody would know, soon, and find out why."""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from cloudmart_cdk.settings.topology import EDGE_REGION
from labs.grade.deployed import joined
from labs.grade.evidence import Evidence, Seen, flag, present, proportionally
from labs.grade.parts import Parts

_AREAS: Final = {
    "instances": ("AWS/EC2", "AWS/AutoScaling", "CWAgent"),
    "load balancer": ("AWS/ApplicationELB",),
    "database": ("AWS/RDS",),
    "cache": ("AWS/ElastiCache",),
    "containers": ("ContainerInsights", "AWS/EKS"),
    "CDN": ("AWS/CloudFront",),
}
"""What can fail, and the namespaces of CloudWatch that say so."""
_PEOPLE: Final = ("email", "email-json", "sms", "https", "application")
_MONTH: Final = 30
_CONTROL_PLANE: Final = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
_WINDOWS_APART: Final = 3
"""How many times longer a pair's long window is, at the least: it says that it matters, the short one that it still
does (Google, "The Site Reliability Workbook", chapter 5)."""
_NAMED: Final = re.compile(r"""ALARM\(\s*["']?([^"')]+?)["']?\s*\)""")


class Alarms:
    """The alarms of the stacks, and which of them people hear of."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def _ours(self, type_name: str, kind: str, key: str) -> list[dict[str, Any]]:
        return self._parts.deployed.among(
            type_name, "cloudwatch", "describe_alarms", key, id="AlarmName", AlarmTypes=[kind]
        )

    @cached_property
    def metric(self) -> list[dict[str, Any]]:
        return self._ours("AWS::CloudWatch::Alarm", "MetricAlarm", "MetricAlarms")

    @cached_property
    def composite(self) -> list[dict[str, Any]]:
        return self._ours("AWS::CloudWatch::CompositeAlarm", "CompositeAlarm", "CompositeAlarms")

    @cached_property
    def heard(self) -> set[str]:
        """Those that tell a topic, themselves or through composites."""
        return self._with_counted({each["AlarmName"] for each in [*self.metric, *self.composite] if _topics(each)})

    @cached_property
    def used(self) -> set[str]:
        """Those that anything acts upon: an action of any kind, a release that stops, a rule of events."""
        acting = {each["AlarmName"] for each in [*self.metric, *self.composite] if _actions(each)}
        return self._with_counted(acting | set(self._of_releases()) | set(self._of_rules()))

    def _with_counted(self, names: set[str]) -> set[str]:
        """And those that composites among them count."""
        found = set(names)
        while more := {name for each in self.composite if each["AlarmName"] in found for name in named(each)} - found:
            found |= more
        return found

    def _of_releases(self) -> Iterator[str]:
        deployed = self._parts.deployed
        for application in sorted(deployed.ids("AWS::CodeDeploy::Application")):
            for group in deployed.all(
                "codedeploy", "list_deployment_groups", "deploymentGroups", applicationName=application
            ):
                answer = deployed.read(
                    "codedeploy", "get_deployment_group", applicationName=application, deploymentGroupName=group
                )
                watched = answer.get("deploymentGroupInfo", {}).get("alarmConfiguration", {})
                yield from (each["name"] for each in watched.get("alarms", []) if watched.get("enabled"))

    def _of_rules(self) -> Iterator[str]:
        for rule in self._parts.deployed.among("AWS::Events::Rule", "events", "list_rules", "Rules", id="Name"):
            detail = json.loads(rule.get("EventPattern") or "{}").get("detail", {})
            if rule["State"] == "ENABLED":
                yield from (name for name in detail.get("alarmName", []) if isinstance(name, str))

    @cached_property
    def topics(self) -> list[str]:
        """Where they send."""
        return sorted({topic for each in [*self.metric, *self.composite] for topic in _topics(each)})


def areas(parts: Parts) -> Evidence:
    """An alarm that somebody hears for everything that can fail."""
    alarms = Alarms(parts)
    heard = [each for each in alarms.metric if each["AlarmName"] in alarms.heard]
    seen = []
    for area, spaces in _AREAS.items():
        watching = [each["AlarmName"] for each in heard if _namespaces(each) & set(spaces)]
        seen.append(Seen(area, "alarms that tell a topic", str(len(watching)), bool(watching)))
    return proportionally(seen)


def told(parts: Parts) -> Evidence:
    """No alarm rings where nobody listens."""
    alarms = Alarms(parts)
    return proportionally(
        flag(each["AlarmName"], "somebody or something acts", each["AlarmName"] in alarms.used)
        for each in alarms.metric
    )


def page(parts: Parts) -> Evidence:
    """A composite alarm: one message an incident, not one an alarm."""
    pages = [each["AlarmName"] for each in Alarms(parts).composite if _topics(each)]
    return proportionally([present("composite alarms", "that tell a topic", pages)])


def people(parts: Parts) -> Evidence:
    """At the end of a topic is somebody who has said yes."""
    seen = []
    for topic in Alarms(parts).topics:
        found = parts.deployed.all(
            "sns", "list_subscriptions_by_topic", "Subscriptions", region=topic.split(":")[3], TopicArn=topic
        )
        name = topic.rpartition(":")[2]
        seen.append(present(name, "subscriptions", [each["Protocol"] for each in found]))
        persons = [each for each in found if each["Protocol"] in _PEOPLE]
        confirmed = [each["Protocol"] for each in persons if each["SubscriptionArn"].startswith("arn:")]
        waiting = "PendingConfirmation" if persons else "none"
        seen.append(Seen(name, "people", joined(confirmed) if confirmed else waiting, bool(confirmed)))
    return proportionally(seen)


def dashboards(parts: Parts) -> Evidence:
    """Everything that can fail is to be seen."""
    bodies = ""
    for each in parts.deployed.of("AWS::CloudWatch::Dashboard"):
        bodies += parts.deployed.read("cloudwatch", "get_dashboard", each.region, DashboardName=each.id).get(
            "DashboardBody", ""
        )
    return proportionally(
        flag(area, "on a dashboard", any(space in bodies for space in spaces)) for area, spaces in _AREAS.items()
    )


def kept(parts: Parts) -> Evidence:
    """Logs stay for a month, and not for ever."""
    seen = []
    for group in parts.deployed.among(
        "AWS::Logs::LogGroup", "logs", "describe_log_groups", "logGroups", id="logGroupName"
    ):
        days = int(group.get("retentionInDays") or 0)
        name = group["logGroupName"]
        seen.append(Seen(name, "retentionInDays, set", str(days or "none"), bool(days)))
        seen.append(Seen(name, "retentionInDays, a month", str(days or "none"), days >= _MONTH))
    return proportionally(seen)


def written(parts: Parts) -> Evidence:
    """Network, load balancers, CDN and cluster write down what happened."""
    return proportionally(_written(parts))


def _written(parts: Parts) -> Iterator[Seen]:
    flows = parts.deployed.all("ec2", "describe_flow_logs", "FlowLogs")
    for vpc in sorted(parts.deployed.ids("AWS::EC2::VPC")):
        active = {each["TrafficType"] for each in flows if each["ResourceId"] == vpc}
        yield Seen(vpc, "flow logs", joined(active), "ALL" in active)
    for balancer in parts.balancers:
        listed = parts.deployed.all(
            "elbv2",
            "describe_load_balancer_attributes",
            "Attributes",
            LoadBalancerArn=balancer["LoadBalancerArn"],
        )
        on = {each["Key"]: each["Value"] for each in listed}.get("access_logs.s3.enabled", "false")
        yield flag(balancer["LoadBalancerName"], "access_logs.s3.enabled", on, wanted="true")
    for id, config in parts.distributions.items():
        yield flag(id, "Logging", bool(config.get("Logging", {}).get("Bucket")))
    for cluster in parts.clusters:
        entries = cluster.get("logging", {}).get("clusterLogging", [])
        kinds = {kind for entry in entries if entry["enabled"] for kind in entry["types"]}
        yield Seen(cluster["name"], "clusterLogging", joined(kinds), kinds >= _CONTROL_PLANE)


def budget_burn(parts: Parts) -> Evidence:
    """Somebody is paged while the error budget goes: a long window and a short one together."""
    alarms = Alarms(parts)
    windows = {each["AlarmName"]: _window(each) for each in alarms.metric}
    pairs = []
    for each in alarms.composite:
        lengths = [windows[name] for name in named(each) if windows.get(name)]
        both = " AND " in each["AlarmRule"] and " OR " not in each["AlarmRule"]
        if both and lengths and max(lengths) >= _WINDOWS_APART * min(lengths) and each["AlarmName"] in alarms.heard:
            pairs.append(each["AlarmName"])
    # One that ends an outage within the hour, one for what smoulders.
    return proportionally(
        [
            present("composite alarms", "of a long and a short window", pairs),
            present("composite alarms", "of a long and a short window, two rates", pairs, least=2),
        ]
    )


def money(parts: Parts) -> Evidence:
    """A budget tells somebody."""
    seen = []
    for name in sorted(parts.deployed.ids("AWS::Budgets::Budget")):
        notifications = parts.deployed.all(
            "budgets",
            "describe_notifications_for_budget",
            "Notifications",
            region=EDGE_REGION,
            AccountId=parts.deployed.account,
            BudgetName=name,
        )
        kinds = [f"{each['NotificationType']} {each['Threshold']:g}" for each in notifications]
        seen.append(present(name, "notifications", kinds))
    return proportionally(seen)


def named(composite: dict[str, Any]) -> list[str]:
    """The alarms whose state ALARM a composite's rule asks for; by name, or by ARN, which ends with it."""
    return [found.rpartition(":")[2] for found in _NAMED.findall(composite["AlarmRule"])]


def _actions(alarm: dict[str, Any]) -> list[str]:
    return list(alarm.get("AlarmActions", [])) if alarm.get("ActionsEnabled", True) else []


def _topics(alarm: dict[str, Any]) -> list[str]:
    """SNS topics that an alarm tells."""
    return [action for action in _actions(alarm) if ":sns:" in action]


def _namespaces(alarm: dict[str, Any]) -> set[str]:
    if alarm.get("Namespace"):
        return {alarm["Namespace"]}
    queries = [each for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return {each["MetricStat"]["Metric"]["Namespace"] for each in queries}


def _window(alarm: dict[str, Any]) -> int:
    """Seconds that an alarm looks back."""
    periods = [int(each["MetricStat"]["Period"]) for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return int(alarm.get("Period") or max(periods, default=0)) * int(alarm.get("EvaluationPeriods", 1))
