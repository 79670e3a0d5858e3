"""What EC2 instances and the cluster cost: scaling groups, node groups, their disks, the control plane.

Owns sizes: the live colour's, the desired ones, less what sleeps off-hours. Databases and caches are `stores`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..policy.lookups import same
from ..policy.model import MISSING, Deployment, Resource, parsed, section
from ..policy.rule import shown
from ..settings.catalogue import KUBERNETES
from .charge import PRICE_FILE, TABLE, Charge, Unpriced, class_of, number, number_of, one_of, times
from .prices import load
from .schedules import Change, average, of_scheduler

_GROUP: Final = "AWS::AutoScaling::AutoScalingGroup"
_ACTION: Final = "AWS::AutoScaling::ScheduledAction"
_NODES: Final = "AWS::EKS::Nodegroup"
_TEMPLATE: Final = "AWS::EC2::LaunchTemplate"
_RESIZE: Final = "eks:updateNodegroupConfig"
_COUNTED: Final = (
    "rds:startDBCluster", "rds:startDBInstance", "rds:stopDBCluster", "rds:stopDBInstance",
    "ssm:startAutomationExecution",
)  # fmt: skip
"""Calls of schedules that `stores` counts; automations are restore drills, a volume."""
_EKS_CLASS: Final = "t3.medium"
_EKS_DISK_GB: Final = 20
"""What EKS takes where a node group says nothing (EKS API, CreateNodegroup: instanceTypes, diskSize)."""

World = Mapping[str, bool]
"""Condition -> how it comes out."""


def cluster(resource: Resource, _: Deployment) -> Iterator[Charge]:
    """The control plane in standard support; in extended support, where AWS moves old versions, it costs six times."""
    version = resource.get("Version")
    standard = resource.get("UpgradePolicy.SupportType") == "STANDARD"
    if not standard and version is not MISSING and version not in KUBERNETES:
        allowed = f"{' or '.join(KUBERNETES)}, or UpgradePolicy.SupportType STANDARD"
        raise Unpriced(resource, f"Version {shown(version)}", allowed, "extended support costs more; state one of them")
    yield Charge("eks.cluster", 1, "control plane")


def scheduled_action(action: Resource, app: Deployment) -> Iterator[Charge]:
    """Counted with its group; raises `Unpriced` for one whose group is not in its stack."""
    named = action.get("AutoScalingGroupName")
    groups = [group for group in app.of(_GROUP) if group.stack == action.stack]
    if not any(same(app.target(named, _GROUP), group) or _named(group, named) for group in groups):
        given = f"AutoScalingGroupName {shown(named)}"
        raise Unpriced(action, given, "a group of its stack", "name it by reference: it is counted there")
    return iter(())


def schedule(resource: Resource, app: Deployment) -> Iterator[Charge]:
    """Counted with what it resizes; raises `Unpriced` for a call of AWS that may make something dearer, uncounted."""
    call = str(resource.get("Target.Arn")).partition(":aws-sdk:")[2]
    if call == _RESIZE:
        order = parsed(resource.get("Target.Input"))
        named = order.get("NodegroupName") if isinstance(order, Mapping) else MISSING
        if not any(_is(group, named, app) for group in app.of(_NODES)):
            given = f"NodegroupName {shown(named)}"
            raise Unpriced(resource, given, "a node group of this app", "name it by reference: it is counted there")
    elif call and call not in _COUNTED:
        allowed = ", ".join((_RESIZE, *_COUNTED))
        raise Unpriced(resource, f"a call of {call}", allowed, f"teach {TABLE} what it costs")
    return iter(())


def scaling_group(group: Resource, app: Deployment) -> Iterator[Charge]:
    """Instances at the group's minimum: it states no desired size, so that a deploy resets none (ADR 0004)."""
    template = _launched(group, "LaunchTemplate.LaunchTemplateId", app)
    name, count = _class(template), _live_sizes(app, group)[group.logical_id]
    yield Charge(f"ec2.{name}", count, times(count, name))
    yield from _disks(template, count)


def node_group(group: Resource, app: Deployment) -> Iterator[Charge]:
    """Nodes at the first size, of the first class: EKS takes the classes in their order (EKS guide, managed node
    groups, capacity types). Which one of the spot classes it gets is the market's to say: all have to have a price.
    """
    template = None if group.get("LaunchTemplate") is MISSING else _launched(group, "LaunchTemplate.Id", app)
    name = _node_class(group, template)
    first = max(number(group, "ScalingConfig.DesiredSize"), number(group, "ScalingConfig.MinSize", 0))
    count = average(first, _node_changes(group, app))
    if one_of(group, "CapacityType", "ON_DEMAND", "SPOT", default="ON_DEMAND") == "SPOT":
        yield Charge(f"ec2.spot.{name}", count, times(count, f"{name}, spot"), at_most=f"ec2.{name}")
    else:
        yield Charge(f"ec2.{name}", count, times(count, name))
    if template:
        yield from _disks(template, count)
    else:
        size = number(group, "DiskSize", _EKS_DISK_GB)
        yield Charge("ebs.gp2", size * count, times(count, f"{size:.0f} GB gp2"), "apart", "month")


