"""The report: nothing is hidden by the first failure, and the last line says what to do."""

import pytest

from cloudmart_cdk.settings import load_settings
from localcloud.errors import CloudError
from localcloud.leftovers import lost, unexpected
from localcloud.verify import backend
from localcloud.verify.table import Check, Report


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
