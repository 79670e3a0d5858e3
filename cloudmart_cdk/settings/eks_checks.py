"""Checks over the settings of the cluster: sizes that fit, pods that find a place, versions that go together.

Owns what `checks` owns of the rest: each check yields `Problem`s. What nodes hold is `capacity`'s.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final, get_args

from . import capacity, catalogue
from .capacity import Plan
from .model import Eks, NodeGroup, Settings
from .problem import Problem

_PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918. EKS takes Services' addresses from these only."""
_WANT: Final = {
    "cpu_m": " for want of CPU",
    "memory_mib": " for want of memory (kubelet keeps 11 MiB of a node for each of eks.max_pods)",
    "pods": " that take more pods (eks.max_pods)",
}
_MOST_NODES: Final = 100
"""Where the search for a number of nodes ends."""


def problems(settings: Settings) -> Iterator[Problem]:
    """All that is wrong with the cluster's settings, each of them right by itself."""
    sizes = list(_sizes(settings.eks))
    yield from sizes
    yield from _services(settings.eks)
    if not sizes:  # or the same mistake would be told twice
        yield from _minimum(settings.eks)
        yield from _maximum(settings.eks)
    yield from _addresses(settings)
    yield from _addons(settings.eks)
    yield from _charts(settings.eks)
    yield from _people(settings.eks)


def below(key: str, low: float, high_key: str, high: float) -> Iterator[Problem]:
    """A lower bound above its upper one."""
    if low > high:
        yield Problem(key, f"{low:g}", f"at most {high_key}, which is {high:g}", f"lower {key} or raise {high_key}")


def _sizes(eks: Eks) -> Iterator[Problem]:
    for kind in ("on_demand", "spot"):
        group: NodeGroup = getattr(eks, kind)
        key = f"eks.{kind}"
        yield from below(f"{key}.min", group.min, f"{key}.desired", group.desired)
        yield from below(f"{key}.desired", group.desired, f"{key}.max", group.max)
        architectures = {catalogue.EC2[name].architecture for name in group.instance_types}
        if len(architectures) > 1:
            yield Problem(
                f"{key}.instance_types",
                ",".join(group.instance_types),
                "classes of one architecture",
                "use x86_64 (t3, m7i) or arm64 (t4g, m7g) classes only",
            )
        if group.per_zone and any(size % 2 for size in (group.min, group.desired, group.max)):
            yield Problem(
                f"{key}.desired",
                f"min {group.min}, desired {group.desired}, max {group.max} in two zones",
                "even figures, half for each zone",
                f"use even figures or -c {key}.per_zone=false",
            )
    if eks.on_demand.max == 0:
        yield Problem(
            "eks.on_demand.max",
            "0",
            "at least 1",
            "use e.g. -c eks.on_demand.max=2: the cluster's own pods need a node that stays",
        )


def _services(eks: Eks) -> Iterator[Problem]:
    for name, service in eks.services.items():
        key = f"eks.services.{name}"
        yield from below(f"{key}.replicas", service.replicas, f"{key}.hpa_max", service.hpa_max)
        yield from below(f"{key}.cpu_request", service.cpu_request, f"{key}.cpu_limit", service.cpu_limit)
        yield from below(f"{key}.memory_request", service.memory_request, f"{key}.memory_limit", service.memory_limit)
    ports = sorted(service.port for service in eks.services.values())
    if ports and ports != list(range(ports[0], ports[0] + len(ports))):
        yield Problem(
            "eks.services.*.port",
            ",".join(map(str, ports)),
            "each once, without gaps: the firewall opens one range",
            f"use {ports[0]} to {ports[0] + len(ports) - 1}",
        )
    paths = [service.path for service in eks.services.values()]
    if len(set(paths)) != len(paths):
        yield Problem("eks.services.*.path", ",".join(paths), "each path once", "give every service its own")


def _minimum(eks: Eks) -> Iterator[Problem]:
    """Every service at its least, one new pod, and the cluster's own: on the fewest nodes, and on the first."""
    for size, plan in (("min", capacity.at_minimum(eks)), ("desired", capacity.at_start(eks))):
        if not plan.left:
            continue
        enough = _enough(eks, plan)
        yield Problem(
            f"eks.on_demand.{size}",
            f"{plan.on_demand} and eks.spot.{size} {plan.spot}: {_short(eks, plan)}",
            f"{enough} or more, to hold all services at their replicas, one new pod and the cluster's own pods"
            if enough
            else "nodes that hold the pods of a service and those that every node runs",
            f"use {_sizes_from(size, enough, eks)}, or lower replicas or requests"
            if enough
            else "choose larger eks.on_demand.instance_types, or lower requests",
        )
        return


