"""What metric math does to single series: fill, differences, sums, the choice of `IF`, the band. Pure functions."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Final, TypeAlias

Series: TypeAlias = list[float | None]
"""A value a period, oldest first; None: no data."""
Pair: TypeAlias = Callable[[float, float], float | None]
"""Of two numbers one; None: no data, as a division by zero gives."""

TRAINING: Final = 12
"""Data points without which there is no band yet."""


def present(series: Sequence[float | None]) -> list[float]:
    """The points that there are."""
    return [value for value in series if value is not None]


def point(pair: Pair, left: float | None, right: float | None, one_absent: float | None) -> float | None:
    """`pair` of two points; `one_absent` stands in for one that is missing, but never for both."""
    if left is None and right is None:
        return None
    first = one_absent if left is None else left
    second = one_absent if right is None else right
    return None if first is None or second is None else pair(first, second)


def differences(series: Series) -> Iterator[tuple[float | None, int]]:
    """Each point less the last one there was before it, and how many periods that one is back."""
    last: tuple[int, float] | None = None
    for index, value in enumerate(series):
        if value is None or last is None:
            yield None, 1
        else:
            yield value - last[1], index - last[0]
        if value is not None:
            last = (index, value)


def running_sum(series: Series) -> Series:
    """Each point and all before it."""
    total = 0.0
    result: Series = []
    for value in series:
        total += value or 0.0
        result.append(None if value is None else total)
    return result


def repeated(series: Series) -> Series:
    """Gaps hold the last value before them."""
    result: Series = []
    for value in series:
        result.append(result[-1] if value is None and result else value)
    return result


def interpolated(series: Series) -> Series:
    """Gaps become a line between their ends; before the first point and after the last there is none to draw."""
    result = list(series)
    known = [(index, value) for index, value in enumerate(series) if value is not None]
    for (start, first), (end, last) in pairwise(known):
        for index in range(start + 1, end):
            result[index] = first + (last - first) * (index - start) / (end - start)
    return result


def chosen(condition: Series, then: Series, otherwise: Series, undecided: Series) -> Series:
    """`then` where the condition is not 0, else `otherwise`; a true point that `then` lacks is 0, as the guide says.

    `undecided`: where there is no condition.
    """
    result: Series = []
    for decides, yes, no, neither in zip(condition, then, otherwise, undecided, strict=True):
        if decides is None:
            result.append(neither)
        elif decides:
            result.append(0.0 if yes is None else yes)
        else:
            result.append(no)
    return result


def band(series: Series, width: float) -> tuple[Series, Series]:
    """Upper and lower bound: mean of all points before, `width` standard deviations either way.

    Not AWS's model, which learns hours and weekdays from two weeks; it is enough to know a level from its collapse.
    """
    upper: Series = []
    lower: Series = []
    seen: list[float] = []
    for value in series:
        if len(seen) < TRAINING:
            upper.append(None)
            lower.append(None)
        else:
            middle, spread = fmean(seen), width * pstdev(seen)
            upper.append(middle + spread)
            lower.append(middle - spread)
        if value is not None:
            seen.append(value)
    return upper, lower
