"""The instances of a colour: filled, counted, held, emptied.

Owns sizes while a release runs; the stack's own sizes come back with its next state (ADR 0004).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from delivery.backend import Side

HOLD_ACTION: Final = "empty-after-release"
"""The one-off scheduled action that empties a colour once nobody rolls back any more; AWS keeps the time."""


@dataclass(frozen=True)
class Count:
    """Instances: at least, wanted, and of them in service and healthy behind the load balancer."""

    minimum: int
    desired: int
    ready: int


@dataclass(frozen=True)
class Fleet:
    """`autoscaling`, `elbv2`: boto3 clients."""

    autoscaling: Any
    elbv2: Any

    def count(self, side: Side) -> Count:
        answer = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[side.group])
        (group,) = answer["AutoScalingGroups"]
        serving = {i["InstanceId"] for i in group.get("Instances", []) if i["LifecycleState"] == "InService"}
        health = self.elbv2.describe_target_health(TargetGroupArn=side.target_group)["TargetHealthDescriptions"]
        healthy = {entry["Target"]["Id"] for entry in health if entry["TargetHealth"]["State"] == "healthy"}
        return Count(minimum=group["MinSize"], desired=group["DesiredCapacity"], ready=len(serving & healthy))

    def fill(self, side: Side, size: int) -> None:
        """At least `size` instances, and nobody takes them away: not the hold's end, nor a scaling policy."""
        self.release_hold(side)
        desired = max(size, self.count(side).desired)
        self.autoscaling.update_auto_scaling_group(
            AutoScalingGroupName=side.group, MinSize=size, DesiredCapacity=desired
        )

    def settle(self, side: Side, minimum: int) -> None:
        """Gives the live colour its own minimum back, which `fill` has raised; its size stays."""
        self.autoscaling.update_auto_scaling_group(AutoScalingGroupName=side.group, MinSize=minimum)

    def empty(self, side: Side) -> None:
        """No instance; open requests have the target group's deregistration delay."""
        self.release_hold(side)
        self.autoscaling.update_auto_scaling_group(AutoScalingGroupName=side.group, MinSize=0, DesiredCapacity=0)

    def hold(self, side: Side, size: int, until: datetime) -> None:
        """`size` instances until then."""
        self.autoscaling.update_auto_scaling_group(AutoScalingGroupName=side.group, MinSize=size, DesiredCapacity=size)
        self.autoscaling.put_scheduled_update_group_action(
            AutoScalingGroupName=side.group,
            ScheduledActionName=HOLD_ACTION,
            StartTime=until,
            MinSize=0,
            DesiredCapacity=0,
        )

    def release_hold(self, side: Side) -> None:
        answer = self.autoscaling.describe_scheduled_actions(AutoScalingGroupName=side.group)
        for action in answer["ScheduledUpdateGroupActions"]:
            if action["ScheduledActionName"] == HOLD_ACTION:
                self.autoscaling.delete_scheduled_action(
                    AutoScalingGroupName=side.group, ScheduledActionName=HOLD_ACTION
                )
