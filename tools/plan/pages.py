"""What pages say of time: docs/plan.md and its pictures, README's minutes, the labs' "minutes". Written by `make docs`.

Owns the wording of these tables. The way from templates to minutes is `plan`'s.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools import tables
from tools.assembly import PROJECT, Assembly

from . import gantt, times
from .plan import Plan, make
from .report import VERB, minutes, rounded
from .times import OPERATIONS, Operation, Span, Time

PAGE: Final = PROJECT / "docs" / "plan.md"
PICTURES: Final = PROJECT / "docs" / "images" / "plan"
PICTURED: Final = ("lab", "prod")
_ESTIMATE: Final = "\\~"
"""As itself, not as the begin of something struck out."""


def of(assembly: Assembly, operation: Operation = "create") -> Mapping[str, Span]:
    """Stack -> minutes that it takes by itself."""
    return {row.name: row.stack.span for row in make(assembly, times.load(), operation).rows}


def blocks(stages: Mapping[str, Assembly]) -> dict[str, str]:
    """Name -> content of the generated blocks. `stages`: an assembly of each."""
    return {"plan_minutes": table(stages), "plan_chain": chain(stages["lab"]), "plan_times": sources()}


def pictures(stages: Mapping[str, Assembly]) -> dict[Path, str]:
    """File -> SVG: the way up and down of the stages that are pictured."""
    return {
        PICTURES / f"{stage}-{VERB[operation]}.svg": gantt.draw(
            make(stages[stage], times.load(), operation), title=f"stage {stage}"
        )
        for stage in PICTURED
        for operation in OPERATIONS
    }


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


def chain(assembly: Assembly) -> str:
    """What takes longest of each stack's time, up and down."""
    plans = [make(assembly, times.load(), operation) for operation in OPERATIONS]
    names = [row.name for row in plans[0].rows]
    return tables.table(
        ["stack", "up, mostly", "down, mostly"], [[name, *(_mostly(plan, name) for plan in plans)] for name in names]
    )


def sources() -> str:
    """Every type that takes more than seconds: minutes, and who says so."""
    rows = [
        [
            f"`{type_}`{_only(when)}",
            "up" if operation == "create" else "down",
            f"{minutes(time.span.usual)} to {minutes(time.span.slow)}",
            _document(time),
            time.note,
        ]
        for operation, type_, when, time in times.every(times.load())
    ]
    head = ["type", "", "minutes", "source", "what it says, or why"]
    return tables.table(head, sorted(rows, key=lambda row: row[0]))


def _of_stack(plan: Plan, name: str) -> str:
    return next((rounded(row.stack.span) for row in plan.rows if row.name == name), "")


def _mostly(plan: Plan, name: str) -> str:
    (stack,) = (row.stack for row in plan.rows if row.name == name)
    if stack.paced:
        return f"{len(stack.resources)} small resources"
    longest = sorted(stack.steps, key=lambda step: -step.minutes)[:2]
    return ", ".join(f"{step.path} {_ESTIMATE if step.guessed else ''}{minutes(step.minutes)}" for step in longest)


def _only(when: str) -> str:
    return f", {when}" if when else ""


def _document(time: Time) -> str:
    document = time.document
    return f"{document.kind}: [{document.name}]({document.address})" if document.address else document.kind
