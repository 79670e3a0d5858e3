"""Settings of the cluster that are refused before any synth: add-ons, people, machines."""

import pytest

from cloudmart_cdk.settings import SettingsError, load_settings

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
