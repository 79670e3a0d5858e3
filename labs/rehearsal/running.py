"""The rehearsal: guide after guide, each in a shell of its own, in one cloud.

Owns the lines of progress and what a failure says: guide, line, command, the last that was printed.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from localcloud.report import say
from localcloud.state import PROJECT

from . import cloud, solution
from .errors import RehearsalError
from .expected import matches
from .guides import CHALLENGE, Guide, Step
from .shell import Outcome, Shell

FIRST: Final = 'eval "$(python -m localcloud env)"'
"""What `docs/labs/README.md` has a student type first, in every new shell."""
_LAST_LINES: Final = 25
_TITLE: Final = 76


def rehearse(guides: Sequence[Guide]) -> None:
    """Runs them from an empty start. Raises `RehearsalError` at the first command that fails, with nothing left."""
    began = time.monotonic()
    say(f"Empty local cloud for {len(guides)} guide(s), {guides[0].name} to {guides[-1].name} ...")
    number = 0
    with cloud.empty() as variables:
        for guide in guides:
            number += follow(guide, variables, last=guide == guides[-1])
    say(
        f"{len(guides)} guide(s), {number} steps as written, {time.monotonic() - began:.0f} s; nothing is left running."
    )


def follow(guide: Guide, variables: Mapping[str, str], *, last: bool) -> int:
    """One guide in one shell; how many steps it has. Raises `RehearsalError`.

    Of the challenge what it leaves to the student is done as well: nobody else tries that 100 points can be had.
    """
    steps = guide.steps(last=last)
    if not steps:
        raise RehearsalError(guide.place, given="no command", allowed="fences `sh`, `sh local`", do="write some")
    say(guide.place)
    with Shell(variables, folder=PROJECT) as shell:
        _judge(guide, Step(line=1, commands=FIRST), shell.run(FIRST))
        for step in solution.worked(steps) if guide.name == CHALLENGE else steps:
            outcome = shell.run(step.commands)
            _judge(guide, step, outcome)
            say(f"  {step.line:>4}  {step.title[:_TITLE]:<{_TITLE}}  {outcome.seconds:6.1f} s")
    return len(steps)


def _judge(guide: Guide, step: Step, outcome: Outcome) -> None:
    wrong = _wrong(step, outcome)
    if wrong is None:
        return
    given, allowed, do = wrong
    say(f"  {step.line:>4}  {step.title[:_TITLE]:<{_TITLE}}  FAILED")
    for line in outcome.output.splitlines()[-_LAST_LINES:]:
        say(f"        {line}")
    raise RehearsalError(f"{guide.place}:{step.line}: {step.title}", given=given, allowed=allowed, do=do)


def _wrong(step: Step, outcome: Outcome) -> tuple[str, str, str] | None:
    if outcome.status is None:
        return f"no end within {outcome.seconds:.0f} s", "an end", "wait in the guide for what the command needs"
    if outcome.status != 0:
        return f"status {outcome.status}", "0", "its last output is above: correct the guide, or what it shows"
    if step.expected is not None and not matches(step.expected, outcome.output):
        said = " / ".join(step.expected.split("\n"))
        return "the output above", said, "correct the `text` block, or what it shows"
    return None
