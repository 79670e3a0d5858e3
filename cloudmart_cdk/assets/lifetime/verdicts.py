"""What happens to each stack now: it lives on, waits, or goes.

Owns the rules, and asks nothing of AWS. A stack's life ends `Lifetime` hours after its own creation, but it stays for
as long as a stack of the same copy needs it: what a student works with at this moment never loses its ground. So a copy
as a whole goes when the youngest stack that holds it is through, in the reverse order of a deploy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from .stacks import Stack

LATE: Final = timedelta(hours=2)
"""From the end of a life until a failed deletion is called stuck: five stacks one after the other, half an hour for
EKS and the CDN, twenty minutes for the last interface of a function in the VPC, and some quarters of an hour of waiting
for the schedule in between."""


class Fate(StrEnum):
    """What happens now."""

    LIVES = "lives"
    UNLIMITED = "has no lifetime"
    PROTECTED = "is protected"
    BUSY = "is busy"
    WAITS = "waits"
    GOES = "goes"
    STUCK = "is stuck"
    """It goes again, as it did before, and somebody has to look."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`of`: the stack. `behind`: the stacks it waits for."""

    of: Stack
    fate: Fate
    behind: tuple[str, ...] = ()

    @property
    def deletes(self) -> bool:
        return self.fate in (Fate.GOES, Fate.STUCK)


def judge(stacks: Sequence[Stack], *, needed_by: Mapping[str, Sequence[str]], now: datetime) -> Iterator[Verdict]:
    """One verdict a stack. `needed_by`: of each of the project's stacks, those that have to be gone before it."""
    for stack in stacks:
        holders = tuple(each.name for each in stacks if each.copy == stack.copy and each.kind in needed_by[stack.kind])
        yield Verdict(of=stack, fate=_fate(stack, bool(holders), now), behind=holders)


def _fate(stack: Stack, held: bool, now: datetime) -> Fate:
    if stack.ends is None:
        return Fate.UNLIMITED
    if now < stack.ends:
        return Fate.LIVES
    if stack.protected:
        return Fate.PROTECTED
    if stack.busy:
        return Fate.BUSY
    if held:
        return Fate.WAITS
    return Fate.STUCK if stack.status == "DELETE_FAILED" and now >= stack.ends + LATE else Fate.GOES
