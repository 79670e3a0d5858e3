"""X-Ray groups: the stage's traces, a workload each, apart from every other stage's in the account. Section 7.

Owns which traces belong to whom, and who hears of what X-Ray finds in them. How many requests are traced is the
settings' `trace_percent`: OpenTelemetry samples in the process that begins a trace, so a sampling rule of X-Ray's would
be read by nobody here.

Groups cost nothing. Insights look for unusual fault rates and take 1 USD for a million traces recorded (CloudWatch
pricing, X-Ray): at 100 requests a second and 1 % some 2.60 USD a month. An account has 25 groups (X-Ray quotas): where
insights are off there is one group a workload, so that twelve students fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_xray as xray
from constructs import Construct

from .alarms import Severity
from .events import Event
from .tracing import service_name


@dataclass(frozen=True)
class Group:
    """A name and what it filters by (X-Ray guide, "Using filter expressions")."""

    name: str
    filter: str
    insights: bool


def groups(prefix: str, workloads: Mapping[str, Sequence[str]], *, latency_ms: int, insights: bool) -> list[Group]:
    """A group a workload; with `insights` one more, `<prefix>-poor`: what failed or was slow, of all of them.

    `workloads`: title -> its services. `latency_ms`: the objective; slower is worth a look.
    """
    ours = {
        title: " OR ".join(f'service("{service_name(prefix, service)}")' for service in services)
        for title, services in workloads.items()
    }
    found = [Group(f"{prefix}-{title}", expression, insights) for title, expression in ours.items()]
    if insights and ours:
        poor = f"({' OR '.join(ours.values())}) AND (fault = true OR responsetime > {latency_ms / 1000:g})"
        found.append(Group(f"{prefix}-poor", poor, False))
    return found


class TraceGroups(Construct):
    """The groups, as CloudWatch's trace map and the metric `ApproximateTraceCount` know them."""

    def __init__(self, scope: Construct, id: str, *, groups: Sequence[Group]) -> None:
        super().__init__(scope, id)
        for number, group in enumerate(groups):
            xray.CfnGroup(
                self,
                f"Group{number}",
                group_name=group.name,
                filter_expression=group.filter,
                insights_configuration=xray.CfnGroup.InsightsConfigurationProperty(
                    insights_enabled=group.insights, notifications_enabled=group.insights
                ),
            )


def insight_events(groups: Sequence[Group], *, region: str) -> Iterator[Event]:
    """What insights find, as EventBridge has it (EventBridge reference, "AWS X-Ray events"; X-Ray API, Insight)."""
    names = [group.name for group in groups if group.insights]
    if names:
        yield Event(
            id="Insight",
            tells="X-Ray sees more faults than is usual",
            pattern={
                "source": ["aws.xray"],
                "detail-type": ["AWS X-Ray Insight Update"],
                "detail": {"GroupName": names},
            },
            values={"group": "$.detail.GroupName", "state": "$.detail.State", "what": "$.detail.Summary"},
            line="Insight into <group> is <state>: <what> "
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#xray:insights",
            severity=Severity.WARNING,
        )
