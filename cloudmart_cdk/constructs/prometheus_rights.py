"""What Prometheus and its operator may do in Kubernetes, as data. ADR 0021.

Owns their Roles, in place of the chart's ClusterRoles: those let the operator read, write and make Secrets in every
namespace, and with that become whoever it likes. Here it rules in `monitoring` alone, and Prometheus sees pods of two
namespaces. Does not import `aws_cdk`.
"""

from typing import Any, Final

from .. import namespaces
from .prometheus_values import NAMES

Manifest = dict[str, Any]

_READ: Final = ("get", "list", "watch")
_WRITE: Final = (*_READ, "create", "update", "patch", "delete")
OPERATOR: Final = f"{NAMES}-operator"
_PROMETHEUS: Final = f"{NAMES}-prometheus"
"""Service accounts, as the chart calls them."""

_MONITORING_API: Final = "monitoring.coreos.com"


def roles() -> list[Manifest]:
    """Roles and their bindings. The operator's kinds: its guide, "RBAC"; without Alertmanager, Thanos and kubelets."""
    operator = [
        _rule(_MONITORING_API, ("prometheuses", "prometheuses/finalizers", "prometheuses/status"), _WRITE),
        _rule(_MONITORING_API, ("podmonitors", "probes", "prometheusrules", "scrapeconfigs", "servicemonitors"), _READ),
        # It turns a Prometheus object into these.
        _rule("apps", ("statefulsets",), _WRITE),
        _rule("", ("configmaps", "secrets", "services", "services/finalizers"), _WRITE),
        _rule("", ("pods",), ("get", "list", "delete")),
        # Its own namespace's labels, by which it chooses what it watches.
        _rule("", ("namespaces",), ("get",)),
    ]
    found_by_pod = [_rule("", ("pods",), _READ)]
    found_by_service = [
        _rule("", ("pods", "services"), _READ),
        _rule("discovery.k8s.io", ("endpointslices",), _READ),
    ]
    return [
        *_granted(OPERATOR, namespaces.MONITORING, operator),
        *_granted(_PROMETHEUS, namespaces.MONITORING, found_by_service),
        *_granted(_PROMETHEUS, namespaces.SERVICES, found_by_pod),
    ]


def _rule(group: str, resources: tuple[str, ...], verbs: tuple[str, ...]) -> Manifest:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def _granted(service_account: str, namespace: str, rules: list[Manifest]) -> list[Manifest]:
    """A Role in `namespace`, bound to a service account of `monitoring`."""
    metadata = {"name": service_account, "namespace": namespace}
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": service_account, "namespace": namespaces.MONITORING}
    return [
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": service_account},
            "subjects": [subject],
        },
    ]
