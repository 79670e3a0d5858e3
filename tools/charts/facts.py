"""What the tests keep of each chart, in `tests/kubernetes/charts.json`: where it comes from, what it knows, its pods.

Owns the file and its form. Everything in it was read from a chart or from what helm made of it with our values.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # has no types of its own

from tools.assembly import PROJECT
from tools.charts import helm, keys
from tools.charts.releases import Release

FILE: Final = PROJECT / "tests" / "kubernetes" / "charts.json"
_SOURCES: Final = "sources.json"
_KINDS: Final = ("Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob")


def read() -> dict[str, Any]:
    """Chart -> its facts, as recorded."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found


def write(facts: Mapping[str, Any]) -> None:
    """Replace the file."""
    FILE.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def sources(charts: Path) -> dict[str, Mapping[str, str]]:
    """Chart -> repository, commit, path and licence, from `sources.json` beside the charts; empty without one."""
    file = charts / _SOURCES
    found: dict[str, Mapping[str, str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def metadata(chart: Path) -> dict[str, Any]:
    """`Chart.yaml`."""
    found: dict[str, Any] = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    return found


def of(
    chart: Path, release: Release, objects: Sequence[Mapping[str, Any]], source: Mapping[str, str]
) -> dict[str, Any]:
    """The facts of one chart. `objects`: rendered, with those of `crds/`."""
    about = metadata(chart)
    once = {each["metadata"]["name"] for each in _crds(chart)}
    with_release = {
        each["metadata"]["name"]: each["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"
        for each in objects
        if each["kind"] == "CustomResourceDefinition" and each["metadata"]["name"] not in once
    }
    return {
        "version": about["version"],
        "app_version": str(about.get("appVersion", "")),
        "kubernetes": about.get("kubeVersion", ""),
        "source": dict(source),
        "values": keys.pruned(keys.known(chart), release.values),
        "workloads": {
            f"{each['kind']}/{each['metadata']['name']}": _workload(each, release.namespace)
            for each in objects
            if each["kind"] in _KINDS
        },
        "crds": {
            # helm applies these once; no upgrade changes them, no uninstall removes them
            "once": sorted(once),
            # upgraded with the release, and left behind by an uninstall
            "kept": sorted(name for name, stays in with_release.items() if stays),
            "with_release": sorted(name for name, stays in with_release.items() if not stays),
        },
        "webhooks": sorted(_webhooks(objects)),
        "other_namespaces": sorted(
            f"{each['kind']} {namespace}/{each['metadata']['name']}"
            for each in objects
            if (namespace := each["metadata"].get("namespace", release.namespace)) != release.namespace
        ),
    }


def _crds(chart: Path) -> Iterator[Mapping[str, Any]]:
    for folder in (chart, *(chart / "charts").glob("*/")):
        for file in (folder / "crds").glob("*.yaml"):
            objects = helm.parsed(file.read_text(encoding="utf-8"))
            yield from (each for each in objects if each.get("kind") == "CustomResourceDefinition")


def _workload(document: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    spec = document["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if "jobTemplate" in spec else spec["template"]
    pod = template["spec"]
    return {
        "namespace": document["metadata"].get("namespace", namespace),
        "replicas": spec.get("replicas"),
        "labels": template["metadata"].get("labels", {}),
        "service_account": pod.get("serviceAccountName", ""),
        "node_selector": pod.get("nodeSelector", {}),
        "priority_class": pod.get("priorityClassName", ""),
        "containers": {each["name"]: _container(each) for each in pod["containers"]},
    }


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "image": container["image"],
        "ports": {
            port.get("name", str(port["containerPort"])): port["containerPort"] for port in container.get("ports", [])
        },
        "resources": container.get("resources", {}),
    }


def _webhooks(objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for document in objects:
        if str(document["kind"]).endswith("WebhookConfiguration"):
            for webhook in document["webhooks"]:
                yield f"{webhook['name']}: {webhook.get('failurePolicy', 'Fail')}"
