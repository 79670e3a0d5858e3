"""Kubernetes inside the templates: the objects, pods and containers that custom resources apply at deploy time.

Owns reading them, and telling a secret from the name of one. Knows no rule. A value that is settled at deploy time only
stays in the text as `${...}`, which equals nothing that a rule allows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from .model import MISSING, Deployment, Resource, as_list, parsed
from .rule import Found

MANIFEST: Final = "Custom::AWSCDK-EKS-KubernetesResource"
PATCH: Final = "Custom::AWSCDK-EKS-KubernetesPatch"
CHART: Final = "Custom::AWSCDK-EKS-HelmChart"

WORKLOADS: Final = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
"""Kinds that run pods. Pods of other kinds (an operator's) are found as well, by their containers."""

SECRET_BY_NAME: Final = "the name of a secret, which the program reads from Secrets Manager"

_KINDS_OF_CONTAINER: Final = {
    "containers": "container",
    "initContainers": "init container",
    "ephemeralContainers": "ephemeral container",
}
_INHERITED: Final = ("runAsNonRoot", "runAsUser", "seccompProfile", "appArmorProfile")
"""What a container's security context takes from its pod's unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Object:
    """A Kubernetes object, and the CloudFormation resource that applies it."""

    resource: Resource
    data: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.data.get("kind", "object without a kind"))

    @property
    def name(self) -> str:
        return str(self.get("metadata.name") or "(unnamed)")

    @property
    def namespace(self) -> str:
        """`default` where none is stated, as kubectl has it. Of no meaning for what belongs to the whole cluster."""
        return str(self.get("metadata.namespace") or "default")

    def get(self, path: str) -> Any:
        return value_at(self.data, path)

    def found(self, given: str, allowed: str, path: str = "", kind: str = "", name: str = "") -> Found:
        """A finding on this object, or on a part of it: its kind (`container`) and name."""
        stated = [str(part) for part in (self.get("metadata.namespace") or "", self.name) if part]
        place = " ".join(part for part in ("Manifest:", self.kind, "/".join(stated), kind, name, path) if part)
        return Found(self.resource, given, allowed, place, "/".join([self.kind, *stated, *([name] if name else [])]))


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod template, however deep in its object."""

    object: Object
    spec: Mapping[str, Any]

    @property
    def namespace(self) -> str:
        return self.object.namespace

    def get(self, path: str) -> Any:
        return value_at(self.spec, path)

    def containers(self) -> Iterator["Container"]:
        """All of them, init and ephemeral ones too. What cannot be read counts as one without any property."""
        for kind in _KINDS_OF_CONTAINER:
            for data in as_list(self.spec.get(kind) or []):
                yield Container(self, kind, data if isinstance(data, Mapping) else {})

    def found(self, given: str, allowed: str, path: str = "") -> Found:
        return self.object.found(given, allowed, path)


@dataclass(frozen=True, slots=True)
class Container:
    pod: Pod
    kind: str
    """The list it stands in: `containers`, `initContainers`, `ephemeralContainers`."""
    data: Mapping[str, Any]

    @property
    def stays(self) -> bool:
        """Whether it runs as long as its pod, and the pod until it is stopped."""
        return self.kind == "containers" and self.pod.object.kind not in ("Job", "CronJob")

    def get(self, path: str) -> Any:
        """What holds for the container: its own value, or the pod's where the container has none."""
        context, _, rest = path.partition(".")
        key = rest.partition(".")[0]
        own = self.data.get(context)
        if context == "securityContext" and key in _INHERITED and not (isinstance(own, Mapping) and key in own):
            return self.pod.get(path)
        return value_at(self.data, path)

    def found(self, given: str, allowed: str, path: str = "") -> Found:
        name = str(self.data.get("name", "(unnamed)"))
        return self.pod.object.found(given, allowed, path, _KINDS_OF_CONTAINER[self.kind], name)


def value_at(data: Any, path: str) -> Any:
    """The value at a dotted path; `MISSING` where there is none."""
    for part in path.split("."):
        if not isinstance(data, Mapping) or part not in data:
            return MISSING
        data = data[part]
    return data


@lru_cache(maxsize=1)
def objects(app: Deployment) -> tuple[Object, ...]:
    """Every object of every manifest; the members of a `List`, not the list."""
    return tuple(object_ for resource in app.of(MANIFEST) for object_ in objects_of(resource))


def objects_of(manifest: Resource) -> Iterator[Object]:
    """Those of one manifest."""
    return (Object(manifest, data) for data in _flat(_read(manifest)) if isinstance(data, Mapping))


def of_kind(app: Deployment, *kinds: str) -> Iterator[Object]:
    return (object_ for object_ in objects(app) if object_.kind in kinds)


@lru_cache(maxsize=1)
def pods(app: Deployment) -> tuple[Pod, ...]:
    """Every pod template of every object."""
    return tuple(Pod(object_, spec) for object_ in objects(app) for spec in _specs(object_.data))


def certain(app: Deployment, *kinds: str) -> Iterator[Object]:
    """Objects that are there however the conditions inside their manifest turn out."""
    variants: dict[tuple[str, str], list[Resource]] = {}
    for resource in app.of(MANIFEST):
        variants.setdefault((resource.stack, resource.logical_id), []).append(resource)
    for resources in variants.values():
        first, *others = ([*_flat(_read(resource))] for resource in resources)
        for data in first:
            if isinstance(data, Mapping) and data.get("kind") in kinds and all(data in other for other in others):
                yield Object(resources[0], data)


def unreadable(app: Deployment) -> Iterator[Found]:
    """What hides from every other rule: text that is no JSON, a workload without containers in sight."""
    allowed = "JSON text of a list of objects, each with a kind and every value known at synth"
    for resource in app.of(MANIFEST):
        for data in _flat(_read(resource)):
            if not isinstance(data, Mapping) or not isinstance(data.get("kind"), str):
                yield Found(resource, "not readable", allowed, "Manifest")
    hidden = {id(object_) for object_ in of_kind(app, *WORKLOADS)} - {id(pod.object) for pod in pods(app)}
    for object_ in objects(app):
        if id(object_) in hidden:
            yield object_.found("without a list of containers", "a pod template with its containers", "spec")


_NUMBER_LATER: Final = re.compile(r"(?<=[:\[,])(\$\{\w+\})(?=[,\]}])")


def _read(resource: Resource) -> Any:
    """The objects of a manifest. A number that is settled at deploy time stands in its text without quotes."""
    text = resource.get("Manifest")
    data = parsed(text)
    return parsed(_NUMBER_LATER.sub(r'"\1"', text)) if data is MISSING and isinstance(text, str) else data


def _flat(value: Any) -> list[Any]:
    """Single objects, lists and `kind: List` alike. Members of a `DeploymentList` may leave their kind to the list."""
    if isinstance(value, list):
        return [item for element in value for item in _flat(element)]
    if isinstance(value, Mapping) and str(value.get("kind", "")).endswith("List") and "items" in value:
        kind = str(value["kind"]).removesuffix("List")
        items = [
            {"kind": kind, **item} if isinstance(item, Mapping) and kind else item for item in as_list(value["items"])
        ]
        return _flat(items)
    return [value]


def _specs(node: Any) -> Iterator[Mapping[str, Any]]:
    """Whatever has a list of containers is a pod, in a CronJob's template as in a kind that nobody thought of."""
    if isinstance(node, Mapping):
        if isinstance(node.get("containers"), list):
            yield node
        for value in node.values():
            yield from _specs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _specs(value)


_UNITS: Final = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGT", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGT", start=1)},
}


