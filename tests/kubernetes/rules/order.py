"""What has to be there first, as `DependsOn` and references have it; a destroy goes exactly the other way."""

from collections.abc import Iterator
from typing import Any, Final

from cloudmart_cdk.policy.manifests import Object
from cloudmart_cdk.policy.model import Resource
from tests.kubernetes import others
from tests.kubernetes.rules.references import named
from tests.kubernetes.rules.rule import Found, Rule, at, place
from tests.kubernetes.selectors import matches
from tests.kubernetes.world import (
    NODE_GROUP,
    OF_THE_CLUSTER,
    Pods,
    World,
    accounts_of,
    chart_name,
    group_of,
    namespace_of,
)

_IDENTITY: Final = "AWS::EKS::PodIdentityAssociation"


def _namespaces(world: World) -> Found:
    for object_ in world.objects:
        namespace = world.get("Namespace", "", object_.namespace)
        if object_.kind not in OF_THE_CLUSTER and namespace and not _first(world, namespace, object_):
            yield place(object_), f"may be made before its namespace {namespace.name}"
    for chart in world.charts:
        namespace = world.get("Namespace", "", namespace_of(chart))
        if namespace and namespace.resource.logical_id not in world.before(chart):
            yield chart.logical_id, f"may be installed before its namespace {namespace.name} is there"


def _kinds(world: World) -> Found:
    """Custom resources after the chart that defines them: bindings are gone before their controller goes."""
    charts = {chart_name(chart): chart for chart in world.charts}
    for object_ in world.objects:
        defined_by = others.KINDS.get(group_of(object_))
        if defined_by and defined_by not in charts:
            yield place(object_), f"nothing defines its kind: the chart {defined_by} is not installed"
        elif defined_by and charts[defined_by].logical_id not in world.before(object_.resource):
            yield place(object_), f"may be made before the chart {defined_by} defines its kind"


def _pods(world: World) -> Found:
    """What a pod is given, or held by, when it is made; later it would not take effect, or leave a gap."""
    for pods in world.pods:
        assert pods.owner
        for needed in _needed(world, pods):
            if not _first(world, needed, pods.owner):
                yield at(pods), f"may be made before {place(needed)}"
        account = pods.spec.get("serviceAccountName")
        for association in _associations(world, pods.namespace, account):
            if association.logical_id not in world.before(pods.owner.resource):
                yield at(pods), f"may be made before {association.logical_id}, and has no credentials then"


def _needed(world: World, pods: Pods) -> Iterator[Object]:
    for policy in world.of("NetworkPolicy"):
        if policy.namespace == pods.namespace and matches(policy.get("spec.podSelector"), pods.labels):
            yield policy
    for service in world.services_of(pods):
        yield from world.bindings_of(service)
    for kind, name in {("ServiceAccount", str(pods.spec.get("serviceAccountName"))), *_sources(pods)}:
        found = world.get(kind, pods.namespace, name)
        if found:
            yield found


def _sources(pods: Pods) -> Iterator[tuple[str, str]]:
    return ((kind, name) for kind, name, _ in named(pods))


def _associations(world: World, namespace: str, account: Any) -> Iterator[Resource]:
    for association in world.app.of(_IDENTITY):
        if (association.get("Namespace"), association.get("ServiceAccount")) == (namespace, account):
            yield association


def _charts(world: World) -> Found:
    """Charts are waited for: their pods need nodes, and their accounts' roles."""
    groups = {group.logical_id for group in world.app.of(NODE_GROUP)}
    for chart in world.charts:
        before = world.before(chart)
        if not groups & before:
            yield chart.logical_id, "may be installed before there is a node"
        for account in accounts_of(chart):
            for association in _associations(world, namespace_of(chart), account):
                if association.logical_id not in before:
                    yield chart.logical_id, f"may be installed before {association.logical_id}"


def _nodes(world: World) -> Found:
    groups = {group.logical_id for group in world.app.of(NODE_GROUP)}
    for pods in world.pods:
        assert pods.owner
        if not groups & world.before(pods.owner.resource):
            yield at(pods), "may be removed after the nodes it runs on"


def _first(world: World, one: Object, other: Object) -> bool:
    """Whether `one` is made before `other`; kubectl makes the objects of one manifest in their order."""
    if one.resource.logical_id == other.resource.logical_id:
        return world.position[id(one)] < world.position[id(other)]
    return one.resource.logical_id in world.before(other.resource)


RULES: Final = (
    Rule("order-namespace", _namespaces),
    Rule("order-kind", _kinds),
    Rule("order-pods", _pods),
    Rule("order-chart", _charts),
    Rule("order-nodes", _nodes),
)
