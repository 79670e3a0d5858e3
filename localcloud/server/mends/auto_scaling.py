"""AWS::AutoScaling::AutoScalingGroup: the instances behind a group.

Faults: a group made by CloudFormation has no instance, is in no target group, and an update resets
its live size. Here a group has EC2 records for its instances, registered with its target groups,
and processes of this machine stand in for them: `LOCALCLOUD_INSTANCES`, a list of host:port.
"""

import itertools
import os
import threading
from typing import Any, Final

from ministack.services import alb, autoscaling, ec2
from ministack.services.cloudformation import provisioners

from localcloud.server import patching
from localcloud.server.api import call
from localcloud.server.mends import health, hooks
from localcloud.server.resource import Properties

PROCESSES_VARIABLE: Final = "LOCALCLOUD_INSTANCES"
_TYPE: Final = "AWS::AutoScaling::AutoScalingGroup"

Group = dict[str, Any]

_counter = itertools.count()
_reconciling = threading.local()


def _processes() -> list[health.Address]:
    entries = [entry for entry in os.environ.get(PROCESSES_VARIABLE, "").split(",") if entry]
    pairs = [entry.rpartition(":") for entry in entries]
    return [(host, int(port)) for host, _, port in pairs]


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
    """An EC2 record for one of the group's instances."""
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
    processes = _processes()
    if processes:
        health.addresses[made["InstanceId"]] = processes[next(_counter) % len(processes)]


def _terminate(instances: list[str]) -> None:
    known = [instance for instance in instances if instance in ec2._instances]
    if known:
        call("ec2", "terminate_instances", InstanceIds=known)
        # Root volumes go with their instance; MiniStack keeps them.
        for volume in list(ec2._volumes.values()):
            if any(attached.get("InstanceId") in known for attached in volume.get("Attachments", [])):
                del ec2._volumes[volume["VolumeId"]]
    for instance in instances:
        health.addresses.pop(instance, None)


def _leave(target_groups: list[str], instances: list[str]) -> None:
    gone = set(instances)
    for arn in target_groups:
        if arn in alb._targets:
            alb._targets[arn] = [target for target in alb._targets[arn] if target["Id"] not in gone]


def _join(target_groups: list[str], instances: list[str]) -> None:
    for arn in target_groups:
        registered = alb._targets.setdefault(arn, [])
        known = {target["Id"] for target in registered}
        port = alb._tgs[arn].get("Port", 80)
        registered += [{"Id": instance, "Port": port} for instance in instances if instance not in known]


def _reconcile(group: Group) -> None:
    """As many instances as desired, each with its record and in the target groups."""
    if getattr(_reconciling, "active", False):
        return
    _reconciling.active = True
    try:
        before = [instance["InstanceId"] for instance in group["Instances"]]
        _original_reconcile(group)
        subnets = [subnet for subnet in group["VPCZoneIdentifier"].split(",") if subnet] or [None]
        for index, instance in enumerate(group["Instances"]):
            if instance["InstanceId"] not in ec2._instances:
                _launch(group, instance, subnets[index % len(subnets)])
        now = [instance["InstanceId"] for instance in group["Instances"]]
        gone = [instance for instance in before if instance not in now]
        target_groups = group.get("TargetGroupARNs") or []
        _leave(target_groups, gone)
        _terminate(gone)
        _join(target_groups, now)
    finally:
        _reconciling.active = False


def _apply(physical_id: str, properties: Properties) -> None:
    group = autoscaling._asgs[physical_id]
    wanted = list(properties.get("TargetGroupARNs") or [])
    left = [arn for arn in group.get("TargetGroupARNs") or [] if arn not in wanted]
    _leave(left, [instance["InstanceId"] for instance in group["Instances"]])
    group["TargetGroupARNs"] = wanted
    for hook in properties.get("LifecycleHookSpecificationList") or []:
        name = hook["LifecycleHookName"]
        autoscaling._hooks[f"{physical_id}/{name}"] = autoscaling._hook_record(physical_id, name, hook)
    _reconcile(group)


def _clear(physical_id: str, _: Properties) -> None:
    group = autoscaling._asgs.get(physical_id)
    if group is not None:
        instances = [instance["InstanceId"] for instance in group["Instances"]]
        _leave(group.get("TargetGroupARNs") or [], instances)
        _terminate(instances)


def _live_size(group: Group, fields: dict[str, Any], properties: Properties) -> dict[str, Any]:
    """The fields of an update; without a desired size in the template the live one stays, within bounds."""
    if "DesiredCapacity" not in properties:
        fields["DesiredCapacity"] = min(max(group["DesiredCapacity"], fields["MinSize"]), fields["MaxSize"])
    return fields


def _target_groups_xml(group: Group) -> str:
    members = "".join(f"<member>{arn}</member>" for arn in group.get("TargetGroupARNs") or [])
    return f"<TargetGroupARNs>{members}</TargetGroupARNs>"


_original_reconcile = autoscaling._reconcile_instances


def install() -> None:
    autoscaling._reconcile_instances = _reconcile
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
