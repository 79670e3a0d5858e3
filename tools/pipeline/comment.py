"""The pipeline's one comment on a pull request: written once, then changed.

Owns which pull request, which comment, and that what stands in it does no harm: the texts were made by the code of the
pull request, perhaps a stranger's, in a job without rights. Here, where a token can write, they are data.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tools.pipeline.errors import PipelineError
from tools.pipeline.fit import fitted
from tools.pipeline.github import BOT, GitHub

MARK: Final = "<!-- cloudmart-pipeline -->"
BASE: Final = "main"
_LARGEST: Final = 1_000_000
"""Bytes of a text that are read; more is nobody's diff."""
_MENTION: Final = re.compile(r"@(?=\w)")
_SILENT: Final = "@\N{ZERO WIDTH SPACE}"


def post(github: GitHub, files: Sequence[Path], *, head: str, commit: str, made_by: str) -> str:
    """What was done, in a line. `head`: OWNER:BRANCH, `commit`: what the run was about, `made_by`: the run's address.

    All three are the event's, not the texts'. Raises `PipelineError`.
    """
    pulls = github.pages("pulls", state="open", base=BASE, head=head)
    number = next((pull["number"] for pull in pulls if pull["head"]["sha"] == commit), None)
    if number is None:
        return f"nothing to say: no open pull request onto {BASE} stands at {commit[:12]} any more"
    body = text(files, commit=commit, made_by=made_by)
    said = _own(github, int(number))
    if said is None:
        github.send("POST", f"issues/{number}/comments", {"body": body})
        return f"commented on #{number}"
    github.send("PATCH", f"issues/comments/{said['id']}", {"body": body})
    return f"changed the comment on #{number}"


def text(files: Sequence[Path], *, commit: str, made_by: str) -> str:
    """Never longer than GitHub takes."""
    head = f"{MARK}\nWhat `{commit[:12]}` changes, as its own code says it ([run]({made_by})).\n"
    parts = [content for file in files if (content := _read(file))]
    if not parts:
        parts = [f"**Nothing to compare**: templates were not made. [The run]({made_by}) says why.\n"]
    return fitted("\n".join([head, *parts]), where=f"[the run]({made_by})")


def _read(file: Path) -> str:
    """Without marks of this comment, and without calling anybody."""
    if not file.is_file() or file.is_symlink():
        return ""
    with file.open("rb") as stream:
        content = stream.read(_LARGEST).decode(errors="replace")
    return _MENTION.sub(_SILENT, content.replace(MARK, "")).strip() + "\n"


def _own(github: GitHub, number: int) -> dict[str, Any] | None:
    comments = github.pages(f"issues/{number}/comments")
    return next((one for one in comments if one["user"]["login"] == BOT and one["body"].startswith(MARK)), None)


def checked(head: str, commit: str) -> None:
    """Raises `PipelineError` for what no event of GitHub says."""
    if not re.fullmatch(r"[\w.-]+:\S+", head) or not re.fullmatch(r"[0-9a-f]{40}", commit):
        why = f"given {head!r} and {commit!r}; allowed: OWNER:BRANCH and a commit of 40 digits"
        raise PipelineError("pull request", why=why, do="hand over what the event says")
