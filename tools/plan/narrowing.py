"""What a stack would take if one of its resources waited for less: where an order costs time.

Knows no reason why an order is there: an order that costs minutes is a question to whoever wrote it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .graph import Needs
from .stack import Stack

_WORTH: Final = 0.3
"""Minutes; less than that nobody notices."""


@dataclass(frozen=True, slots=True)
class Gain:
    """`minutes` fewer, if `waiter` did not wait for `others`. `how`: what in the template makes it."""

    minutes: float
    waiter: str
    others: tuple[str, ...]
    how: str


def gains(stack: Stack) -> tuple[Gain, ...]:
    """The most first. Each by itself: two together may gain more, or no more than one."""
    found = [
        Gain(stack.minutes() - stack.minutes(_without(stack.needs, waiter, others)), waiter, others, how)
        for waiter, others, how in _questions(stack)
    ]
    worth = [gain for gain in found if gain.minutes >= _WORTH]
    return tuple(sorted(worth, key=lambda gain: (-gain.minutes, gain.waiter, len(gain.others))))


def _questions(stack: Stack) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each link of the chain, and all that a resource of it waits for by DependsOn alone."""
    chain = [step.logical_id for step in stack.steps]
    for first, second in pairwise(chain):
        waiter, before = (second, first) if stack.operation == "create" else (first, second)
        yield waiter, (before,), " and ".join(sorted(stack.needs[waiter][before]))
    for waiter in chain:
        stated = tuple(other for other, hows in stack.needs[waiter].items() if hows == {"DependsOn"})
        if len(stated) > 1:
            yield waiter, stated, "DependsOn"


def _without(needs: Needs, waiter: str, others: tuple[str, ...]) -> Needs:
    return {**needs, waiter: {other: hows for other, hows in needs[waiter].items() if other not in others}}
