"""Plain words for what a setting takes: read off the model, for refusals.

Owns the translation of pydantic's findings into "given, allowed, do". Knows the kinds of values that `model` uses,
not the settings themselves: a new setting needs no line here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Interface, IPv4Network
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MinLen
from pydantic import BaseModel

from .shapes import OneOf, Shape

KEY = "[key]"
"""Pydantic's mark in a location: the finding is about a table's key, not about the value under it."""
_LONGEST = 60


def shown(value: object) -> str:
    """A given value on one line, whatever it contains."""
    if value is None or value == []:
        return "nothing"
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    return text if text.isprintable() and text.strip() == text != "" else repr(text)


def suggestion(given: object, choices: Sequence[str]) -> str:
    """The choice that was probably meant, else the first."""
    return next(iter(get_close_matches(str(given).lower(), choices, n=1, cutoff=0.4)), choices[0])


@dataclass(frozen=True)
class Words:
    """What is allowed, and one value that is."""

    allowed: str
    example: str


def explain(model: type[BaseModel], location: Sequence[int | str], given: object) -> Words:
    """The words for the value at one of pydantic's locations (`ValidationError.errors()`)."""
    annotation: Any = model
    bounds: Sequence[Any] = ()
    for part in location:
        if _is_model(annotation):
            info = annotation.model_fields[str(part)]
            annotation, bounds = info.annotation, info.metadata
        elif part == KEY:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
        else:
            annotation = get_args(annotation)[0]
        annotation, more = _bare(annotation)
        bounds = more or bounds
    return _words(annotation, bounds, given)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _bare(annotation: Any) -> tuple[Any, list[Any]]:
    """The type without `Annotated` and `None`, and what bounds it."""
    bounds: list[Any] = []
    if NoneType in get_args(annotation):
        annotation = next(option for option in get_args(annotation) if option is not NoneType)
    if get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
        for entry in metadata:  # a pydantic Field carries its bounds in `metadata`
            bounds.extend(getattr(entry, "metadata", [entry]))
    return annotation, bounds


def _words(annotation: Any, bounds: Sequence[Any], given: object) -> Words:
    origin = get_origin(annotation)
    for bound in bounds:
        if isinstance(bound, Shape):
            return Words(bound.words, bound.example)
        if isinstance(bound, OneOf):
            return Words(", ".join(bound.choices), suggestion(given, bound.choices))
    if annotation is bool:
        return Words("true or false", "true")
    if annotation in (int, float):
        return _number("a whole number" if annotation is int else "a number", bounds, given)
    if annotation is IPv4Network:
        return Words("an IPv4 network in CIDR notation, without host bits", _network(given))
    if origin is Literal:
        choices = [str(choice) for choice in get_args(annotation)]
        return Words(", ".join(choices), suggestion(given, choices))
    if origin is tuple:
        return _several(get_args(annotation), bounds, given)
    if _is_model(annotation):
        fields = list(annotation.model_fields)
        return Words(f"a group of settings ({', '.join(fields)}), each given by its own name", "")
    if origin is dict:
        return Words("entries, each given by its own name", "")
    return Words("text", "")


def _number(what: str, bounds: Sequence[Any], given: object) -> Words:
    low = next((bound.ge for bound in bounds if isinstance(bound, Ge)), None)
    high = next((bound.le for bound in bounds if isinstance(bound, Le)), None)
    allowed = {
        (True, True): f"{what} from {low} to {high}",
        (True, False): f"{what}, {low} or more",
        (False, True): f"{what}, at most {high}",
        (False, False): what,
    }[low is not None, high is not None]
    try:
        above = high is not None and float(str(given)) > float(str(high))
    except ValueError:
        above = False
    return Words(allowed, str(high if above else (low if low is not None else 1)))


def _network(given: object) -> str:
    try:
        return str(IPv4Interface(str(given)).network)
    except ValueError:
        return "10.0.0.0/24"


def _several(types: Sequence[Any], bounds: Sequence[Any], given: object) -> Words:
    one = _words(*_bare(types[0]), given)
    if Ellipsis not in types:
        return Words(f"{len(types)} values with a comma between them, each {one.allowed}", "")
    least = next((bound.min_length for bound in bounds if isinstance(bound, MinLen)), 0)
    return Words(
        f"{'one value or more' if least else 'values'}, with commas between them, each {one.allowed}", one.example
    )
