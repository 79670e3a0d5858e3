"""The backend's instances: CPU, memory and disk per colour, instances in service over all colours."""

from collections.abc import Iterable, Iterator

from ..watched import AGENT_NAMESPACE, WatchedGroups
from .row import Alarm, Math, Metric, Severity
from .usage import MINUTE, cpu, disk, memory


def group_alarms(groups: WatchedGroups) -> Iterator[Alarm]:
    """CPU credits are not watched: t3 and t4g are `unlimited` by default, so without credits they cost more."""
    for colour, name in groups.names.items():
        of_group = {"AutoScalingGroupName": name}
        what = f"The {colour} backend instances"
        yield cpu(f"shop-{colour}-cpu", what, Metric("AWS/EC2", "CPUUtilization", "Average", of_group))
        yield memory(f"shop-{colour}-memory", what, Metric(AGENT_NAMESPACE, "mem_used_percent", "Average", of_group))
        # The fullest: instances are equal, and each runs full by itself.
        yield disk(f"shop-{colour}-disk", what, Metric(AGENT_NAMESPACE, "disk_used_percent", "Maximum", of_group))
    yield _below_minimum(groups)


def _below_minimum(groups: WatchedGroups) -> Alarm:
    in_service = {
        f"serving{number}": _of_group("GroupInServiceInstances", name)
        for number, name in enumerate(groups.names.values())
    }
    wanted = {
        f"wanted{number}": _of_group("GroupDesiredCapacity", name)
        for number, name in enumerate(groups.names.values())
        if groups.off_hours
    }
    missing = f"{groups.minimum} - ({_sum(in_service)})"
    return Alarm(
        id="shop-below-minimum",
        broke=f"Fewer than {groups.minimum} backend instances are in service, all colours together",
        watch=Math(
            # Where nights are at zero, nothing wanted means nothing missing: no clock, no holidays to know.
            f"IF(({_sum(wanted)}) > 0, {missing}, 0)" if wanted else missing,
            in_service | wanted,
        ),
        threshold=0,
        period_s=MINUTE,
        # A lost instance is replaced in about three minutes; every morning the first one takes longer to come up.
        datapoints=(10, 10) if groups.off_hours else (3, 3),
        severity=Severity.CRITICAL,
        silence="missing",
        page="below-minimum",
    )


def _of_group(name: str, group: str) -> Metric:
    return Metric("AWS/AutoScaling", name, "Minimum", {"AutoScalingGroupName": group})


def _sum(terms: Iterable[str]) -> str:
    return " + ".join(f"FILL({term}, 0)" for term in terms)
