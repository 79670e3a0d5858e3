"""LabAccountStack: what a course's account has once, for all its students. Specification section 8, `Lifetime`.

The teacher's: `cdk deploy LabAccountStack -c lab_account=true`. Needs no other stack, and no other needs it.
"""

import aws_cdk as cdk
from constructs import Construct

from ..constructs.alarms import Alarms, Severity
from ..constructs.lifetime import Lifetime, lifetime_alarms
from ..constructs.topics import ALARMS, Topics
from ..settings import Settings
from .base import CloudMartStack


class LabAccountStack(CloudMartStack):
    """Removes what outlived its `Lifetime`, of every copy of the stage; has none itself."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            id,
            settings=settings.model_copy(update={"lifetime_hours": 0}),
            description="CloudMart: removes the course's stacks when their time is over",
        )
        cdk.Tags.of(self).remove("Lifetime")
        names, email = settings.names, settings.monitoring.email
        lifetime = Lifetime(
            self,
            "Lifetime",
            prefix=names.prefix,
            stage=settings.stage,
            log_groups=self.own_log_groups(settings, alias="lab-account-logs"),
        )
        topics = (
            Topics(
                self,
                "Topics",
                prefix=names.of("lab-account"),
                publishers={Severity.WARNING: [ALARMS]},
                email=email,
                lifecycle=self.lifecycle,
            )
            if email
            else None
        )
        Alarms(
            self,
            "Alarms",
            rows=lifetime_alarms(lifetime.function_name),
            prefix=names.prefix,
            runbook_url=settings.monitoring.runbook_url,
            report_to=topics.arns[Severity.WARNING] if topics else None,
        )
