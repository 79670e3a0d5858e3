"""Metric math as CloudWatch evaluates it (guide, "Using math expressions with CloudWatch metrics"), the part in use.

Owns the language: parsing, types, broadcasting, names of functions. Knows no AWS API: series come in and out as lists.
The grammar is near enough to Python's for Python's own parser to read it; nothing is ever executed. What is not
implemented (`SEARCH`, `SORT`, functions of the clock ...) is an error, so that nothing is evaluated into something that
CloudWatch would not say.

Missing points. The guide says that arithmetic between two series treats a missing value as 0; in practice the point
has been seen dropped. `Missing` chooses, and what must ring should be right under both: `tests/alarms` replays every
alarm under both. Between a series and a scalar, or where both points are missing, there is no point under either.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum
from functools import cache
from statistics import fmean, pstdev
from typing import Final, TypeAlias

from . import series_math
from .series_math import Pair, Series

_Array: TypeAlias = tuple[Series, ...]
_Value: TypeAlias = float | str | Series | _Array
_BAND_WIDTH: Final = 2.0
"""Standard deviations, where the expression states none."""


class MetricMathError(ValueError):
    """An expression that CloudWatch would refuse, or that is beyond what is implemented here."""


class Missing(Enum):
    """What arithmetic makes of a point that one of two series lacks."""

    DROPPED = "dropped"
    ZERO = "zero"


def evaluate(
    expression: str,
    terms: Mapping[str, Series],
    period_s: int,
    *,
    metrics: Collection[str] | None = None,
    missing: Missing = Missing.DROPPED,
) -> Series:
    """One series out of `expression` over `terms` (id -> series, all of one length).

    `metrics`: those of `terms` that are metrics, which is what `METRICS()` means; None: all. Raises `MetricMathError`,
    also where the result is a scalar or several series (`evaluate_all`).
    """
    found = evaluate_all(expression, terms, period_s, metrics=metrics, missing=missing)
    if len(found) != 1:
        raise MetricMathError(f"metric math: {expression!r} gives {len(found)} series; allowed: one; take FIRST or SUM")
    return found[0]


def evaluate_all(
    expression: str,
    terms: Mapping[str, Series],
    period_s: int,
    *,
    metrics: Collection[str] | None = None,
    missing: Missing = Missing.DROPPED,
) -> list[Series]:
    """As `evaluate`; an array gives a series each, `ANOMALY_DETECTION_BAND` the upper and the lower bound."""
    lengths = {len(series) for series in terms.values()}
    if len(lengths) > 1:
        raise MetricMathError(f"metric math: series of lengths {sorted(lengths)}; allowed: one length; cut them")
    match _Evaluation(expression, terms, period_s, terms if metrics is None else metrics, missing).value():
        case list() as series:
            return [series]
        case tuple() as array:
            return list(array)
    raise MetricMathError(f"metric math: {expression!r} gives a scalar; allowed: a time series; put it into one")


def names(expression: str) -> set[str]:
    """The ids that an expression refers to. Raises `MetricMathError` where it does not parse."""
    tree = _parse(expression)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}
    return found - {"REPEAT", "LINEAR"}


_SPELLING: Final = {"AND": "and", "&&": "and", "OR": "or", "||": "or", "^": "**"}
_TOKENS: Final = re.compile(r'"[^"]*"|\bAND\b|\bOR\b|&&|\|\||\^')


@cache
def _parse(expression: str) -> ast.expr:
    spelled = _TOKENS.sub(lambda token: f" {_SPELLING.get(token[0], token[0])} ", expression)
    try:
        return ast.parse(spelled.strip(), mode="eval").body
    except SyntaxError as error:
        raise MetricMathError(f"metric math: {expression!r} is no expression: {error.msg}") from error


def _divided(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(left: float, right: float) -> float | None:
    try:
        return math.pow(left, right)
    except (ValueError, OverflowError):
        return None


_ARITHMETIC: Final[Mapping[type[ast.operator], Pair]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divided,
    ast.Pow: _power,
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], Pair]] = {
    ast.Eq: lambda left, right: float(left == right),
    ast.NotEq: lambda left, right: float(left != right),
    ast.Lt: lambda left, right: float(left < right),
    ast.LtE: lambda left, right: float(left <= right),
    ast.Gt: lambda left, right: float(left > right),
    ast.GtE: lambda left, right: float(left >= right),
}
_POINTWISE: Final[Mapping[str, Callable[[float], float]]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_AGGREGATES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "SUM": sum,
    "AVG": fmean,
    "MIN": min,
    "MAX": max,
    "STDDEV": pstdev,
    "DATAPOINT_COUNT": len,
}


class _Evaluation:
    """One expression over one set of series."""

    def __init__(
        self, expression: str, terms: Mapping[str, Series], period_s: int, metrics: Collection[str], missing: Missing
    ) -> None:
        self._expression = expression
        self._terms = terms
        self._period_s = period_s
        self._metrics = metrics
        self._one_absent = 0.0 if missing is Missing.ZERO else None
        self._length = len(next(iter(terms.values()), []))
        self._functions: Mapping[str, Callable[[str, Sequence[ast.expr]], _Value]] = {
            **dict.fromkeys(_POINTWISE, self._pointwise),
            **dict.fromkeys(_AGGREGATES, self._aggregate),
            "METRICS": self._metrics_of,
            "METRIC_COUNT": lambda name, given: float(len(self._array(name, given))),
            "FIRST": lambda name, given: self._array(name, given)[0],
            "LAST": lambda name, given: self._array(name, given)[-1],
            "REMOVE_EMPTY": lambda name, given: tuple(s for s in self._array(name, given) if series_math.present(s)),
            "DIFF": lambda name, given: self._each(_diff, self._taken(name, given, 1)[0]),
            "RATE": lambda name, given: self._each(self._rate, self._taken(name, given, 1)[0]),
            "RUNNING_SUM": lambda name, given: self._each(series_math.running_sum, self._taken(name, given, 1)[0]),
            "PERIOD": self._period,
            "TIME_SERIES": self._time_series,
            "FILL": self._fill,
            "IF": self._if,
            "ANOMALY_DETECTION_BAND": self._band,
        }

    def value(self) -> _Value:
        return self._of(_parse(self._expression))

    def _wrong(self, what: str) -> MetricMathError:
        return MetricMathError(f"metric math: {what} in {self._expression!r}")

    def _of(self, node: ast.expr) -> _Value:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return float(number)
            case ast.Constant(value=str() as text):
                return text
            case ast.Name(id=name):
                if name not in self._terms:
                    raise self._wrong(f"unknown id {name!r} (known: {', '.join(sorted(self._terms)) or 'none'})")
                return self._terms[name]
            case ast.List(elts=parts):
                return tuple(series for part in parts for series in self._as_array(self._of(part)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._mapped(operator.neg, self._of(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._paired(_ARITHMETIC[type(op)], self._of(left), self._of(right), self._one_absent)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                return self._paired(_COMPARISONS[type(op)], self._of(left), self._of(right), 0.0)
            case ast.BoolOp(op=op, values=[first, *others]):
                both = isinstance(op, ast.And)
                value = self._of(first)
                for other in others:
                    value = self._paired(_and if both else _or, value, self._of(other), 0.0)
                return value
            case ast.Call(func=ast.Name(id=name), args=given, keywords=[]):
                if name not in self._functions:
                    known = ", ".join(sorted(self._functions))
                    raise self._wrong(f"unknown function {name} (implemented: {known})")
                return self._functions[name](name, given)
        raise self._wrong(f"{ast.unparse(node)!r} is not understood")

    # Broadcasting: a scalar meets every point, a series every one of an array, arrays of one length each other.

    def _paired(self, pair: Pair, left: _Value, right: _Value, one_absent: float | None) -> _Value:
        """`one_absent`: stands in where one of two series has no point; None: no point."""
        match left, right:
            case (str(), _) | (_, str()):
                raise self._wrong("text where a number belongs")
            case tuple(), tuple() if len(left) != len(right):
                raise self._wrong("arrays of different lengths")
            case tuple(), tuple():
                return tuple(self._points(pair, a, b, one_absent) for a, b in zip(left, right, strict=True))
            case tuple(), (list() | float()) as other:
                return tuple(self._points(pair, a, other, one_absent) for a in left)
            case (list() | float()) as other, tuple():
                return tuple(self._points(pair, other, b, one_absent) for b in right)
            case float(), float():
                found = pair(left, right)
                if found is None:
                    raise self._wrong("scalars without a result")
                return found
            case (list() | float()) as a, (list() | float()) as b:
                return self._points(pair, a, b, one_absent)
        raise AssertionError("every kind of value is above")

    def _points(self, pair: Pair, left: float | Series, right: float | Series, one_absent: float | None) -> Series:
        stand_in = one_absent if isinstance(left, list) and isinstance(right, list) else None
        both = zip(self._spread(left), self._spread(right), strict=True)
        return [series_math.point(pair, a, b, stand_in) for a, b in both]

    def _spread(self, value: _Value | None) -> Series:
        """A value for every point; None: none."""
        match value:
            case float() | None:
                return [value] * self._length
            case list():
                return value
        raise self._wrong("an array or a text where a series or a number belongs")

    def _mapped(self, function: Callable[[float], float], value: _Value) -> _Value:
        if isinstance(value, float):
            return float(function(value))
        return self._each(lambda series: [None if x is None else float(function(x)) for x in series], value)

    def _each(self, function: Callable[[Series], Series], value: _Value) -> _Value:
        """On a series, or on every one of an array."""
        if isinstance(value, list):
            return function(value)
        return tuple(function(series) for series in self._as_array(value))

    def _as_array(self, value: _Value) -> _Array:
        match value:
            case list():
                return (value,)
            case tuple():
                return value
        raise self._wrong(f"{value!r} where a time series belongs")

    def _taken(self, name: str, given: Sequence[ast.expr], *allowed: int) -> list[_Value]:
        if len(given) not in allowed:
            raise self._wrong(f"{name} with {len(given)} arguments (allowed: {' or '.join(map(str, allowed))})")
        return [self._of(part) for part in given]

    def _array(self, name: str, given: Sequence[ast.expr]) -> _Array:
        array = self._as_array(self._taken(name, given, 1)[0])
        if not array:
            raise self._wrong(f"{name} of no series")
        return array

    # The functions: each gets its name and what stands between its parentheses.

    def _pointwise(self, name: str, given: Sequence[ast.expr]) -> _Value:
        return self._mapped(_POINTWISE[name], self._taken(name, given, 1)[0])

    def _aggregate(self, name: str, given: Sequence[ast.expr]) -> _Value:
        """Of a series a scalar; of an array a series. In `AVG` of an array a missing value counts as 0 (the guide)."""
        (value,) = self._taken(name, given, 1)
        function = _AGGREGATES[name]
        if isinstance(value, list):
            known = series_math.present(value)
            return float(function(known)) if known else 0.0
        result: Series = []
        for points in zip(*self._as_array(value), strict=True):
            known = series_math.present(points)
            counted = [x or 0.0 for x in points] if name == "AVG" else known
            result.append(float(function(counted)) if known else None)
        return result

    def _metrics_of(self, name: str, given: Sequence[ast.expr]) -> _Value:
        part, *_ = [*self._taken(name, given, 0, 1), ""]
        if not isinstance(part, str):
            raise self._wrong(f"{name} of something else than a text")
        return tuple(series for term, series in self._terms.items() if term in self._metrics and part in term)

    def _period(self, name: str, given: Sequence[ast.expr]) -> _Value:
        match given:
            case [ast.Name(id=term)] if term in self._metrics:
                return float(self._period_s)
        raise self._wrong(f"{name} of something else than a metric")

    def _rate(self, series: Series) -> Series:
        found = series_math.differences(series)
        return [None if less is None else less / (age * self._period_s) for less, age in found]

    def _time_series(self, name: str, given: Sequence[ast.expr]) -> _Value:
        (value,) = self._taken(name, given, 1)
        if not isinstance(value, float):
            raise self._wrong(f"{name} of something else than a scalar")
        return self._spread(value)

    def _fill(self, name: str, given: Sequence[ast.expr]) -> _Value:
        if len(given) != 2:
            raise self._wrong(f"{name} with {len(given)} arguments (allowed: 2)")
        value = self._of(given[0])
        match given[1]:
            case ast.Name(id="REPEAT"):
                return self._each(series_math.repeated, value)
            case ast.Name(id="LINEAR"):
                return self._each(series_math.interpolated, value)
        fillers = self._spread(self._of(given[1]))
        return self._each(lambda s: [b if a is None else a for a, b in zip(s, fillers, strict=True)], value)

    def _if(self, name: str, given: Sequence[ast.expr]) -> _Value:
        """As in the guide: where there is no condition, a scalar otherwise holds, and a series does not."""
        condition, then, *rest = self._taken(name, given, 2, 3)
        otherwise = rest[0] if rest else None
        if isinstance(condition, float):
            return self._spread(then if condition else otherwise)
        undecided = otherwise if isinstance(otherwise, float) else None
        return series_math.chosen(*(self._spread(part) for part in (condition, then, otherwise, undecided)))

    def _band(self, name: str, given: Sequence[ast.expr]) -> _Value:
        value, width, *_ = [*self._taken(name, given, 1, 2), _BAND_WIDTH]
        if not isinstance(value, list) or not isinstance(width, float):
            raise self._wrong(f"{name} of something else than a series and a number")
        return series_math.band(value, width)


def _and(left: float, right: float) -> float:
    return float(bool(left) and bool(right))


def _or(left: float, right: float) -> float:
    return float(bool(left) or bool(right))


def _diff(series: Series) -> Series:
    return [less for less, _ in series_math.differences(series)]
