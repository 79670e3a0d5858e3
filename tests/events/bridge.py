"""What EventBridge does with an event, as its guide says: does a pattern match, and what does a transformer make of it.

Owns the rules of the guide that the project's patterns use, and refuses the others, so that no pattern passes a test by
being misunderstood. Knows no event.
"""

import json
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

_ABSENT = object()


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """EventBridge guide, "Creating event patterns" and "Comparison operators for use in event patterns"."""
    return all(
        any(matches({**_without(pattern, "$or"), **alternative}, event) for alternative in wanted)
        if field == "$or"
        else _field(wanted, event.get(field, _ABSENT))
        for field, wanted in pattern.items()
    )


def line(template: str, paths: Mapping[str, str], event: Mapping[str, Any]) -> str:
    """What arrives: the template with its variables filled in, read as JSON. Raises `ValueError` when it is none.

    Texts are put between the quotes that the template has, so that the output is valid JSON; what a path does not find
    is not there (EventBridge guide, "Amazon EventBridge input transformation").
    """
    for name in re.findall(r"<([\w.-]+)>", template):
        assert name in paths, f"the template names <{name}>, which no path fills"
        value = _at(paths[name], event)
        text = "" if value is _ABSENT else value if isinstance(value, str) else json.dumps(value)
        template = template.replace(f"<{name}>", json.dumps(text, ensure_ascii=False)[1:-1])
    made: str = json.loads(template)
    return made


def _without(pattern: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {field: wanted for field, wanted in pattern.items() if field != key}


def _field(wanted: Any, value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    if isinstance(wanted, Mapping):
        # An object of an array has to answer for the whole of the sub-pattern by itself.
        return any(isinstance(one, Mapping) and matches(wanted, one) for one in values)
    assert isinstance(wanted, list), f"a pattern's leaf is a list, not {wanted!r}"
    assert wanted, "an empty list matches nothing"
    return any(_one(alternative, one) for alternative in wanted for one in values)


def _one(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return value is not _ABSENT and type(wanted) is type(value) and bool(wanted == value)
    ((operator, operand),) = wanted.items()
    if operator == "exists":
        return (value is not _ABSENT) is operand
    if value is _ABSENT:
        return False
    match operator:
        case "anything-but":
            return not any(_one(each, value) for each in (operand if isinstance(operand, list) else [operand]))
        case "prefix":
            return isinstance(value, str) and value.startswith(str(operand))
        case "suffix":
            return isinstance(value, str) and value.endswith(str(operand))
        case "wildcard":
            assert not set(operand) & set("?[]"), "EventBridge knows the star only"
            return isinstance(value, str) and fnmatchcase(value, operand)
        case "numeric":
            return isinstance(value, int | float) and all(_compared(value, *pair) for pair in _pairs(operand))
    raise AssertionError(f"an operator that the tests do not know: {operator}")


def _pairs(operand: list[Any]) -> Iterable[tuple[str, float]]:
    return zip(operand[::2], operand[1::2], strict=True)


def _compared(value: float, operator: str, bound: float) -> bool:
    compared = {
        ">": value > bound,
        ">=": value >= bound,
        "<": value < bound,
        "<=": value <= bound,
        "=": value == bound,
    }
    return compared[operator]


def _at(path: str, event: Mapping[str, Any]) -> Any:
    """The subset of JSON path that EventBridge knows: names, with dashes, and indices."""
    assert re.fullmatch(r"\$(\.[\w-]+(\[\d+\])?)+", path), path
    value: Any = event
    for name, index in re.findall(r"\.([\w-]+)(?:\[(\d+)\])?", path):
        value = value.get(name, _ABSENT) if isinstance(value, Mapping) else _ABSENT
        if index and value is not _ABSENT:
            value = value[int(index)] if isinstance(value, list) and len(value) > int(index) else _ABSENT
    return value
