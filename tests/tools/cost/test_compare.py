"""What is a change, and what is only another name."""

import pytest

from tests.tools.cost.bills import item, sheet
from tools.cost.compare import Comparison


def test_equal_bills_differ_in_nothing() -> None:
    bill = sheet(item("db.t3.micro"), item("key", kind="apart"))
    assert Comparison(bill, bill).changes == ()


def test_another_class_is_one_change_of_one_resource() -> None:
    (change,) = Comparison(sheet(item("db.t3.micro", 0.1, 0.2)), sheet(item("db.t3.small", 0.3, 0.6))).changes
    assert (change.before, change.after) == ("db.t3.micro", "db.t3.small")
    assert change.resources == ("Database",)
    assert change.usd_hour == {"course": pytest.approx(0.2), "seoul": pytest.approx(0.4)}


def test_what_did_not_change_of_a_resource_is_not_named() -> None:
    storage = item("20 GB")
    (change,) = Comparison(sheet(item("micro"), storage), sheet(item("small"), storage)).changes
    assert (change.before, change.after) == ("micro", "small")


def test_a_renamed_resource_is_no_change() -> None:
    before = sheet(item("nat", resource="Nat1"), item("nat", resource="Nat2"))
    after = sheet(item("nat", resource="NatA"), item("nat", resource="Nat2"))
    assert Comparison(before, after).changes == ()


def test_of_renamed_ones_the_one_too_many_is_a_change() -> None:
    before = sheet(item("nat", resource="Nat1"))
    after = sheet(item("nat", resource="NatA"), item("nat", resource="NatB"))
    (change,) = Comparison(before, after).changes
    assert (change.before, change.after, change.resources) == ("", "nat", ("NatB",))


def test_moved_to_another_stack_it_went_and_came() -> None:
    changes = Comparison(sheet(item("nat", stack="VpcStack")), sheet(item("nat", stack="DataStack"))).changes
    assert {(change.stack, change.before, change.after) for change in changes} == {
        ("VpcStack", "nat", ""),
        ("DataStack", "", "nat"),
    }


def test_alike_changes_are_one() -> None:
    after = sheet(*(item("alarm", 0.001, resource=f"Alarm{number}") for number in range(5)))
    (change,) = Comparison(sheet(), after).changes
    assert len(change.resources) == 5
    assert change.usd_hour["course"] == pytest.approx(0.005)


def test_a_quantity_alone_is_told_with_its_unit() -> None:
    (change,) = Comparison(
        sheet(item("logs", quantity=2, unit="GB")), sheet(item("logs", quantity=5, unit="GB"))
    ).changes
    assert (change.before, change.after) == ("logs: 2 GB", "5 GB")


def test_a_unit_that_begins_with_a_figure_is_told_apart_from_the_quantity() -> None:
    (change,) = Comparison(
        sheet(item("keys", quantity=5, unit="10,000 requests")),
        sheet(item("keys", quantity=20, unit="10,000 requests")),
    ).changes
    assert (change.before, change.after) == ("keys: 5 x 10,000 requests", "20 x 10,000 requests")


def test_what_is_apart_stands_by_itself_and_not_in_the_sum() -> None:
    comparison = Comparison(sheet(), sheet(item("server"), item("disk", 0.5, kind="apart")))
    assert [(change.after, change.apart) for change in comparison.changes] == [("disk", True), ("server", False)]
    assert comparison.usd_hour("course") == pytest.approx(0.1)


def test_volumes_of_one_resource_are_changes_of_their_own() -> None:
    before = sheet(item("requests", source="proposal"), item("bytes", source="proposal"))
    after = sheet(item("requests", quantity=2, source="proposal"), item("bytes", quantity=3, source="proposal"))
    changes = Comparison(before, after).changes
    assert [(change.before, change.after) for change in changes] == [("bytes: 1", "3"), ("requests: 1", "2")]


def test_a_change_at_a_price_without_source_says_so() -> None:
    (change,) = Comparison(sheet(), sheet(item("server", seoul=None))).changes
    assert change.unsourced
