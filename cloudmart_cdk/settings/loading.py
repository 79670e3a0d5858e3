"""From stage files and CDK context to `Settings`.

Owns reading, merging and the wording of refusals. Does not import `aws_cdk`: bad input is answered in
well under a second.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from .checks import Problem, problems
from .model import Settings, Stage

STAGES: tuple[str, ...] = get_args(Stage)
_STAGE_FILES = Path(__file__).parent / "stages"


class SettingsError(Exception):
    """Bad input. `str()` is one line a problem, fit to be shown as it is."""

    def __init__(self, found: list[Problem]) -> None:
        super().__init__("\n".join(f"error: {problem}" for problem in found))
        self.problems = found


def load_settings(context: Mapping[str, Any]) -> Settings:
    """The settings of one synth.

    `context` is CDK context: `stage`, `name`, and any dotted name of a setting; values are what `-c`
    gives (strings) or JSON. CDK's own keys (`@aws-cdk/...`, `aws:...`, cached lookups) are passed over.

    Raises `SettingsError` for anything that is unknown, of the wrong type or out of bounds.
    """
    chosen = {key: value for key, value in context.items() if not _belongs_to_cdk(key)}
    stage = chosen.pop("stage", "lab")
    if stage not in STAGES:
        raise SettingsError([Problem("stage", repr(stage), ", ".join(STAGES), "use e.g. -c stage=lab")])
    values: dict[str, Any] = {"stage": stage}
    for file in ("common", stage):
        _merge(values, tomllib.loads((_STAGE_FILES / f"{file}.toml").read_text(encoding="utf-8")))
    unknown = [problem for key, value in chosen.items() for problem in _override(values, key, value)]
    if unknown:
        raise SettingsError(unknown)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(list(_explain(error, stage))) from None
    found = list(problems(settings))
    if found:
        raise SettingsError(found)
    return settings


def read_context() -> dict[str, Any]:
    """CDK context as `App` will see it: from the CLI when it runs us, else from `cdk.json`.

    The CLI hands context over in the environment, or in a file when it is long.
    """
    context: dict[str, Any] = {}
    manifest = Path(__file__).parents[2] / "cdk.json"
    if "CDK_CONTEXT_JSON" not in os.environ and manifest.exists():
        context.update(json.loads(manifest.read_text(encoding="utf-8")).get("context", {}))
    context.update(json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}")))
    overflow = os.environ.get("CONTEXT_OVERFLOW_LOCATION")
    if overflow:
        context.update(json.loads(Path(overflow).read_text(encoding="utf-8")))
    return context


def _belongs_to_cdk(key: str) -> bool:
    return key.startswith("@") or ":" in key or key == "acknowledged-issue-numbers"


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _override(values: dict[str, Any], dotted: str, value: Any) -> Iterator[Problem]:
    """Put one `-c dotted.name=value` in place; a name that no setting has is a problem."""
    known = _known_names(Settings, values)
    parents = {name.rpartition(".")[0] for name in known}
    opened = any(dotted.startswith(prefix) for prefix in _OPEN_TABLES)
    if dotted not in known and not opened:
        if dotted in parents:
            near = sorted(name for name in known if name.startswith(f"{dotted}."))
        else:
            near = get_close_matches(dotted, sorted(known), n=3, cutoff=0.5)
        yield Problem(
            dotted,
            f"the unknown setting {dotted}={value}",
            f"{', '.join(near[:4]) if near else 'the names in cloudmart_cdk/settings/stages/common.toml'}",
            "correct the name; `make help` says where all settings stand",
        )
        return
    *path, last = dotted.split(".") if not dotted.startswith(_OPEN_TABLES[0]) else _split_open(dotted)
    table = values
    for part in path:
        table = table.setdefault(part, {})
    table[last] = value


_OPEN_TABLES = ("network.cloudfront_prefix_lists.", "eks.services.", "eks.addons.")
"""Tables whose keys users may add to."""


def _split_open(dotted: str) -> list[str]:
    return [*_OPEN_TABLES[0].rstrip(".").split("."), dotted.removeprefix(_OPEN_TABLES[0])]


def _known_names(model: type[BaseModel], values: Mapping[str, Any], prefix: str = "") -> set[str]:
    """Dotted names of all settings; tables with free keys contribute those that the stage files name."""
    names: set[str] = set()
    for field, info in model.model_fields.items():
        nested = next((t for t in (info.annotation, *get_args(info.annotation)) if _is_model(t)), None)
        if nested is None:
            names.add(prefix + field)
        elif isinstance(info.annotation, type) or type(None) in get_args(info.annotation):
            names |= _known_names(nested, values, f"{prefix}{field}.")
    return names


def _is_model(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)


def _explain(error: ValidationError, stage: str) -> Iterator[Problem]:
    """Pydantic's findings in this project's wording: given, allowed, what to do."""
    for finding in error.errors():
        key = ".".join(str(part) for part in finding["loc"] if not str(part).startswith("["))
        where = f"cloudmart_cdk/settings/stages/{stage}.toml"
        if finding["type"] == "extra_forbidden":
            yield Problem(key, "an unknown setting", "the names in cloudmart_cdk/settings/stages/common.toml", "correct the name")
        elif finding["type"] == "missing":
            yield Problem(key, "nothing", "a value", f"add -c {key}=... or a line in {where}")
        else:
            allowed = finding["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            allowed = allowed.removeprefix("allowed: ")
            yield Problem(key, repr(finding["input"]), allowed, f"correct -c {key}=... or {where}")
