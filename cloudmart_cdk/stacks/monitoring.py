"""MonitoringStack: topics, alarms, pages, dashboard, CloudTrail, costs. Specification section 7.

A sink: it reads the other stacks, nothing reads it. The alarms that steer a rollout are made in the stacks
they steer; here they are counted by the composite alarms that page. CloudFront's are in EdgeWatchStack.
"""

from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..constructs.alarm_table import areas
from ..constructs.alarms import Alarms, Pages, Severity
from ..constructs.audit_trail import AuditTrail
from ..constructs.cost_watch import CostWatch
from ..constructs.dashboard import Dashboard
from ..constructs.overview import overview
from ..constructs.topics import ALARMS, BUDGETS, COST_ANOMALIES, EVENTS, Topics
from ..constructs.watched import Watched
from ..settings import Settings
from .base import CloudMartStack, stack_tags


class MonitoringStack(CloudMartStack):
    """Needs whatever of the other stacks is enabled, and nothing else. `log_bucket`: None without VpcStack."""

    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, watched: Watched, log_bucket: s3.IBucket | None
    ) -> None:
        super().__init__(
            scope, id, settings=settings, description="CloudMart: topics, alarms, dashboard, trail, budget"
        )
        names, monitoring = settings.names, settings.monitoring
        prefix, runbook_url = names.prefix, monitoring.runbook_url
        anomalies = [COST_ANOMALIES] if monitoring.cost_anomaly_monitor_arn else []
        topics = Topics(
            self,
            "Topics",
            prefix=prefix,
            publishers={
                Severity.CRITICAL: [ALARMS],
                Severity.WARNING: [ALARMS, BUDGETS],
                Severity.INFO: [BUDGETS, EVENTS, *anomalies],
            },
            email=monitoring.email,
            lifecycle=self.lifecycle,
        ).arns

        plan = areas(
            watched,
            latency_ms=monitoring.latency_slo_ms,
            availability=monitoring.availability_slo,
            burn_rates=monitoring.burn_rate_alarms,
            bands=monitoring.anomaly_detection,
        )
        alarms = Alarms(
            self,
            "Alarms",
            rows=[row for area in plan for row in area.own],
            together=[composite for area in plan for composite in area.together],
            prefix=prefix,
            runbook_url=runbook_url,
            # Of either severity: the page, one an incident, is the composite's; this is the detail beside it.
            report_to=topics[Severity.WARNING],
        )
        Pages(
            self,
            "Pages",
            pages=[area.page for area in plan if area.page],
            alarms=alarms,
            prefix=prefix,
            runbook_url=runbook_url,
            page_to=topics[Severity.CRITICAL],
        )
        Dashboard(
            self,
            "Overview",
            name=names.of("overview"),
            widgets=overview(
                plan,
                watched,
                prefix=prefix,
                region=self.region,
                account=self.account,
                runbook_url=runbook_url,
                availability=monitoring.availability_slo,
                latency_ms=monitoring.latency_slo_ms,
            ),
        )
        tags = stack_tags(settings, id)
        CostWatch(
            self,
            "Cost",
            prefix=prefix,
            limit_usd=monitoring.budget_usd,
            tags={key: tags[key] for key in ("Project", "Stage")} if monitoring.budget_scope == "tags" else {},
            topics=topics,
            anomaly_monitor_arn=monitoring.cost_anomaly_monitor_arn,
        )
        if monitoring.cloudtrail:
            AuditTrail(
                self,
                "Audit",
                name=names.of("audit"),
                expire_days=settings.logs.expire_days,
                log_bucket=log_bucket,
                lifecycle=self.lifecycle,
            )
