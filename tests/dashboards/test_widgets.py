"""Spelling and layout of widgets, and how alarm rows become lines."""

from typing import Any

import pytest

from cloudmart_cdk.constructs.alarms import Alarm, Math, Metric, Severity
from cloudmart_cdk.constructs.dashboards.alarm_rows import AlarmRows, alarm_graph, short_labels
from cloudmart_cdk.constructs.dashboards.widgets import PALETTE, RED, Line, graph, placed, spread

_CPU = Metric("AWS/EC2", "CPUUtilization", "Average", {"AutoScalingGroupName": "blue"})
_SERVING = Metric("AWS/AutoScaling", "GroupInServiceInstances", "Minimum", {"AutoScalingGroupName": "blue"})


def _row(id: str, **changed: Any) -> Alarm:
    row: dict[str, Any] = {
        "id": id,
        "broke": "It is",
        "watch": _CPU,
        "threshold": 80,
        "period_s": 300,
        "severity": Severity.WARNING,
        "silence": "missing",
        "page": "cpu",
    }
    return Alarm(**row | changed)


def _metrics(*lines: Line, period_s: int = 60) -> list[list[Any]]:
    metrics: list[list[Any]] = graph("x", lines, region="r", unit="%", period_s=period_s)["properties"]["metrics"]
    return metrics


@pytest.mark.parametrize(
    ("count", "widths"),
    [
        (1, [12]),
        (2, [12, 12]),
        (3, [8, 8, 8]),
        (4, [12, 12, 12, 12]),
        (5, [12, 12, 8, 8, 8]),
        (7, [12, 12, 12, 12, 8, 8, 8]),
    ],
)
def test_rows_are_filled_evenly(count: int, widths: list[int]) -> None:
    assert [widget["width"] for widget in spread([{}] * count, height=6, most=3)] == widths


def test_widths_that_do_not_divide_still_fill_the_row() -> None:
    assert sum(widget["width"] for widget in spread([{}] * 5, height=4, most=6)) == 24


def test_widgets_flow_row_by_row() -> None:
    sizes = [(24, 2), (12, 6), (12, 4), (8, 6)]
    flowing = placed({"width": width, "height": height} for width, height in sizes)
    assert [(widget["x"], widget["y"]) for widget in flowing] == [(0, 0), (0, 2), (12, 2), (0, 8)]


def test_a_metric_that_two_lines_of_math_need_is_asked_for_once() -> None:
    metrics = _metrics(
        Line(label="a", watch=Math("100 * serving / wanted", {"serving": _SERVING, "wanted": _CPU})),
        Line(label="b", watch=Math("serving", {"serving": _SERVING})),
        Line(label="c", watch=Math("serving", {"serving": _SERVING}), period_s=300),
    )
    assert [line[0]["expression"] for line in metrics[:3]] == ["100 * m0 / m1", "m0", "m2"]
    assert [line[-1] for line in metrics[3:]] == [
        {"stat": "Minimum", "id": "m0", "visible": False},
        {"stat": "Average", "id": "m1", "visible": False},
        {"stat": "Minimum", "id": "m2", "visible": False, "period": 300},
    ]


def test_parts_that_repeat_are_a_dot() -> None:
    other = Metric("AWS/EC2", "NetworkOut", "Sum", _CPU.dimensions)
    first, second, third = _metrics(
        Line(label="a", watch=_CPU), Line(label="b", watch=other), Line(label="c", watch=_SERVING)
    )
    assert first[:-1] == ["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "blue"]
    assert second[:-1] == [".", "NetworkOut", ".", "."]
    assert third[:-1] == ["AWS/AutoScaling", "GroupInServiceInstances", ".", "."]


def test_lines_have_colours_of_their_own_and_none_is_an_alarms() -> None:
    metrics = _metrics(*(Line(label=str(n), watch=_CPU, colour=PALETTE[0] if n == 1 else "") for n in range(4)))
    colours = [line[-1]["color"] for line in metrics]
    assert len(set(colours)) == 4
    assert colours[1] == PALETTE[0]
    assert RED not in PALETTE


@pytest.mark.parametrize(
    ("ids", "labels"),
    [
        (["shop-blue-cpu", "shop-green-cpu"], ["blue", "green"]),
        (["database-cpu", "replica1-cpu"], ["database", "replica1"]),
        (["nat1-ports", "nat2-ports"], ["nat1", "nat2"]),
        (["t-auth-unhealthy", "t-auth-canary-unhealthy", "t-pay-unhealthy"], ["auth", "auth canary", "pay"]),
        (["notifier-failed", "notifier-late"], ["failed", "late"]),
        (["alone"], ["alone"]),
    ],
)
def test_labels_are_what_tells_alarms_apart(ids: list[str], labels: list[str]) -> None:
    assert short_labels(ids) == labels


def test_a_row_is_handed_out_once() -> None:
    rows = AlarmRows([_row("a-cpu"), _row("b-cpu"), _row("b-late", page="odd", threshold=2), _row("b-odd", page="odd")])
    assert [row.id for row in rows.take("cpu", starting="a")] == ["a-cpu"]
    assert rows.take("cpu", starting="a") == []
    assert [widget["properties"]["title"] for widget in rows.rest(region="r")] == ["Cpu", "Odd: late", "Odd: odd"]
    assert rows.rest(region="r") == []


def test_thresholds_say_how_long_they_must_last() -> None:
    rows = [
        _row("a-cpu"),
        _row("b-cpu", threshold=90, period_s=60, datapoints=(2, 3)),
        _row("c-cpu", threshold=95, datapoints=(3, 3)),
        _row("d-cpu", threshold=99, period_s=86400, datapoints=(3, 3)),
    ]
    marks = alarm_graph("x", rows, region="r")["properties"]["annotations"]["horizontal"]
    assert [(mark["value"], mark["label"], mark["color"]) for mark in marks] == [
        (80, "alarm > 80 %, 5 min", RED),
        (90, "alarm > 90 %, 2 of 3 min", RED),
        (95, "alarm > 95 %, 3 x 5 min", RED),
        (99, "alarm > 99 %, 3 days", RED),
    ]


def test_a_row_on_a_learned_band_draws_the_band_and_no_red_line() -> None:
    row = _row("shop-traffic", page="traffic", fires="below band", threshold=3, watch=Math("FILL(n, 0)", {"n": _CPU}))
    properties = alarm_graph("x", [row], region="r", others=[Line(label="y", watch=_CPU)])["properties"]
    assert [line[0].get("expression") for line in properties["metrics"] if isinstance(line[0], dict)] == [
        "FILL(m0, 0)",
        "ANOMALY_DETECTION_BAND(e1, 3)",
    ]
    assert "annotations" not in properties
