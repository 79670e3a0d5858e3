"""What keeps running instances known and patched: Systems Manager. Specification section 4.

Owns inventory, the daily look for missing patches, which patches count, and the window in which they are installed. How
an instance is patched without being missed is `patching`'s. Instances that are launched later come from the newest
image of Amazon Linux, so that each deploy of the machine, and each night of dev, renews them too.
"""

from collections.abc import Sequence
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..acknowledge import acknowledge
from . import off_hours
from .instance_role import reported
from .patching import BASELINE_DOCUMENT, PatchDocument
from .roles import of_this_account, service_role

PATCH_GROUP: Final = "PatchGroup"
"""The tag that Patch Manager knows a patch group by; also what everything here is aimed at."""
_HOURS: Final = 3
_EXECUTIONS: Final = (
    "AWS makes the id of an execution at its start; which document may be started is the statement's other resources."
)
_CUTOFF_HOURS: Final = 1
"""Nothing is begun in the window's last hour; an instance takes some 10 minutes, so a dozen fit."""


class FleetCare(Construct):
    """Inventory and scan daily, patches in a window; instances chosen by the tag `PatchGroup`.

    The name of the document that patches one instance is `<name>-patch`, for people and for the rule that hears of its
    failures.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        patch_group: str,
        group_names: Sequence[str],
        window: str,
        approve_after_days: int,
    ) -> None:
        """`patch_group`: the tag's value. `group_names`: of the scaling groups. `window`: `wed:03:00`, in Seoul.

        `approve_after_days`: between a patch's release and the first window that installs it.
        """
        super().__init__(scope, id)
        targets = [ssm.CfnAssociation.TargetProperty(key=f"tag:{PATCH_GROUP}", values=[patch_group])]
        ssm.CfnAssociation(
            self,
            "Inventory",
            name="AWS-GatherSoftwareInventory",
            association_name=f"{name}-inventory",
            schedule_expression="rate(1 day)",
            targets=targets,
        )
        # Installs nothing: compliance is at most a day old, and an instance is looked at as soon as it is there.
        ssm.CfnAssociation(
            self,
            "Scan",
            name=BASELINE_DOCUMENT,
            association_name=f"{name}-patch-scan",
            parameters={"Operation": ["Scan"]},
            schedule_expression="rate(1 day)",
            targets=targets,
        )
        self._baseline(name, patch_group, approve_after_days)
        patch = PatchDocument(
            self, "Patch", name=f"{name}-patch", tag_key=PATCH_GROUP, tag_value=patch_group, group_names=group_names
        )
        self._window(name, patch_group, window, patch)

    def _baseline(self, name: str, patch_group: str, approve_after_days: int) -> None:
        """AWS's default takes bugfixes too, leaves medium severity out, and waits seven days in every stage."""
        filters = {
            "PRODUCT": ["AmazonLinux2023"],
            "CLASSIFICATION": ["Security"],
            "SEVERITY": ["Critical", "Important", "Medium"],
        }
        baseline = ssm.CfnPatchBaseline
        baseline(
            self,
            "Baseline",
            name=name,
            description="Security patches of the backend's instances",
            operating_system="AMAZON_LINUX_2023",
            patch_groups=[patch_group],
            approval_rules=baseline.RuleGroupProperty(
                patch_rules=[
                    baseline.RuleProperty(
                        approve_after_days=approve_after_days,
                        compliance_level="HIGH",
                        enable_non_security=False,
                        patch_filter_group=baseline.PatchFilterGroupProperty(
                            patch_filters=[
                                baseline.PatchFilterProperty(key=key, values=values) for key, values in filters.items()
                            ]
                        ),
                    )
                ]
            ),
        )

    def _window(self, name: str, patch_group: str, begins: str, patch: PatchDocument) -> None:
        day, hour, minute = begins.split(":")
        window = ssm.CfnMaintenanceWindow(
            self,
            "Window",
            name=f"{name}-patches",
            description=f"Patches of {name}",
            schedule=f"cron({int(minute)} {int(hour)} ? * {day.upper()} *)",
            schedule_timezone=off_hours.ZONE,
            duration=_HOURS,
            cutoff=_CUTOFF_HOURS,
            allow_unassociated_targets=False,
        )
        target = ssm.CfnMaintenanceWindowTarget(
            self,
            "Target",
            window_id=window.ref,
            resource_type="INSTANCE",
            targets=[ssm.CfnMaintenanceWindowTarget.TargetsProperty(key=f"tag:{PATCH_GROUP}", values=[patch_group])],
        )
        task = ssm.CfnMaintenanceWindowTask
        task(
            self,
            "Install",
            window_id=window.ref,
            targets=[task.TargetProperty(key="WindowTargetIds", values=[target.ref])],
            task_type="AUTOMATION",
            task_arn=patch.resource.ref,
            service_role_arn=self._starter(patch).attr_arn,
            task_invocation_parameters=task.TaskInvocationParametersProperty(
                maintenance_window_automation_parameters=task.MaintenanceWindowAutomationParametersProperty(
                    document_version="$DEFAULT", parameters={"InstanceId": ["{{RESOURCE_ID}}"]}
                )
            ),
            priority=1,
            # One after the other, and none after one that failed: a bad patch reaches one instance.
            max_concurrency="1",
            max_errors="0",
        )

    def _starter(self, patch: PatchDocument) -> iam.CfnRole:
        """What the window itself may do: start that one document, as that one role, and see how it ends.

        AWS's sample policy lists the members of resource groups too; these targets are instances, by their tag.
        """
        stack = cdk.Stack.of(self)
        here = f"arn:aws:ssm:{stack.region}:{stack.account}"
        executions = f"{here}:automation-execution/*"
        statements: list[dict[str, Any]] = [
            {
                "Effect": "Allow",
                "Action": "ssm:StartAutomationExecution",
                "Resource": [
                    f"{here}:document/{patch.name}",
                    f"{here}:automation-definition/{patch.name}:$DEFAULT",
                    executions,
                ],
            },
            {"Effect": "Allow", "Action": "ssm:GetAutomationExecution", "Resource": executions},
            {
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": patch.role.attr_arn,
                "Condition": {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
            },
        ]
        role = service_role(
            self,
            "WindowRole",
            description="Starts the patching of the backend's instances",
            service="ssm.amazonaws.com",
            trusted_if=of_this_account(self),
            policy="Start",
            statements=statements,
        )
        acknowledge(
            role,
            {
                reported(stack, executions): _EXECUTIONS,
                "CloudMart::IAM-2[ssm:StartAutomationExecution]": _EXECUTIONS,
                "CloudMart::IAM-2[ssm:GetAutomationExecution]": _EXECUTIONS,
            },
        )
        return role
