"""One way to all points of the challenge within its cap, which its page leaves to the student: the rehearsal takes it.

Owns the settings and where in the page's order they are used. The page itself names none of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from .guides import Step

SETTINGS: Final = {
    "network.nat_gateways": "2",
    "cache.replicas": "1",
    "database.backup_days": "7",
    "backup.plan": "true",
    "web_acls": "true",
    "monitoring.watch_cdn": "true",
    "monitoring.burn_rate_alarms": "true",
    "monitoring.email": "team@example.com",
    "log_retention_days": "30",
}
_OPTIONS: Final = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
_DEPLOY: Final = "cdk deploy "
_DESTROY: Final = "cdk destroy "
_GRADE: Final = "python -m labs.grade --local"
_FULL_MARKS: Final = f"{_GRADE} --minimum 100"
"""Status 1 below 100 points, and above the cap."""
_REMOVE: Final = "python -m labs.leftovers --stage lab --name $NAME --local --remove --yes"
"""A vault of backups outlives its stack in every stage; the page's next line then finds nothing."""


def worked(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The challenge's steps, improved between the first grade and the drill; cleaned up with the same settings."""
    return tuple(_worked(steps))


def _worked(steps: Sequence[Step]) -> Iterator[Step]:
    improved = False
    deploy = next(step for step in steps if step.commands.startswith(_DEPLOY))
    for step in steps:
        if step.commands.startswith(_DESTROY):
            yield replace(step, commands=f"{step.commands} {_OPTIONS}")
            yield Step(line=step.line, commands=_REMOVE)
            continue
        yield step
        if step.commands == _GRADE and not improved:
            improved = True
            yield Step(line=step.line, commands=f"{deploy.commands} {_OPTIONS}")
            yield Step(line=step.line, commands=_FULL_MARKS)
