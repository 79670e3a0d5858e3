"""`times.toml`, read: how long AWS takes for a resource, and who says so.

Owns the file's format. Knows no resource type by name; what depends on what is `graph`'s.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from .errors import PlanError, UntimedTypeError

Operation = Literal["create", "delete"]
OPERATIONS: Final[tuple[Operation, ...]] = ("create", "delete")
FILE: Final = Path(__file__).with_name("times.toml")
_KEPT: Final = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes: as it usually goes, and when AWS is slow."""

    usual: float
    slow: float

    def __post_init__(self) -> None:
        if not 0 <= self.usual <= self.slow:
            raise PlanError(
                "times",
                given=f"{self.usual} and {self.slow}",
                allowed="usual, then slow, of 0 or more",
                do="correct them",
            )


@dataclass(frozen=True, slots=True)
class Document:
    """Who says so. `kind`: AWS, measured (by others, in public), estimate."""

    kind: Literal["AWS", "measured", "estimate"]
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Time:
    """How long one resource takes. `ready`: minutes after which what takes it by Ref may begin; none: at its end."""

    span: Span
    document: Document
    note: str = ""
    ready: float | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    when: Mapping[str, Any]
    having: str
    time: Time

    @property
    def which(self) -> str:
        """`MultiAZ true`; empty: all that no entry before it is of."""
        said = [
            f"{path.rpartition('.')[2]} {value if isinstance(value, str) else json.dumps(value)}"
            for path, value in self.when.items()
        ]
        return ", ".join([*said, self.having.rpartition(".")[2]] if self.having else said)

    def fits(self, resource: Mapping[str, Any]) -> bool:
        return all(_at(resource, path) == value for path, value in self.when.items()) and (
            not self.having or _at(resource, self.having) is not None
        )


@dataclass(frozen=True)
class Times:
    """All times. `stack`: what a stack takes beside its resources; `a_minute`: how many resources begin in one."""

    entries: Mapping[Operation, Mapping[str, tuple[_Entry, ...]]]
    seconds: Mapping[Operation, Time]
    types_of_seconds: frozenset[str]
    stack: Mapping[Operation, Time]
    a_minute: float

    def of(self, operation: Operation, resource: Mapping[str, Any]) -> Time:
        """Raises `UntimedTypeError`, which says where to add the type."""
        if operation == "delete" and resource.get("DeletionPolicy") in _KEPT:
            return Time(Span(0, 0), _OURS, "stays")
        type_: str = resource["Type"]
        for entry in self.entries[operation].get(type_, ()):
            if entry.fits(resource):
                return entry.time
        if type_ in self.types_of_seconds:
            return self.seconds[operation]
        raise UntimedTypeError(
            "plan",
            given=type_,
            allowed="types with a time",
            do="add [[create]] and [[delete]] with minutes and source, "
            f"or a line in seconds.types, to tools/plan/{FILE.name}",
        )

    def types(self) -> frozenset[str]:
        """Every type that has times for both."""
        timed = [frozenset(self.entries[operation]) for operation in OPERATIONS]
        return self.types_of_seconds.union(frozenset.intersection(*timed))


_OURS: Final = Document("AWS", "the template's DeletionPolicy", "")


@cache
def load(file: Path = FILE) -> Times:
    """Raises `PlanError` for an entry without a document, or whose minutes are none, and for a file that is none."""
    try:
        return _parsed(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise PlanError(file.name, given=str(wrong), allowed="TOML", do="correct that line") from None
    except KeyError as lacking:
        raise PlanError(file.name, given=f"no {lacking}", allowed="what the other entries have", do="add it") from None


def _parsed(raw: Mapping[str, Any]) -> Times:
    documents = {name: Document(**entry) for name, entry in raw["document"].items()}

    def time(entry: Mapping[str, Any], minutes: list[float]) -> Time:
        if entry["source"] not in documents:
            raise PlanError(
                "times", given=f"source {entry['source']}", allowed=", ".join(documents), do="add a [document]"
            )
        return Time(Span(*minutes), documents[entry["source"]], entry.get("note", ""), entry.get("ready"))

    def entries(operation: Operation) -> dict[str, tuple[_Entry, ...]]:
        found: dict[str, tuple[_Entry, ...]] = {}
        for entry in raw[operation]:
            parsed = _Entry(entry.get("when", {}), entry.get("with", ""), time(entry, entry["minutes"]))
            found[entry["type"]] = (*found.get(entry["type"], ()), parsed)
        return found

    return Times(
        entries={operation: entries(operation) for operation in OPERATIONS},
        seconds={operation: time(raw["seconds"], raw["seconds"][operation]) for operation in OPERATIONS},
        types_of_seconds=frozenset(raw["seconds"]["types"]),
        stack={operation: time(raw["stack"], raw["stack"][operation]) for operation in OPERATIONS},
        a_minute=raw["stack"]["a_minute"],
    )


def every(times: Times) -> Iterator[tuple[Operation, str, str, Time]]:
    """(operation, type, which of the type, time) of each entry."""
    for operation in OPERATIONS:
        for type_, entries in times.entries[operation].items():
            for entry in entries:
                yield operation, type_, entry.which, entry.time


def _at(resource: Mapping[str, Any], path: str) -> Any:
    value: Any = resource
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
