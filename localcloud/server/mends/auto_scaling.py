"""AWS::AutoScaling::AutoScalingGroup: the instances behind a group.

Faults: a group made by CloudFormation has no instance, is in no target group, and an update resets its live size; an
instance that somebody terminates stays in its group, and its volume stays. Here
a group has instances, each an EC2 record and a process (`instances`), registered with its target groups; a stack waits
until they are healthy, and an update of the launch template replaces them one by one, new before old.
"""

import contextvars
import threading
from typing import Any, Final

from ministack.services import alb, autoscaling, ec2
from ministack.services.cloudformation import provisioners

from localcloud.server import instances, patching
from localcloud.server.api import call
from localcloud.server.mends import balancing, hooks
from localcloud.server.resource import Properties

_TYPE: Final = "AWS::AutoScaling::AutoScalingGroup"

Group = dict[str, Any]

_reconciling = threading.local()
_lock = threading.RLock()
_ending: set[str] = set()
"""Instances that a group ends itself; any other that goes is replaced."""


def _template_data(group: Group) -> dict[str, Any]:
    template = group.get("LaunchTemplate") or {}
    if not template.get("LaunchTemplateId"):
        return {}
    versions = call("ec2", "describe_launch_template_versions", LaunchTemplateId=template["LaunchTemplateId"])[
        "LaunchTemplateVersions"
    ]
    wanted = [version for version in versions if str(version["VersionNumber"]) == str(template.get("Version"))]
    return dict((wanted or versions[-1:])[0]["LaunchTemplateData"])


def _launch(group: Group, instance: dict[str, Any], subnet: str | None) -> None:
    """An EC2 record for one of the group's instances, and its first boot."""
    data = _template_data(group)
    parameters = {
        "ImageId": data.get("ImageId"),
        "InstanceType": data.get("InstanceType"),
        "SubnetId": subnet,
        "SecurityGroupIds": data.get("SecurityGroupIds"),
    }
    given = {key: value for key, value in parameters.items() if value}
    made = call("ec2", "run_instances", MinCount=1, MaxCount=1, **given)["Instances"][0]
    instance["InstanceId"] = made["InstanceId"]
    instance["AvailabilityZone"] = made.get("Placement", {}).get("AvailabilityZone", "")
    tags = [{"Key": "aws:autoscaling:groupName", "Value": group["AutoScalingGroupName"]}]
    tags += [{"Key": t["Key"], "Value": t["Value"]} for t in group["Tags"] if t.get("PropagateAtLaunch")]
    call("ec2", "create_tags", Resources=[made["InstanceId"]], Tags=tags)
    instances.launch(made["InstanceId"], group=group["AutoScalingGroupName"], user_data=data.get("UserData", ""))


def _terminate(ending: list[str]) -> None:
    known = [instance for instance in ending if instance in ec2._instances]
    if known:
        _ending.update(known)
        call("ec2", "terminate_instances", InstanceIds=known)
        _ending.difference_update(known)
    for instance in ending:
        instances.end(instance)


def _terminate_instances(parameters: dict[str, Any]) -> Any:
    """EC2's call: root volumes go with their instance, and a group replaces one that it has not ended itself."""
    answer = _original_terminate(parameters)
    ids = [id for id in ec2._parse_member_list(parameters, "InstanceId") if _is_terminated(id)]
    for volume in list(ec2._volumes.values()):
        if any(attached.get("InstanceId") in ids for attached in volume.get("Attachments", [])):
            del ec2._volumes[volume["VolumeId"]]
    lost = [id for id in ids if id not in _ending]
    for group in list(autoscaling._asgs.values()):
        if gone := [id for id in _ids(group) if id in lost]:
            # The context carries account and region of the request.
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(_replace_lost, group, gone), daemon=True).start()
    return answer


def _is_terminated(instance: str) -> bool:
    return bool(ec2._instances.get(instance, {}).get("State", {}).get("Name") == "terminated")


def _replace_lost(group: Group, gone: list[str]) -> None:
    with _lock:
        group["Instances"] = [instance for instance in group["Instances"] if instance["InstanceId"] not in gone]
        _leave(group.get("TargetGroupARNs") or [], gone)
        for instance in gone:
            instances.end(instance)
        _reconcile(group)


def _leave(target_groups: list[str], leaving: list[str]) -> None:
    gone = set(leaving)
    for arn in target_groups:
        with balancing.membership:
            if arn in alb._targets:
                alb._targets[arn] = [target for target in alb._targets[arn] if target["Id"] not in gone]


