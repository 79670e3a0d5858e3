"""The figures: availability, budget, weeks, and how long alarms were on. Properties, over whatever may come."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmart_cdk.assets.weekly_report.alarms import Change, Fired, fired
from cloudmart_cdk.assets.weekly_report.period import SEOUL, Period
from cloudmart_cdk.assets.weekly_report.traffic import Span, budget_left
from tests.weekly_report.plans import MONDAY

_COUNTS: Final = st.integers(min_value=0, max_value=10**10)
_OBJECTIVES: Final = st.floats(min_value=90, max_value=99.99)
_MOMENTS: Final = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(errors=_COUNTS, requests=_COUNTS)
def test_availability_is_a_share(errors: int, requests: int) -> None:
    available = Span(errors, requests).availability
    assert (available is None) == (requests == 0)
    assert available is None or 0 <= available <= 100


@given(errors=_COUNTS, requests=st.integers(min_value=1, max_value=10**10), objective=_OBJECTIVES)
def test_the_budget_is_spent_exactly_when_the_objective_is_missed(errors: int, requests: int, objective: float) -> None:
    left = budget_left(Span(errors, requests), objective)
    assert left is not None
    assert left <= 100
    missed_by = (objective - 100 * (1 - errors / requests)) / (100 - objective)
    assert -left / 100 == pytest.approx(missed_by, rel=1e-6, abs=1e-6)


@given(errors=st.integers(min_value=0, max_value=10**6), factor=st.integers(min_value=1, max_value=1000))
def test_the_same_share_of_errors_leaves_the_same_budget(errors: int, factor: int) -> None:
    one, many = (budget_left(Span(errors * n, 10**7 * n), 99.9) for n in (1, factor))
    assert one == pytest.approx(many)


@pytest.mark.parametrize(
    ("errors", "left"), [(0, 100), (5_000, 50), (10_000, 0), (20_000, -100)], ids=["none", "half", "all", "twice"]
)
def test_a_budget_by_hand(errors: int, left: float) -> None:
    assert budget_left(Span(errors, 10_000_000), 99.9) == pytest.approx(left, abs=1e-9)


def test_without_requests_there_is_no_budget() -> None:
    assert budget_left(Span(3, 0), 99.9) is None


@given(now=_MOMENTS)
def test_a_week_is_seven_whole_days_in_seoul_that_are_over(now: datetime) -> None:
    period = Period(now)
    assert timedelta() <= now - period.end < timedelta(days=1)
    assert period.end - period.start == period.start - period.before == timedelta(days=7)
    assert period.end.astimezone(SEOUL).time() == datetime.min.time()
    assert period.month <= period.today < period.next_month
    assert period.next_month.day == 1
    assert (period.next_month - period.month).days <= 31


def test_on_monday_morning_it_is_monday_to_sunday() -> None:
    assert str(MONDAY) == "Mon 16 Nov to Sun 22 Nov 2026"


def _at(hour: float, old: str, new: str, alarm: str = "x") -> Change:
    return Change(alarm, MONDAY.start + timedelta(hours=hour), old, new)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], []),
        ([_at(1, "OK", "ALARM"), _at(2, "ALARM", "OK")], [Fired("x", 1, 3600)]),
        ([_at(5, "ALARM", "OK")], [Fired("x", 1, 5 * 3600)]),
        ([_at(166, "OK", "ALARM")], [Fired("x", 1, 2 * 3600)]),
        ([_at(1, "OK", "INSUFFICIENT_DATA")], []),
        (
            [
                *(_at(1, "OK", "ALARM"), _at(2, "ALARM", "INSUFFICIENT_DATA")),
                *(_at(9, "INSUFFICIENT_DATA", "ALARM"), _at(12, "ALARM", "OK")),
            ],
            [Fired("x", 2, 3 * 3600)],
        ),
        (
            [
                *(_at(2, "ALARM", "OK", "y"), _at(1, "OK", "ALARM", "y"), _at(7, "OK", "ALARM", "y")),
                *(_at(8, "ALARM", "OK", "y"), _at(3, "OK", "ALARM"), _at(6, "ALARM", "OK")),
            ],
            [Fired("y", 2, 3600), Fired("x", 1, 3 * 3600)],
        ),
    ],
    ids=["none", "one", "on before the week", "on after it", "never on", "twice, data missing between", "two, mixed"],
)
def test_how_often_and_how_long(changes: list[Change], expected: list[Fired]) -> None:
    assert fired(changes, MONDAY) == expected


@given(
    st.lists(
        st.tuples(st.floats(min_value=0, max_value=168), st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"])),
        max_size=12,
    )
)
def test_no_alarm_is_on_for_longer_than_the_week(steps: list[tuple[float, str]]) -> None:
    state, changes = "OK", []
    for hour, new in sorted(steps):
        changes.append(_at(hour, state, new))
        state = new
    for each in fired(changes, MONDAY):
        assert each.times >= 1
        assert 0 <= each.longest_s <= 7 * 86_400
