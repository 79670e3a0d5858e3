"""Settings of the cluster that are refused before any synth: add-ons, charts, people, machines."""

import re
from pathlib import Path

import pytest

from cloudmart_cdk.settings import SettingsError, load_settings, loading
from cloudmart_cdk.settings.catalogue import AUTOSCALER, KUBERNETES
from tests.support import PROJECT

ROLE = "arn:aws:iam::111122223333:role/ops"


def _refusal(context: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(context)
    return str(refused.value)


def test_an_add_on_older_than_its_kubernetes_version_takes() -> None:
    text = _refusal({"eks.addons.vpc-cni": "v1.21.1-eksbuild.8"})
    assert text.count("\n") == 0
    assert "eks.addons.vpc-cni: given v1.21.1-eksbuild.8; allowed: v1.22.3-eksbuild.1 or newer" in text


def test_builds_compare_as_numbers() -> None:
    """As text `eksbuild.11` would be older than `eksbuild.2`, and 1.9 newer than 1.13."""
    assert load_settings({"eks.addons.vpc-cni": "v1.22.3-eksbuild.11"}).eks.addons["vpc-cni"] == "v1.22.3-eksbuild.11"
    assert "allowed: v1.13.2-eksbuild.1 or newer" in _refusal({"eks.addons.coredns": "v1.9.3-eksbuild.11"})


def test_kube_proxy_goes_with_kubernetes() -> None:
    assert "allowed: v1.35.x" in _refusal({"eks.addons.kube-proxy": "v1.36.0-eksbuild.9"})


@pytest.mark.parametrize(
    "context",
    [
        {"eks.addons.coredns": "latest"},
        {"eks.addons.istio": "v1.0.0-eksbuild.1"},
        {"eks.admins": "kim"},
        {"eks.version": "1.34"},
        # EKS caps managed nodes of so few cores at 110.
        {"eks.max_pods": "111"},
        # No Nitro: no address prefixes.
        {"eks.spot.instance_types": "t3.medium,t2.medium"},
    ],
)
def test_out_of_bounds(context: dict[str, str]) -> None:
    ((key, _),) = context.items()
    assert _refusal(context).startswith(f"error: {key.removesuffix('.istio')}: given ")


def test_nobody_is_granted_twice() -> None:
    assert f"eks.developers: given {ROLE}" in _refusal({"eks.admins": ROLE, "eks.developers": ROLE})


UPGRADE = {
    "eks.version": "1.36",
    "eks.addons.kube-proxy": "v1.36.0-eksbuild.9",
    "eks.addons.coredns": "v1.14.3-eksbuild.3",
}
"""What docs/runbook/kubernetes-upgrade.md changes."""


@pytest.mark.parametrize("stage", ["lab", "dev", "staging", "prod"])
def test_an_upgrade_by_one_version_is_three_settings(stage: str) -> None:
    assert load_settings({"stage": stage, **UPGRADE}).eks.version == "1.36"
    for forgotten in ("eks.addons.kube-proxy", "eks.addons.coredns"):
        context = {key: value for key, value in UPGRADE.items() if key != forgotten}
        assert f"error: {forgotten}: given v1." in _refusal({"stage": stage, **context})


def test_the_autoscaler_is_of_every_version_that_is_offered() -> None:
    """Its minor is Kubernetes' minor: it simulates that version's scheduler."""
    assert AUTOSCALER.keys() == KUBERNETES.keys()
    assert all(tag.startswith(f"v{version}.") for version, tag in AUTOSCALER.items())


def test_kubectl_is_at_most_one_minor_from_every_version_that_is_offered() -> None:
    """Kubernetes' version skew policy. CDK's function applies with the kubectl of the installed layer."""
    (layer,) = {
        line.partition("==")[0] for line in (PROJECT / "requirements.txt").read_text().splitlines() if "kubectl" in line
    }
    ours = int(layer.rpartition("-v")[2])
    assert all(abs(int(version.partition(".")[2]) - ours) <= 1 for version in KUBERNETES)


def test_a_chart_that_nobody_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in loading._STAGE_FILES.glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(re.sub(r"\ncluster-autoscaler = .*", "", text), encoding="utf-8")
    monkeypatch.setattr(loading, "_STAGE_FILES", tmp_path)
    assert "eks.charts.cluster-autoscaler: given nothing" in _refusal({})
