"""The one issue about drift: opened when a night finds some, changed while there is, closed when there is none.

Owns how what `cdk drift` said is read, and the issue. What to do about drift is docs/runbook/drift.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.pipeline.errors import PipelineError
from tools.pipeline.fit import fitted
from tools.pipeline.github import BOT, GitHub

TITLE: Final = "Drift: what runs is not what was deployed"
MARK: Final = "<!-- cloudmart-drift -->"
_COUNT: Final = re.compile(r"Number of resources with drift: (?P<drifted>\d+)(?: \((?P<unchecked>\d+) unchecked\))?")
_FAILED: Final = "Failed to check drift"
_ESCAPE: Final = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class Look:
    """What a night saw of a stage. `drifted`: resources; None: nobody could look."""

    stage: str
    drifted: int | None
    unchecked: int
    """Resources that CloudFormation cannot compare."""
    text: str


def read(folder: Path, stages: Sequence[str]) -> list[Look]:
    """`folder`: below it a text a stage, `<stage>.txt`, what `cdk drift` said. One that is missing saw nothing."""
    texts = {file.stem: file for file in folder.rglob("*.txt")}
    return [_read(texts[stage]) if stage in texts else Look(stage, None, 0, "") for stage in stages]


def _read(file: Path) -> Look:
    text = _ESCAPE.sub("", file.read_text(encoding="utf-8", errors="replace"))
    found = _COUNT.search(text)
    if found is None or _FAILED in text:
        return Look(file.stem, None, 0, text)
    return Look(file.stem, int(found["drifted"]), int(found["unchecked"] or 0), text)


def report(github: GitHub, looks: Sequence[Look]) -> str:
    """What was done, in a line. Raises `PipelineError` when a stage could not be looked at: that is no news of it."""
    drifted, blind = [look for look in looks if look.drifted], [look for look in looks if look.drifted is None]
    issue = _open(github)
    if drifted:
        done = _say(github, issue, drifted, blind)
    elif issue and not blind:
        github.send("POST", f"issues/{issue['number']}/comments", {"body": f"Gone, [as of this night]({github.run})."})
        github.send("PATCH", f"issues/{issue['number']}", {"state": "closed", "state_reason": "completed"})
        done = f"no drift: closed #{issue['number']}"
    else:
        done = "no drift seen"
    if blind:
        why = f"could not look at {', '.join(look.stage for look in blind)} ({done})"
        raise PipelineError("drift", why=why, do="read what `cdk drift` says in its job")
    return done


def _say(github: GitHub, issue: dict[str, Any] | None, drifted: Sequence[Look], blind: Sequence[Look]) -> str:
    body = text(drifted, blind, run=github.run)
    if issue is None:
        made = github.send("POST", "issues", {"title": TITLE, "body": body})
        return f"drift: opened #{made['number']}"
    github.send("PATCH", f"issues/{issue['number']}", {"body": body})
    return f"drift: #{issue['number']} says so"


def text(drifted: Sequence[Look], blind: Sequence[Look], *, run: str) -> str:
    """The issue's."""
    parts = [
        f"{MARK}\nSeen [last night]({run}). What to do: `docs/runbook/drift.md`. It is closed when it is gone.",
        *(_section(look) for look in drifted),
    ]
    if blind:
        parts.append(f"Could not be looked at: {', '.join(look.stage for look in blind)}.")
    return fitted("\n\n".join(parts) + "\n", where=f"[the run]({run})")


def _section(look: Look) -> str:
    said = f"{look.drifted} resource{'' if look.drifted == 1 else 's'}"
    said += f", {look.unchecked} more that CloudFormation cannot compare" if look.unchecked else ""
    fence = "`" * (max((len(run) for run in re.findall(r"`+", look.text)), default=2) + 3)
    folded = (
        f"<details><summary>cdk drift of {look.stage}</summary>\n\n{fence}\n{look.text.strip()}\n{fence}\n\n</details>"
    )
    return f"## {look.stage}: {said}\n\n{folded}"


def _open(github: GitHub) -> dict[str, Any] | None:
    issues = github.pages("issues", state="open", creator=BOT)
    return next((one for one in issues if (one["body"] or "").startswith(MARK)), None)