def quantity(value: Any) -> Decimal | None:
    """`100m`, `0.5`, `128Mi` as a number; `None` for what is no quantity, or written otherwise."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(m|k|[MGT]|[KMGT]i|)", "" if isinstance(value, bool) else str(value))
    return Decimal(found[1]) * _UNITS[found[2]] if found else None


_SECRET_NAME: Final = re.compile(
    r"passw(or)?d|passphrase|secret|token|credential|(api|access|private|signing)_?key|(^|_)(key|pwd)$", re.IGNORECASE
)
_NAMES_ONE: Final = re.compile(
    r"(name|arn|path|file|parameter|ref|ttl|seconds|hours|days|enabled)$|^existing", re.IGNORECASE
)
_SECRET_VALUE: Final = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]+:[^/\s:@]+@|\{\{resolve:(secretsmanager|ssm-secure):"
)
_ASSIGNMENT: Final = re.compile(r"([\w.-]+)[\"']?\s*[=:]\s*[\"']?([^\s\"'$({<]+)")


def is_secret(name: str, value: Any) -> bool:
    """Whether a named text is a secret, and not merely what a secret is called (`DB_SECRET_NAME`)."""
    if not isinstance(value, str) or not value:
        return False
    by_name = _SECRET_NAME.search(name) and not _NAMES_ONE.search(name)
    return bool(by_name or _SECRET_VALUE.search(value))


def secrets_in(text: str) -> Iterator[str]:
    """Names of what a script or configuration seems to give a secret value; never the values."""
    if _SECRET_VALUE.search(text):
        yield "a key, a password in an address, or a {{resolve:...}}"
    for name, value in _ASSIGNMENT.findall(text):
        if is_secret(name, value):
            yield name


def secrets_of(container: Container) -> Iterator[tuple[str, str]]:
    """(where, what) of the secrets that a container is started with; never the value."""
    for variable in as_list(container.data.get("env") or []):
        name = str(variable.get("name")) if isinstance(variable, Mapping) else ""
        if not name:
            yield "env", "not readable"
        elif is_secret(name, variable.get("value")):
            yield f"env {name}", "a secret in plain text"
        elif isinstance(variable.get("valueFrom"), Mapping) and "secretKeyRef" in variable["valueFrom"]:
            yield f"env {name}", "a Kubernetes secret in the environment"
    if any(
        isinstance(source, Mapping) and "secretRef" in source for source in as_list(container.data.get("envFrom") or [])
    ):
        yield "envFrom", "a Kubernetes secret in the environment"
    for kind in ("command", "args"):
        words = " ".join(map(str, as_list(container.data.get(kind) or [])))
        if any(secrets_in(words)):
            yield kind, "a secret in plain text"


def named_values(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of every leaf."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from named_values(value, f"{name}.{key}".lstrip("."))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from named_values(value, f"{name}.{number}")
    else:
        yield name, node
