"""`objects`: what is recorded of the cluster, shown like `kubectl get`.

Owns the table, and the line that says what each object is about. Reads files only; what they say was recorded from the
templates, and no API server has looked at it.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from localcloud import emulator
from localcloud.errors import CloudError
from localcloud.recorded import Chart, Everything, Manifest, Recorded, means, read
from localcloud.report import say, table
from localcloud.state import State
from localcloud.workloads import images

HONEST: Final = "Recorded from the templates; no API server runs, no image is run."
STAND_INS: Final = "stand-ins of this machine, not pods; no image is run"
_LEFT: Final = "LEFT BEHIND: no manifest names it any more"
_CHART, _STAND_IN, _ALL = "Chart", "stand-in", "all"
_WORDS: Final = {_CHART: {"chart", "charts"}, _STAND_IN: {"stand-in", "stand-ins", "po", "pod", "pods"}}
"""What is no kind of Kubernetes -> the words for it."""
_DIGEST: Final = 12
_STANDARD: Final = "pod-security.kubernetes.io/"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row, and what stands behind it."""

    namespace: str
    kind: str
    name: str
    says: str
    content: dict[str, Any]


def show(state: State, *, what: str, namespace: str | None, output: str | None) -> None:
    """Prints the objects of a kind, or one `KIND/NAME`. Raises `CloudError` for what is not there."""
    cloud = state.load()
    if cloud is None:
        raise CloudError("no local cloud", why=f"none was started in {state.root}", do="run `make deploy`")
    if not emulator.alive(cloud):
        raise emulator.died(state, cloud)
    kind, _, name = what.partition("/")
    found = [
        entry
        for entry in entries(state)
        if (kind == _ALL or _meant(kind, entry.kind))
        and name in ("", entry.name)
        and namespace in (None, entry.namespace)
    ]
    if not found and (name or namespace or kind != _ALL):
        kinds = sorted({entry.kind for entry in entries(state)})
        raise CloudError(
            f"no {what} is recorded{f' in {namespace}' if namespace else ''}",
            why=f"there is: {', '.join(kinds) or 'nothing, since no stack with a cluster is deployed'}",
            do="`python -m localcloud objects` lists all",
        )
    _print(found, output)


def _meant(word: str, kind: str) -> bool:
    return word.lower() in _WORDS[kind] if kind in _WORDS else means(word, kind)


def _print(found: list[Entry], output: str | None) -> None:
    match output:
        case None:
            running = f"\nstand-in: {STAND_INS}." if any(entry.kind == _STAND_IN for entry in found) else ""
            say(f"{HONEST}{running}\n")
            rows = [(entry.namespace or "-", entry.kind, entry.name, entry.says) for entry in found]
            say(table([("NAMESPACE", "KIND", "NAME", "WHAT IT SAYS"), *rows], indent=""))
        case "name":
            for entry in found:
                say(f"{entry.kind.lower()}/{entry.name}")
        case "json":
            # Only JSON goes to where a program reads it.
            print(HONEST, file=sys.stderr, flush=True)
            content = [entry.content for entry in found]
            listed = content[0] if len(content) == 1 else {"apiVersion": "v1", "kind": "List", "items": content}
            say(json.dumps(listed, indent=2))
        case _:
            import yaml  # type: ignore[import-untyped]  # late: no other command needs it; it has no types of its own

            say(f"# {HONEST}")
            dumped = [yaml.safe_dump(entry.content, sort_keys=False, width=120).rstrip() for entry in found]
            say("\n---\n".join(dumped))


def entries(state: State) -> Iterator[Entry]:
    """All that is recorded, and the stand-ins; by namespace, kind and name."""
    recorded = read(state.objects_file)
    rows = [_object(entry) for entry in recorded.objects]
    rows += [_chart(chart) for chart in recorded.charts]
    rows += _patches(recorded)
    rows += [_pod(pod) for pod in pods(state)]
    yield from sorted(rows, key=lambda row: (row.namespace, row.kind, row.name))


def pods(state: State) -> list[dict[str, Any]]:
    """The stand-ins, as `localcloud.server.pods` has written them down."""
    return list(_pods_file(state).get("pods", []))


def process_of_pods(state: State) -> tuple[int, str] | None:
    """Id and start of the process of the stand-ins; None where there are none."""
    content = _pods_file(state)
    return (int(content["pid"]), str(content["started"])) if content.get("pods") else None


