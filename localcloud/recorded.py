"""What manifests, charts and patches of the templates say, as the emulator wrote it down.

Owns the shape of the file `objects.json` and what is known of kinds: short names, which have a namespace. Does not
decide what is recorded (`localcloud.server.objects`), nor how it is shown (`localcloud.objects`).
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

Manifest = dict[str, Any]
"""One object, as a manifest has it."""

CLUSTER_WIDE: Final = frozenset(
    {
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    }
)
"""Kinds without a namespace, of those that anybody puts into a manifest."""

_SHORT: Final = {
    "cm": "ConfigMap",
    "crd": "CustomResourceDefinition",
    "deploy": "Deployment",
    "ds": "DaemonSet",
    "hpa": "HorizontalPodAutoscaler",
    "ing": "Ingress",
    "netpol": "NetworkPolicy",
    "ns": "Namespace",
    "pc": "PriorityClass",
    "pdb": "PodDisruptionBudget",
    "po": "Pod",
    "pvc": "PersistentVolumeClaim",
    "quota": "ResourceQuota",
    "sa": "ServiceAccount",
    "sc": "StorageClass",
    "so": "ScaledObject",
    "sts": "StatefulSet",
    "svc": "Service",
    "vpa": "VerticalPodAutoscaler",
}


def namespace_of(manifest: Manifest) -> str:
    """Where an object belongs; empty for what has no namespace."""
    if manifest["kind"] in CLUSTER_WIDE:
        return ""
    return str(manifest["metadata"].get("namespace") or "default")


def group_of(manifest: Manifest) -> str:
    """The API group; empty for the core's."""
    group, slash, _ = str(manifest["apiVersion"]).partition("/")
    return group if slash else ""


def means(word: str, kind: str) -> bool:
    """Whether a word of a command line means the kind: its name, its plural or its short name."""
    given, name = word.lower(), kind.lower()
    plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}es" if name.endswith(("s", "x")) else f"{name}s"
    return given in (name, plural) or _SHORT.get(given) == kind


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One object of a manifest."""

    cluster: str
    stack: str
    id: str
    """Logical id of the manifest's resource in the stack."""
    manifest: Manifest
    left: bool = False
    """No manifest names it any more, and `kubectl` would not have removed it either."""
    held: bool = False
    """A controller has put its finalizer on it: it goes only while that controller runs."""

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return namespace_of(self.manifest)

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.manifest["metadata"].get("labels") or {})


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A release of a Helm chart."""

    cluster: str
    stack: str
    id: str
    release: str
    namespace: str
    chart: str
    repository: str
    version: str
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A patch of an object that somebody else made."""

    cluster: str
    stack: str
    id: str
    resource: str
    namespace: str
    patch: Any


@dataclass(frozen=True, kw_only=True)
class Everything:
    """The file's content."""

    objects: list[Recorded] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)

    def of(self, kind: str, namespace: str | None = None) -> list[Recorded]:
        """The objects of a kind, of one namespace or of all."""
        return [o for o in self.objects if o.kind == kind and namespace in (None, o.namespace)]

    def find(self, kind: str, namespace: str, name: str) -> Recorded | None:
        return next((o for o in self.of(kind, namespace) if o.name == name), None)


def read(path: Path) -> Everything:
    """What was recorded; nothing where there is no file."""
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return Everything()
    return Everything(
        objects=[Recorded(**entry) for entry in content["objects"]],
        charts=[Chart(**entry) for entry in content["charts"]],
        patches=[Patch(**entry) for entry in content["patches"]],
    )


def write(path: Path, everything: Everything) -> None:
    """The file, whole; a rename, so that a reader never sees half of it."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(everything), indent=1))
    draft.replace(path)


def counts(everything: Everything) -> list[tuple[str, str]]:
    """Kind, and the names of what is recorded of it."""
    by_kind: dict[str, list[str]] = {}
    for entry in everything.objects:
        by_kind.setdefault(f"Kubernetes {entry.kind}", []).append(_place(entry.namespace, entry.name))
    for chart in everything.charts:
        by_kind.setdefault("Helm chart", []).append(f"{chart.release} {chart.version}".rstrip())
    for patch in everything.patches:
        by_kind.setdefault("kubectl patch", []).append(_place(patch.namespace, patch.resource))
    return [(kind, f"{len(names)}: {_listed(sorted(names))}") for kind, names in sorted(by_kind.items())]


def _place(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _listed(names: Iterable[str]) -> str:
    """Names with their namespace said once."""
    grouped: dict[str, list[str]] = {}
    for name in names:
        space, slash, rest = name.partition("/")
        grouped.setdefault(f"{space}: " if slash else "", []).append(rest if slash else name)
    return "; ".join(f"{space}{', '.join(members)}" for space, members in grouped.items())
