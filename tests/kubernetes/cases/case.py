"""What a case is: one change of the sample, the rule that it breaks, and part of what the rule then says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.kubernetes.samples import Sample

POD: Final = "spec.template.spec"
AUTH: Final = "Deployment auth"

Edit = Callable[[Sample], None]


@dataclass(frozen=True)
class Case:
    rule: str
    spoil: Edit
    says: str
    also: tuple[str, ...] = ()
    """Rules that the same change breaks too."""

    def __str__(self) -> str:
        return f"{self.rule}: {self.says}"


def spoilt(rule: str, name: str, path: str, value: Any, says: str, *also: str) -> Case:
    return Case(rule, put_in(name, path, value), says, also)


def added(rule: str, says: str, *objects: Any, to: str = "Base", also: tuple[str, ...] = ()) -> Case:
    return Case(rule, lambda sample: sample.add(*objects, to=to), says, also)


def removed(rule: str, name: str, says: str, *also: str) -> Case:
    return Case(rule, lambda sample: sample.remove(name), says, also)


def put_in(name: str, path: str, value: Any) -> Edit:
    return lambda sample: sample.put(name, path, value)


def all_of(*edits: Edit) -> Edit:
    def spoil(sample: Sample) -> None:
        for edit in edits:
            edit(sample)

    return spoil


def without(resource: str) -> Edit:
    def spoil(sample: Sample) -> None:
        del sample.resources[resource]

    return spoil
