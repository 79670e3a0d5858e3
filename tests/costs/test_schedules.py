"""Averages over a week."""

import pytest

from cloudmart_cdk.costs.schedules import Change, average

_WEEK = 168
_SEOUL = "Asia/Seoul"


def _change(expression: object, size: float, zone: str = _SEOUL) -> Change:
    return Change(expression, zone, size)


@pytest.mark.parametrize(
    ("hours", "changes"),
    [
        (12 * 5, [("0 20 * * MON-FRI", 0), ("0 8 * * MON-FRI", 1)]),
        (12 * 5, [("cron(0 20 ? * MON-FRI *)", 0), ("cron(0 8 ? * MON-FRI *)", 1)]),
        (12.25 * 5, [("cron(0 20 ? * MON-FRI *)", 0), ("cron(45 7 ? * MON-FRI *)", 1)]),
        (12 * 5, [("cron(0,20 20 ? * MON-FRI *)", 0), ("cron(0 8 ? * MON-FRI *)", 1)]),
        (2 * 12 * 5, [("0 20 * * MON-FRI", 0), ("0 8 * * MON-FRI", 2)]),
        (12 * 7, [("0 20 * * *", 0), ("0 8 * * *", 1)]),
        (24 + 3, [("0 0 * * TUE,SAT", 1), ("0 0 * * WED", 0), ("0 3 * * SAT", 0)]),
        (3 * _WEEK, [("0 20 * * FRI", 3)]),
    ],
)
def test_hours_of_a_week(hours: float, changes: list[tuple[str, float]]) -> None:
    assert average(1, [_change(*change) for change in changes]) == pytest.approx(hours / _WEEK)


def test_without_a_schedule_it_is_the_first_size() -> None:
    assert average(2, []) == 2


@pytest.mark.parametrize("odd", ["rate(1 day)", "cron(0 20 L * ? *)", "cron(0 20 ? * MON#1 *)", "at(2026-01-01)", None])
def test_a_schedule_that_cannot_be_read_saves_nothing(odd: object) -> None:
    assert average(2, [_change(odd, 0), _change("0 8 * * MON-FRI", 3)]) == 3


def test_nor_does_one_after_which_nothing_comes_back() -> None:
    """Somebody starts it again, or the next deploy does: nobody knows when."""
    assert average(1, [_change("0 20 * * MON-FRI", 0)]) == 1
    assert average(3, [_change("0 20 * * *", 0), _change("0 8 * * *", 2)]) == 3


def test_nor_do_two_zones() -> None:
    assert average(1, [_change("0 20 * * *", 0), _change("0 8 * * *", 1, "UTC")]) == 1
