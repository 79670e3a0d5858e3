"""Every stage's dashboards, as synthesized: their shape, CloudWatch's limits, every alarm once, nothing left out."""

import json
from collections import Counter
from collections.abc import Mapping

import pytest

from cloudmart_cdk.constructs.dashboards.widgets import RED
from tests.conftest import Synthesize
from tests.dashboards.contexts import CONTEXTS
from tests.dashboards.reading import alarms, dashboards, drawn, everything_else
from tests.support import Synthesized

STAGES = ("lab", "dev", "staging", "prod")
ALL = {"overview", "backend", "data", "cdn", "eks"}
WITHOUT = {
    "EksPlatformStack": {"overview", "backend", "data", "cdn"},
    "FrontendCdnStack,EdgeWatchStack": {"overview", "backend", "data", "eks"},
    "BackendAsgStack,FrontendCdnStack,EdgeWatchStack": {"overview", "data", "eks"},
    "VpcStack,DataStack,BackendAsgStack,FrontendCdnStack,EksPlatformStack,EdgeWatchStack": {"overview"},
}
FIXED = {"Global", "ALL", "default", "READ_WRITE", "ok", "failed"}
"""Values of dimensions that AWS or the services prescribe."""


@pytest.mark.parametrize("stage", STAGES)
def test_each_part_has_its_dashboard(synthesized: Synthesize, stage: str) -> None:
    assert dashboards(synthesized(stage)).keys() == ALL


@pytest.mark.parametrize("skip", WITHOUT)
def test_what_is_left_out_is_not_shown(synthesized: Synthesize, skip: str) -> None:
    app = synthesized("lab", skip=skip)
    found = dashboards(app)
    assert found.keys() == WITHOUT[skip]
    linked = {
        name
        for body in found.values()
        for name in ALL
        if f"#dashboards:name=cloudmart-lab-{name}" in json.dumps(body.body)
    }
    assert linked <= found.keys(), "a link leads to a dashboard that is not there"
    for widget in drawn(app):
        assert widget.lines, f"{widget.title}: empty"


@pytest.mark.parametrize("stage", STAGES)
def test_widgets_lie_beside_each_other_on_the_grid(synthesized: Synthesize, stage: str) -> None:
    for name, body in dashboards(synthesized(stage)).items():
        taken = Counter(
            (x, y)
            for widget in body.widgets
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        )
        assert max(taken.values()) == 1, f"{name}: widgets overlap"
        assert max(x for x, _ in taken) < 24
        assert all(any((x, y) in taken for x in range(24)) for y in range(max(y for _, y in taken)))


@pytest.mark.parametrize("stage", STAGES)
def test_cloudwatch_would_take_it(synthesized: Synthesize, stage: str) -> None:
    """CloudWatch quotas: 500 widgets, 500 metrics a widget, 2500 a dashboard; 100 alarms in a widget."""
    app = synthesized(stage)
    for body in dashboards(app).values():
        assert body.body.keys() == {"start", "periodOverride", "widgets"}
        assert len(body.widgets) <= 500
        assert all(len(widget["properties"].get("alarms", ())) <= 100 for widget in body.widgets)
    by_board: Counter[str] = Counter()
    for widget in drawn(app):
        ids = [item[-1]["id"] for item in widget.properties["metrics"] if "id" in item[-1]]
        assert len(ids) == len(set(ids)), f"{widget.title}: an id twice"
        assert len(widget.metrics) <= 500
        by_board[widget.board] += len(widget.metrics)
    assert max(by_board.values()) <= 2500


@pytest.mark.parametrize("stage", STAGES)
def test_metrics_are_of_things_that_are_there(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    rest = everything_else(app)
    for widget in drawn(app):
        for namespace, name, where in widget.metrics:
            for dimension, value in where.items():
                # A resource's attribute, or its reference: its logical id comes first.
                thing = value.split(".")[0].split("-0")[0]
                assert value in FIXED or thing in rest, f"{widget.title}: {namespace} {name} {dimension}={value}"


@pytest.mark.parametrize("stage", STAGES)
def test_metrics_of_the_edge_are_asked_for_where_they_are(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    for widget in drawn(app):
        edge = any(
            namespace == "AWS/CloudFront" or (namespace == "AWS/WAFV2" and "Region" not in where)
            for namespace, _, where in widget.metrics
        )
        assert widget.region == ("us-east-1" if edge else app.settings.region), widget.title


def _where_drawn(app: Synthesized, line: str, band: str, threshold: float | None) -> list[str]:
    found = []
    for widget in drawn(app):
        red = {
            mark["value"]
            for mark in widget.properties.get("annotations", {}).get("horizontal", ())
            if mark["color"] == RED
        }
        if line in widget.lines and (band in widget.lines if band else threshold in red):
            found.append(f"{widget.board}: {widget.title}")
    return found


@pytest.mark.parametrize("context", [*({"stage": stage} for stage in STAGES), CONTEXTS["all options"]])
def test_every_alarm_is_drawn_once_with_its_threshold(synthesized: Synthesize, context: Mapping[str, str]) -> None:
    app = synthesized(**context)
    places = {alarm.name: _where_drawn(app, alarm.line, alarm.band, alarm.threshold) for alarm in alarms(app)}
    assert places
    assert not {name: found for name, found in places.items() if len(found) != 1}


@pytest.mark.parametrize("stage", STAGES)
def test_every_red_line_is_an_alarms(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    figures = {alarm.threshold for alarm in alarms(app)}
    for widget in drawn(app):
        for mark in widget.properties.get("annotations", {}).get("horizontal", ()):
            assert (mark["color"] == RED) == mark["label"].startswith("alarm "), widget.title
            assert mark["color"] != RED or mark["value"] in figures, widget.title


@pytest.mark.parametrize("stage", STAGES)
def test_the_overview_lists_every_alarm_of_the_stages_region(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    shown = {
        arn.rpartition(":")[2]
        for widget in dashboards(app)["overview"].widgets
        if widget["type"] == "alarm"
        for arn in widget["properties"]["alarms"]
    }
    here = {
        resource["Properties"]["AlarmName"]
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for resource in app.resources("MonitoringStack", kind).values()
    }
    assert here <= shown


def test_objectives_are_the_settings(synthesized: Synthesize) -> None:
    app = synthesized("prod", **{"monitoring.availability_slo": "99.95", "monitoring.latency_slo_ms": "350"})
    overview = json.dumps(dashboards(app)["overview"].body)
    assert "(1 - 0.9995)" not in overview
    assert " * 0.0005)" in overview
    assert '"value": 0.35' in overview
    assert "99.95 % of requests" in overview


def test_thirty_days_are_thirty_days_whatever_is_shown(synthesized: Synthesize) -> None:
    widgets = [widget for widget in drawn(synthesized("prod")) if "30 days" in widget.title]
    assert widgets
    for widget in widgets:
        assert (widget.properties["start"], widget.properties["end"]) == ("-PT720H", "P0D")
        # Three weeks ago only values of five minutes and more are kept, two months ago of an hour.
        assert widget.properties["period"] == 3600
