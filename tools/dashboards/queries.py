"""The table of saved queries in docs/dashboards.md, from the templates of a stage that has them all."""

from collections.abc import Iterator
from typing import Final

from tools.assembly import Assembly

from .bodies import text

_MADE_UP: Final = {"ApplicationLog": "the shop's application log", "FlowLogGroup": "the VPC's flow logs"}
"""Part of a reference -> what the group is, where CloudFormation makes up its name."""
_FUNCTIONS: Final = "those of our functions"


def table(assembly: Assembly, *, prefix: str) -> str:
    """Markdown. `prefix`: the stage's `<name>-<stage>`, which is left out of names."""
    lines = [f"| `{name}` | {purpose} | {groups} |" for name, purpose, groups in sorted(_rows(assembly, prefix))]
    return "\n".join(["| query | what it is for | log group |", "|---|---|---|", *lines])


def _rows(assembly: Assembly, prefix: str) -> Iterator[tuple[str, str, str]]:
    for stack in assembly.stacks:
        for _, properties in assembly.of_type(stack, "AWS::Logs::QueryDefinition"):
            purpose = text(properties["QueryString"]).splitlines()[0].removeprefix("# ")
            groups = {_group(text(name), prefix) for name in properties["LogGroupNames"]}
            yield text(properties["Name"]).removeprefix(f"{prefix}/"), purpose, ", ".join(sorted(groups))


def _group(name: str, prefix: str) -> str:
    if "-" in name:
        return f"`{name.replace(prefix, '*')}`"
    return next((label for part, label in _MADE_UP.items() if part in name), _FUNCTIONS)