def _pods_file(state: State) -> dict[str, Any]:
    try:
        return dict(json.loads(state.pods_file.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _object(entry: Recorded) -> Entry:
    says = _SAYS.get(entry.kind, _nothing)(entry)
    return Entry(
        namespace=entry.namespace,
        kind=entry.kind,
        name=entry.name,
        says="; ".join(part for part in (says, _LEFT if entry.left else "") if part),
        content=entry.manifest,
    )


def _chart(chart: Chart) -> Entry:
    content = {key: getattr(chart, key) for key in ("release", "namespace", "chart", "repository", "version", "values")}
    says = f"{chart.chart} {chart.version} of {chart.repository}; {len(chart.values)} values set"
    return Entry(namespace=chart.namespace, kind=_CHART, name=chart.release, says=says, content=content)


def _patches(recorded: Everything) -> Iterator[Entry]:
    for patch in recorded.patches:
        content = {"resource": patch.resource, "namespace": patch.namespace, "patch": patch.patch}
        text = json.dumps(patch.patch)
        yield Entry(namespace=patch.namespace, kind="Patch", name=patch.resource, says=text[:80], content=content)


def _pod(pod: dict[str, Any]) -> Entry:
    place = ", ".join(f"{pod['address']}:{port}" for port in pod["ports"])
    says = f"{pod['state']} at {place} as {short(pod['image'])}"
    return Entry(namespace=pod["workload"][1], kind=_STAND_IN, name=pod["name"], says=says, content=pod)


def short(image: str) -> str:
    """An image with as much of its digest as people compare."""
    place, at, digest = image.partition("@")
    return f"{place}{at}{digest[: len('sha256:') + _DIGEST]}" if at else image


def _pairs(selector: dict[str, Any] | None) -> str:
    return ", ".join(f"{name.rpartition('/')[2]}={text}" for name, text in (selector or {}).items()) or "everything"


def _deployment(entry: Recorded) -> str:
    spec = entry.manifest["spec"]
    ports = [
        str(port["containerPort"])
        for container in spec["template"]["spec"]["containers"]
        for port in container.get("ports") or []
    ]
    number = f"replicas {spec['replicas']}" if "replicas" in spec else "replicas by its autoscaler"
    parts = [", ".join(map(short, images(entry))), number, f"ports {', '.join(ports)}" if ports else ""]
    return "; ".join(part for part in parts if part)


def _service(entry: Recorded) -> str:
    spec = entry.manifest["spec"]
    ports = ", ".join(f"{port['port']} -> {port.get('targetPort', port['port'])}" for port in spec.get("ports") or [])
    return f"{spec.get('type', 'ClusterIP')} {ports}; selects {_pairs(spec.get('selector'))}"


def _metric(metric: Manifest) -> str:
    resource = metric.get("resource") or {}
    if resource:
        return f"{resource['name']} {resource['target'].get('averageUtilization', '?')} %"
    return str(metric.get("type", "?"))


def _autoscaler(entry: Recorded) -> str:
    spec = entry.manifest["spec"]
    target = spec["scaleTargetRef"]
    metrics = ", ".join(map(_metric, spec.get("metrics") or []))
    return f"{spec.get('minReplicas', 1)} to {spec['maxReplicas']} of {target['kind']} {target['name']}; {metrics}"


def _namespace(entry: Recorded) -> str:
    # Labels by which CDK prunes say nothing to anybody, and of the pods' standard one says all.
    unsaid = ("aws.cdk.eks/", _STANDARD)
    labels = {name: text for name, text in entry.labels.items() if not name.startswith(unsaid)}
    standard = entry.labels.get(f"{_STANDARD}enforce")
    return ", ".join([*([f"pods {standard}"] if standard else []), *([_pairs(labels)] if labels else [])])


def _trigger(trigger: Manifest) -> str:
    metadata = trigger.get("metadata") or {}
    return f"{trigger['type']} {metadata.get('targetValue') or metadata.get('value', '?')}"


def _scaled_object(entry: Recorded) -> str:
    spec = entry.manifest["spec"]
    triggers = ", ".join(map(_trigger, spec.get("triggers") or []))
    bounds = f"{spec.get('minReplicaCount', 0)} to {spec.get('maxReplicaCount', 100)}"
    return f"{bounds} of Deployment {spec['scaleTargetRef']['name']}; {triggers}"


def _budget(entry: Recorded) -> str:
    spec = entry.manifest["spec"]
    rule = next((f"{key} {spec[key]}" for key in ("maxUnavailable", "minAvailable") if key in spec), "")
    return f"{rule}; {_pairs((spec.get('selector') or {}).get('matchLabels'))}"


def _policy(entry: Recorded) -> str:
    spec = entry.manifest["spec"]
    ways = ", ".join(f"{way} rules {len(spec.get(way) or [])}" for way in ("ingress", "egress"))
    return f"{ways}; {_pairs((spec.get('podSelector') or {}).get('matchLabels'))}"


def _quota(entry: Recorded) -> str:
    return f"at most {_pairs(entry.manifest['spec'].get('hard'))}"


def _binding(entry: Recorded) -> str:
    spec = entry.manifest["spec"]
    service = spec["serviceRef"]
    group = str(spec["targetGroupARN"]).partition("targetgroup/")[2].partition("/")[0] or spec["targetGroupARN"]
    return f"Service {service['name']}:{service['port']} -> target group {group} ({spec.get('targetType', '?')})"


def _nothing(_: Recorded) -> str:
    return ""


_SAYS: Final[dict[str, Callable[[Recorded], str]]] = {
    "ConfigMap": lambda entry: f"keys {', '.join(entry.manifest.get('data') or {})}",
    "Deployment": _deployment,
    "HorizontalPodAutoscaler": _autoscaler,
    "Namespace": _namespace,
    "NetworkPolicy": _policy,
    "PodDisruptionBudget": _budget,
    "ResourceQuota": _quota,
    "ScaledObject": _scaled_object,
    "Service": _service,
    "StatefulSet": _deployment,
    "TargetGroupBinding": _binding,
}
