"""Stacks in waves, each with its minutes and what decides them; the whole on the way up and on the way down.

Owns the plan as data. How a table or a picture of it looks is `report`'s and `gantt`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tools.assembly import Assembly

from .paths import Schedule, schedule
from .stack import Stack
from .times import Operation, Span, Times

CONCURRENCY: Final = 4
"""What README tells `cdk deploy --concurrency`."""
_ALIKE: Final = 1e-6


@dataclass(frozen=True)
class Row:
    """A stack in its place. Minutes; `starts` after the command."""

    stack: Stack
    wave: int
    needs: tuple[str, ...]
    waits_for: tuple[str, ...]
    """Whose end lets it begin: a stack that it needs, or one that leaves its place."""
    starts: float
    slack: float
    """How much longer it may take at no cost to the whole."""
    critical: bool

    @property
    def name(self) -> str:
        return self.stack.name

    @property
    def ends(self) -> float:
        return self.starts + self.stack.span.usual


@dataclass(frozen=True)
class Plan:
    """`span`: of the whole command; `alone`: one stack after the other; `widest`: as many at once as the order lets."""

    operation: Operation
    concurrency: int
    rows: tuple[Row, ...]
    span: Span
    alone: Span
    widest: Span

    @property
    def waves(self) -> tuple[tuple[str, ...], ...]:
        count = max((row.wave for row in self.rows), default=0)
        return tuple(tuple(row.name for row in self.rows if row.wave == wave) for wave in range(1, count + 1))

    @property
    def critical(self) -> tuple[str, ...]:
        return tuple(row.name for row in sorted(self.rows, key=lambda row: row.starts) if row.critical)


def make(assembly: Assembly, times: Times, operation: Operation, *, concurrency: int = CONCURRENCY) -> Plan:
    """Raises `UntimedTypeError`."""
    needs = order(assembly.dependencies, operation)
    stacks = {name: Stack.read(assembly, name, times, operation) for name in needs}
    usual = {name: stack.span.usual for name, stack in stacks.items()}
    slow = {name: stack.span.slow for name, stack in stacks.items()}

    def whole(places: int) -> Span:
        return Span(timeline(usual, needs, places)[0].ends, timeline(slow, needs, places)[0].ends)

    line, waits = timeline(usual, needs, concurrency)
    waves = _waves(needs)
    rows = [
        Row(
            stack=stack,
            wave=waves[name],
            needs=tuple(sorted(needs[name])),
            waits_for=tuple(
                sorted(other for other in waits[name] if abs(line.tasks[other].ends - line.tasks[name].starts) < _ALIKE)
            ),
            starts=line.tasks[name].starts,
            slack=line.tasks[name].slack,
            critical=name in line.critical,
        )
        for name, stack in stacks.items()
    ]
    return Plan(
        operation=operation,
        concurrency=concurrency,
        rows=tuple(sorted(rows, key=lambda row: (row.wave, row.starts))),
        span=whole(concurrency),
        alone=whole(1),
        widest=whole(len(needs)),
    )


def order(dependencies: Mapping[str, set[str]], operation: Operation) -> dict[str, set[str]]:
    """Stack -> stacks that have to be done before it; down, the other way round."""
    if operation == "create":
        return {name: set(befores) for name, befores in dependencies.items()}
    return {
        name: {other for other, befores in dependencies.items() if name in befores}
        for name in reversed(list(dependencies))
    }


def timeline(
    minutes: Mapping[str, float], needs: Mapping[str, set[str]], places: int
) -> tuple[Schedule, Mapping[str, set[str]]]:
    """The stacks when no more than `places` are worked on at once, and what each waits for: those that it needs, and
    the one whose place it takes. The CLI begins whichever may begin, in the app's order."""
    waits = {name: set(befores) for name, befores in needs.items()}
    running: dict[str, float] = {}
    ended: set[str] = set()
    left, now, freed = list(needs), 0.0, ""
    while left or running:
        for name in [name for name in left if needs[name] <= ended]:
            if len(running) == places:
                break
            if freed:
                waits[name].add(freed)
            running[name] = now + minutes[name]
            left.remove(name)
        freed = min(running, key=running.__getitem__)
        now = running.pop(freed)
        ended.add(freed)
    starts = {name: {other: minutes[other] for other in befores} for name, befores in waits.items()}
    return schedule(minutes, starts), waits


def _waves(needs: Mapping[str, set[str]]) -> dict[str, int]:
    """Stack -> 1 for those that need none, else one more than the last that it needs."""
    line = schedule(dict.fromkeys(needs, 1.0), {name: dict.fromkeys(befores, 1.0) for name, befores in needs.items()})
    return {name: round(task.ends) for name, task in line.tasks.items()}
