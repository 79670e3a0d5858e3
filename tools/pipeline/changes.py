"""What a change does to every stage's templates, as Markdown for a pull request.

Owns which stacks are compared and how the answers are arranged: what is lost first, then a table, then each stack's
`cdk diff`, folded. Stages that change alike are said once. What they cost is `tools.cost.diff`'s.
"""

import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.assembly import Assembly
from tools.pipeline.cdk_diff import Difference, Loss, compare
from tools.pipeline.errors import PipelineError
from tools.tables import table

STAGES: Final = ("prod", "staging", "dev", "lab")
"""The one in which a mistake costs most comes first."""
_AT_ONCE: Final = 2
_MARK: Final = re.compile(r"(?P<before>[ │├└─]*)\[(?P<sign>[ +~-])\] (?P<after>.*)")
_ROW: Final = re.compile(r"│ (?P<sign>[+-]) │.*")
_RULE: Final = re.compile(r"[┌├└]───.*")
_BACKTICKS: Final = re.compile(r"`{3,}")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One stack of one stage. `fate`: what becomes of it: "new", "removed" or "changed"."""

    stage: str
    stack: str
    fate: str
    difference: Difference

    @property
    def alike(self) -> tuple[str, str, str]:
        """Equal for stages that change alike: names begin with the stage's."""
        text = re.sub(rf"\b{self.stage}\b", "STAGE", self.difference.text)
        return self.stack, self.fate, re.sub(r"[ ─]+", " ", text)  # names of other lengths widen columns


def markdown(changes: Iterable[Change], *, stages: Iterable[str]) -> str:
    """`stages`: those that were compared. Never empty: "nothing changes" is news, too."""
    groups = _grouped(changes)
    compared = ", ".join(stages)
    if not groups:
        return f"**Templates: nothing changes** in {compared}.\n"
    lost = [(group, loss) for group in groups for loss in group[0].difference.losses]
    parts = [f"**Templates: {_verdict(groups)}**"]
    if lost:
        parts.append("\n".join(f"* {_stages(group)}: {_code(str(loss))}" for group, loss in lost))
    parts.append(_table(groups).rstrip())
    same = [stage for stage in compared.split(", ") if not any(one.stage == stage for group in groups for one in group)]
    if same:
        parts.append(f"Unchanged: {', '.join(same)}.")
    parts.extend(_details(group) for group in groups)
    return "\n\n".join(parts) + "\n"


def between(base: Path, head: Path) -> tuple[list[Change], list[str]]:
    """Changes, and the stages that were compared. Folders with a cloud assembly a stage. Raises `PipelineError`."""
    stages = [stage for stage in STAGES if any((side / stage / "manifest.json").exists() for side in (base, head))]
    if not stages:
        raise PipelineError(
            "changes",
            why=f"given {base} and {head}; allowed: folders with a cloud assembly a stage ({', '.join(STAGES)})",
            do="synthesize into them with `cdk synth --output FOLDER/STAGE -c stage=STAGE`",
        )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda stage: list(_of_stage(stage, base / stage, head / stage)), stages))
    return [change for of_stage in found for change in of_stage], stages


def _of_stage(stage: str, base: Path, head: Path) -> Iterator[Change]:
    before, after = _templates(base), _templates(head)
    for stack, template in after.items():
        old = before.get(stack)
        if old is not None and old.read_bytes() == template.read_bytes():
            continue
        difference = compare(old or _empty(head), head, stack)
        if difference.text:
            yield Change(stage=stage, stack=stack, fate="changed" if old else "new", difference=difference)
    for stack in before.keys() - after.keys():
        yield Change(stage=stage, stack=stack, fate="removed", difference=_gone(before[stack]))


def _templates(folder: Path) -> dict[str, Path]:
    """Stack -> template. None of a stage that is not there."""
    if not (folder / "manifest.json").exists():
        return {}
    stacks = Assembly(folder).stacks
    return {stack: folder / str(entry["properties"]["templateFile"]) for stack, entry in stacks.items()}


def _empty(folder: Path) -> Path:
    """A template with nothing in it, for what is new."""
    path = folder / "nothing.template.json"
    path.write_text("{}", encoding="utf-8")
    return path


def _gone(template: Path) -> Difference:
    """Nobody deploys the stack any more: `cdk deploy` leaves it where it is."""
    resources = json.loads(template.read_text(encoding="utf-8")).get("Resources", {})
    text = "\n".join(["Resources", *(f"[-] {one['Type']} {id}" for id, one in resources.items())])
    stays = Loss(f"stack, {len(resources)} resources,", "stays deployed until somebody runs `cdk destroy` for it", ())
    return Difference(text, (stays,))


def _grouped(changes: Iterable[Change]) -> list[list[Change]]:
    """Those of one stack that are alike, together; in the order of stacks."""
    groups: dict[tuple[str, str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault(change.alike, []).append(change)
    order = list(dict.fromkeys(key[0] for key in groups))
    return sorted(groups.values(), key=lambda group: order.index(group[0].stack))


def _verdict(groups: list[list[Change]]) -> str:
    """One line: the worst first."""
    losses = sum(len(group[0].difference.losses) for group in groups)
    permissions = list(dict.fromkeys(group[0].stack for group in groups if group[0].difference.permissions))
    parts = []
    if losses:
        parts.append(f"{losses} resource{'s' if losses > 1 else ''} replaced, destroyed or left behind")
    if permissions:
        parts.append(f"permissions change in {', '.join(permissions)}")
    stacks = list(dict.fromkeys(group[0].stack for group in groups))
    parts.append(f"{len(stacks)} stack{'s' if len(stacks) > 1 else ''} change{'' if len(stacks) > 1 else 's'}")
    return "; ".join(parts)


def _table(groups: list[list[Change]]) -> str:
    rows = [
        [
            f"{first.stack}{'' if first.fate == 'changed' else f' ({first.fate})'}",
            _stages(group),
            *(str(first.difference.count(sign) or "") for sign in "+~-"),
            str(len(first.difference.losses) or ""),
            "yes" if first.difference.permissions else "",
        ]
        for group in groups
        for first in group[:1]
    ]
    return table(["stack", "stages", "added", "changed", "removed", "replaced or lost", "permissions"], rows)


def _details(group: list[Change]) -> str:
    first = group[0]
    alike = f" (as {first.stage} has it; the others alike, but for the stage's name)" if len(group) > 1 else ""
    lines = first.difference.text.splitlines()
    text = "\n".join(_coloured(line) for line in lines if not _RULE.fullmatch(line))
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=2)
    fence = "`" * max(3, longest + 1)
    summary = f"{first.stack}: {_stages(group)}{alike}"
    return f"<details><summary>{summary}</summary>\n\n{fence}diff\n{text}\n{fence}\n\n</details>"


def _coloured(line: str) -> str:
    """GitHub colours lines of a diff by their first character; `cdk diff` has its marks further in."""
    if found := _MARK.fullmatch(line):
        return f"{found['sign'].replace('~', '!')}{found['before'] or ' '}{found['after']}"
    if found := _ROW.fullmatch(line):
        return f"{found['sign']}{line}"
    return f" {line}"


def _stages(group: list[Change]) -> str:
    return ", ".join(change.stage for change in group)


def _code(text: str) -> str:
    """Nothing of it is Markdown."""
    return f"`{text.replace('`', chr(39))}`"
