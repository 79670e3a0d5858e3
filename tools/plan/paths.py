"""The critical path method: when each task begins at the earliest, how much later it may, what decides the end.

Knows nothing of AWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from .errors import PlanError

_ALIKE = 1e-9


@dataclass(frozen=True, slots=True)
class Task:
    """Minutes from the beginning of all. `slack`: how much later it may end without delaying the whole."""

    starts: float
    ends: float
    slack: float


@dataclass(frozen=True)
class Schedule:
    tasks: Mapping[str, Task]
    critical: tuple[str, ...]
    """The chain that decides the end, first to last."""
    ends: float


def schedule(durations: Mapping[str, float], waits: Mapping[str, Mapping[str, float]]) -> Schedule:
    """`waits`: task -> task before it -> minutes after that one's start when it may begin. Raises `PlanError` for a
    circle."""
    try:
        order = list(TopologicalSorter({name: waits.get(name, {}) for name in durations}).static_order())
    except ValueError as circle:
        raise PlanError("plan", given=str(circle), allowed="no circle", do="break it") from None
    starts: dict[str, float] = {}
    for name in order:
        starts[name] = max((starts[before] + offset for before, offset in waits.get(name, {}).items()), default=0.0)
    ends = {name: starts[name] + durations[name] for name in order}
    end = max(ends.values(), default=0.0)
    latest = {name: end - durations[name] for name in order}
    for name in reversed(order):
        for before, offset in waits.get(name, {}).items():
            latest[before] = min(latest[before], latest[name] - offset)
    tasks = {name: Task(starts[name], ends[name], max(0.0, latest[name] - starts[name])) for name in order}
    return Schedule(tasks, _critical(starts, ends, waits), end)


def _critical(
    starts: Mapping[str, float], ends: Mapping[str, float], waits: Mapping[str, Mapping[str, float]]
) -> tuple[str, ...]:
    chain: list[str] = []
    name = max(ends, key=ends.__getitem__, default=None)
    while name is not None:
        chain.append(name)
        begins = starts[name]
        name = next(
            (
                before
                for before, offset in waits.get(name, {}).items()
                if abs(starts[before] + offset - begins) < _ALIKE
            ),
            None,
        )
    return tuple(reversed(chain))
