"""The evaluator of alarms against CloudWatch's guide, "Configuring how CloudWatch alarms treat missing data"."""

from typing import Any

import pytest

from tools.cloudwatch.alarm_state import (
    EXTRA,
    PLAIN,
    AlarmError,
    MetricAlarm,
    Point,
    State,
    children,
    composite_state,
    evaluated,
)
from tools.cloudwatch.metric_math import Missing
from tools.cloudwatch.series_math import Series

OK, ALARM, NO_DATA = State.OK, State.ALARM, State.INSUFFICIENT_DATA
RETAIN = None
"""The state stays what it was."""
_TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")

# Data points (oldest first) -> state by treatment, in the order of the guide's columns.
ALL_OF_THREE = {
    "0 - X - X": (OK, OK, OK, OK),
    "0 - - - -": (OK, OK, OK, OK),
    "- - - - -": (NO_DATA, RETAIN, ALARM, OK),
    "0 X X - X": (ALARM, ALARM, ALARM, ALARM),
    "- - X - -": (ALARM, RETAIN, ALARM, OK),
}
TWO_OF_THREE = {
    "0 - X - X": (ALARM, ALARM, ALARM, ALARM),
    "0 0 X 0 X": (ALARM, ALARM, ALARM, ALARM),
    "0 - X - -": (OK, OK, ALARM, OK),
    "- - - - 0": (OK, OK, ALARM, OK),
    "- - - X -": (ALARM, RETAIN, ALARM, OK),
}
_TABLES = [
    (row, enough, treatment, expected)
    for enough, table in ((3, ALL_OF_THREE), (2, TWO_OF_THREE))
    for row, states in table.items()
    for treatment, expected in zip(_TREATMENTS, states, strict=True)
]


def points(row: str) -> list[Point]:
    return [{"X": True, "0": False, "-": None}[sign] for sign in row.split()]


@pytest.mark.parametrize("current", State)
@pytest.mark.parametrize(("row", "enough", "treatment", "expected"), _TABLES)
def test_the_tables_of_the_guide(row: str, enough: int, treatment: str, expected: State | None, current: State) -> None:
    found = evaluated(points(row), enough=enough, periods=3, silence=treatment, current=current)
    assert found is (current if expected is RETAIN else expected)


@pytest.mark.parametrize(("row", "state"), [("- - - - X", OK), ("- - - X -", OK), ("- - X - -", ALARM)])
def test_an_alarm_is_not_premature(row: str, state: State) -> None:
    """ "The alarm does not go immediately into ALARM state": the next data point may be a good one."""
    assert evaluated(points(row), enough=3, periods=3, silence="missing", current=OK) is state


def test_the_guides_range_is_five_for_three() -> None:
    assert 3 + EXTRA == 5


