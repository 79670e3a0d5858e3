"""The tests' own EventBridge against the examples of EventBridge's guide."""

from typing import Any

import pytest

from tests.events.bridge import line, matches

STATE = {"source": "aws.ec2", "detail": {"state": "running", "count": 3, "tags": ["a", "b"], "empty": None}}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"state": ["running"]}, True),
        ({"state": ["stopped", "running"]}, True),
        ({"state": ["Running"]}, False),
        ({"tags": ["b"]}, True),
        ({"tags": ["c"]}, False),
        ({"state": [{"prefix": "run"}]}, True),
        ({"state": [{"prefix": "unn"}]}, False),
        ({"state": [{"suffix": "ing"}]}, True),
        ({"state": [{"suffix": "in"}]}, False),
        ({"state": [{"wildcard": "r*ing"}]}, True),
        ({"state": [{"wildcard": "r*in"}]}, False),
        ({"state": [{"anything-but": "stopped"}]}, True),
        ({"state": [{"anything-but": ["stopped", "running"]}]}, False),
        ({"state": [{"anything-but": {"prefix": "run"}}]}, False),
        ({"missing": [{"anything-but": "x"}]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"missing": [{"exists": True}]}, False),
        ({"missing": ["x"]}, False),
        ({"empty": [None]}, True),
        ({"count": [{"numeric": [">", 2, "<=", 3]}]}, True),
        ({"count": [{"numeric": [">", 3]}]}, False),
        ({"state": [{"numeric": [">", 0]}]}, False),
        ({"count": ["3"]}, False),
        ({"$or": [{"state": ["stopped"]}, {"count": [3]}]}, True),
        ({"$or": [{"state": ["stopped"]}, {"count": [4]}]}, False),
        ({"state": ["stopped"], "$or": [{"count": [3]}, {"count": [4]}]}, False),
    ],
)
def test_a_pattern_matches_as_the_guide_says(detail: dict[str, Any], expected: bool) -> None:
    assert matches({"source": ["aws.ec2"], "detail": detail}, STATE) is expected


def test_an_object_of_an_array_answers_for_the_whole_pattern_by_itself() -> None:
    tags = {"tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}
    assert matches({"tags": {"key": ["a"], "value": ["1"]}}, tags)
    assert not matches({"tags": {"key": ["a"], "value": ["2"]}}, tags)


def test_an_operator_that_is_not_known_is_no_match_but_an_error() -> None:
    with pytest.raises(AssertionError, match="cidr"):
        matches({"source": [{"cidr": "10.0.0.0/24"}]}, STATE)


def test_a_line_is_filled_in_and_stays_a_text() -> None:
    event = {"detail": {"why": 'it said "no"\nand left', "many": ["x"], "a-b": 7}}
    paths = {"why": "$.detail.why", "first": "$.detail.many[0]", "seven": "$.detail.a-b", "gone": "$.detail.gone.by"}
    assert line('"<why> <first> <seven><gone>."', paths, event) == 'it said "no"\nand left x 7.'


def test_a_variable_that_no_path_fills_is_an_error() -> None:
    with pytest.raises(AssertionError, match="<who>"):
        line('"<who>"', {}, {})
