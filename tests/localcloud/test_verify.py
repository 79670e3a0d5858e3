"""The report: nothing is hidden by the first failure, and the last line says what to do."""

import json
from collections.abc import Iterable
from typing import Any
from unittest import mock

import pytest

from cloudmart_cdk.settings import load_settings
from localcloud.errors import CloudError
from localcloud.leftovers import lost, unexpected
from localcloud.verify import backend, cluster, monitoring
from localcloud.verify.table import Check, Report
from localcloud.verify.view import Deployed, View


def test_all_failures_are_shown() -> None:
    report = Report([Check("a", 1, 1), Check("b", 2, 3), Check("c", ["x"], ["y"])])
    assert not report.checks[1].passed
    summary = report.summary()
    assert "2 of 3 checks failed" in summary
    assert "expected 2" in summary
    assert "missing ['x']" in summary
    with pytest.raises(CloudError, match=r"2 of 3 checks failed: the first: b"):
        report.raise_for_failures()


def test_success_is_one_line() -> None:
    report = Report([Check("a", 1, 1)])
    report.raise_for_failures()
    assert report.summary().count("\n") == 0


def test_what_a_stage_may_leave() -> None:
    lines = [
        "ap-northeast-2 key pending deletion 1234",
        "ap-northeast-2 bucket a",
        "ap-northeast-2 database snapshot b",
        "ap-northeast-2 NAT gateway nat-1",
    ]
    assert unexpected(lines, keeps_data=False) == lines[1:]
    assert unexpected(lines, keeps_data=True) == lines[3:]


def test_what_a_stage_that_keeps_data_must_leave() -> None:
    kept = [f"ap-northeast-2 {kind} a" for kind in ("bucket", "database snapshot", "cache snapshot", "repository")]
    staging = load_settings({"stage": "staging"})
    assert lost(kept, staging) == ["a key", "a secret"]
    without_data = load_settings({"stage": "staging", "skip": "DataStack,BackendAsgStack,FrontendCdnStack"})
    assert lost(kept, without_data) == ["a key"], "the cluster's"
    network_only = "DataStack,BackendAsgStack,FrontendCdnStack,EksPlatformStack,MonitoringStack"
    assert lost(kept[:1], load_settings({"stage": "staging", "skip": network_only})) == []
    assert lost([], load_settings({"stage": "staging", "skip": network_only})) == ["a bucket"]


def test_names_of_the_live_colour_are_the_apps() -> None:
    """Repeated in `verify.backend`, which does without the CDK."""
    from cloudmart_cdk.constructs import colours  # late: loads the CDK

    assert backend.LIVE_COLOUR == colours.LIVE_COLOUR
    assert set(backend.COLOURS) == set(colours.Colour)


def view(**context: str) -> Any:
    """A view of nothing, with the settings of lab and what the context changes."""
    seen = mock.MagicMock(spec=View)
    seen.settings = load_settings({"stage": "lab", **context})
    return seen


def expected(checks: Iterable[Check]) -> dict[str, Any]:
    return {check.what: check.expected for check in checks}


@pytest.mark.parametrize(
    ("context", "networks"),
    [
        ({}, None),
        ({"sources": "203.0.113.0/24"}, ["203.0.113.0/24"]),
        ({"sources": "203.0.113.0/24", "eks.public_endpoint": "false"}, None),
    ],
)
def test_settings_decide_who_reaches_the_cluster(context: dict[str, str], networks: list[str] | None) -> None:
    wanted = expected(cluster._cluster(view(**context), mock.MagicMock()))
    assert wanted["cluster public endpoint"] is (networks is not None)
    assert wanted.get("cluster public endpoint is open to") == networks


def test_every_addon_is_expected_in_its_pinned_version() -> None:
    seen = view(**{"eks.addons.coredns": "v1.13.2-eksbuild.12"})
    seen.client().list_addons.return_value = {"addons": ["coredns"]}
    wanted = expected(cluster._addons(seen, "any"))
    assert wanted["add-ons"] == sorted(seen.settings.eks.addons)
    assert wanted["add-on coredns version"] == "v1.13.2-eksbuild.12"


@pytest.mark.parametrize(
    ("told", "existing", "passes"),
    [
        ("/aws/containerinsights/any/prometheus", ["/aws/containerinsights/any/prometheus"], True),
        ("/aws/containerinsights/any/prometheus", [], False),
        ("/metrics/default", ["/aws/containerinsights/any/prometheus"], False),
    ],
)
def test_business_metrics_need_their_log_group(told: str, existing: list[str], passes: bool) -> None:
    seen, exporters = view(), {"awsemf/tiketi": {"log_group_name": told}}
    configuration = json.dumps({"agent": {"otelConfig": {"exporters": exporters}}})
    seen.client().describe_addon.return_value = {"addon": {"configurationValues": configuration}}
    seen.client().describe_log_groups.return_value = {"logGroups": [{"logGroupName": name} for name in existing]}
    (check,) = cluster._business_metrics(seen, "any")
    assert check.passed is passes


@pytest.mark.parametrize(("milliseconds", "seconds"), [("100", 0.1), ("350", 0.35)])
def test_settings_decide_the_latency_threshold(milliseconds: str, seconds: float) -> None:
    wanted = expected(monitoring._table(view(**{"monitoring.latency_slo_ms": milliseconds}), []))
    assert wanted["alarm on AWS/ApplicationELB TargetResponseTime, threshold"] == seconds


@pytest.mark.parametrize(("skip", "status"), [("", 403), ("FrontendCdnStack,EdgeWatchStack", 200)])
def test_without_a_cdn_the_load_balancer_serves_everybody(
    monkeypatch: pytest.MonkeyPatch, skip: str, status: int
) -> None:
    monkeypatch.setattr(backend, "_status", lambda *_, **__: 0)
    seen = view(skip=skip)
    seen.of.return_value = [Deployed("Alb", "AWS::ElasticLoadBalancingV2::LoadBalancer", "arn")]
    wanted = expected(backend._balancers(seen))
    assert wanted["shop load balancer, asked without CloudFront's header"] == status
