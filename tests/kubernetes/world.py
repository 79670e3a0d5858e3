"""The cluster as a deploy would leave it, indexed for the linter: objects, pods, and what AWS has beside them.

Owns reading; `policy.manifests` finds the objects. Knows no rule, and of what charts and add-ons bring no more than
`others` says.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from cloudmart_cdk.policy import manifests
from cloudmart_cdk.policy.manifests import CHART, Object, value_at
from cloudmart_cdk.policy.model import MISSING, Deployment, Resource, as_list, parsed
from tests.kubernetes import others
from tests.kubernetes.selectors import matches

TARGET_GROUP: Final = "AWS::ElasticLoadBalancingV2::TargetGroup"
NODE_GROUP: Final = "AWS::EKS::Nodegroup"
SCALERS: Final = ("HorizontalPodAutoscaler", "ScaledObject")
OF_THE_CLUSTER: Final = ("Namespace", "ClusterRole", "ClusterRoleBinding", "PriorityClass", "StorageClass")
"""Kinds without a namespace."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Pods:
    """A pod template. Pods of charts and add-ons have no owner, and of their spec only what `others` knows."""

    owner: Object | None
    namespace: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    def containers(self) -> list[Mapping[str, Any]]:
        return as_list(self.spec.get("containers") or [])

    def all_containers(self) -> list[Mapping[str, Any]]:
        return [*as_list(self.spec.get("initContainers") or []), *self.containers()]

    def ports(self) -> list[Mapping[str, Any]]:
        return [port for container in self.containers() for port in as_list(container.get("ports") or [])]

    def port(self, given: Any) -> int | None:
        """The number of a port that is stated by number or name; `None` if no container has it."""
        return port_of(self.ports(), given)


def port_of(ports: Iterable[Mapping[str, Any]], given: Any) -> int | None:
    for port in ports:
        if given in (port.get("containerPort"), port.get("name", MISSING)):
            return int(port["containerPort"])
    return None


class World:
    """One state. `elsewhere`: the same templates under other parameters, for pods that only a release brings."""

    def __init__(self, app: Deployment, elsewhere: Iterable[Deployment] = ()) -> None:
        self.app = app
        self.objects = manifests.objects(app)
        self.pods = [*_pods(self.objects)]
        here = {key(pods.owner) for pods in self.pods if pods.owner}
        self._sometimes = [
            pods
            for other in elsewhere
            for pods in _pods(manifests.objects(other))
            if pods.owner and key(pods.owner) not in here
        ]
        self.position = {id(object_): number for number, object_ in enumerate(self.objects)}
        self._reached: dict[tuple[str, str], frozenset[str]] = {}

    @cached_property
    def by_key(self) -> dict[Key, Object]:
        """(kind, namespace, name) -> object; of duplicates the first."""
        found: dict[Key, Object] = {}
        for object_ in self.objects:
            found.setdefault(key(object_), object_)
        return found

    def of(self, *kinds: str) -> Iterator[Object]:
        return (object_ for object_ in self.objects if object_.kind in kinds)

    def get(self, kind: str, namespace: str, name: Any) -> Object | None:
        return self.by_key.get((kind, namespace, str(name)))

    @cached_property
    def charts(self) -> list[Resource]:
        return [*self.app.of(CHART)]

    @cached_property
    def foreign(self) -> list[Pods]:
        """Pods of charts and add-ons."""
        return [
            Pods(None, namespace, labels, spec)
            for namespace, labels, spec in others.pods(
                [str(addon.get("AddonName")) for addon in self.app.of("AWS::EKS::Addon")],
                [(chart_name(chart), namespace_of(chart)) for chart in self.charts],
            )
        ]

    @cached_property
    def nodes(self) -> list[tuple[Mapping[str, str], list[Mapping[str, str]]]]:
        """Labels and taints of each node group. Zone and instance type are each node's own, and not here."""
        return [
            (
                {
                    **{name: str(value) for name, value in dict(group.get("Labels") or {}).items()},
                    "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": "arm64" if "ARM" in str(group.get("AmiType")) else "amd64",
                    "eks.amazonaws.com/capacityType": str(group.get("CapacityType")),
                },
                group.items("Taints"),
            )
            for group in self.app.of(NODE_GROUP)
        ]

    @cached_property
    def namespaces(self) -> dict[str, Mapping[str, str]]:
        """Name -> labels, the one that Kubernetes itself sets included."""
        made = {object_.name: dict(object_.get("metadata.labels") or {}) for object_ in self.of("Namespace")}
        return {
            name: {**made.get(name, {}), "kubernetes.io/metadata.name": name}
            for name in sorted({*made, *others.NAMESPACES})
        }

    @cached_property
    def accounts(self) -> set[tuple[str, str]]:
        """(namespace, name) of every service account: a manifest's, a chart's or an add-on's."""
        return (
            {(account.namespace, account.name) for account in self.of("ServiceAccount")}
            | {(namespace_of(chart), name) for chart in self.charts for name in accounts_of(chart)}
            | others.ADDON_ACCOUNTS
        )

    def selected(self, namespace: str, selector: Any) -> list[Pods]:
        """Pods of manifests, in this state."""
        return [each for each in self.pods if each.namespace == namespace and matches(selector, each.labels)]

    def ever_selected(self, namespace: str, selector: Any) -> list[Pods]:
        """Those of other states and of charts too."""
        pods = (*self.pods, *self._sometimes, *self.foreign)
        return [each for each in pods if each.namespace == namespace and matches(selector, each.labels)]

    def scalers(self, workload: Object) -> list[Object]:
        """HPAs and ScaledObjects that size a workload."""
        return [scaler for scaler in self.of(*SCALERS) if self.target(scaler) is workload]

    def target(self, scaler: Object) -> Object | None:
        """What an HPA, a ScaledObject or a vertical autoscaler works on."""
        path = "spec.targetRef" if scaler.kind == "VerticalPodAutoscaler" else "spec.scaleTargetRef"
        kind = scaler.get(f"{path}.kind") or "Deployment"
        return self.get(str(kind), scaler.namespace, scaler.get(f"{path}.name"))

    def smallest(self, workload: Object) -> int:
        """Pods that a workload has at the least."""
        floors = [bounds(scaler)[0] for scaler in self.scalers(workload)]
        stated = workload.get("spec.replicas")
        return min(floors) if floors else 1 if stated is MISSING else int(stated)

    def services_of(self, pods: Pods) -> list[Object]:
        return [
            service
            for service in self.of("Service")
            if service.namespace == pods.namespace and matches(by_labels(service), pods.labels)
        ]

    def bindings_of(self, service: Object) -> list[Object]:
        return [
            binding
            for binding in self.of("TargetGroupBinding")
            if (binding.namespace, binding.get("spec.serviceRef.name")) == (service.namespace, service.name)
        ]

    @cached_property
    def target_groups(self) -> dict[str, Resource]:
        """ARN -> target group."""
        return {self.physical_id(group): group for group in self.app.of(TARGET_GROUP)}

    def physical_id(self, resource: Resource) -> str:
        return str(self.app.stacks[resource.stack].template["Resources"][resource.logical_id].get("PhysicalId"))

    def before(self, resource: Resource) -> frozenset[str]:
        """Logical ids of all that is made before a resource, however far away."""
        place = (resource.stack, resource.logical_id)
        if place not in self._reached:
            resources = self.app.stacks[resource.stack].template["Resources"]
            found: set[str] = set()
            waiting = [*resource.depends_on]
            while waiting:
                name = waiting.pop()
                if name not in found and name in resources:
                    found.add(name)
                    waiting += resources[name].get("DependsOn", [])
            self._reached[place] = frozenset(found)
        return self._reached[place]


