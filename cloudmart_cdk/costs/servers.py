"""What EC2 instances and the cluster cost: scaling groups, node groups, their disks, the control plane.

Owns sizes: the live colour's, the desired ones, less what sleeps off-hours. Databases and caches are `stores`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..policy.model import MISSING, Deployment, Resource, parsed, section
from .charge import TABLE, Charge, Unpriced, class_of, number, number_of, one_of, times
from .prices import load
from .schedules import Change, average

_GROUP: Final = "AWS::AutoScaling::AutoScalingGroup"
_ACTION: Final = "AWS::AutoScaling::ScheduledAction"
_TEMPLATE: Final = "AWS::EC2::LaunchTemplate"

World = Mapping[str, bool]
"""Condition -> how it comes out."""


def cluster(_: Resource, __: Deployment) -> Iterator[Charge]:
    """The control plane, at a version in standard support, as the settings have them (in extended support: 0.60)."""
    yield Charge("eks.cluster", 1, "control plane")


def scaling_group(group: Resource, app: Deployment) -> Iterator[Charge]:
    """Instances at the group's minimum: it states no desired size, so that a deploy resets none (ADR 0004)."""
    template = _launched(group, "LaunchTemplate.LaunchTemplateId", app)
    name, count = _class(template), _live_sizes(app, group)[group.logical_id]
    yield Charge(f"ec2.{name}", count, times(count, name))
    yield from _disks(template, count)


def node_group(group: Resource, app: Deployment) -> Iterator[Charge]:
    """Nodes at the first size, of the first class: EKS takes the classes in their order (EKS guide, managed node
    groups, capacity types). Which one of the spot classes it gets is the market's to say.
    """
    name = next((value for value in group.items("InstanceTypes") if isinstance(value, str)), "")
    if not name:
        raise Unpriced(group, "no InstanceTypes", "the classes that it may take", "state them")
    count = average(number(group, "ScalingConfig.DesiredSize"), _node_changes(group, app))
    if one_of(group, "CapacityType", "ON_DEMAND", "SPOT") == "SPOT":
        yield Charge(f"ec2.spot.{name}", count, times(count, f"{name}, spot"), at_most=f"ec2.{name}")
    else:
        yield Charge(f"ec2.{name}", count, times(count, name))
    yield from _disks(_launched(group, "LaunchTemplate.Id", app), count)


def _launched(group: Resource, path: str, app: Deployment) -> Resource:
    template = app.target(group.get(path), _TEMPLATE)
    if template is None or group.get("MixedInstancesPolicy") is not MISSING:
        raise Unpriced(group, "instances of no launch template of this app", "one launch template", f"see {TABLE}")
    return template


def _class(template: Resource) -> str:
    return class_of(template, "LaunchTemplateData.InstanceType")


def _disks(template: Resource, count: float) -> Iterator[Charge]:
    """EBS of so many instances, apart. Disks of other types than gp3 are priced otherwise."""
    for place, mapping in enumerate(template.items("LaunchTemplateData.BlockDeviceMappings")):
        ebs = f"LaunchTemplateData.BlockDeviceMappings.{place}.Ebs"
        disk = mapping.get("Ebs", {}) if isinstance(mapping, Mapping) else {}
        if not isinstance(disk, Mapping) or disk.get("VolumeType") != "gp3" or {"Iops", "Throughput"} & disk.keys():
            raise Unpriced(template, f"{ebs} {disk}", "gp3 at its own speed", f"teach {TABLE} what it costs")
        size = number_of(disk.get("VolumeSize"), template, f"{ebs}.VolumeSize")
        yield Charge("ebs.gp3", size * count, times(count, f"{size:.0f} GB gp3"), "apart", "month")


def _node_changes(group: Resource, app: Deployment) -> Iterator[Change]:
    """What schedules make of a node group's size."""
    for schedule in app.of("AWS::Scheduler::Schedule"):
        if not str(schedule.get("Target.Arn")).endswith(":eks:updateNodegroupConfig"):
            continue
        order = parsed(schedule.get("Target.Input"))
        if not isinstance(order, Mapping) or app.target(order.get("NodegroupName")) is not group:
            continue
        scaling = order.get("ScalingConfig")
        size = scaling.get("DesiredSize") if isinstance(scaling, Mapping) else None
        where = "Target.Input ScalingConfig.DesiredSize"
        yield Change(
            schedule.get("ScheduleExpression"),
            schedule.get("ScheduleExpressionTimezone"),
            number_of(size, schedule, where),
        )


def _live_sizes(app: Deployment, asked: Resource) -> Mapping[str, float]:
    """Group -> size, for all scaling groups of a stack, in the dearest state that its parameters may choose.

    Which colour is live is such a parameter: both have instances in the template, and only one of them at a time.
    """
    template = app.stacks[asked.stack].template
    resources = section(app.stacks[asked.stack], "Resources")
    groups = {id_: of["Properties"] for id_, of in resources.items() if of.get("Type") == _GROUP}
    actions = [of["Properties"] for of in resources.values() if of.get("Type") == _ACTION]

    def size(id_: str, world: World) -> float:
        changes = [
            Change(of.get("Recurrence"), of.get("TimeZone"), _size(of, world, asked))
            for of in actions
            if of.get("AutoScalingGroupName") == {"Ref": id_}
        ]
        return average(_size(groups[id_], world, asked), changes)

    def usd(sizes: Mapping[str, float]) -> float:
        return sum(count * _usd_hour(app, asked.stack, id_) for id_, count in sizes.items())

    return max(({id_: size(id_, world) for id_ in groups} for world in _worlds(template)), key=usd)


def _usd_hour(app: Deployment, stack: str, id_: str) -> float:
    group = next(found for found in app.of(_GROUP) if (found.stack, found.logical_id) == (stack, id_))
    template = app.target(group.get("LaunchTemplate.LaunchTemplateId"), _TEMPLATE)
    line = load().lines.get(f"ec2.{template.get('LaunchTemplateData.InstanceType')}") if template else None
    return line.course if line else 0


def _worlds(template: Mapping[str, Any]) -> list[World]:
    """How conditions come out, for each value that a parameter may take; what is no such condition stays open."""
    worlds: list[World] = []
    for name, parameter in template.get("Parameters", {}).items():
        chosen = {
            condition: given["Fn::Equals"][1]
            for condition, given in template.get("Conditions", {}).items()
            if given.get("Fn::Equals", [None])[0] == {"Ref": name}
        }
        if chosen and "AllowedValues" in parameter:
            worlds += [
                {condition: value == allowed for condition, value in chosen.items()}
                for allowed in parameter["AllowedValues"]
            ]
    return worlds or [{}]


def _size(of: Mapping[str, Any], world: World, group: Resource) -> float:
    """Instances that a group or an action asks for. An open condition counts as its larger side."""

    def settled(raw: Any) -> float:
        if isinstance(raw, Mapping) and set(raw) == {"Fn::If"}:
            condition, yes, no = raw["Fn::If"]
            if condition in world:
                return settled(yes if world[condition] else no)
            return max(settled(yes), settled(no))
        return number_of(raw, group, "MinSize")

    return max(settled(of[name]) for name in ("MinSize", "DesiredCapacity") if name in of)
