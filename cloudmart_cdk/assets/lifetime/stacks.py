"""What a stack of CloudFormation is to the course: whose, which of the project's, until when.

Owns how tags and names are read. What happens to a stack is `verdicts`'.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

_EMPTY: Final = "REVIEW_IN_PROGRESS"
"""A first deploy that stopped before its change set was executed: for ever, there is nothing in it, and it can be
deleted like any other."""
_LIFETIME: Final = re.compile(r"([1-9][0-9]{0,3})h")
"""As `stacks/base.py` writes it: hours after creation."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack of the project, in one of the regions."""

    id: str
    """Its ARN: a later stack of the same name has another."""
    name: str
    kind: str
    """Which of the project's: `DataStack`."""
    copy: str
    """Whose: `<name>-<stage>`, the first part of the stack's name."""
    region: str
    owner: str
    status: str
    protected: bool
    """Against deletion (termination protection)."""
    ends: datetime | None
    """When its life is over; None: it has no `Lifetime`, or none that can be read."""

    @property
    def busy(self) -> bool:
        """Somebody, or CloudFormation, is at it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != _EMPTY


def read(described: Mapping[str, Any], *, region: str, stage: str, kinds: Collection[str]) -> Stack | None:
    """A stack as CloudFormation describes it; None for what is not the project's in this stage.

    `kinds`: the project's stacks. Tags and name have to agree: the name is what tells two students apart.
    """
    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags") or ()}
    name, kind = str(described["StackName"]), tags.get("Stack", "")
    copy = name.removesuffix(f"-{kind}")
    if tags.get("Project") != "CloudMart" or tags.get("Stage") != stage or kind not in kinds:
        return None
    if copy == name or not copy.endswith(f"-{stage}"):
        return None
    lasts = lifetime(tags)
    return Stack(
        id=str(described["StackId"]),
        name=name,
        kind=kind,
        copy=copy,
        region=region,
        owner=tags.get("Owner", ""),
        status=str(described["StackStatus"]),
        protected=bool(described.get("EnableTerminationProtection")),
        ends=described["CreationTime"] + lasts if lasts else None,
    )


def lifetime(tags: Mapping[str, str]) -> timedelta | None:
    """How long a stack lives from its creation on; None: it has no `Lifetime`, or none that can be read."""
    found = _LIFETIME.fullmatch(tags.get("Lifetime", ""))
    return timedelta(hours=int(found[1])) if found else None
