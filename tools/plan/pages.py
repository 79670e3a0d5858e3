"""What pages say of time: README's minutes, docs/plan.md's pictures, the labs' "minutes". Written by `make docs`.

Owns the wording of these tables. The way from templates to minutes is `plan`'s.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from tools import tables
from tools.assembly import Assembly, synthesize

from . import times
from .plan import Plan, make
from .report import rounded
from .times import OPERATIONS, Operation, Span

STUDENTS: Final = 1
"""How many stacks at a time in a lab."""


def minutes(stage: str, operation: Operation = "create") -> Mapping[str, Span]:
    """Stack -> minutes that it takes by itself, in a stage as it is. Synthesizes."""
    return of(synthesize({"stage": stage}), operation)


def of(assembly: Assembly, operation: Operation = "create") -> Mapping[str, Span]:
    """Stack -> minutes that it takes by itself."""
    return {row.name: row.stack.span for row in make(assembly, times.load(), operation).rows}


def table(stages: Mapping[str, Assembly]) -> str:
    """Stacks by stages: minutes up and down; the whole with `--concurrency`, and one stack at a time."""
    plans = {
        (stage, operation): make(assembly, times.load(), operation)
        for stage, assembly in stages.items()
        for operation in OPERATIONS
    }
    names = dict.fromkeys(row.name for plan in plans.values() if plan.operation == "create" for row in plan.rows)
    rows = [[name, *(_of_stack(plan, name) for plan in plans.values())] for name in names]
    some = next(iter(plans.values()))
    rows += [
        [f"**all**, `--concurrency {some.concurrency}`", *(f"**{rounded(plan.span)}**" for plan in plans.values())],
        ["**all**, one at a time", *(f"**{rounded(plan.alone)}**" for plan in plans.values())],
    ]
    head = [f"{stage}, {'up' if operation == 'create' else 'down'}" for stage, operation in plans]
    return tables.table(["minutes", *head], rows)


def _of_stack(plan: Plan, name: str) -> str:
    return next((rounded(row.stack.span) for row in plan.rows if row.name == name), "")


def lab(assembly: Assembly, stacks: Sequence[str]) -> str:
    """One sentence for a guide that deploys these stacks, one after the other, and removes them in the end."""
    up, down = ({row.name: row.stack.span for row in make(assembly, times.load(), op).rows} for op in OPERATIONS)
    return f"Up: {_sum(up, stacks)} minutes. Down: {_sum(down, stacks)} minutes."


def _sum(spans: Mapping[str, Span], stacks: Sequence[str]) -> str:
    return rounded(Span(sum(spans[name].usual for name in stacks), sum(spans[name].slow for name in stacks)))