def alarm(**properties: Any) -> MetricAlarm:
    plain = {"Period": 60, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
    return MetricAlarm(plain | properties)


@pytest.mark.parametrize(
    ("operator", "breaching"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_operators(operator: str, breaching: list[bool]) -> None:
    assert alarm(ComparisonOperator=operator).points({PLAIN: [4, 5, 6]}) == breaching


@pytest.mark.parametrize(
    ("operator", "breaching"),
    [
        ("GreaterThanUpperThreshold", [True, False]),
        ("LessThanLowerThreshold", [False, True]),
        ("LessThanLowerOrGreaterThanUpperThreshold", [True, True]),
    ],
)
def test_bands(operator: str, breaching: list[bool]) -> None:
    band = MetricAlarm(
        {
            "ComparisonOperator": operator,
            "EvaluationPeriods": 1,
            "ThresholdMetricId": "band",
            "Metrics": [
                {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(twice, 3)"},
                {"Id": "twice", "Expression": "2 * m", "ReturnData": True},
                {"Id": "m", "MetricStat": {"Period": 300}, "ReturnData": False},
            ],
        }
    )
    trained: Series = [100, 101, 99, 100, 102, 98] * 4
    found = band.points({"m": [*trained, 200, 100, 0]})
    assert found[:12] == [None] * 12, "no band yet"
    assert set(found[12:-3]) == {False}
    assert [found[-3], found[-1]] == breaching
    assert band.period_s == 300
    assert band.terms == ["m"]


def test_m_of_n_period_by_period() -> None:
    twice = alarm(EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    assert twice.states({PLAIN: [1, 9, 1, 1, 9, 9, 1, 1]}) == [OK, OK, OK, OK, OK, ALARM, ALARM, OK]
    assert twice.states({PLAIN: [9, 1, 9]})[-1] is ALARM


def test_a_new_alarm_and_one_whose_metric_ends() -> None:
    ends: Series = [1, None, None, None, None]
    assert alarm().states({PLAIN: ends}) == [OK, OK, OK, NO_DATA, NO_DATA], "the range reaches further back"
    assert alarm(TreatMissingData="breaching").states({PLAIN: ends})[-1] is ALARM
    assert alarm(TreatMissingData="ignore").states({PLAIN: [None, 9, None, None, None]})[-1] is ALARM
    assert alarm().states({PLAIN: [None]}) == [NO_DATA]


def test_the_rule_for_missing_operands_is_handed_down() -> None:
    total = MetricAlarm(
        {
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": 5,
            "Metrics": [
                {"Id": "sum", "Expression": "a + b"},
                {"Id": "a", "MetricStat": {"Period": 60}, "ReturnData": False},
                {"Id": "b", "MetricStat": {"Period": 60}, "ReturnData": False},
            ],
        }
    )
    lonely: dict[str, Series] = {"a": [6], "b": [None]}
    assert total.points(lonely) == [None]
    assert total.points(lonely, missing=Missing.ZERO) == [True]


@pytest.mark.parametrize(
    ("metrics", "complaint"),
    [
        ([{"Id": "a", "Expression": "b + 1"}, {"Id": "b", "Expression": "a + 1"}], "need what is not there"),
        ([{"Id": "a", "MetricStat": {"Period": 60}}, {"Id": "b", "MetricStat": {"Period": 60}}], "it returns"),
        (
            [
                {"Id": "e", "Expression": "a"},
                {"Id": "a", "MetricStat": {"Period": 60}},
                {"Id": "b", "MetricStat": {"Period": 300}},
            ],
            "periods",
        ),
    ],
)
def test_alarms_that_cloudwatch_refuses(metrics: list[dict[str, Any]], complaint: str) -> None:
    refused = MetricAlarm(
        {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1, "Metrics": metrics}
    )
    with pytest.raises(AlarmError, match=complaint):
        refused.points({query["Id"]: [1.0] for query in metrics if "MetricStat" in query})


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ('ALARM("on")', ALARM),
        ('ALARM("off")', OK),
        ('OK("off") AND ALARM("on")', ALARM),
        ('ALARM("on") AND ALARM("off")', OK),
        ('ALARM("off") OR ALARM("on")', ALARM),
        ('ALARM("on") AND NOT ALARM("off")', ALARM),
        ('NOT (ALARM("on") OR ALARM("off"))', OK),
        ('INSUFFICIENT_DATA("unknown")', ALARM),
        ('ALARM("unknown") OR FALSE', OK),
        ('TRUE AND ALARM("this AND that")', ALARM),
    ],
)
def test_composites(rule: str, state: State) -> None:
    states = {"on": ALARM, "off": OK, "unknown": NO_DATA, "this AND that": ALARM}
    assert composite_state(rule, states) is state


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ('ALARM("on"', "is no rule"),
        ('ALARM("nobody")', "unknown alarm 'nobody'"),
        ("ALARM(on)", "names stand in quotes"),
        ('AT_LEAST("on")', "unknown function AT_LEAST"),
        ("1", "not understood"),
    ],
)
def test_rules_that_are_wrong(rule: str, complaint: str) -> None:
    with pytest.raises(AlarmError, match=complaint):
        composite_state(rule, {"on": ALARM})


def test_children_of_a_rule() -> None:
    assert children('ALARM("a-1") AND NOT OK("b")') == ["a-1", "b"]
