"""Markdown tables from the templates and the settings, for README.md and docs/settings.md."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final, get_args

from pydantic import BaseModel

from cloudmart_cdk.settings import Settings
from cloudmart_cdk.settings.loading import model_in
from cloudmart_cdk.settings.wording import explain
from tools.assembly import PROJECT, Assembly

SETTINGS: Final = PROJECT / "cloudmart_cdk" / "settings"


def resources(assemblies: Mapping[str, Assembly]) -> str:
    """Stacks by stages: how many resources each holds."""
    stacks = list(dict.fromkeys(stack for assembly in assemblies.values() for stack in assembly.stacks))
    rows = [
        [
            stack,
            *(
                str(len(assembly.resources[stack])) if stack in assembly.stacks else ""
                for assembly in assemblies.values()
            ),
        ]
        for stack in stacks
    ]
    totals = [f"**{sum(map(len, assembly.resources.values()))}**" for assembly in assemblies.values()]
    return table(["resources", *assemblies], [*rows, ["**all**", *totals]])


def stages(settings: Mapping[str, Settings]) -> str:
    """The settings in which stages differ."""
    values = {stage: dict(_leaves(chosen)) for stage, chosen in settings.items()}
    names = dict.fromkeys(name for of_stage in values.values() for name in of_stage)
    rows = [
        [f"`{name}`", *(_shown(of_stage.get(name)) for of_stage in values.values())]
        for name in names
        if name != "stage"
    ]
    return table(["setting", *settings], [row for row in rows if len(set(row[1:])) > 1])


def reference(settings: Mapping[str, Settings]) -> str:
    """Every setting: what it takes, what each stage has."""
    first = next(iter(settings.values()))
    values = {stage: dict(_leaves(chosen)) for stage, chosen in settings.items()}
    parts: list[str] = []
    for group, names in _groups(name for name in values[next(iter(values))] if name != "stage").items():
        rows = []
        for name in names:
            of_stages = [_shown(of_stage.get(name)) for of_stage in values.values()]
            shown = (
                of_stages[0]
                if len(set(of_stages)) == 1
                else ", ".join(f"{stage} {value}" for stage, value in zip(values, of_stages, strict=True))
            )
            location = name.split(".")
            allowed = explain(type(first), location, None).allowed
            rows.append([f"`{name}`", shown, allowed, _meaning(type(first), location)])
        parts.append(f"## {group}\n\n{table(['setting', 'value', 'takes', 'meaning'], rows)}")
    return "\n".join(parts)


def _groups(names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        head, _, rest = name.partition(".")
        groups.setdefault(head if rest else "The stage", []).append(name)
    return groups


def _leaves(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for field in type(model).model_fields:
        value = getattr(model, field)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{field}.")
        elif isinstance(value, dict):
            for key, entry in value.items():
                if isinstance(entry, BaseModel):
                    yield from _leaves(entry, f"{prefix}{field}.{key}.")
                else:
                    yield f"{prefix}{field}.{key}", entry
        else:
            yield f"{prefix}{field}", value


def _meaning(model: type[BaseModel], location: list[str]) -> str:
    """What the model says of a setting, else the comment beside it in a stage file."""
    annotation: Any = model
    text = ""
    for part in location:
        owner = model_in(annotation)
        if owner is None:
            annotation = get_args(annotation)[1]  # a table: what its entries are
        else:
            annotation, text = owner.model_fields[part].annotation, _docstrings().get((owner.__name__, part), "")
    return " ".join(text.split()) or _comments().get(".".join(location), "")


@cache
def _docstrings() -> dict[tuple[str, str], str]:
    """(class, field) -> the text below the field. Read here, so that no synth spends time on it."""
    found: dict[tuple[str, str], str] = {}
    for node in ast.parse((SETTINGS / "model.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            for field, text in pairwise(node.body):
                match field, text:
                    case (
                        ast.AnnAssign(target=ast.Name(id=name)),
                        ast.Expr(value=ast.Constant(value=str(words))),
                    ):
                        found[node.name, name] = words
    return found


@cache
def _comments() -> dict[str, str]:
    """Setting -> the comment at the end of its line; the file that all stages share comes first."""
    comments: dict[str, str] = {}
    for name in ("common", "lab", "dev", "staging", "prod"):
        table = ""
        for line in (SETTINGS / "stages" / f"{name}.toml").read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                table = f"{line.strip('[]')}."
            elif found := re.match(r"([\w-]+) = .*?\s#\s(.*)", line):
                comments.setdefault(table + found[1], found[2])
    return comments


def _shown(value: Any) -> str:
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
