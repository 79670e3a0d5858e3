"""The mail itself, whole: everything there, next to nothing there, every source failing."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cloudmart_cdk.assets.weekly_report import alarms, cost, report, traffic
from cloudmart_cdk.assets.weekly_report.findings import Finding
from cloudmart_cdk.assets.weekly_report.section import Section, count, duration, percent, table, wrapped
from tests.weekly_report.plans import FULL, MONDAY, SPARSE

_GOLDEN: Final = Path(__file__).parent / "golden"


def _same(name: str, text: str) -> None:
    """A wanted change: write `text` into the file, and read the difference."""
    golden = _GOLDEN / f"{name}.txt"
    assert text == golden.read_text(), f"{golden.name} is now:\n{text}"
    assert max(len(line) for line in text.splitlines()) <= 64


def _hours(start: datetime, level: float, worst: float | None = None) -> dict[datetime, float]:
    hours = {start + timedelta(hours=hour): level + hour % 7 for hour in range(168)}
    return hours | ({start + timedelta(hours=62): worst} if worst else {})


def _full() -> list[Section]:
    week, before = MONDAY.start, MONDAY.before
    tiketi = traffic.Figures(
        "tiketi",
        traffic.Span(41_000, 9_123_456, _hours(week, 90)),
        traffic.Span(800, 8_900_000, _hours(before, 98)),
        traffic.Span(49_000, 37_000_000),
    )
    figures = [
        traffic.Figures(
            "shop",
            traffic.Span(1_200, 4_123_456, _hours(week, 120, worst=480)),
            traffic.Span(800, 3_900_000, _hours(before, 118)),
            traffic.Span(9_000, 17_000_000),
        ),
        tiketi,
    ]
    fired = [
        alarms.Fired("cloudmart-prod-shop-latency", 3, 1500),
        alarms.Fired("cloudmart-prod-nodes-memory", 1, 7500),
    ]
    services = {
        "Amazon Elastic Compute Cloud - Compute": 12.3,
        "Amazon Relational Database Service": 9.1,
        "AmazonCloudWatch": 2.2,
        "EC2 - Other": 3.3,
        "Amazon Elastic Container Service for Kubernetes": 24.0,
        "AWS WAF": 0.7,
        "Tax": 0.0,
    }
    days = {MONDAY.today - timedelta(days=day): services for day in range(1, 23)}
    open_ = report.opened(
        {
            "patches": Finding("1 of 2 instances compliant, 3 patches missing", "1 of 2 instances lack patches"),
            "images": Finding("3 scanned; payment 1 critical, 2 high", "images with severe findings: payment"),
            "backups": Finding("8 of 8 jobs completed"),
            "restore drill": Finding("succeeded on 02 Nov, restored in 21 min"),
            "certificates": Finding("2 in use, the first ends in 203 days (tiketi.shop.example)"),
            "secrets": Finding("5 of 5 rotated in time"),
            "stacks": Finding("drift of 6 of 7 looked at, first 20 Nov"),
        }
    )
    return [
        traffic.written(figures, FULL),
        alarms.written(fired, ["cloudmart-prod-nodes-memory"], "cloudmart-prod-"),
        cost.written(cost.Cost(days, 300.0), FULL, MONDAY),
        open_,
    ]


def test_full() -> None:
    subject, text = report.composed(FULL, MONDAY, _full())
    assert subject == "cloudmart-prod: week to 22 Nov 2026, 6 to look at"
    _same("full", text)


def test_sparse() -> None:
    """A stage of yesterday: no traffic, no alarm, no cost, nothing to rehearse."""
    nothing = traffic.Span()
    subject, text = report.composed(
        SPARSE,
        MONDAY,
        [
            traffic.written([traffic.Figures("shop", nothing, nothing, nothing)], SPARSE),
            alarms.written([], [], "cloudmart-lab-"),
            cost.written(cost.Cost(), SPARSE, MONDAY),
            report.opened({"secrets": Finding("0 of 0 rotated in time"), "stacks": Finding("drift never looked at")}),
        ],
    )
    assert subject == "cloudmart-lab: week to 22 Nov 2026, nothing to look at"
    _same("sparse", text)


def test_every_source_refuses() -> None:
    noted: list[str] = []

    def refuse(service: str, region: str) -> Any:
        raise RuntimeError(f"User arn:aws:sts::000000000000:assumed-role/report is not authorized for {service}\n")

    subject, text = report.build(FULL, refuse, MONDAY, lambda source, _: noted.append(source))
    assert noted == [
        *("Availability and latency", "Alarms", "Cost"),
        *("patches", "images", "backups", "restore drill", "certificates", "secrets", "stacks"),
    ]
    assert subject == "cloudmart-prod: week to 22 Nov 2026, 10 to look at"
    _same("refused", text)


def test_a_stage_without_a_load_balancer_has_no_such_part() -> None:
    noted: list[str] = []

    def refuse(service: str, region: str) -> Any:
        raise RuntimeError(service)

    _, text = report.build(replace(FULL, workloads=()), refuse, MONDAY, lambda source, _: noted.append(source))
    assert noted[0] == "Alarms"
    assert "AVAILABILITY" not in text


def test_costs_that_no_tag_marks_are_not_zero() -> None:
    part = cost.written(cost.Cost({MONDAY.month: {}}), FULL, MONDAY)
    assert part.attention == ("cost is unknown: its tags are not active",)
    assert "activate them" in " ".join(part.lines)


@pytest.mark.parametrize(
    ("month", "to_come", "asks"),
    [(100, None, ()), (1031, 5, ("this month's budget is spent",)), (600, 431, "this month is expected")],
)
def test_the_budget(month: float, to_come: float | None, asks: Any) -> None:
    part = cost.written(cost.Cost({MONDAY.month: {"x": month}}, to_come), FULL, MONDAY)
    if isinstance(asks, str):
        assert part.attention[0].startswith(asks)
    else:
        assert part.attention == asks
    assert ("Forecast: not available yet" in part.lines) == (to_come is None)


@pytest.mark.parametrize(
    ("written", "is_"),
    [
        (percent(None), "-"),
        (percent(99.99996), "99.999 %"),
        (percent(100), "100.000 %"),
        (percent(-32.45, 1), "-32.4 %"),
        (count(9_999), "9999"),
        (count(10_000), "10 k"),
        (count(4_123_456), "4.12 M"),
        (duration(59), "1 min"),
        (duration(3_600), "1 h 00 min"),
        (duration(200_000), "2 d 7 h"),
    ],
)
def test_figures(written: str, is_: str) -> None:
    assert written == is_


def test_tables_and_texts() -> None:
    assert table([("a", "bb"), ("ccc", "d")]) == ["a    bb", "ccc   d"]
    (line,) = wrapped(f"arn:aws:sns:{'x' * 80}")
    assert len(line) > 64, "an ARN stays whole"
