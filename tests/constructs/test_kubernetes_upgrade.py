"""Kubernetes one version up, as docs/runbook/kubernetes-upgrade.md does it: what the deploy changes, in which order."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.support import PROJECT, Synthesized

PAGE = PROJECT / "docs" / "runbook" / "kubernetes-upgrade.md"
IN_PLACE = {
    "AWS::EKS::Cluster": {"Version"},
    "AWS::EKS::Addon": {"AddonVersion"},
    "AWS::EKS::Nodegroup": {"Version"},
    # The namespaces' Pod Security follows the version, the autoscaler's image too.
    "Custom::AWSCDK-EKS-KubernetesResource": {"Manifest"},
    "Custom::AWSCDK-EKS-HelmChart": {"Values"},
}
"""Properties that CloudFormation changes without replacing the resource (resource reference, "Update requires")."""


def _page_settings() -> dict[str, str]:
    """The settings that the page tells to change, as `-c` would give them."""
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    table = tomllib.loads(block)["eks"]
    return {"eks.version": table["version"]} | {f"eks.addons.{name}": to for name, to in table["addons"].items()}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0]
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _before(resources: dict[str, Any], name: str) -> set[str]:
    """What CloudFormation updates before a resource."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        resource = resources[waiting.pop()]
        for other in (*resource.get("DependsOn", ()), *_references(resource.get("Properties", {}))):
            if other in resources and other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _resources(app: Synthesized) -> dict[str, Any]:
    resources: dict[str, Any] = app.templates[EKS]["Resources"]
    return resources


def test_nothing_is_replaced_and_no_other_stack_changes(synthesized: Synthesize) -> None:
    before, after = synthesized("prod"), synthesized("prod", **_page_settings())
    old, new = _resources(before), _resources(after)
    assert old.keys() == new.keys()
    changed = {name for name in old if old[name] != new[name]}
    for name in changed:
        was, becomes = old[name]["Properties"], new[name]["Properties"]
        properties = {key for key in was.keys() | becomes.keys() if was.get(key) != becomes.get(key)}
        assert properties <= IN_PLACE[old[name]["Type"]], name
    assert {old[name]["Type"] for name in changed} == IN_PLACE.keys()
    assert [stack for stack in before.templates if before.templates[stack] != after.templates[stack]] == [EKS]


def test_control_plane_then_proxy_then_nodes_then_what_runs_on_them(synthesized: Synthesize) -> None:
    """A kubelet is never newer than the API server, nor kube-proxy (Kubernetes' version skew policy)."""
    resources = _resources(synthesized("prod", **_page_settings()))
    (cluster,) = (name for name, found in resources.items() if found["Type"] == "AWS::EKS::Cluster")
    addons = {
        found["Properties"]["AddonName"]: name
        for name, found in resources.items()
        if found["Type"] == "AWS::EKS::Addon"
    }
    groups = {name for name, found in resources.items() if found["Type"] == "AWS::EKS::Nodegroup"}
    charts = {name for name, found in resources.items() if found["Type"] == "Custom::AWSCDK-EKS-HelmChart"}
    assert cluster in _before(resources, addons["kube-proxy"])
    for group in groups:
        assert {cluster, addons["kube-proxy"], addons["vpc-cni"]} <= _before(resources, group)
    for later in (addons["coredns"], *charts):
        assert groups <= _before(resources, later)
