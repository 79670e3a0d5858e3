"""What nodes hold, and whether the pods of a stage find a place on them.

Owns the model: what kubelet leaves of a machine, which pods there are at the least and at the most, and a placement of
them, pod by pod. Not the figures (`catalogue`, `system_pods`, the settings), nor the words of a refusal (`eks_checks`).

Assumed: the worst class of a group; charts' pods and services that must not move on on-demand nodes only, the other
services on spot nodes first, as their affinity asks; spreading over zones and nodes is wished, not demanded, so that
it never leaves a pod without a node. Not modelled: nobody moves pods that came earlier to make room for others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from . import catalogue, system_pods
from .catalogue import Chart, InstanceClass
from .model import Eks, NodeGroup
from .system_pods import SystemPod

_OPTIONAL: Final[dict[Chart, str]] = {
    "vertical-pod-autoscaler": "vertical_recommendations",
    "kube-prometheus-stack": "prometheus",
}
"""Chart -> the setting of `eks` that turns it on."""

Size = Literal["replicas", "hpa_max"]

_PLENTY: Final = 10**9
_EVICTION_MIB: Final = 100
"""Below so much free memory kubelet evicts (`memory.available`, nodeadm)."""
_UNSEEN: Final = 0.075
"""Share of the nominal memory that hypervisor and kernel keep: Karpenter's default, a little more than is seen."""


@dataclass(frozen=True)
class Reserved:
    """What kubelet keeps from pods for itself and the container runtime (`kubeReserved`)."""

    cpu_m: int
    memory_mib: int


@dataclass(frozen=True)
class Room:
    """What pods may request on a node."""

    cpu_m: int
    memory_mib: int
    pods: int

    def without(self, cpu_m: int, memory_mib: int) -> "Room":
        """With one pod more on it; below zero where it does not fit."""
        return Room(self.cpu_m - cpu_m, self.memory_mib - memory_mib, self.pods - 1)

    @property
    def enough(self) -> bool:
        return min(self.cpu_m, self.memory_mib, self.pods) >= 0


@dataclass(frozen=True)
class Pod:
    """A pod that wants a place. `stays`: never on a spot node. `moves`: on one, if there is room."""

    name: str
    cpu_m: int
    memory_mib: int
    stays: bool = False
    moves: bool = False


@dataclass(frozen=True)
class Plan:
    """Pods and the nodes they shall fit on. `left` found no place."""

    on_demand: int
    spot: int
    pods: tuple[Pod, ...]
    left: tuple[Pod, ...]

    @property
    def nodes(self) -> int:
        return self.on_demand + self.spot


def reserved(vcpu: int, *, max_pods: int) -> Reserved:
    """nodeadm's formula, with our own number of pods.

    nodeadm itself takes the number that a class holds without prefixes, 17 on a t3.medium, whatever `maxPods` says
    (amazon-eks-ami, nodeadm/internal/kubelet/config.go): `node_groups` states this figure instead.
    """
    shares = (60, 10, 5, 5)  # of the first core, the second, and so on; 2.5 of every further one
    cpu = sum(shares[:vcpu]) + int(2.5 * max(vcpu - len(shares), 0))
    return Reserved(cpu, 255 + 11 * max_pods)


def widest_reserved(groups: Sequence[NodeGroup], *, max_pods: int) -> Reserved:
    """One figure for all groups, which share a launch template: that of the class with most cores."""
    return reserved(
        max(catalogue.EC2[name].vcpu for group in groups for name in group.instance_types), max_pods=max_pods
    )


def allocatable(instance: InstanceClass, *, kept: Reserved, max_pods: int) -> Room:
    """What `kubectl describe node` shows under Allocatable, at the least."""
    memory = int(instance.memory_mib * (1 - _UNSEEN)) - kept.memory_mib - _EVICTION_MIB
    return Room(instance.vcpu * 1000 - kept.cpu_m, memory, max_pods)


def system(eks: Eks, *, options: bool = True) -> Iterator[SystemPod]:
    """Pods of all add-ons and of the charts that are on; `options`: also those that a stage can do without."""
    for addon in eks.addons:
        yield from system_pods.whole(system_pods.pods(addon))
    for chart in system_pods.CHART_PODS:
        if chart not in _OPTIONAL or (options and getattr(eks, _OPTIONAL[chart])):
            yield from system_pods.whole(system_pods.pods(chart))


def offered(eks: Eks, group: NodeGroup) -> Room:
    """What a node of the group's worst class gives to pods."""
    kept = widest_reserved((eks.on_demand, eks.spot), max_pods=eks.max_pods)
    rooms = [allocatable(catalogue.EC2[name], kept=kept, max_pods=eks.max_pods) for name in group.instance_types]
    return Room(min(room.cpu_m for room in rooms), min(room.memory_mib for room in rooms), eks.max_pods)


