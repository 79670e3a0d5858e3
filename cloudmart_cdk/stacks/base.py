"""What every stack of this application has in common: names, region, tags."""

import aws_cdk as cdk
from constructs import Construct

from ..constructs.log_groups import LogGroups, log_key
from ..constructs.stage_owned import Lifecycle
from ..settings import Settings


class CloudMartStack(cdk.Stack):
    """A stack with the id given (so that `cdk deploy DataStack` works) and the stage's names and tags."""

    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, region: str | None = None, description: str
    ) -> None:
        super().__init__(
            scope,
            id,
            stack_name=settings.names.stack(id),
            description=description,
            env=cdk.Environment(account=settings.account, region=region or settings.region),
            tags=stack_tags(settings, id),
            termination_protection=settings.deletion_protection,
        )
        cdk.Tags.of(self).add("Stack", id, exclude_resource_types=UNTAGGABLE)
        self.lifecycle = Lifecycle(keep=settings.keeps_data, deletion_protection=settings.deletion_protection)
        self._zones = list(settings.network.zones)

    @property
    def availability_zones(self) -> list[str]:
        """The stage's zones: without this CDK asks AWS for them as soon as the account is stated."""
        return self._zones

    def own_log_groups(self, settings: Settings, *, alias: str) -> LogGroups:
        """With a key of this stack's own where the stage asks for one; a key does not leave its region.

        `alias`: how the key's name ends.
        """
        key = (
            log_key(self, "LogKey", lifecycle=self.lifecycle, alias=settings.names.of(alias))
            if settings.logs.customer_key
            else None
        )
        return LogGroups(retention_days=settings.log_retention_days, key=key)


UNTAGGABLE = ["AWS::RDS::DBProxyTargetGroup"]
"""CDK would tag these; CloudFormation's schema knows no tags on them."""


def stack_tags(settings: Settings, stack_id: str) -> dict[str, str]:
    """All tags of a stack: specification section 8."""
    return {**common_tags(settings), "Stack": stack_id}


def common_tags(settings: Settings) -> dict[str, str]:
    """The tags that all stacks share. `Lifetime` is a setting, never the clock."""
    tags = {
        "Project": "CloudMart",
        "Stage": settings.stage,
        "Owner": settings.owner,
        "CostCenter": settings.cost_center,
    }
    if settings.lifetime_hours:
        tags["Lifetime"] = f"{settings.lifetime_hours}h"
    return tags
