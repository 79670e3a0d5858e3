"""Family POD, continued: Helm charts. One chart as it ought to be, spoilt in one value a case."""

import json
from typing import Any

import pytest

from cloudmart_cdk.policy.families import charts
from tests.policy.kubernetes_samples import GONE, chart
from tests.policy.support import Case, bad, deployment, each, found, good

_QUEUES = {"operator": {"restrict": {"secret": True}}, "metricServer": {"restrict": {"secret": True}}}
_KEDA = {"watchNamespace": "tiketi", "permissions": _QUEUES, "rbac": {"enabledCustomScaledRefKinds": False}}


def _chart(rule: str, name: str, *, finds: bool, says: str = "", **changes: Any) -> Case:
    if finds:
        return bad(rule, name, {"Chart": chart(**changes)}, stack="EksPlatformStack", says=says)
    return good(rule, name, {"Chart": chart(**changes)}, stack="EksPlatformStack")


def _values(**values: Any) -> str:
    return json.dumps(values)


def _keda(**changes: Any) -> dict[str, Any]:
    """KEDA, with some values changed or left out."""
    return {"Chart": "keda", "Values": _values(**{k: v for k, v in {**_KEDA, **changes}.items() if v is not GONE})}


CASES = (
    *(
        _chart("POD-36", f"version {version}", finds=True, Version=version)
        for version in ("^3.13.0", "3.13", "3.x.x", ">=3.0.0", "latest", "", {"Ref": "Version"})
    ),
    _chart("POD-36", "no version", finds=True, Version=GONE, says="not set"),
    _chart("POD-36", "a version", finds=False),
    _chart("POD-36", "a version with a v and a suffix", finds=False, Version="v1.2.3-eks.1"),
    _chart(
        "POD-36",
        "an asset",
        finds=False,
        Chart=GONE,
        Version=GONE,
        Repository=GONE,
        ChartAssetURL=f"s3://cdk-hnb659fds-assets-1-x/{'ab' * 32}.zip",
    ),
    _chart(
        "POD-36",
        "a bucket of somebody's",
        finds=True,
        Chart=GONE,
        Version=GONE,
        ChartAssetURL=f"s3://charts/{'ab' * 32}.zip",
    ),
    _chart("POD-37", "http", finds=True, Repository="http://charts.example.com", says="http://charts.example.com"),
    _chart("POD-37", "no repository", finds=True, Repository=GONE),
    _chart("POD-37", "a parameter", finds=True, Repository={"Ref": "Repository"}),
    _chart("POD-37", "a repository from a parameter", finds=True, Repository={"Fn::Sub": "https://${Host}/charts"}),
    _chart("POD-37", "https", finds=False),
    _chart(
        "POD-37",
        "our own registry",
        finds=False,
        Repository={"Fn::Sub": "oci://${AWS::AccountId}.dkr.ecr.ap-northeast-2.amazonaws.com/charts"},
    ),
    _chart("POD-37", "a chart by its oci address", finds=False, Repository=GONE, Chart="oci://public.ecr.aws/x/y"),
    _chart("POD-37", "an asset", finds=False, Chart=GONE, Repository=GONE, ChartAssetURL="s3://assets/x.zip"),
    _chart(
        "POD-38",
        "a privileged pod",
        finds=True,
        Values=_values(securityContext={"privileged": True}),
        says="Values: securityContext.privileged",
    ),
    _chart("POD-38", "the node's network, as text", finds=True, Values=_values(controller={"hostNetwork": "true"})),
    _chart("POD-38", "a root user", finds=True, Values=_values(securityContext={"runAsUser": 0})),
    _chart("POD-38", "a load balancer", finds=True, Values=_values(service={"type": "LoadBalancer"})),
    _chart("POD-38", "a password", finds=True, Values=_values(adminPassword="hunter2"), says="a secret in plain text"),
    _chart("POD-38", "a password among arguments", finds=True, Values=_values(args=["--password=hunter2"])),
    _chart("POD-38", "text that is no JSON", finds=True, Values="replicas: 2"),
    _chart("POD-38", "a parameter", finds=True, Values={"Ref": "Values"}),
    _chart("POD-38", "harmless values", finds=False),
    _chart("POD-38", "no values", finds=False, Values=GONE),
    _chart("POD-40", "as the settings have it", finds=False),
    _chart("POD-40", "another version", finds=True, Version="3.12.0", says="3.12.0"),
    _chart("POD-40", "no version", finds=True, Version=GONE),
    _chart("POD-40", "a chart nobody knows", finds=True, Chart="metric-server", says="metric-server"),
    _chart("POD-40", "no chart", finds=True, Chart=GONE),
    _chart("POD-40", "somebody else's repository", finds=True, Repository="https://charts.example.com"),
    _chart("POD-40", "another author's", finds=True, Repository="https://kedacore.github.io/charts"),
    _chart("POD-40", "a parameter", finds=True, Repository={"Ref": "Repository"}),
    _chart("POD-40", "by address", finds=True, Repository=GONE, Chart="oci://public.ecr.aws/x/metrics-server"),
    _chart("POD-40", "an asset", finds=False, Chart=GONE, Repository=GONE, Version=GONE, ChartAssetURL="s3://a/x.zip"),
    _chart("POD-41", "a checked API", finds=False),
    _chart("POD-41", "an unchecked one", finds=True, Values=_values(apiService={"insecureSkipTLSVerify": True})),
    _chart("POD-41", "nothing said", finds=True, Values=GONE, says="apiService.insecureSkipTLSVerify is not set"),
    _chart("POD-41", "a parameter", finds=True, Values={"Ref": "Values"}),
    _chart("POD-41", "KEDA as it ought to be", finds=False, **_keda()),
    _chart("POD-41", "all namespaces", finds=True, **_keda(watchNamespace=""), says="watchNamespace"),
    _chart("POD-41", "another namespace", finds=True, **_keda(watchNamespace="kube-system")),
    _chart("POD-41", "every secret", finds=True, **_keda(permissions={}), says="permissions.operator.restrict.secret"),
    _chart("POD-41", "a chart of ours", finds=False, Chart=GONE, ChartAssetURL="s3://assets/x.zip"),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", [rule.id for rule in charts.RULES])
def test_every_rule_has_a_case_that_it_finds(rule: str) -> None:
    assert any(case.rule == rule and case.bad for case in CASES)


def test_a_secret_of_a_chart_is_never_shown() -> None:
    app = deployment({"Chart": chart(Values=_values(adminPassword="hunter2"))})
    (finding,) = found(app, "POD-38")
    assert "adminPassword" in finding.text
    assert "hunter2" not in finding.text