def room(eks: Eks, group: NodeGroup) -> Room:
    """What is left of it under the DaemonSets."""
    left = offered(eks, group)
    for pod in system(eks):
        if pod.per_node:
            left = left.without(pod.cpu_m, pod.memory_mib)
    return left


def wanted(eks: Eks, size: Size, *, options: bool = True) -> tuple[Pod, ...]:
    """All pods but the DaemonSets', services at their least or at their most."""
    own = (
        Pod(pod.name, pod.cpu_m, pod.memory_mib, stays=pod.on_demand)
        for pod in system(eks, options=options)
        if not pod.per_node
        for _ in range(pod.replicas)
    )
    return (*own, *_of_services(eks, size))


def _of_services(eks: Eks, size: Size) -> tuple[Pod, ...]:
    return tuple(
        Pod(name, s.cpu_request, s.memory_request, stays=s.capacity == "on-demand", moves=s.capacity == "any")
        for name, s in eks.services.items()
        for _ in range(getattr(s, size))
    )


def new_pod(eks: Eks) -> tuple[Pod, ...]:
    """What a rolling release of one service needs: one pod more, of the service that asks for most."""
    return (max(_of_services(eks, "replicas"), key=lambda pod: pod.cpu_m),) if eks.services else ()


def canary(eks: Eks) -> tuple[Pod, ...]:
    """What a canary of one service needs: its replicas once more, of the service that asks for most."""
    pods = _of_services(eks, "replicas")
    services = [tuple(pod for pod in pods if pod.name == name) for name in eks.services]
    return max(services, key=lambda group: sum(pod.cpu_m for pod in group), default=())


def place(pods: Sequence[Pod], *, on_demand: Sequence[Room], spot: Sequence[Room]) -> tuple[Pod, ...]:
    """First fit, largest first, those with less choice before the others. Returns the pods that found no place."""
    nodes = [*spot, *on_demand]
    cpu, memory = max((node.cpu_m for node in nodes), default=1), max((node.memory_mib for node in nodes), default=1)

    def order(pod: Pod) -> tuple[bool, float]:
        return not pod.stays, -max(pod.cpu_m / max(cpu, 1), pod.memory_mib / max(memory, 1))

    spots, others = range(len(spot)), range(len(spot), len(nodes))
    left = []
    reached: dict[Pod, int] = {}  # where its equals found place: none has become emptier since
    for pod in sorted(pods, key=order):
        choice = (*others,) if pod.stays else (*spots, *others) if pod.moves else (*others, *spots)
        for position in range(reached.get(pod, 0), len(choice)):
            after = nodes[choice[position]].without(pod.cpu_m, pod.memory_mib)
            if after.enough:
                nodes[choice[position]] = after
                reached[pod] = position
                break
        else:
            reached[pod] = len(choice)
            left.append(pod)
    return tuple(left)


def plan(eks: Eks, pods: Sequence[Pod], *, on_demand: int, spot: int) -> Plan:
    """The pods on so many nodes."""
    left = place(pods, on_demand=[room(eks, eks.on_demand)] * on_demand, spot=[room(eks, eks.spot)] * spot)
    return Plan(on_demand, spot, tuple(pods), left)


def lacking(eks: Eks, plan: Plan) -> str:
    """Of what alone there would have to be more; empty: of more than one thing."""
    for what in ("cpu_m", "memory_mib", "pods"):
        on_demand, spot = (replace(room(eks, group), **{what: _PLENTY}) for group in (eks.on_demand, eks.spot))
        if not place(plan.pods, on_demand=[on_demand] * plan.on_demand, spot=[spot] * plan.spot):
            return what
    return ""


def at_minimum(eks: Eks) -> Plan:
    """Services at their least and a rolling release, on the fewest nodes: what a quiet night leaves.

    Without Prometheus and the like: what a stage can do without may hold the autoscaler above the minimum.
    """
    pods = (*wanted(eks, "replicas", options=False), *new_pod(eks))
    return plan(eks, pods, on_demand=eks.on_demand.min, spot=eks.spot.min)


def at_start(eks: Eks) -> Plan:
    """Services at their least, a rolling release and all options, on the first nodes: what a deploy starts."""
    pods = (*wanted(eks, "replicas"), *new_pod(eks))
    return plan(eks, pods, on_demand=eks.on_demand.desired, spot=eks.spot.desired)


def at_maximum(eks: Eks) -> Plan:
    """All autoscalers at their ends, a canary and all options, on the most nodes."""
    pods = (*wanted(eks, "hpa_max"), *canary(eks))
    return plan(eks, pods, on_demand=eks.on_demand.max, spot=eks.spot.max)
