"""Metric math against the examples of CloudWatch's guide, "Using math expressions with CloudWatch metrics"."""

import math

import pytest

from tools.cloudwatch.metric_math import MetricMathError, Missing, evaluate, evaluate_all, names
from tools.cloudwatch.series_math import TRAINING, Series

FIVE_MINUTES = 300
# The guide's two metrics of "Comparison and logical operators".
COMPARED: dict[str, Series] = {"metric1": [30, 20, 0, 0], "metric2": [20, None, 20, None]}
# The guide's three metrics of "Using IF expressions".
CHOSEN: dict[str, Series] = {
    "metric1": [1, 1, 0, 0, None],
    "metric2": [30, None, 0, 0, 30],
    "metric3": [0, 0, 20, None, 20],
}
TWO: dict[str, Series] = {"m1": [1, 2, None, 4], "m2": [10, None, None, 0]}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("(metric1 < metric2)", [0, 0, 1, 0]),
        ("(metric1 >= 30)", [1, 0, 0, 0]),
        ("(metric1 > 15 AND metric2 > 15)", [1, 0, 0, 0]),
        ("metric1 > 15 && metric2 > 15", [1, 0, 0, 0]),
        ("metric1 > 15 OR metric2 > 15", [1, 1, 1, 0]),
        ("metric1 == 20 || metric1 != 0", [1, 1, 0, 0]),
        ("metric1 <= 20", [0, 1, 1, 1]),
    ],
)
def test_comparisons_as_in_the_guide(expression: str, expected: Series) -> None:
    assert evaluate(expression, COMPARED, FIVE_MINUTES) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(metric1, metric2, metric3)", [30, 0, 20, None, None]),
        ("IF(metric1, 5, metric3)", [5, 5, 20, None, None]),
        ("IF(metric1, metric2, 5)", [30, 0, 5, 5, 5]),
        ("IF(metric1, metric2)", [30, 0, None, None, None]),
        ("IF(1, metric2, metric3)", [30, None, 0, 0, 30]),
        ("IF(0, metric2, metric3)", [0, 0, 20, None, 20]),
        ("IF(0, metric2)", [None] * 5),
        ("IF(metric3 < 10, 10, 2)", [10, 10, 2, 2, 2]),
        ("IF(metric3 - 20, 1, 0)", [1, 1, 0, 0, 0]),  # any other number than 0 is true, a negative one too
    ],
)
def test_if_as_in_the_guide(expression: str, expected: Series) -> None:
    assert evaluate(expression, CHOSEN, FIVE_MINUTES) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 + m2", [11, None, None, 4]),
        ("5 * m1", [5, 10, None, 20]),
        ("-m1", [-1, -2, None, -4]),
        ("m1 - -1", [2, 3, None, 5]),
        ("m1 / m2", [0.1, None, None, None]),  # by zero: no data
        ("100 / m2", [10, None, None, None]),
        ("m1 ^ 2", [1, 4, None, 16]),
        ("(m1 + 1) * 2", [4, 6, None, 10]),
        ("FILL(m1, 0) + FILL(m2, 0)", [11, 2, 0, 4]),
        ("FILL(m1, m2 * 0 + 7)", [1, 2, None, 4]),
        ("FILL(m1, MIN(m1))", [1, 2, 1, 4]),
        ("SUM([m1, m2])", [11, 2, None, 4]),
        ("SUM(METRICS())", [11, 2, None, 4]),
        ('SUM(METRICS("m1"))', [1, 2, None, 4]),
        ('SUM([METRICS("m1"), METRICS("2")])', [11, 2, None, 4]),
        ("MAX([m1, m2])", [10, 2, None, 4]),
        ("MIN(METRICS())", [1, 2, None, 0]),
        ("AVG([m1, m2])", [5.5, 1, None, 2]),  # "Missing values are treated as 0"
        ("m1 - MIN(m1)", [0, 1, None, 3]),
        ("m1 / MAX(m1)", [0.25, 0.5, None, 1]),
        ("m1 / METRIC_COUNT(METRICS())", [0.5, 1, None, 2]),
        ("m1 * 0 + DATAPOINT_COUNT(m1)", [3, 3, None, 3]),
        ("m1 / PERIOD(m1)", [1 / 300, 2 / 300, None, 4 / 300]),
        ("DIFF(m1)", [None, 1, None, 2]),
        ("RATE(m1)", [None, 1 / 300, None, 2 / 600]),  # over the time that did pass
        ("RUNNING_SUM(m1)", [1, 3, None, 7]),
        ("FIRST(METRICS())", [1, 2, None, 4]),
        ("LAST([m1, m2])", [10, None, None, 0]),
        ("ABS(0 - m1)", [1, 2, None, 4]),
        ("CEIL(m1 / 3)", [1, 1, None, 2]),
        ("FLOOR(m1 / 3)", [0, 0, None, 1]),
        ("SUM(100 / [m1, m1])", [200, 100, None, 50]),
        ("AVG([m1, m2] / m1)", [5.5, 0.5, None, 0.5]),
        ("TIME_SERIES(3) + m1", [4, 5, None, 7]),
    ],
)
def test_arithmetic_and_functions(expression: str, expected: Series) -> None:
    assert evaluate(expression, TWO, FIVE_MINUTES) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("FILL(m, 10)", [10, 1, 10, 10, 4, 10]),
        ("FILL(m, REPEAT)", [None, 1, 1, 1, 4, 4]),
        ("FILL(m, LINEAR)", [None, 1, 2, 3, 4, None]),
        ("SUM(FILL(METRICS(), 0))", [0, 1, 0, 0, 4, 0]),
    ],
)
def test_fill(expression: str, expected: Series) -> None:
    assert evaluate(expression, {"m": [None, 1, None, None, 4, None]}, FIVE_MINUTES) == expected


