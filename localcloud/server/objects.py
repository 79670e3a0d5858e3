"""Kubernetes objects and Helm charts of the templates, recorded as CDK's `kubectl` and `helm` would leave them.

Owns what is recorded, in `objects.json`, and what an API server would refuse although a template says it: an object in
a namespace that is not there, a kind whose chart is not installed, one that exists, a selector that changes, an object
whose finalizer nobody is left to take off. No API server runs: fields are not validated, no default is filled in.
What is made of Deployments is `pods`' matter.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from localcloud.recorded import Chart, Everything, Manifest, Patch, Recorded, group_of, namespace_of, write
from localcloud.state import State

_OWN_NAMESPACES: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
_BUILT_IN: Final = (
    "k8s.io",
    "k8s.amazonaws.com",
    "vpcresources.k8s.aws",
    "networking.k8s.aws",
    "cloudwatch.aws.amazon.com",
)
"""Ends of API groups that the API server has, or EKS and its add-ons bring. Others come with a chart."""
_BROUGHT_BY: Final = {
    "elbv2.k8s.aws": "aws-load-balancer-controller",
    "keda.sh": "keda",
    "eventing.keda.sh": "keda",
    "autoscaling.k8s.io": "vertical-pod-autoscaler",
    "monitoring.coreos.com": "kube-prometheus-stack",
}
"""API group -> the chart with its definitions."""
_FINALIZED_BY: Final = {"TargetGroupBinding": "aws-load-balancer-controller", "ScaledObject": "keda"}
"""Kind -> the chart of the controller that puts its finalizer on each."""
_PRUNED: Final = frozenset(
    {
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Endpoints",
        "Ingress",
        "Job",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "ReplicaSet",
        "ReplicationController",
        "Secret",
        "Service",
        "StatefulSet",
    }
)
"""What `kubectl apply --prune` removes without an allow-list of the caller's; everything else it leaves behind."""

Key = tuple[str, str, str, str, str]
"""Cluster, API group, kind, namespace, name."""


class RefusedError(ValueError):
    """What `kubectl` or `helm` would end with."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The resource of a stack that says it."""

    cluster: str
    stack: str
    id: str


_objects: dict[Key, Recorded] = {}
_charts: dict[tuple[str, str, str], Chart] = {}
"""Cluster, namespace, release -> chart."""
_patches: dict[tuple[str, str], Patch] = {}
"""Stack, logical id -> patch."""
_lock = threading.RLock()
changed: list[Callable[[], None]] = []
"""Called after each change, in the context of the request that made it."""


def everything() -> Everything:
    """All that is recorded now."""
    with _lock:
        return Everything(
            objects=list(_objects.values()), charts=list(_charts.values()), patches=list(_patches.values())
        )


def _save() -> None:
    write(State().objects_file, everything())
    for listener in changed:
        listener()


def _key(cluster: str, manifest: Manifest) -> Key:
    return cluster, group_of(manifest), manifest["kind"], namespace_of(manifest), manifest["metadata"]["name"]


def _says(key: Key) -> str:
    _, group, kind, _, name = key
    return f'{kind.lower()}{f".{group}" if group else ""} "{name}"'


def _has_chart(cluster: str, name: str) -> bool:
    return any(chart.cluster == cluster and chart.chart == name for chart in _charts.values())


def _check(cluster: str, manifests: list[Manifest]) -> None:
    """Raises `RefusedError` for what has no place to go, as the API server finds it one after the other."""
    namespaces = {key[4] for key in _objects if key[0] == cluster and key[2] == "Namespace"} | _OWN_NAMESPACES
    definitions = [o for key, o in _objects.items() if key[0] == cluster and key[2] == "CustomResourceDefinition"]
    groups = {definition.manifest["spec"]["group"] for definition in definitions}
    for manifest in manifests:
        for field in ("apiVersion", "kind", "metadata"):
            if not manifest.get(field):
                raise RefusedError(f"error validating data: {field} not set in {str(manifest)[:200]}")
        key, group = _key(cluster, manifest), group_of(manifest)
        chart = _BROUGHT_BY.get(group)
        known = _has_chart(cluster, chart) if chart else "." not in group or group.endswith(_BUILT_IN)
        if not known and group not in groups:
            raise RefusedError(
                f'no matches for kind "{key[2]}" in version "{manifest["apiVersion"]}"; ensure CRDs are installed first'
                + (f" (chart {chart})" if chart else "")
            )
        if key[3] and key[3] not in namespaces:
            raise RefusedError(f'error when creating {_says(key)}: namespaces "{key[3]}" not found')
        if key[2] == "Namespace":
            namespaces.add(key[4])
        if key[2] == "CustomResourceDefinition":
            groups.add(manifest["spec"]["group"])


def create(owner: Owner, manifests: list[Manifest], *, overwrite: bool) -> None:
    """`kubectl create`, or `apply` with `overwrite`. Raises `RefusedError`, with nothing recorded."""
    with _lock:
        _check(owner.cluster, manifests)
        for manifest in manifests:
            key = _key(owner.cluster, manifest)
            if key in _objects and not overwrite:
                raise RefusedError(f"Error from server (AlreadyExists): {_says(key)} already exists")
        _put(owner, manifests)
        _save()


