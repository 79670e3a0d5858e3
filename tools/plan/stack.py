"""One stack by itself: its resources, what they wait for, how long each takes; hence its minutes and its chain.

Owns reading a stack from an assembly. What stacks wait for is `plan`'s.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tools.assembly import Assembly

from . import graph
from .paths import Schedule, schedule
from .times import Operation, Span, Time, Times


@dataclass(frozen=True, slots=True)
class Step:
    """A resource of a chain. `begins`: minutes after the stack's first resource."""

    logical_id: str
    path: str
    type: str
    begins: float
    minutes: float
    time: Time

    @property
    def guessed(self) -> bool:
        """Nobody's document says how long."""
        return self.time.document.kind == "estimate"


@dataclass(frozen=True)
class Stack:
    """`paths`: logical id -> construct path; `beside`: what a stack takes before its resources."""

    name: str
    operation: Operation
    resources: graph.Resources
    needs: graph.Needs
    times: Mapping[str, Time]
    paths: Mapping[str, str]
    beside: Span
    a_minute: float

    @classmethod
    def read(cls, assembly: Assembly, name: str, times: Times, operation: Operation) -> "Stack":
        """Raises `UntimedTypeError`."""
        entry = assembly.stacks[name]
        resources = graph.resources(_json(assembly, entry["properties"]["templateFile"]))
        metadata = entry.get("metadata") or _json(assembly, entry["additionalMetadataFile"])
        return cls(
            name=name,
            operation=operation,
            resources=resources,
            needs=graph.needs(resources),
            times={each: times.of(operation, resource) for each, resource in resources.items()},
            paths={
                each["data"]: path.removeprefix(f"/{name}/").removesuffix("/Default").removesuffix("/Resource")
                for path, entries in metadata.items()
                for each in entries
                if each["type"] == "aws:cdk:logicalId"
            },
            beside=times.stack[operation].span,
            a_minute=times.a_minute,
        )

    @cached_property
    def span(self) -> Span:
        return Span(self.minutes(), self.beside.slow + max(self._schedule(self.needs, slow=True).ends, self._least))

    def minutes(self, needs: graph.Needs | None = None) -> float:
        """As it usually goes; `needs`: if these held instead."""
        line = self._usual if needs is None else self._schedule(needs, slow=False)
        return self.beside.usual + max(line.ends, self._least)

    @property
    def paced(self) -> bool:
        """The number of resources decides, not a chain."""
        return self._least > self._usual.ends

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The chain of resources that decides, first to last."""
        return tuple(
            Step(
                logical_id=name,
                path=self.paths.get(name, name),
                type=self.resources[name]["Type"],
                begins=self._usual.tasks[name].starts,
                minutes=self.times[name].span.usual,
                time=self.times[name],
            )
            for name in self._usual.critical
        )

    @property
    def _least(self) -> float:
        return len(self.resources) / self.a_minute

    @cached_property
    def _usual(self) -> Schedule:
        return self._schedule(self.needs, slow=False)

    def _schedule(self, needs: graph.Needs, *, slow: bool) -> Schedule:
        """Up: each after what it needs. Down: each after all that needs it."""
        minutes = {name: time.span.slow if slow else time.span.usual for name, time in self.times.items()}
        waits: dict[str, dict[str, float]] = {name: {} for name in minutes}
        for name, befores in needs.items():
            for before, hows in befores.items():
                if self.operation == "delete":
                    waits[before][name] = minutes[name]
                else:
                    ready = None if graph.to_the_end(hows) else self.times[before].ready
                    waits[name][before] = minutes[before] if ready is None else ready
        return schedule(minutes, waits)


def _json(assembly: Assembly, file: str) -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads((assembly.folder / file).read_text(encoding="utf-8"))
    return content
