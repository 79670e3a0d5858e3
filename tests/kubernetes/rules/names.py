"""Names and labels that the API server takes, one object a name, namespaces that exist."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudmart_cdk.policy.manifests import Object
from cloudmart_cdk.policy.model import as_list
from tests.kubernetes.rules.rule import Found, Rule, at, place
from tests.kubernetes.world import OF_THE_CLUSTER, World, key

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1123: at most 63 characters."""
_SERVICE: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1035: begins with a letter."""
_SUBDOMAIN: Final = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PATH_SEGMENT: Final = re.compile(r"[^/%]+")
"""RBAC's names."""
_NAME: Final = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY: Final = re.compile(rf"((?=.{{1,253}}/)[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?{_NAME}")
_VALUE: Final = re.compile(rf"({_NAME})?")
_PORT_NAME: Final = re.compile(r"(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_ENV: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")

_POD_SUFFIX: Final = len("-1234567890-abcde")
"""What a Deployment appends; a pod's name is its host name, and that is a label."""
_LARGEST: Final = 200_000
"""Annotations of an object hold 262,144 bytes together, and the text is escaped in there."""
_GIVES_PODS_NAMES: Final = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


def _legal_names(world: World) -> Found:
    for object_ in world.objects:
        if not _pattern(object_).fullmatch(object_.name):
            yield place(object_), f"the name {object_.name!r} is not legal for a {object_.kind}"
        if object_.kind not in OF_THE_CLUSTER and not _LABEL.fullmatch(object_.namespace):
            yield place(object_), f"the namespace {object_.namespace!r} is no RFC 1123 label"
        if object_.kind in _GIVES_PODS_NAMES and len(object_.name) + _POD_SUFFIX > 63:
            yield place(object_), f"its pods' names have more than 63 characters: at most {63 - _POD_SUFFIX} for it"


def _pattern(object_: Object) -> re.Pattern[str]:
    if object_.kind == "Service":
        return _SERVICE
    if object_.kind == "Namespace":
        return _LABEL
    return _PATH_SEGMENT if object_.kind.endswith(("Role", "RoleBinding")) else _SUBDOMAIN


def _legal_labels(world: World) -> Found:
    for object_ in world.objects:
        for where, name, value in _labels(object_.data, ""):
            if not _KEY.fullmatch(name):
                yield place(object_), f"{where}: {name!r} is no legal key"
            elif not where.endswith("annotations") and not (isinstance(value, str) and _VALUE.fullmatch(value)):
                yield place(object_), f"{where}.{name}: {value!r} is no legal label value"


def _labels(node: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    """(where, key, value) of labels, selectors and annotations at any depth."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            where = f"{path}.{name}".lstrip(".")
            if name in ("labels", "matchLabels", "annotations", "nodeSelector") and isinstance(value, Mapping):
                yield from ((where, str(each), value[each]) for each in value)
            elif name != "data":
                yield from _labels(value, where)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _labels(value, f"{path}.{number}")


def _one_of_each(world: World) -> Found:
    for (kind, namespace, name), count in Counter(map(key, world.objects)).items():
        if count > 1:
            yield f"{kind} {namespace}/{name}".replace(" /", " "), f"is made {count} times"


def _names_within_pods(world: World) -> Found:
    for pods in world.pods:
        containers = pods.all_containers()
        for what, given, legal in (
            ("container", [str(each.get("name")) for each in containers], _LABEL),
            ("port", [str(port["name"]) for port in pods.ports() if "name" in port], _PORT_NAME),
            ("volume", [str(each.get("name")) for each in as_list(pods.spec.get("volumes") or [])], _LABEL),
        ):
            yield from ((at(pods), f"{what} {name!r}: {why}") for name, why in _wrong(given, legal))
        for container in containers:
            variables = [str(each.get("name")) for each in as_list(container.get("env") or [])]
            yield from ((at(pods), f"variable {name!r}: {why}") for name, why in _wrong(variables, _ENV))


def _names_of_ports(world: World) -> Found:
    for service in world.of("Service"):
        ports = as_list(service.data.get("spec", {}).get("ports") or [])
        names = [str(port.get("name", "")) for port in ports]
        if len(ports) > 1 or names != [""]:
            yield from ((place(service), f"port {name!r}: {why}") for name, why in _wrong(names, _LABEL))
        numbers = [f"{port.get('protocol', 'TCP')} {port.get('port')}" for port in ports]
        yield from ((place(service), f"{number} is stated twice") for number, n in Counter(numbers).items() if n > 1)


def _wrong(given: list[str], legal: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for name, count in Counter(given).items():
        if not legal.fullmatch(name):
            yield name, "the name is not legal"
        if count > 1:
            yield name, f"stated {count} times"


def _sizes(world: World) -> Found:
    for object_ in world.objects:
        size = len(json.dumps(object_.data))
        if size > _LARGEST:
            yield (
                place(object_),
                f"{size:,} characters: `kubectl apply` keeps them in an annotation, which holds fewer",
            )


def _namespaces(world: World) -> Found:
    for object_ in world.objects:
        if object_.kind not in OF_THE_CLUSTER and object_.namespace not in world.namespaces:
            yield place(object_), f"nothing makes the namespace {object_.namespace}"


RULES: Final = (
    Rule("name", _legal_names),
    Rule("label", _legal_labels),
    Rule("duplicate", _one_of_each),
    Rule("name-in-pod", _names_within_pods),
    Rule("name-of-port", _names_of_ports),
    Rule("size", _sizes),
    Rule("namespace", _namespaces),
)
