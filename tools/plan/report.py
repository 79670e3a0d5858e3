"""A plan for people, and for programs.

Owns wording and layout on a terminal, and the JSON's keys.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from . import narrowing
from .plan import Plan, Row
from .stack import Stack, Step
from .times import Operation, Span

WORTH_A_LINE: Final = 0.5
"""Minutes; shorter steps beside each other become one line."""
_NAMES: Final = 3
VERB: Final = {"create": "deploy", "delete": "destroy"}
_FIRST: Final = {"create": "upload, change set", "delete": "the deletion is asked for"}
"""What the CLI does before a stack's first resource."""


def minutes(value: float) -> str:
    return f"{value:.1f}"


def rounded(span: Span) -> str:
    """Whole minutes: `17`, and `17 to 22` where a slow day makes a difference."""
    usual, slow = max(1, round(span.usual)), max(1, round(span.slow))
    return f"{usual}" if usual == slow else f"{usual} to {slow}"


def text(plan: Plan, *, title: str) -> str:
    """`title`: what is planned, as `stage lab`."""
    verb = VERB[plan.operation]
    lines = [
        f"cdk {verb} --all of {title}: {rounded(plan.span)} minutes with --concurrency {plan.concurrency}",
        f"one stack at a time: {rounded(plan.alone)}; as many at once as their order lets: {rounded(plan.widest)}",
        "",
        *_columns(
            [
                ["wave", "stack", "begins", "takes", "slow", "slack", "begins when these end"],
                *(_row(row) for row in plan.rows),
            ]
        ),
        "",
        "minutes; slow: when all of it is slow; slack: how much longer it may take at no cost to all; *: it decides",
    ]
    for row in plan.rows:
        lines += ["", *_chain(row.stack, plan.operation)]
    if any(step.guessed for row in plan.rows for step in row.stack.steps):
        lines += ["", "~: nobody's document says how long: an estimate of ours (tools/plan/times.toml)"]
    return "\n".join(lines) + "\n"


def gains(plan: Plan) -> str:
    """What each stack would take if something waited for less."""
    lines = []
    for row in plan.rows:
        found = narrowing.gains(row.stack)
        if found:
            lines += [f"{row.name}, {minutes(row.stack.span.usual)}", *(_gain(row.stack, gain) for gain in found)]
    return "\n".join(lines or ["no order within a stack costs time"]) + "\n"


def _gain(stack: Stack, gain: narrowing.Gain) -> str:
    """`4.0  Site/Role not after Cdn/Distribution (Ref)`; of many names the first."""
    names = [stack.paths.get(other, other) for other in gain.others]
    others = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
    return f"  {minutes(gain.minutes):>5}   {stack.paths.get(gain.waiter, gain.waiter)} not after {others} ({gain.how})"


def data(plan: Plan) -> dict[str, Any]:
    """The plan as JSON's types; minutes, two decimals."""
    return {
        "operation": VERB[plan.operation],
        "concurrency": plan.concurrency,
        "minutes": _span(plan.span),
        "one_at_a_time": _span(plan.alone),
        "unlimited": _span(plan.widest),
        "critical": list(plan.critical),
        "waves": [list(wave) for wave in plan.waves],
        "stacks": [_stack(row) for row in plan.rows],
    }


def _stack(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "wave": row.wave,
        "needs": list(row.needs),
        "waits_for": list(row.waits_for),
        "begins": round(row.starts, 2),
        "minutes": _span(row.stack.span),
        "slack": round(row.slack, 2),
        "critical": row.critical,
        "resources": len(row.stack.resources),
        "decided_by_number_of_resources": row.stack.paced,
        "chain": [
            {
                "resource": step.logical_id,
                "path": step.path,
                "type": step.type,
                "begins": round(step.begins, 2),
                "minutes": _span(step.time.span),
                "source": step.time.document.kind,
                "document": step.time.document.name,
                "address": step.time.document.address,
                "note": step.time.note,
            }
            for step in row.stack.steps
        ],
    }


def _row(row: Row) -> list[str]:
    return [
        str(row.wave),
        row.name,
        minutes(row.starts),
        minutes(row.stack.span.usual),
        minutes(row.stack.span.slow),
        "*" if row.critical else minutes(row.slack),
        ", ".join(row.waits_for),
    ]


def _chain(stack: Stack, operation: Operation) -> Iterator[str]:
    yield f"{stack.name}, {minutes(stack.span.usual)}"
    if stack.paced:
        rest = stack.span.usual - stack.beside.usual
        yield f"  {minutes(rest):>5}  {len(stack.resources)} resources, about one a second"
        return
    yield f"  {minutes(stack.beside.usual):>5}   {_FIRST[operation]}"
    short: list[Step] = []
    for step in stack.steps:
        if step.minutes < WORTH_A_LINE:
            short.append(step)
            continue
        yield from _short(short)
        short = []
        mark = " ~" if step.guessed else ""
        note = f": {step.time.note}" if step.time.note else ""
        yield f"  {minutes(step.minutes):>5}{mark:2} {step.path} ({step.type.removeprefix('AWS::')}){note}"
    yield from _short(short)


def _short(steps: list[Step]) -> Iterator[str]:
    if steps:
        names = ", ".join(step.path for step in steps)
        yield f"  {minutes(sum(step.minutes for step in steps)):>5}   {names}"


def _span(span: Span) -> dict[str, float]:
    return {"usual": round(span.usual, 2), "slow": round(span.slow, 2)}


def _columns(rows: list[list[str]]) -> Iterable[str]:
    """Figures to the right, words to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if 2 <= number <= 5 else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
