"""MonitoringStack: topics, alarms, messages, dashboards, events, objectives, trail, costs. Specification section 7.

A sink: it reads the other stacks, nothing reads it. The alarms that steer a rollout are made in the stacks
they steer; here they are counted by the composite alarms that page. CloudFront's are in EdgeWatchStack.
"""

from collections.abc import Sequence

from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..constructs.alarms import Alarms, Pages, Severity
from ..constructs.alarms.edge import edge_alarms
from ..constructs.alarms.table import Area, areas
from ..constructs.audit_trail import AuditTrail
from ..constructs.canary import Canary
from ..constructs.cost_watch import CostWatch
from ..constructs.dashboard import Dashboard
from ..constructs.dashboards import Place, boards
from ..constructs.events import EventRules
from ..constructs.events.account import account_events, sign_in_events
from ..constructs.events.table import stage_events
from ..constructs.log_groups import LogGroups
from ..constructs.notifier import Notifier, notifier_alarms
from ..constructs.saved_queries import SavedQueries, saved_queries
from ..constructs.service_objectives import ServiceObjectives, objectives
from ..constructs.topics import ALARMS, BUDGETS, COST_ANOMALIES, EVENTS, Topics
from ..constructs.trace_groups import TraceGroups, groups, insight_events
from ..constructs.watched import Watched, WatchedCanary
from ..constructs.weekly_report import WeeklyReport, report_alarms
from ..settings import Settings
from ..settings.topology import BACKEND, DATA, EDGE_REGION, EDGE_WATCH, EKS, FRONTEND, MONITORING, VPC
from .base import CloudMartStack, stack_tags


