"""From stage files and CDK context to `Settings`.

Owns reading, merging and the wording of refusals. Does not import `aws_cdk`: bad input is answered in
well under a second.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from .checks import problems
from .model import Settings, Stage
from .problem import Problem
from .wording import KEY, explain, shown, suggestion

STAGES: tuple[str, ...] = get_args(Stage)
_STAGE_FILES = Path(__file__).parent / "stages"
_FOLDER = "cloudmart_cdk/settings/stages"
_UNKNOWN = "a name that no setting has"
_MENTIONED = 4
"""Names listed when one is not known."""


class SettingsError(Exception):
    """Bad input. `str()` is one line, fit to be shown as it is; `problems` are all that was found."""

    def __init__(self, found: Sequence[Problem]) -> None:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        super().__init__(f"error: {found[0]}{more}")
        self.problems = tuple(found)


def load_settings(context: Mapping[str, Any]) -> Settings:
    """The settings of one synth.

    `context` is CDK context: `stage`, `name`, and any dotted name of a setting; values are what `-c`
    gives (strings) or JSON, where a table may also be given as a whole. CDK's own keys (`@aws-cdk/...`, `aws:...`,
    cached lookups) are passed over.

    Raises `SettingsError` for anything that is unknown, of the wrong type or out of bounds.
    """
    chosen = dict(_flat({key: value for key, value in context.items() if not _belongs_to_cdk(key)}))
    stage = chosen.pop("stage", "lab")
    if stage not in STAGES:
        raise SettingsError(
            [Problem("stage", shown(stage), ", ".join(STAGES), f"use -c stage={suggestion(stage, STAGES)}")]
        )
    values: dict[str, Any] = {"stage": stage}
    for file in ("common", stage):
        _merge(values, _read(_STAGE_FILES / f"{file}.toml"))
    unknown = [problem for key, value in chosen.items() for problem in _override(values, key, value)]
    if unknown:
        raise SettingsError(unknown)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(list(_explain(error, stage, chosen))) from None
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
    return key.startswith("@") or ":" in key or key in ("acknowledged-issue-numbers", "cli-telemetry")


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        name = f"{_FOLDER}/{file.name}"
        raise SettingsError([Problem(name, "text that is not TOML", "TOML", f"correct it: {error}")]) from None


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names, also where a context file gives whole tables."""
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _override(values: dict[str, Any], dotted: str, value: Any) -> Iterator[Problem]:
    """Put one `-c dotted.name=value` in place; a name that no setting has is a problem."""
    path = _path(dotted)
    if path is not None:
        table = values
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value
        return
    known = sorted(_names(Settings, values))
    within = [name for name in known if name.startswith(f"{dotted}.")]
    near = within or get_close_matches(dotted, known, n=3, cutoff=0.5)
    yield Problem(
        shown(dotted),
        "the name of a group" if within else _UNKNOWN,
        f"{', '.join(near[:_MENTIONED])}{', ...' if len(near) > _MENTIONED else ''}"
        if near
        else "the names of settings",
        f"use a setting's whole name; all stand in {_FOLDER}/",
    )


def _path(dotted: str) -> list[str] | None:
    """The keys that lead to a setting, or None if there is none of that name."""
    path: list[str] = []
    annotation: Any = Settings
    rest = dotted
    while rest:
        if _is_model(annotation):
            part, _, rest = rest.partition(".")
            field = annotation.model_fields.get(part)
            if field is None:
                return None
            annotation = model_in(field.annotation) or field.annotation
        elif get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
            part, _, rest = rest.partition(".") if _is_model(annotation) else (rest, "", "")
        else:
            return None
        path.append(part)
    is_group = _is_model(annotation) or get_origin(annotation) is dict
    return None if is_group or not all(path) else path


def _names(model: type[BaseModel], values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Dotted names of all settings; tables with free keys contribute those that the stage files name."""
    for field, info in model.model_fields.items():
        name, nested = f"{prefix}{field}", model_in(info.annotation)
        if nested:
            yield from _names(nested, values.get(field, {}), f"{name}.")
        elif get_origin(info.annotation) is dict:
            entry = get_args(info.annotation)[1]
            for key in values.get(field, {}):
                yield from _names(entry, {}, f"{name}.{key}.") if _is_model(entry) else (f"{name}.{key}",)
        else:
            yield name


def _is_model(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, optional or not; a table of models is none."""
    options = () if get_origin(annotation) is dict else (annotation, *get_args(annotation))
    return next((option for option in options if _is_model(option)), None)


def _explain(error: ValidationError, stage: str, chosen: Mapping[str, Any]) -> Iterator[Problem]:
    """Pydantic's findings in this project's wording: given, allowed, what to do."""
    file = f"{_FOLDER}/{stage}.toml"
    for finding in error.errors():
        location, given = finding["loc"], shown(finding["input"])
        if finding["type"] == "missing" and isinstance(
            location[-1], int
        ):  # a value too few: it is the list that is wrong
            location = location[:-1]
        elif finding["type"] == "missing":
            given = "nothing"
        elif location[-1] == KEY:  # the key under which something stands, in place of a value
            location = (*location[:-2], KEY)
        key = ".".join(part for part in location if isinstance(part, str) and part != KEY)
        if finding["type"] == "extra_forbidden":
            yield Problem(
                shown(key), "a name that no setting has", f"the names in {_FOLDER}/common.toml", f"correct {file}"
            )
            continue
        words = explain(Settings, location, finding["input"])
        if location[-1] == KEY or isinstance(location[-1], int):
            do = f"use e.g. {words.example} in {key}"
        else:
            do = f"use e.g. -c {quote(key + '=' + (words.example or '...'))}"
        if not any(name == key or name.startswith(f"{key}.") for name in chosen):
            do += f", or correct {file} or common.toml beside it"
        yield Problem(shown(key), given, words.allowed, do)
