"""The option as the template has it: there only when asked for, after what it needs, its pods counted. ADR 0021."""

import json
from typing import Any

from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.matrix import MATRIX
from tests.support import Resource, Synthesized

CHART = "Custom::AWSCDK-EKS-HelmChart"
MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"
WITH = MATRIX["options of the cluster"]


def _release(app: Synthesized) -> Resource:
    (found,) = [
        chart for chart in app.resources(EKS, CHART).values() if chart["Properties"]["Chart"] == "kube-prometheus-stack"
    ]
    return found


def _objects(manifest: Resource) -> list[dict[str, Any]]:
    """Those of a manifest without tokens; nothing else is looked for."""
    text = manifest["Properties"]["Manifest"]
    found: list[dict[str, Any]] = json.loads(text) if isinstance(text, str) else []
    return found


def _manifests_with(app: Synthesized, kind: str, name: str) -> set[str]:
    return {
        id
        for id, manifest in app.resources(EKS, MANIFEST).items()
        for each in _objects(manifest)
        if (each["kind"], each["metadata"]["name"]) == (kind, name)
    }


def _before(app: Synthesized, id: str) -> set[str]:
    """All that a resource waits for, directly or not."""
    resources = app.templates[EKS]["Resources"]
    waiting, found = [id], set[str]()
    while waiting:
        stated = resources[waiting.pop()].get("DependsOn", [])
        new = {stated} if isinstance(stated, str) else set(stated)
        waiting += new - found
        found |= new
    return found


def test_nothing_of_it_is_there_unless_asked_for(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    charts = {chart["Properties"]["Chart"] for chart in app.resources(EKS, CHART).values()}
    assert "kube-prometheus-stack" not in charts
    assert not _manifests_with(app, "Namespace", "monitoring")


def test_the_chart_is_pinned_and_in_its_own_namespace(synthesized: Synthesize) -> None:
    app = synthesized(**WITH)
    properties = _release(app)["Properties"]
    assert properties["Version"] == app.settings.eks.charts["kube-prometheus-stack"]
    assert properties["Namespace"] == "monitoring"
    assert "CreateNamespace" not in properties or properties["CreateNamespace"] is False


def test_its_namespace_policies_and_dashboards_are_there_before_its_pods(synthesized: Synthesize) -> None:
    app = synthesized(**WITH)
    (id,) = [id for id, chart in app.resources(EKS, CHART).items() if chart == _release(app)]
    before = _before(app, id)
    for kind, name in (
        ("Namespace", "monitoring"),
        ("NetworkPolicy", "default-deny"),
        ("NetworkPolicy", "prometheus"),
        ("Role", "tiketi-operator"),
        ("ConfigMap", "tiketi-dashboards"),
    ):
        assert _manifests_with(app, kind, name) & before, f"{kind} {name}"


def test_the_services_namespace_and_the_nodes_outlive_it(synthesized: Synthesize) -> None:
    """It has a Role in the one and pods on the others."""
    app = synthesized(**WITH)
    (surroundings,) = _manifests_with(app, "Namespace", "monitoring")
    before = _before(app, surroundings)
    assert _manifests_with(app, "Namespace", "tiketi") <= before
    assert set(app.resources(EKS, "AWS::EKS::Nodegroup")) <= before
    assert set(app.resources(EKS, "AWS::EKS::Addon")) <= before
