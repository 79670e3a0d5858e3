"""Takes an instance out of its scaling group to be patched, and back into it.

Runs in Systems Manager Automation (`aws:executeScript`), so it is one file that needs boto3 only, and each step ends
within ten minutes. As many instances as before serve all the time: one more comes first, and goes at the end. In
standby an instance gets no requests, and neither health checks nor scaling policies end it while it restarts (Auto
Scaling guide, "Temporarily remove instances from your Auto Scaling group").
"""

import time
from collections.abc import Callable
from typing import Any

import boto3

LAUNCH_S = 540
"""First boot to a healthy target takes 2 to 3 minutes; a step may take 600 s."""
HEALTHY_S = 300
POLL_S = 10


def state(events: dict[str, str], _context: Any, *, autoscaling: Any = None) -> dict[str, str]:
    """Where the instance is in its life: it may have gone since the window chose it."""
    member = _member(autoscaling or boto3.client("autoscaling"), events["InstanceId"])
    return {"State": member["LifecycleState"] if member else "Gone"}


def due(events: dict[str, str], _context: Any, *, manager: Any = None) -> dict[str, str]:
    """Whether an installation would do anything, by the scan just before."""
    found = (manager or boto3.client("ssm")).describe_instance_patch_states(InstanceIds=[events["InstanceId"]])
    counts = ("MissingCount", "FailedCount", "InstalledPendingRebootCount")
    lacks = any(each.get(count) for each in found["InstancePatchStates"] for count in counts)
    return {"Due": "yes" if lacks else "no"}


def leave(
    events: dict[str, str], _context: Any, *, autoscaling: Any = None, sleep: Callable[[float], None] = time.sleep
) -> dict[str, str]:
    """One instance more, then this one to standby. A failure leaves the group as it was."""
    client = autoscaling or boto3.client("autoscaling")
    name = _member(client, events["InstanceId"])["AutoScalingGroupName"]
    before = _group(client, name)
    minimum, size = before["MinSize"], before["DesiredCapacity"] + 1
    if size > before["MaxSize"]:
        raise RuntimeError(
            f"error: {name}: given {size - 1} instances, its maximum; allowed: room for one more; "
            "raise backend.max, or patch when there is less to do"
        )
    # The minimum too: at night a scaling policy would take the additional instance away at once.
    client.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=size, DesiredCapacity=size)
    try:
        _until(f"{size} instances in service", LAUNCH_S, sleep, lambda: len(_serving(client, name)) >= size)
        extra = sorted(_serving(client, name) - {each["InstanceId"] for each in before["Instances"]})
        client.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=minimum)
        client.enter_standby(
            AutoScalingGroupName=name, InstanceIds=[events["InstanceId"]], ShouldDecrementDesiredCapacity=True
        )
    except Exception:
        client.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=minimum, DesiredCapacity=size - 1)
        raise
    return {"Extra": extra[0] if extra else ""}


def come_back(
    events: dict[str, str],
    _context: Any,
    *,
    autoscaling: Any = None,
    balancers: Any = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Into service, and when it answers, the additional instance goes.

    When it does not, the additional one stays, and Auto Scaling replaces this one by its health check.
    """
    client = autoscaling or boto3.client("autoscaling")
    balancers = balancers or boto3.client("elbv2")
    instance = events["InstanceId"]
    member = _member(client, instance)
    name = member["AutoScalingGroupName"]
    if member["LifecycleState"] == "Standby":
        client.exit_standby(AutoScalingGroupName=name, InstanceIds=[instance])
    target_groups = _group(client, name)["TargetGroupARNs"]
    _until(
        f"{instance} healthy behind its load balancer",
        HEALTHY_S,
        sleep,
        lambda: all(_healthy(balancers, arn, instance) for arn in target_groups),
    )
    group = _group(client, name)
    retired = events.get("Extra", "")
    if retired in _serving(client, name) and group["DesiredCapacity"] > group["MinSize"]:
        client.terminate_instance_in_auto_scaling_group(InstanceId=retired, ShouldDecrementDesiredCapacity=True)
        return {"Retired": retired}
    return {"Retired": ""}


def _until(what: str, seconds: int, sleep: Callable[[float], None], holds: Callable[[], bool]) -> None:
    for _ in range(seconds // POLL_S):
        if holds():
            return
        sleep(POLL_S)
    raise TimeoutError(f"error: {what}: given none in {seconds} s; look at the group's activities")


def _member(client: Any, instance: str) -> Any:
    """None: it is in no group, or gone."""
    found = client.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
    return found[0] if found else None


def _group(client: Any, name: str) -> Any:
    return client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


def _serving(client: Any, name: str) -> set[str]:
    return {each["InstanceId"] for each in _group(client, name)["Instances"] if each["LifecycleState"] == "InService"}


def _healthy(balancers: Any, target_group: str, instance: str) -> bool:
    answer = balancers.describe_target_health(TargetGroupArn=target_group, Targets=[{"Id": instance}])
    return all(each["TargetHealth"]["State"] == "healthy" for each in answer["TargetHealthDescriptions"])
