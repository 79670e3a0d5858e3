"""Kubernetes selectors, applied: labels of pods, of namespaces, of nodes."""

from collections.abc import Iterable, Mapping
from typing import Any

from cloudmart_cdk.policy.model import as_list


def matches(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector means what has these labels. None means nothing, an empty one everything."""
    if not isinstance(selector, Mapping):
        return False
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(name) == value for name, value in wanted.items()) and all(
        fulfils(expression, labels) for expression in as_list(selector.get("matchExpressions") or [])
    )


def fulfils(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """One requirement of a label selector or of a node selector term. Raises `ValueError` for an unknown operator."""
    key, values = str(expression["key"]), as_list(expression.get("values") or [])
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(f"operator {expression['operator']}: not supported here")


def node_terms(affinity: Mapping[str, Any]) -> Iterable[tuple[bool, Mapping[str, Any]]]:
    """(required, term) of a pod's node affinity."""
    node = affinity.get("nodeAffinity") or {}
    required = node.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in as_list(required.get("nodeSelectorTerms") or []):
        yield True, term
    for preferred in as_list(node.get("preferredDuringSchedulingIgnoredDuringExecution") or []):
        yield False, preferred["preference"]


def keys_of(term: Mapping[str, Any]) -> list[str]:
    return [str(expression["key"]) for expression in as_list(term.get("matchExpressions") or [])]
