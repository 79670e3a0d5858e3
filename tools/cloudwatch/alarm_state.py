"""The state that CloudWatch gives an alarm, period by period, from its CloudFormation properties and sample series.

Owns the documented rules: M of N, missing data and the evaluation range, premature alarms (CloudWatch guide, "Alarm
evaluation", "Configuring how CloudWatch alarms treat missing data"), bands, and the rules of composite alarms. Values
of expressions are `metric_math`'s.

CloudWatch looks at more data points than the alarm asks for, so that a few missing ones do not matter; how many more
it does not say. In its tables it is two, so here too.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .metric_math import Missing, evaluate, evaluate_all, names
from .series_math import Series

EXTRA: Final = 2
"""Data points beyond the alarm's own that are looked at."""
PLAIN: Final = "metric"
"""Key of the one series of an alarm without metric math."""

Point = bool | None
"""A data point: breaching or not; None: missing."""


class State(StrEnum):
    """As CloudWatch spells it."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class AlarmError(ValueError):
    """Properties or a rule that CloudWatch would refuse, or that are beyond what is implemented here."""


_Compare = Callable[[float, float], bool]
_ABOVE: Final[Mapping[str, _Compare]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanUpperThreshold": operator.gt,
    "LessThanLowerOrGreaterThanUpperThreshold": operator.gt,
}
_BELOW: Final[Mapping[str, _Compare]] = {
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanLowerThreshold": operator.lt,
    "LessThanLowerOrGreaterThanUpperThreshold": operator.lt,
}


def _never(value: float, threshold: float) -> bool:  # noqa: ARG001  (a comparison has two sides)
    return False


def evaluated(points: Sequence[Point], *, enough: int, periods: int, silence: str, current: State) -> State:
    """The state after `points`, the data points of the evaluation range, oldest first.

    `enough` of `periods`: DatapointsToAlarm of EvaluationPeriods. `silence`: TreatMissingData. `current`: the state
    before. Every row of the guide's two tables comes out.
    """
    present = [point for point in points if point is not None]
    if len(present) >= periods:
        return State.ALARM if sum(present[-periods:]) >= enough else State.OK
    absent = periods - len(present)
    breaching = sum(present)
    if silence == "breaching":
        return State.ALARM if breaching + absent >= enough else State.OK
    if silence == "notBreaching":
        return State.ALARM if breaching >= enough else State.OK
    if not present:
        return current if silence == "ignore" else State.INSUFFICIENT_DATA
    if breaching >= enough:
        return State.ALARM
    if not all(present):
        return State.OK
    if silence == "ignore":
        return current
    # "Avoiding premature transitions": fewer than M, but none better for as long as M periods.
    oldest = next(age for age, point in enumerate(points) if point is not None)
    return State.ALARM if len(points) - oldest >= enough else State.OK


@dataclass(frozen=True)
class MetricAlarm:
    """An `AWS::CloudWatch::Alarm`, by its properties."""

    properties: Mapping[str, Any]

    @property
    def enough(self) -> int:
        return int(self.properties.get("DatapointsToAlarm", self.periods))

    @property
    def periods(self) -> int:
        return int(self.properties["EvaluationPeriods"])

    @property
    def period_s(self) -> int:
        """Raises `AlarmError` where metrics have different ones."""
        found = {query["MetricStat"]["Period"] for query in self._queries if "MetricStat" in query}
        found |= {self.properties["Period"]} if "Period" in self.properties else set()
        if len(found) != 1:
            raise AlarmError(f"alarm: periods {sorted(found)}; allowed: one for all its metrics; state one")
        return int(found.pop())

    @property
    def terms(self) -> list[str]:
        """What series it needs: ids of its metrics, or `PLAIN`."""
        return [query["Id"] for query in self._queries if "MetricStat" in query] or [PLAIN]

    def value(self, series: Mapping[str, Series], *, missing: Missing = Missing.DROPPED) -> Series:
        """What is compared with the threshold. Raises `AlarmError` where it is not one series."""
        band = self.properties.get("ThresholdMetricId")
        computed = self._computed(series, missing)
        results = [query["Id"] for query in self._queries if query.get("ReturnData", True) and query["Id"] != band]
        if not self._queries:
            return series[PLAIN]
        if len(results) != 1:
            raise AlarmError(f"alarm: it returns {results}; allowed: one result beside a band; set ReturnData")
        return computed[results[0]]

    def points(self, series: Mapping[str, Series], *, missing: Missing = Missing.DROPPED) -> list[Point]:
        """Each period's data point."""
        comparison = self.properties["ComparisonOperator"]
        over, under = _ABOVE.get(comparison, _never), _BELOW.get(comparison, _never)
        value = self.value(series, missing=missing)
        low, high = self._thresholds(series, missing)
        return [
            None if x is None or lower is None or upper is None else over(x, upper) or under(x, lower)
            for x, lower, upper in zip(value, low, high, strict=True)
        ]

    def states(
        self,
        series: Mapping[str, Series],
        *,
        missing: Missing = Missing.DROPPED,
        first: State = State.INSUFFICIENT_DATA,
    ) -> list[State]:
        """The state after each period. `first`: the one before, which is "insufficient data" for a new alarm."""
        points = [None] * (self.periods + EXTRA - 1) + self.points(series, missing=missing)
        states: list[State] = []
        for end in range(self.periods + EXTRA, len(points) + 1):
            first = evaluated(
                points[end - self.periods - EXTRA : end],
                enough=self.enough,
                periods=self.periods,
                silence=self.properties.get("TreatMissingData", "missing"),
                current=first,
            )
            states.append(first)
        return states

    @property
    def _queries(self) -> Sequence[Mapping[str, Any]]:
        queries: Sequence[Mapping[str, Any]] = self.properties.get("Metrics", ())
        return queries

    def _computed(self, series: Mapping[str, Series], missing: Missing) -> dict[str, Series]:
        """Metrics and expressions but for the band, in the order in which they need each other."""
        known = dict(series)
        band = self.properties.get("ThresholdMetricId")
        waiting = {query["Id"]: query["Expression"] for query in self._queries if "Expression" in query}
        waiting.pop(band, None)
        while waiting:
            ready = [id for id, expression in waiting.items() if names(expression) <= known.keys()]
            if not ready:
                raise AlarmError(f"alarm: {sorted(waiting)} need what is not there; known: {sorted(known)}; add it")
            for id in ready:
                known[id] = evaluate(waiting.pop(id), known, self.period_s, metrics=self.terms, missing=missing)
        return known

    def _thresholds(self, series: Mapping[str, Series], missing: Missing) -> tuple[Series, Series]:
        """Lower and upper one."""
        band = self.properties.get("ThresholdMetricId")
        if band is None:
            constant: Series = [float(self.properties["Threshold"])] * len(next(iter(series.values())))
            return constant, constant
        (expression,) = (query["Expression"] for query in self._queries if query["Id"] == band)
        upper, lower = evaluate_all(expression, self._computed(series, missing), self.period_s, metrics=self.terms)
        return lower, upper


