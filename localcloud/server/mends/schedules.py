"""Scheduled actions of scaling groups, and AWS::Scheduler::Schedule.

Faults: the former are kept and never carried out. Here those that happen once are, at their time; recurring ones (the
off-hours) are only kept, since a local cloud is not left running over night. The latter lose the time zone that their
template gives; here it is kept and read back, though hours still count as UTC's.
"""

import contextvars
import threading
from datetime import UTC, datetime
from typing import Any, Final

from ministack.services import autoscaling
from ministack.services.cloudformation import provisioners

from localcloud.server import patching

_SIZES: Final = ("MinSize", "MaxSize", "DesiredCapacity")


def _carry_out(key: str, arn: str) -> None:
    action = autoscaling._scheduled_actions.get(key)
    if action is None or action["ScheduledActionARN"] != arn:
        return  # taken back, or replaced by a later one
    # Auto Scaling forgets an action that happens once when it has happened.
    autoscaling._scheduled_actions.pop(key, None)
    sizes = {name: str(action[name]) for name in _SIZES if action[name] >= 0}
    autoscaling._update_asg({"AutoScalingGroupName": action["AutoScalingGroupName"], **sizes})


def _put(params: dict[str, Any]) -> Any:
    answer = _original_put(params)
    key = f"{autoscaling._p(params, 'AutoScalingGroupName')}/{autoscaling._p(params, 'ScheduledActionName')}"
    action = autoscaling._scheduled_actions.get(key)
    if action and action.get("StartTime") and not action["Recurrence"]:
        wait = (datetime.fromisoformat(action["StartTime"]) - datetime.now(UTC)).total_seconds()
        # Account and region travel in the context.
        context = contextvars.copy_context()
        timer = threading.Timer(max(wait, 0.0), context.run, (_carry_out, key, action["ScheduledActionARN"]))
        timer.daemon = True
        timer.start()
    return answer


def _zone(properties: dict[str, Any]) -> dict[str, Any]:
    return {"ScheduleExpressionTimezone": properties.get("ScheduleExpressionTimezone", "UTC")}


_original_put = autoscaling._put_scheduled_action


def install() -> None:
    patching.edit(
        provisioners._scheduler_schedule_create,
        old='        "GroupName": group,\n',
        new='        "GroupName": group,\n        **_localcloud_zone(props),\n',
        names={"_localcloud_zone": _zone},
    )
    patching.edit(
        provisioners._scheduler_schedule_update,
        old="    for prop in (",
        new="    schedule.update(_localcloud_zone(new_props))\n    for prop in (",
    )
    autoscaling._ACTION_MAP["PutScheduledUpdateGroupAction"] = _put
