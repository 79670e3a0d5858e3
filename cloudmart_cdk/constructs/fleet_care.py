"""What keeps running instances known and patched: Systems Manager associations. Specification section 4."""

from aws_cdk import aws_ssm as ssm
from constructs import Construct


class FleetCare(Construct):
    """Inventory daily, patches in the maintenance window; instances chosen by tag."""

    def __init__(self, scope: Construct, id: str, *, name: str, tag_key: str, tag_value: str) -> None:
        super().__init__(scope, id)
        targets = [ssm.CfnAssociation.TargetProperty(key=f"tag:{tag_key}", values=[tag_value])]
        ssm.CfnAssociation(
            self,
            "Inventory",
            name="AWS-GatherSoftwareInventory",
            association_name=f"{name}-inventory",
            schedule_expression="rate(1 day)",
            targets=targets,
        )
        ssm.CfnAssociation(
            self,
            "Patches",
            name="AWS-RunPatchBaseline",
            association_name=f"{name}-patches",
            parameters={"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]},
            # UTC: Sunday 04:00 in Seoul, and never at the moment of a deploy.
            schedule_expression="cron(0 19 ? * SAT *)",
            apply_only_at_cron_interval=True,
            # One after the other: the group never falls below its minimum by more than one.
            max_concurrency="1",
            max_errors="0",
            targets=targets,
        )