_OPERATORS: Final = re.compile(r'"[^"]*"|\b(?:AND|OR|NOT)\b')


def composite_state(rule: str, states: Mapping[str, State]) -> State:
    """Of a composite alarm with that `AlarmRule`. `states`: of the alarms that it names, by name.

    Raises `AlarmError` for a rule that does not parse, or that names an unknown alarm.
    """
    spelled = _OPERATORS.sub(lambda token: token[0] if token[0].startswith('"') else token[0].lower(), rule)
    try:
        tree = ast.parse(spelled, mode="eval").body
    except SyntaxError as error:
        raise AlarmError(f"composite alarm: {rule!r} is no rule: {error.msg}") from error
    return State.ALARM if _holds(tree, states) else State.OK


def children(rule: str) -> list[str]:
    """Names of the alarms in a rule."""
    return re.findall(r'(?:ALARM|OK|INSUFFICIENT_DATA)\("([^"]+)"\)', rule)


def _holds(node: ast.expr, states: Mapping[str, State]) -> bool:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            held = [_holds(part, states) for part in parts]  # all of them: each may name an unknown alarm
            return all(held)
        case ast.BoolOp(op=ast.Or(), values=parts):
            held = [_holds(part, states) for part in parts]
            return any(held)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return not _holds(part, states)
        case ast.Name(id="TRUE" | "FALSE" as name):
            return name == "TRUE"
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as alarm)], keywords=[]):
            if name not in State.__members__:
                raise AlarmError(f"composite alarm: unknown function {name}; allowed: {', '.join(State)}; use one")
            if alarm not in states:
                raise AlarmError(f"composite alarm: unknown alarm {alarm!r}; known: {', '.join(sorted(states))}")
            return states[alarm] is State[name]
    raise AlarmError(f"composite alarm: {ast.unparse(node)!r} is not understood; names stand in quotes")