def _node_class(group: Resource, template: Resource | None) -> str:
    """The first of its classes: stated by the group, else by its launch template, else AWS's."""
    if group.get("InstanceTypes") is MISSING:
        stated = template is not None and template.get("LaunchTemplateData.InstanceType") is not MISSING
        return _class(template) if template and stated else _EKS_CLASS
    names = group.items("InstanceTypes")
    for name in names:
        if not isinstance(name, str) or f"ec2.{name}" not in load().lines:
            raise Unpriced(group, f"InstanceTypes {shown(names)}", "classes that have a price", f"see {PRICE_FILE}")
    if not names:
        raise Unpriced(group, "no InstanceTypes", "the classes that it may take", "state them")
    return str(names[0])


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
    for each in app.of("AWS::Scheduler::Schedule"):
        if not str(each.get("Target.Arn")).endswith(f":{_RESIZE}"):
            continue
        order = parsed(each.get("Target.Input"))
        if not isinstance(order, Mapping) or not _is(group, order.get("NodegroupName"), app):
            continue
        scaling = order.get("ScalingConfig")
        size = scaling.get("DesiredSize") if isinstance(scaling, Mapping) else None
        yield from of_scheduler(each, number_of(size, each, "Target.Input ScalingConfig.DesiredSize"))


def _is(group: Resource, named: object, app: Deployment) -> bool:
    """Whether a node group is meant: by reference, or by the name that it states."""
    return same(app.target(named, _NODES), group) or (isinstance(named, str) and named == group.get("NodegroupName"))


def _named(group: Resource, named: object) -> bool:
    return isinstance(named, str) and named == group.get("AutoScalingGroupName")


def _live_sizes(app: Deployment, asked: Resource) -> Mapping[str, float]:
    """Group -> size, for all scaling groups of a stack, in the dearest state that its parameters may choose.

    Which colour is live is such a parameter: both have instances in the template, and only one of them at a time.
    """
    template = app.stacks[asked.stack].template
    resources = {id_: _mapping(of) for id_, of in section(app.stacks[asked.stack], "Resources").items()}
    groups = {id_: _mapping(of.get("Properties")) for id_, of in resources.items() if of.get("Type") == _GROUP}
    actions = [_mapping(of.get("Properties")) for of in resources.values() if of.get("Type") == _ACTION]

    def size(id_: str, world: World) -> float:
        names = [{"Ref": id_}, groups[id_].get("AutoScalingGroupName", MISSING)]
        changes = [
            # One that begins or ends some day is not of every week.
            Change(None if {"StartTime", "EndTime"} & of.keys() else of.get("Recurrence"), of.get("TimeZone"), count)
            for of in actions
            if of.get("AutoScalingGroupName") in names and (count := _size(of, world, asked)) is not None
        ]
        first = _size(groups[id_], world, asked)
        if first is None:
            raise Unpriced(asked, "no MinSize", "a number that the template states", "state it")
        return average(first, changes)

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
    conditions = _mapping(template.get("Conditions"))
    for name, parameter in _mapping(template.get("Parameters")).items():
        chosen: dict[str, str] = {}
        for condition, given in conditions.items():
            match _mapping(given).get("Fn::Equals"):
                case [{"Ref": chooser}, str() as value] if chooser == name:
                    chosen[condition] = value
        allowed = _mapping(parameter).get("AllowedValues")
        if chosen and isinstance(allowed, list):
            worlds += [{condition: value == one for condition, value in chosen.items()} for one in allowed]
    return worlds or [{}]


def _mapping(found: Any) -> Mapping[str, Any]:
    """Templates may be anybody's, broken ones too."""
    return found if isinstance(found, Mapping) else {}


def _size(of: Mapping[str, Any], world: World, group: Resource) -> float | None:
    """Instances that a group or an action asks for, if it does. An open condition counts as its larger side."""

    def settled(raw: Any) -> float:
        match raw:
            case {"Fn::If": [str() as condition, yes, no]} if condition in world:
                return settled(yes if world[condition] else no)
            case {"Fn::If": [str(), yes, no]}:
                return max(settled(yes), settled(no))
        return number_of(raw, group, "MinSize")

    return max((settled(of[name]) for name in ("MinSize", "DesiredCapacity") if name in of), default=None)