class MonitoringStack(CloudMartStack):
    """Needs whatever of the other stacks is enabled, and nothing else. `log_bucket`: None without VpcStack."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        watched: Watched,
        log_bucket: s3.IBucket | None,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(
            scope, id, settings=settings, description="CloudMart: topics, alarms, messages, dashboards, trail, budget"
        )
        self._settings, self._watched, self._prefix = settings, watched, settings.names.prefix
        self._log_bucket, self._log_groups = log_bucket, log_groups
        self._balancers = [balancer for balancer in (watched.shop, watched.tiketi) if balancer]
        tags = stack_tags(settings, id)
        by_tags = settings.monitoring.budget_scope == "tags"
        self._cost_tags = {key: tags[key] for key in ("Project", "Stage")} if by_tags else {}

        anomalies = [COST_ANOMALIES] if settings.monitoring.cost_anomaly_monitor_arn else []
        self._topics = Topics(
            self,
            "Topics",
            prefix=self._prefix,
            publishers={
                Severity.CRITICAL: [ALARMS],
                Severity.WARNING: [ALARMS, BUDGETS, EVENTS],
                Severity.INFO: [BUDGETS, EVENTS, *anomalies],
            },
            email=settings.monitoring.email,
            lifecycle=self.lifecycle,
        )
        plan = self._plan()
        self._alarm(plan)
        self._show(plan)
        self._tell_of_events()
        self._keep_objectives()
        self._count_costs()
        report_log = [self._report()] if settings.monitoring.weekly_report else []
        self._save_queries([*watched.logs.functions, self._notifier.log_group_name, *report_log])
        if watched.canary and watched.distribution:
            self._visit(watched.canary, watched.distribution.url)
        if settings.monitoring.cloudtrail:
            AuditTrail(
                self,
                "Audit",
                name=settings.names.of("audit"),
                expire_days=settings.logs.expire_days,
                log_bucket=log_bucket,
                lifecycle=self.lifecycle,
            )

    def _plan(self) -> list[Area]:
        """What others' resources are watched for, and what this stack's own functions are."""
        monitoring, names = self._settings.monitoring, self._settings.names
        own = [*notifier_alarms(names), *(report_alarms(names.of("weekly-report")) if monitoring.weekly_report else ())]
        watched = areas(
            self._watched,
            latency_ms=monitoring.latency_slo_ms,
            availability=monitoring.availability_slo,
            burn_rates=monitoring.burn_rate_alarms,
            bands=monitoring.anomaly_detection,
        )
        return [*watched, Area(title="notifications", steering=(), own=tuple(own))]

    def _alarm(self, plan: Sequence[Area]) -> None:
        topics, runbook_url = self._topics.arns, self._settings.monitoring.runbook_url
        alarms = Alarms(
            self,
            "Alarms",
            rows=[row for area in plan for row in area.own],
            together=[composite for area in plan for composite in area.together],
            prefix=self._prefix,
            runbook_url=runbook_url,
            # Of either severity: the page, one an incident, is the composite's; this is the detail beside it.
            report_to=topics[Severity.WARNING],
        )
        Pages(
            self,
            "Pages",
            pages=[area.page for area in plan if area.page],
            alarms=alarms,
            prefix=self._prefix,
            runbook_url=runbook_url,
            page_to=topics[Severity.CRITICAL],
        )
        self._notifier = Notifier(
            self,
            "Notifier",
            names=self._settings.names,
            topics=topics,
            key=self._topics.key,
            areas={area.title: [row.id for row in (*area.steering, *area.own)] for area in plan},
            log_groups=self._log_groups,
        )

    def _show(self, plan: Sequence[Area]) -> None:
        settings, distribution = self._settings, self._watched.distribution
        for board in boards(
            plan,
            self._watched,
            place=Place(
                prefix=self._prefix,
                region=self.region,
                account=self.account,
                runbook_url=settings.monitoring.runbook_url,
                availability=settings.monitoring.availability_slo,
                latency_ms=settings.monitoring.latency_slo_ms,
            ),
            cdn_rows=list(edge_alarms(distribution)) if distribution and settings.has(EDGE_WATCH) else [],
        ):
            Dashboard(
                self,
                f"{board.id.title()}Dashboard",
                name=settings.names.of(board.id),
                start=board.start,
                widgets=board.widgets,
            )

    def _tell_of_events(self) -> None:
        monitoring, watched = self._settings.monitoring, self._watched
        workloads = {"shop": ["shop"]} if watched.shop else {}
        if watched.cluster:
            workloads["tiketi"] = list(watched.cluster.services)
        # Insights cost 1 USD a million traces, and go with what is paid for objectives.
        traces = groups(
            self._prefix,
            workloads,
            latency_ms=monitoring.latency_slo_ms,
            insights=monitoring.application_signals,
        )
        TraceGroups(self, "Traces", groups=traces)
        events = [
            *stage_events(watched, prefix=self._prefix, region=self.region, whole_account=monitoring.cloudtrail),
            *insight_events(traces, region=self.region),
        ]
        # What is the account's is told once: by the stage that keeps its trail.
        if monitoring.cloudtrail:
            events += [*account_events(region=self.region), *sign_in_events()]
        EventRules(self, "Events", rows=events, prefix=self._prefix, topics=self._topics.arns)

    def _keep_objectives(self) -> None:
        monitoring = self._settings.monitoring
        if monitoring.application_signals:
            ServiceObjectives(
                self,
                "Objectives",
                prefix=self._prefix,
                rows=[
                    objective
                    for balancer in self._balancers
                    for objective in objectives(
                        balancer, availability=monitoring.availability_slo, latency_ms=monitoring.latency_slo_ms
                    )
                ],
                asleep=self._settings.off_hours,
            )

    def _count_costs(self) -> None:
        CostWatch(
            self,
            "Cost",
            prefix=self._prefix,
            limit_usd=self._settings.monitoring.budget_usd,
            tags=self._cost_tags,
            topics=self._topics.arns,
            anomaly_monitor_arn=self._settings.monitoring.cost_anomaly_monitor_arn,
        )

    def _report(self) -> str:
        """The name of its log group."""
        settings, monitoring, watched = self._settings, self._settings.monitoring, self._watched
        return WeeklyReport(
            self,
            "Report",
            prefix=self._prefix,
            topic_arn=self._topics.arns[Severity.INFO],
            topic_key=self._topics.key,
            log_groups=self._log_groups,
            alarm_regions=[EDGE_REGION] if settings.has(EDGE_WATCH) else [],
            balancers=self._balancers,
            availability=monitoring.availability_slo,
            latency_ms=monitoring.latency_slo_ms,
            budget_usd=monitoring.budget_usd,
            cost_tags=self._cost_tags,
            patch_group=settings.names.of("backend") if watched.backend else "",
            repositories=[
                settings.names.repository(each) for each in (watched.cluster.services if watched.cluster else ())
            ],
            drill=watched.restore_drill,
            stacks=[
                settings.names.stack(id) for id in (VPC, DATA, BACKEND, FRONTEND, EKS, MONITORING) if settings.has(id)
            ],
            vault=watched.backup.vault if watched.backup else "",
            domain=settings.domain.name if settings.domain else "",
        ).log_group_name

    def _save_queries(self, function_logs: Sequence[str]) -> None:
        logs = self._watched.logs
        queries = saved_queries(
            self._watched,
            prefix=self._prefix,
            application_log=logs.application,
            flow_log=logs.flow,
            function_logs=function_logs,
        )
        SavedQueries(self, "Queries", prefix=self._prefix, queries=queries)

    def _visit(self, canary: WatchedCanary, url: str) -> None:
        """As customers do, at the address that they have."""
        Canary(
            self,
            "Canary",
            name=canary.name,
            shop_url=url,
            parts=["page", "catalogue", "basket"] if self._settings.backend.application == "shop" else ["page"],
            minutes=canary.minutes,
            log_bucket=self._log_bucket,
            log_groups=self._log_groups,
            lifecycle=self.lifecycle,
        )