def apply(owner: Owner, manifests: list[Manifest], *, prune: str | None) -> None:
    """`kubectl apply`, with `--prune -l` where there is a label. Raises `RefusedError`, with nothing changed.

    What the resource no longer says is removed only if it carries the label and is of a kind that is pruned; the rest
    stays in the cluster, and is marked so.
    """
    with _lock:
        _check(owner.cluster, manifests)
        for manifest in manifests:
            _refuse_another_selector(_objects.get(_key(owner.cluster, manifest)), manifest)
        now = {_key(owner.cluster, manifest) for manifest in manifests}
        dropped = [key for key in _of(owner) if key not in now]
        gone = [key for key in dropped if prune and _pruned(key, prune, {each[3] for each in now})]
        _remove(_with_content(gone))
        for key in dropped:
            if key in _objects:
                _objects[key] = replace(_objects[key], left=True)
        _put(owner, manifests)
        _save()


def _of(owner: Owner) -> list[Key]:
    return [key for key, o in _objects.items() if (o.cluster, o.stack, o.id) == (owner.cluster, owner.stack, owner.id)]


def _pruned(key: Key, label: str, visited: set[str]) -> bool:
    """Whether `kubectl` prunes it: by label, by kind, and only in the namespaces that it has just applied to."""
    name, _, value = label.partition("=")
    labels = _objects[key].labels
    return key[2] in _PRUNED and name in labels and labels[name] == value and (not key[3] or key[3] in visited)


def _refuse_another_selector(known: Recorded | None, manifest: Manifest) -> None:
    if known is None or known.kind not in ("Deployment", "DaemonSet", "StatefulSet"):
        return
    if known.manifest["spec"].get("selector") != manifest["spec"].get("selector"):
        raise RefusedError(f'The {known.kind} "{known.name}" is invalid: spec.selector: field is immutable')


def _put(owner: Owner, manifests: Iterable[Manifest]) -> None:
    for manifest in manifests:
        controller = _FINALIZED_BY.get(manifest["kind"])
        _objects[_key(owner.cluster, manifest)] = Recorded(
            cluster=owner.cluster,
            stack=owner.stack,
            id=owner.id,
            manifest=manifest,
            held=bool(controller and _has_chart(owner.cluster, controller)),
        )


def delete(cluster: str, manifests: list[Manifest]) -> None:
    """`kubectl delete`, whoever applied them last; what is not there is passed over.

    Raises `RefusedError` where the command would wait until CDK's function is ended.
    """
    with _lock:
        keys = [_key(cluster, manifest) for manifest in manifests]
        _remove(_with_content([key for key in keys if key in _objects]))
        _save()


def _with_content(keys: list[Key]) -> list[Key]:
    """The objects, and all that is in the namespaces among them."""
    spaces = {(key[0], key[4]) for key in keys if key[2] == "Namespace"}
    return list(dict.fromkeys([*keys, *(key for key in _objects if (key[0], key[3]) in spaces)]))


def _remove(keys: list[Key]) -> None:
    for key in keys:
        controller = _FINALIZED_BY.get(key[2])
        if _objects[key].held and controller and not _has_chart(key[0], controller):
            raise RefusedError(
                f"timed out waiting for the deletion of {_says(key)} in {key[3]}: its finalizer is for {controller},"
                " which is gone; let the object depend on the chart"
            )
    for key in keys:
        del _objects[key]


def install(owner: Owner, chart: Chart, *, create_namespace: bool) -> None:
    """`helm upgrade --install`. Raises `RefusedError` where it would."""
    with _lock:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": chart.namespace}}
        missing = chart.namespace not in _OWN_NAMESPACES and _key(owner.cluster, namespace) not in _objects
        if missing and not create_namespace:
            raise RefusedError(f'create: failed to create: namespaces "{chart.namespace}" not found')
        if missing:
            _put(owner, [namespace])
        for key in [key for key, known in _charts.items() if (known.stack, known.id) == (owner.stack, owner.id)]:
            del _charts[key]
        _charts[owner.cluster, chart.namespace, chart.release] = chart
        # A controller that comes later puts its finalizer on what is there already.
        for held, recorded in _objects.items():
            if held[0] == owner.cluster and _FINALIZED_BY.get(held[2]) == chart.chart:
                _objects[held] = replace(recorded, held=True)
        _save()


def uninstall(cluster: str, namespace: str, release: str) -> None:
    """`helm uninstall`; definitions stay, as with most charts, and so do objects of their kinds."""
    with _lock:
        _charts.pop((cluster, namespace, release), None)
        _save()


def patch(entry: Patch | None, *, stack: str, id: str) -> None:
    """Notes a patch, or with None forgets it."""
    with _lock:
        if entry is None:
            _patches.pop((stack, id), None)
        else:
            _patches[stack, id] = entry
        _save()


def forget(cluster: str) -> None:
    """With a cluster goes everything in it."""
    with _lock:
        for table in (_objects, _charts, _patches):
            _drop(table, cluster)
        _save()


def _drop(table: dict[Any, Any], cluster: str) -> None:
    for key in [key for key, entry in table.items() if entry.cluster == cluster]:
        del table[key]
