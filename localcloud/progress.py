"""What the CDK CLI's output says about stacks.

Owns the reading of its lines; a line that means nothing to us is passed over, so that a change of
wording costs a progress line and never a deploy.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["started", "finished", "unchanged", "failed"]

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_STACK: Final = r"(?P<id>[\w/-]+)(?: \((?P<name>[\w-]+)\))?"
_STARTED: Final = re.compile(rf"^{_STACK}: (?:deploying|destroying)\.\.\.")
_FINISHED: Final = re.compile(rf"^\s*✅\s+{_STACK}(?P<unchanged> \(no changes\))?(?:: destroyed)?\s*$")
_FAILED: Final = re.compile(rf"^\s*❌\s+{_STACK}:? (?:failed|.*failed).*?(?:: (?P<reason>.*))?$")


@dataclass(frozen=True)
class Event:
    """Something happened to a stack. Seconds are since its start, zero when that was not seen."""

    kind: Kind
    stack: str
    seconds: float = 0.0
    reason: str = ""


def plain(line: str) -> str:
    """The line without colours."""
    return _ANSI.sub("", line).rstrip("\n")


@dataclass
class Progress:
    """Follows one run of the CLI."""

    clock: Callable[[], float] = time.monotonic
    _started: dict[str, float] = field(default_factory=dict)

    def read(self, line: str) -> Event | None:
        """The event that a line of output stands for, if any."""
        text = plain(line)
        if match := _STARTED.match(text):
            self._started[match["id"]] = self.clock()
            return Event("started", match["id"])
        if match := _FINISHED.match(text):
            kind: Kind = "unchanged" if match["unchanged"] else "finished"
            return Event(kind, match["id"], self._since(match["id"]))
        if match := _FAILED.match(text):
            return Event("failed", match["id"], self._since(match["id"]), match["reason"] or "")
        return None

    def _since(self, stack: str) -> float:
        started = self._started.get(stack)
        return 0.0 if started is None else self.clock() - started
