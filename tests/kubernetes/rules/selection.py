"""Selectors that agree with labels: of workloads, Services, budgets, spreading; nodes that pods can be placed on."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudmart_cdk.policy.manifests import Object
from cloudmart_cdk.policy.model import MISSING, as_list
from tests.kubernetes.rules.rule import Found, Rule, at, place
from tests.kubernetes.selectors import fulfils, keys_of, matches, node_terms
from tests.kubernetes.world import Pods, World, by_labels

_SELECTING: Final = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
_NODES_OWN: Final = ("topology.kubernetes.io/", "node.kubernetes.io/", "kubernetes.io/hostname")
"""Labels that each node has by its zone, type or name, whatever its group."""


def _template(world: World) -> Found:
    for pods in world.pods:
        if pods.owner and pods.owner.kind in _SELECTING and not _takes(pods.owner, pods):
            yield at(pods), "its selector does not mean its own pods"


def _apart(world: World) -> Found:
    for workload in world.of(*_SELECTING):
        for pods in world.ever_selected(workload.namespace, workload.get("spec.selector")):
            if pods.owner and (pods.owner.kind, pods.owner.name) != (workload.kind, workload.name):
                yield place(workload), f"its selector also takes the pods of {at(pods)}"


def _takes(workload: Object, pods: Pods) -> bool:
    return matches(workload.get("spec.selector"), pods.labels)


def _services(world: World) -> Found:
    for service in world.of("Service"):
        selector = by_labels(service)
        if selector and not world.ever_selected(service.namespace, selector):
            yield place(service), f"no pod has the labels {service.get('spec.selector')}"


def _budgets(world: World) -> Found:
    for budget in world.of("PodDisruptionBudget"):
        if not world.ever_selected(budget.namespace, budget.get("spec.selector")):
            yield place(budget), "its selector means no pod"
    for pods in world.pods:
        over = [budget.name for budget in budgets_of(world, pods)]
        if len(over) > 1:  # the eviction API answers with an error then
            yield at(pods), f"more than one budget: {', '.join(sorted(over))}"


def budgets_of(world: World, pods: Pods) -> list[Object]:
    return [
        budget
        for budget in world.of("PodDisruptionBudget")
        if budget.namespace == pods.namespace and matches(budget.get("spec.selector"), pods.labels)
    ]


def _spread(world: World) -> Found:
    for pods in world.pods:
        for where, selector in _own_selectors(pods.spec):
            if not matches(selector, pods.labels):
                yield at(pods), f"{where}: its selector does not mean the pod itself"


def _own_selectors(spec: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for constraint in as_list(spec.get("topologySpreadConstraints") or []):
        yield f"spread over {constraint.get('topologyKey')}", constraint.get("labelSelector")
    apart = (spec.get("affinity") or {}).get("podAntiAffinity") or {}
    for term in as_list(apart.get("requiredDuringSchedulingIgnoredDuringExecution") or []):
        yield f"apart by {term.get('topologyKey')}", term.get("labelSelector")
    for weighted in as_list(apart.get("preferredDuringSchedulingIgnoredDuringExecution") or []):
        term = weighted["podAffinityTerm"]
        yield f"preferably apart by {term.get('topologyKey')}", term.get("labelSelector")


def _nodes(world: World) -> Found:
    for pods in (*world.pods, *world.foreign):
        if not any(_fits(pods.spec, labels, taints) for labels, taints in world.nodes):
            yield at(pods), "no node group has the labels that it requires, or taints that it tolerates"
        known = {name for labels, _ in world.nodes for name in labels}
        for required, term in node_terms(pods.spec.get("affinity") or {}):
            for name in keys_of(term):
                if not required and name not in known and not name.startswith(_NODES_OWN):
                    yield at(pods), f"prefers nodes by a label that none has: {name}"


def _fits(spec: Mapping[str, Any], labels: Mapping[str, str], taints: list[Mapping[str, str]]) -> bool:
    wanted = {name: value for name, value in (spec.get("nodeSelector") or {}).items() if not _own(name)}
    terms = [term for required, term in node_terms(spec.get("affinity") or {}) if required]
    tolerated = as_list(spec.get("tolerations") or [])
    return (
        all(labels.get(name) == value for name, value in wanted.items())
        and (not terms or any(_holds(term, labels) for term in terms))
        and all(any(_tolerates(each, taint) for each in tolerated) for taint in taints)
    )


def _holds(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    expressions = [each for each in as_list(term.get("matchExpressions") or []) if not _own(str(each["key"]))]
    return all(fulfils(expression, labels) for expression in expressions)


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, str]) -> bool:
    """A node group spells effects NO_SCHEDULE where Kubernetes has NoSchedule."""
    effect = taint["Effect"].title().replace("_", "")
    by_key = toleration.get("key") in (None, taint["Key"])
    by_value = toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("Value", "")
    return by_key and by_value and toleration.get("effect") in (None, MISSING, effect)


def _own(label: str) -> bool:
    return label.startswith(_NODES_OWN)


RULES: Final = (
    Rule("selector-template", _template),
    Rule("selector-apart", _apart),
    Rule("service-selects", _services),
    Rule("budget-selects", _budgets),
    Rule("spread-selects", _spread),
    Rule("node-exists", _nodes),
)
