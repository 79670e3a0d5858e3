"""Scheduled actions of scaling groups.

Fault: they are kept and never carried out. Here those that happen once are, at their time; recurring ones (the
off-hours) are only kept, since a local cloud is not left running over night.
"""

import contextvars
import threading
from datetime import UTC, datetime
from typing import Any, Final

from ministack.services import autoscaling

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


_original_put = autoscaling._put_scheduled_action


def install() -> None:
    autoscaling._ACTION_MAP["PutScheduledUpdateGroupAction"] = _put
