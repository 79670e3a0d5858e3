"""One stack's templates compared by CDK's own CLI, offline: `cdk diff --template`.

Owns the call and what is read out of its answer. It is the differ that stands before a deploy, too, so a pull request
and the pipeline speak of the same changes in the same words. The CLI is pinned; tests read its answers.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final

from tools.pipeline.errors import PipelineError

_CLI_S: Final = 120
_ENTRY: Final = re.compile(r"\[(?P<sign>[+~-])\] (?P<resource>\S+::\S+ .*)")
_DESTRUCTIVE: Final = re.compile(
    r"  \S+(?: \([^)]+\))?: (?P<resource>\S+::\S+ (?:.+ )?(?P<id>\S+)) (?P<impact>may be|will be) "
    r"(?P<fate>replaced|destroyed|orphaned)(?P<moved> \(moved .*)?"
)
_PERMISSIONS: Final = ("IAM Statement Changes", "IAM Policy Changes", "Security Group Changes")
_ASKED: Final = re.compile(r"(?:├─|└─) \[~\] (?P<property>\S+) \((?:requires|may cause) replacement\)")


@dataclass(frozen=True)
class Loss:
    """A resource that does not stay what it is."""

    resource: str
    """Type, path and logical id."""
    fate: str
    """As "will be destroyed"."""
    properties: tuple[str, ...]
    """Those whose change asks for a replacement."""

    def __str__(self) -> str:
        return f"{self.resource} {self.fate}" + (f": {', '.join(self.properties)}" if self.properties else "")


@dataclass(frozen=True)
class Difference:
    """The CLI's answer. Empty text: the templates deploy the same."""

    text: str
    """As `cdk diff` shows it: permissions first, then resources."""
    losses: tuple[Loss, ...] = ()
    """What is replaced, destroyed or orphaned."""

    @property
    def permissions(self) -> bool:
        """Whether IAM or a security group changes."""
        return any(line in _PERMISSIONS for line in self.text.splitlines())

    def count(self, sign: str) -> int:
        """Resources added (`+`), changed (`~`) or removed (`-`)."""
        found = (_ENTRY.fullmatch(line) for line in self.text.splitlines())
        return sum(entry["sign"] == sign for entry in found if entry)


def compare(before: Path, assembly: Path, stack: str) -> Difference:
    """`before`: a template; `assembly`: the folder that has the stack as it is to be. Raises `PipelineError`."""
    program = str(Path(sys.executable).with_name("cdk"))
    command = [program, "diff", stack, "--exclusively", "--app", str(assembly), "--template", str(before)]
    options = ["--fail-on", "destructive", "--no-color", "--no-notices", "--no-version-reporting", "--ci"]
    # It needs no account, and gets none; nor does it fold its tables to the width of somebody's terminal.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_") and key != "COLUMNS"}
    ended = subprocess.run(
        [*command, *options],
        env=environment | {"AWS_EC2_METADATA_DISABLED": "true"},
        text=True,
        capture_output=True,
        timeout=_CLI_S,
        check=False,
    )
    answer = re.sub(r"\x1b\[[\d;]*m", "", ended.stdout + ended.stderr)
    text = _body(answer)
    losses = tuple(
        Loss(found["resource"], f"{found['impact']} {found['fate']}{found['moved'] or ''}", _reasons(text, found["id"]))
        for line in answer.splitlines()
        if (found := _DESTRUCTIVE.fullmatch(line))
    )
    if ended.returncode != (1 if losses else 0) or "Number of stacks with differences" not in answer:
        last = next((line for line in reversed(answer.splitlines()) if line.strip()), f"status {ended.returncode}")
        raise PipelineError("cdk diff", why=f"given {stack} in {assembly}: {last.strip()}", do="synthesize both again")
    return Difference(text, losses)


def _body(answer: str) -> str:
    """What stands between the stack's name and the count of differences."""
    lines = answer.partition("\n✨")[0].splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith("Stack ")), len(lines))
    kept = [line.rstrip() for line in lines[start + 1 :] if not line.startswith("(NOTE: There may be")]
    text = "\n".join(kept).strip("\n")
    return "" if text == "There were no differences" else text


def _reasons(text: str, logical_id: str) -> tuple[str, ...]:
    """The properties below the resource's line that ask for its replacement."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("[~] ") and logical_id in line.split():
            break
    below = takewhile(lambda line: line.startswith(" "), lines)
    return tuple(asked["property"] for line in below if (asked := _ASKED.search(line)))
