"""EdgeWatchStack: CloudFront's alarms, their topic and its way to people, in us-east-1. Specification sections 1, 7.

There because CloudFront's metrics are; apart from EdgeStack because the web ACL comes before the distribution
and its alarms after.
"""

from constructs import Construct

from ..constructs.alarms import Alarms, Severity
from ..constructs.alarms.edge import edge_alarms
from ..constructs.events import EventRules
from ..constructs.events.account import sign_in_events
from ..constructs.notifier import Notifier, notifier_alarms
from ..constructs.saved_queries import SavedQueries, web_acl_queries
from ..constructs.topics import ALARMS, EVENTS, Topics
from ..constructs.watched import WatchedDistribution
from ..settings import Settings
from ..settings.topology import EDGE_REGION
from .base import CloudMartStack


class EdgeWatchStack(CloudMartStack):
    """Needs FrontendCdnStack; nothing needs it."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, distribution: WatchedDistribution) -> None:
        super().__init__(
            scope, id, settings=settings, region=EDGE_REGION, description="CloudMart: CloudFront's alarms and topic"
        )
        names, keeps_trail = settings.names, settings.monitoring.cloudtrail
        topics = Topics(
            self,
            "Topics",
            prefix=names.prefix,
            publishers={Severity.CRITICAL: [ALARMS]}
            | ({Severity.WARNING: [EVENTS], Severity.INFO: [EVENTS]} if keeps_trail else {}),
            email=settings.monitoring.email,
            lifecycle=self.lifecycle,
        )
        Alarms(
            self,
            "Alarms",
            rows=[*edge_alarms(distribution), *notifier_alarms(names, id="edge-notifier")],
            prefix=names.prefix,
            runbook_url=settings.monitoring.runbook_url,
            report_to=topics.arns[Severity.CRITICAL],
        )
        if keeps_trail:
            # Root's sign-ins, and those to consoles without regions, are recorded here.
            EventRules(self, "Events", rows=sign_in_events(), prefix=names.prefix, topics=topics.arns)
        Notifier(
            self,
            "Notifier",
            names=names,
            topics=topics.arns,
            key=topics.key,
            areas={},
            log_groups=self.own_log_groups(settings, alias="edge-watch-logs"),
        )
        if distribution.web_acl:
            queries = web_acl_queries("cdn", distribution.web_acl)
            SavedQueries(self, "Queries", prefix=names.prefix, queries=queries)