def _maximum(eks: Eks) -> Iterator[Problem]:
    """Every autoscaler at its end, a canary, and what the cluster runs itself, on the most nodes."""
    plan = capacity.at_maximum(eks)
    if not plan.left:
        return
    enough = _enough(eks, plan)
    yield Problem(
        "eks.services.*.hpa_max",
        f"maxima with which {_short(eks, plan)}",
        f"what fits on {_counted(plan.nodes)} beside the cluster's own pods and one canary",
        f"lower hpa_max of a service, or use -c eks.on_demand.max={enough}"
        if enough
        else "lower hpa_max of a service, or choose larger eks.on_demand.instance_types",
    )


def _enough(eks: Eks, plan: Plan) -> int:
    """The least number of on-demand nodes that leaves no pod of the plan out; 0: none up to a hundred does."""
    step = 2 if eks.on_demand.per_zone else 1
    held = _MOST_NODES * capacity.room(eks, eks.on_demand).cpu_m + plan.spot * capacity.room(eks, eks.spot).cpu_m
    if sum(pod.cpu_m for pod in plan.pods) > held:  # a slip of a digit shall not cost minutes
        return 0
    for nodes in range(step, _MOST_NODES + 1, step):
        if not capacity.plan(eks, plan.pods, on_demand=nodes, spot=plan.spot).left:
            return nodes
    return 0


def _sizes_from(size: str, enough: int, eks: Eks) -> str:
    """What to state so that the sizes above stay above."""
    names = ("min", "desired", "max")
    raised = [name for name in names[names.index(size) :] if name == size or getattr(eks.on_demand, name) < enough]
    return " ".join(f"-c eks.on_demand.{name}={enough}" for name in raised)


def _short(eks: Eks, plan: Plan) -> str:
    first = plan.left[0]
    where = ", on-demand nodes only" if first.stays else ""
    return (
        f"{len(plan.left)} of {len(plan.pods)} pods find no place on {_counted(plan.nodes)}"
        f"{_WANT.get(capacity.lacking(eks, plan), '')}, first {first.name} "
        f"({first.cpu_m}m CPU, {first.memory_mib} MiB{where})"
    )


def _counted(nodes: int) -> str:
    return "1 node" if nodes == 1 else f"{nodes} nodes"


def _addresses(settings: Settings) -> Iterator[Problem]:
    """Services' addresses exist on nodes only; were they the VPC's too, nodes would not find the real ones."""
    key, block = "eks.service_cidr", settings.eks.service_cidr
    if not 12 <= block.prefixlen <= 24 or not any(block.subnet_of(private) for private in _PRIVATE):
        yield Problem(
            key,
            str(block),
            "a /12 to /24 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
            f"use -c {key}=172.20.0.0/16",
        )
    for other, taken in (("network.cidr", settings.network.cidr), ("network.pods_cidr", settings.network.pods_cidr)):
        if block.overlaps(taken):
            yield Problem(key, str(block), f"a network apart from {other} {taken}", f"use e.g. -c {key}=172.20.0.0/16")


def _addons(eks: Eks) -> Iterator[Problem]:
    """Add-ons that EKS installs on this Kubernetes version."""
    look = f"use one that `aws eks describe-addon-versions --kubernetes-version {eks.version}` lists"
    for addon, oldest in catalogue.KUBERNETES[eks.version].items():
        key = f"eks.addons.{addon}"
        given = eks.addons.get(addon)
        if given is None:
            yield Problem(key, "nothing", f"{oldest} or newer on Kubernetes {eks.version}", f"add -c {key}={oldest}")
        elif addon == "kube-proxy" and not given.startswith(f"v{eks.version}."):
            yield Problem(key, given, f"v{eks.version}.x: it goes with Kubernetes {eks.version}", look)
        elif release(given) < release(oldest):
            yield Problem(key, given, f"{oldest} or newer on Kubernetes {eks.version}", look)


def _charts(eks: Eks) -> Iterator[Problem]:
    """Charts that are there, and run on this Kubernetes version."""
    for chart in get_args(catalogue.Chart):
        key, oldest = f"eks.charts.{chart}", catalogue.CHARTS.get(chart, "0.0.0")
        given = eks.charts.get(chart)
        if given is None or release(given) < release(oldest):
            yield Problem(
                key,
                given or "nothing",
                f"{oldest} or newer on Kubernetes {eks.version}",
                f"use -c {key}=..., a version that its repository offers",
            )


def _people(eks: Eks) -> Iterator[Problem]:
    both = sorted(set(eks.admins) & set(eks.developers))
    if both:
        yield Problem(
            "eks.developers",
            ",".join(both),
            "who is not among eks.admins: EKS takes one entry a principal",
            "name each in one of the two",
        )


def release(version: str) -> tuple[int, ...]:
    """`v1.22.4-eksbuild.3` as numbers that compare."""
    return tuple(int(number) for number in re.findall(r"\d+", version))
