"""Sums: of kinds, stacks, books and spans."""

from dataclasses import replace

import pytest

from tests.tools.cost.bills import READ, item, sheet
from tools.cost.figures import HOURS, total
from tools.cost.words import cap_sentence

_BILL = sheet(
    item("server", 0.1, 0.2),
    item("traffic", 0.01, None, kind="usage", stack="VpcStack"),
    item("key", 0.5, 0.5, kind="apart"),
)


def test_an_amount_counts_what_the_caps_count() -> None:
    assert _BILL.amount("course").usd_hour == pytest.approx(0.11)
    assert _BILL.amount("course", "apart").usd_hour == 0.5
    assert _BILL.amount("course", stack="VpcStack").usd_hour == 0.01


def test_seoul_falls_back_on_the_course_and_says_so() -> None:
    amount = _BILL.amount("seoul")
    assert (amount.usd_hour, amount.unsourced_hour) == pytest.approx((0.21, 0.01))
    assert amount.unsourced_share == pytest.approx(0.01 / 0.21)
    assert _BILL.unsourced("seoul") == ("traffic",)
    assert _BILL.unsourced("course") == ()


def test_unsourced_prices_come_dearest_first() -> None:
    bill = sheet(item("b", 0.1, None), item("a", 0.1, None), item("c", 0.3, None))
    assert bill.unsourced("seoul") == ("c", "a", "b")


def test_a_session_is_50_minutes_and_a_month_730_hours() -> None:
    assert {span: total([item("server")], "course").usd(span) for span in HOURS} == pytest.approx(
        {"hour": 0.1, "session": 0.1 * 50 / 60, "month": 73}
    )


def test_lab_is_judged_by_the_session_and_the_others_by_the_month() -> None:
    assert (sheet(stage="lab").span, sheet(stage="prod").span) == ("session", "month")


def test_caps_count_nothing_that_is_apart() -> None:
    (cap,) = _BILL.caps
    assert (cap.span, cap.usd) == ("month", _BILL.settings.cost.month_cap_usd)
    assert cap.reached == pytest.approx(0.11 * 730)
    assert cap.left == pytest.approx(cap.usd - cap.reached)


def test_a_cap_says_whether_what_is_reached_has_a_source() -> None:
    assert cap_sentence(_BILL.caps[0]).endswith("reached 80.30 at the course's prices, left 894.70")
    nobody = replace(item("server").line, course_source=replace(READ, read=None))
    guessed = sheet(replace(item("server"), line=nobody)).caps[0]
    assert cap_sentence(guessed).endswith("reached 73.00* at the course's prices, left 902.00*")


def test_no_cap_is_no_cap() -> None:
    assert sheet(item("server"), **{"cost.month_cap_usd": "0"}).caps == ()