def test_the_guides_rule_for_a_missing_operand_can_be_chosen() -> None:
    """ "Missing values in a time series are treated as 0": but where both are missing there is no time stamp."""
    assert evaluate("m1 + m2", TWO, FIVE_MINUTES, missing=Missing.ZERO) == [11, 2, None, 4]
    assert evaluate("m2 - m1", TWO, FIVE_MINUTES, missing=Missing.ZERO) == [9, -2, None, -4]
    assert evaluate("m2 + 1", TWO, FIVE_MINUTES, missing=Missing.ZERO) == [11, None, None, 1]


def test_metrics_leaves_expressions_out() -> None:
    terms: dict[str, Series] = {"m1": [1], "m2": [2], "e1": [100]}
    assert evaluate("SUM(METRICS()) + e1", terms, 60, metrics={"m1", "m2"}) == [103]


def test_standard_deviation() -> None:
    (deviation,) = evaluate("STDDEV([m1, m2])", {"m1": [2], "m2": [4]}, 60)
    assert deviation == 1
    assert evaluate("m1 * 0 + STDDEV(m1)", {"m1": [2, 4]}, 60) == [1, 1]


def test_a_band_knows_a_level_from_its_collapse() -> None:
    wobbling: Series = [100 + index % 5 for index in range(40)]
    upper, lower = evaluate_all("ANOMALY_DETECTION_BAND(m, 3)", {"m": wobbling}, 60)
    assert upper[:TRAINING] == lower[:TRAINING] == [None] * TRAINING, "not trained yet"
    for up, value, low in list(zip(upper, wobbling, lower, strict=True))[TRAINING:]:
        assert up is not None
        assert low is not None
        assert value is not None
        assert 0 < low < value < up < 200
    narrow, _ = evaluate_all("ANOMALY_DETECTION_BAND(m)", {"m": wobbling}, 60)
    wide, middle = upper[-1], (upper[-1] or 0) / 2 + (lower[-1] or 0) / 2
    assert wide is not None
    assert narrow[-1] is not None
    assert math.isclose((wide - middle) / 3, (narrow[-1] - middle) / 2)
    assert evaluate("m < LAST(ANOMALY_DETECTION_BAND(m, 3))", {"m": [*wobbling, 0]}, 60)[-1] == 1


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("SEARCH('x', 'Sum')", "unknown function SEARCH"),
        ("HOUR(m1)", "unknown function HOUR"),
        ("m1 + m3", "unknown id 'm3'"),
        ("AVG(m1)", "gives a scalar"),
        ("[m1, m2]", "gives 2 series"),
        ("m1 +", "no expression"),
        ("m1 < m2 < m1", "not understood"),
        ("m1.real", "not understood"),
        ("m1[0]", "not understood"),
        ("m1 % 2", "not understood"),
        ("NOT m1", "no expression"),
        ("m1 and m2 if m1 else m2", "not understood"),
        ("True", "not understood"),
        ("(lambda: m1)()", "not understood"),
        ("FILL(m1)", "FILL with 1 arguments"),
        ("FILL(m1, ZERO)", "unknown id 'ZERO'"),
        ('FILL(m1, "0")', "a text where"),
        ("IF(m1)", "IF with 1 arguments"),
        ("IF([m1, m2], 1, 0)", "an array"),
        ("PERIOD(m1 + m2)", "PERIOD of something else"),
        ("PERIOD(5)", "PERIOD of something else"),
        ("TIME_SERIES(m1)", "TIME_SERIES of something else"),
        ("METRICS(m1)", "METRICS of something else"),
        ('FIRST(METRICS("none"))', "FIRST of no series"),
        ("ANOMALY_DETECTION_BAND(5)", "ANOMALY_DETECTION_BAND of something else"),
        ("SUM(5)", "where a time series belongs"),
        ("m1 * 0 + 1 / 0", "scalars without a result"),
        ("[m1, m2] + [m1]", "arrays of different lengths"),
        ('m1 + "x"', "text where a number"),
    ],
)
def test_what_is_wrong_is_said_and_not_guessed(expression: str, complaint: str) -> None:
    with pytest.raises(MetricMathError) as raised:
        evaluate(expression, TWO, FIVE_MINUTES)
    assert complaint in str(raised.value)


def test_series_of_one_length() -> None:
    with pytest.raises(MetricMathError, match="lengths"):
        evaluate("m1 + m2", {"m1": [1], "m2": [1, 2]}, 60)


def test_names_of_an_expression() -> None:
    assert names("IF(FILL(errors, REPEAT) > 5 AND requests > 1, RATE(errors), 0)") == {"errors", "requests"}