def key(object_: Object) -> Key:
    return object_.kind, "" if object_.kind in OF_THE_CLUSTER else object_.namespace, object_.name


def by_labels(service: Object) -> Any:
    """A Service's selector in the form that other kinds have. Without one it selects nothing."""
    given = service.get("spec.selector")
    return {"matchLabels": given} if isinstance(given, Mapping) and given else None


def bounds(scaler: Object) -> tuple[int, int]:
    """Fewest and most pods; Kubernetes' and KEDA's defaults where nothing is stated."""
    if scaler.kind == "ScaledObject":
        low, high = scaler.get("spec.minReplicaCount"), scaler.get("spec.maxReplicaCount")
        return 0 if low is MISSING else int(low), 100 if high is MISSING else int(high)
    low, high = scaler.get("spec.minReplicas"), scaler.get("spec.maxReplicas")
    return 1 if low is MISSING else int(low), 0 if high is MISSING else int(high)


def chart_name(chart: Resource) -> str:
    """`keda`, of a name in a repository or of an `oci://` address."""
    return str(chart.get("Chart")).rpartition("/")[2]


def accounts_of(chart: Resource) -> set[str]:
    """Names of the service accounts that a release makes in its namespace."""
    return others.accounts(chart_name(chart), parsed(chart.get("Values")))


def namespace_of(chart: Resource) -> str:
    return str(chart.get("Namespace") or "default")


def group_of(object_: Object) -> str:
    """API group; empty for the core's."""
    version = str(object_.data.get("apiVersion", ""))
    return version.rpartition("/")[0]


def _pods(objects: Iterable[Object]) -> Iterator[Pods]:
    for object_ in objects:
        path = {"Pod": "", "CronJob": "spec.jobTemplate.spec.template."}.get(object_.kind, "spec.template.")
        spec = object_.get(f"{path}spec")
        if isinstance(spec, Mapping) and "containers" in spec:
            labels = value_at(object_.data, f"{path}metadata.labels") or {}
            yield Pods(object_, object_.namespace, labels, spec)