def _join(target_groups: list[str], joining: list[str]) -> None:
    for arn in target_groups:
        port = alb._tgs[arn].get("Port", 80)
        with balancing.membership:
            registered = alb._targets.setdefault(arn, [])
            known = {target["Id"] for target in registered}
            registered += [{"Id": instance, "Port": port} for instance in joining if instance not in known]


def _ids(group: Group) -> list[str]:
    return [instance["InstanceId"] for instance in group["Instances"]]


def _reconcile(group: Group) -> None:
    """As many instances as desired, each with its record and in the target groups."""
    if getattr(_reconciling, "active", False):
        return
    _reconciling.active = True
    try:
        with _lock:
            before = _ids(group)
            _original_reconcile(group)
            subnets = [subnet for subnet in group["VPCZoneIdentifier"].split(",") if subnet] or [None]
            for index, instance in enumerate(group["Instances"]):
                if instance["InstanceId"] not in ec2._instances:
                    _launch(group, instance, subnets[index % len(subnets)])
            now = _ids(group)
            gone = [instance for instance in before if instance not in now]
            target_groups = group.get("TargetGroupARNs") or []
            _leave(target_groups, gone)
            _terminate(gone)
            _join(target_groups, now)
    finally:
        _reconciling.active = False


def _replace_outdated(group: Group) -> None:
    """A rolling update: instances of another launch template go, each when its successor is healthy."""
    current = group.get("LaunchTemplate") or {}
    for old in [entry for entry in group["Instances"] if (entry.get("LaunchTemplate") or {}) != current]:
        before = _ids(group)
        with _lock:
            group["DesiredCapacity"] += 1
            try:
                _reconcile(group)
            finally:
                group["DesiredCapacity"] -= 1
        instances.wait([new for new in _ids(group) if new not in before])
        group["Instances"].remove(old)
        _leave(group.get("TargetGroupARNs") or [], [old["InstanceId"]])
        _terminate([old["InstanceId"]])


def _apply(physical_id: str, properties: Properties) -> None:
    group = autoscaling._asgs[physical_id]
    wanted = list(properties.get("TargetGroupARNs") or [])
    left = [arn for arn in group.get("TargetGroupARNs") or [] if arn not in wanted]
    _leave(left, _ids(group))
    group["TargetGroupARNs"] = wanted
    for hook in properties.get("LifecycleHookSpecificationList") or []:
        name = hook["LifecycleHookName"]
        autoscaling._hooks[f"{physical_id}/{name}"] = autoscaling._hook_record(physical_id, name, hook)
    _reconcile(group)
    _replace_outdated(group)
    if wanted:
        # The meaning of the creation policy: each instance is waited for until the load balancer finds it healthy.
        instances.wait(_ids(group))


def _clear(physical_id: str, _: Properties) -> None:
    group = autoscaling._asgs.get(physical_id)
    if group is not None:
        _leave(group.get("TargetGroupARNs") or [], _ids(group))
        _terminate(_ids(group))


def _live_size(group: Group, fields: dict[str, Any], properties: Properties) -> dict[str, Any]:
    """The fields of an update; without a desired size in the template the live one stays, within bounds."""
    if "DesiredCapacity" not in properties:
        fields["DesiredCapacity"] = min(max(group["DesiredCapacity"], fields["MinSize"]), fields["MaxSize"])
    return fields


def _target_groups_xml(group: Group) -> str:
    members = "".join(f"<member>{arn}</member>" for arn in group.get("TargetGroupARNs") or [])
    return f"<TargetGroupARNs>{members}</TargetGroupARNs>"


_original_reconcile = autoscaling._reconcile_instances
_original_terminate = ec2._terminate_instances


def install() -> None:
    autoscaling._reconcile_instances = _reconcile
    ec2._ACTION_MAP["TerminateInstances"] = _terminate_instances
    hooks.after(_TYPE, _apply)
    hooks.before_delete(_TYPE, _clear)
    patching.edit(
        provisioners._asg_update,
        old="asg.update(_asg_fields(new_props))",
        new="asg.update(_localcloud_live_size(asg, _asg_fields(new_props), new_props))",
        names={"_localcloud_live_size": _live_size},
    )
    patching.edit(
        autoscaling._describe_asgs,
        old='f"{_instances_xml(asg)}"',
        new='f"{_instances_xml(asg)}{_localcloud_target_groups_xml(asg)}"',
        names={"_localcloud_target_groups_xml": _target_groups_xml},
    )
