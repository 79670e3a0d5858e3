"""What was decided about each failure of a rule, read from decisions.toml and joined with what fails.

A failure is refused, with a reason, or mended. Owns the file's form, which decision covers which failure, and the lines
that say what does not fit: a failure that nobody decided on, a decision that covers none.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal, cast

from tools.assembly import PROJECT
from tools.compliance.model import CONFIGURATIONS, ComplianceError, Failure

FILE: Final = Path(__file__).with_name("decisions.toml")
TO_MEND: Final = "TODO mend:"
"""How the reason of a decision begins that shall become a change of the code."""

Kind = Literal["refused", "mended"]
_FIELDS: Final[Mapping[str, Collection[str]]] = {
    "refused": ("rules", "resources", "in", "reason"),
    "mended": ("rules", "resources", "in", "change"),
}


@dataclass(frozen=True)
class Decision:
    kind: Kind
    rules: tuple[str, ...]
    resources: tuple[str, ...]
    """Construct paths; `*` stands for anything."""
    configurations: tuple[str, ...]
    text: str
    """Why it is refused, or what was changed."""

    @property
    def to_mend(self) -> bool:
        return self.text.startswith(TO_MEND)

    def covers(self, failure: Failure) -> bool:
        return (
            failure.rule in self.rules
            and failure.configuration in self.configurations
            and any(fnmatchcase(failure.resource, resource) for resource in self.resources)
        )


@dataclass(frozen=True)
class Judgement:
    covered: Mapping[Failure, Decision]
    """Failures that are refused, or to be mended."""
    problems: tuple[str, ...]
    """Lines for whoever runs this; none when every failure has its decision and every decision a failure."""


def load(file: Path = FILE) -> list[Decision]:
    """In the file's order. Raises `ComplianceError` for a field that is missing, unknown or of another type."""
    tables: dict[str, list[dict[str, Any]]] = tomllib.loads(file.read_text(encoding="utf-8"))
    if unknown := tables.keys() - _FIELDS.keys():
        raise _refusal(file, f"table {sorted(unknown)[0]}", "refused, mended", "write [[refused]] or [[mended]]")
    decisions = []
    for kind, fields in _FIELDS.items():
        for number, entry in enumerate(tables.get(kind, ()), start=1):
            where = f"{kind} {number}"
            missing = [name for name in fields if name not in entry and name != "in"]
            unknown = entry.keys() - set(fields)
            if missing or unknown:
                given = f"no {missing[0]}" if missing else sorted(unknown)[0]
                raise _refusal(file, f"{given} in {where}", ", ".join(fields), "see the head of the file")
            decisions.append(_decision(cast(Kind, kind), entry, where, file))
    return decisions


def _decision(kind: Kind, entry: Mapping[str, Any], where: str, file: Path) -> Decision:
    lists: dict[str, tuple[str, ...]] = {}
    for name in ("rules", "resources", "in"):
        value = entry.get(name, list(CONFIGURATIONS))
        if not (isinstance(value, list) and value and all(isinstance(item, str) for item in value)):
            raise _refusal(file, f"{name} = {value!r} in {where}", "a list of texts, not empty", "state what it covers")
        lists[name] = tuple(value)
    for name in lists["in"]:
        if name not in CONFIGURATIONS:
            raise _refusal(file, f"in = {name!r} in {where}", ", ".join(CONFIGURATIONS), "name one of them")
    text = " ".join(str(entry["reason" if kind == "refused" else "change"]).split())
    return Decision(kind, lists["rules"], lists["resources"], lists["in"], text)


def judge(decisions: Iterable[Decision], failures: Iterable[Failure], rules: Collection[str]) -> Judgement:
    """Join both. `rules`: names of all rules that there are, whether they fail or not."""
    decisions, failures = list(decisions), sorted(failures)
    covered: dict[Failure, Decision] = {}
    problems: dict[str, set[str]] = {}  # what does not fit -> in which configurations
    for failure in failures:
        fitting = [decision for decision in decisions if decision.covers(failure)]
        refusals = [decision for decision in fitting if decision.kind == "refused"]
        at = f"{failure.rule} fails on {failure.resource}"
        if refusals:
            covered[failure] = refusals[0]
        if len(fitting) > 1:
            problems.setdefault(f"{at}, decided twice", set()).add(failure.configuration)
        elif fitting and not refusals:
            problems.setdefault(f"{at}, which was mended", set()).add(failure.configuration)
        elif not fitting:
            problems.setdefault(f"{at}, without a decision", set()).add(failure.configuration)
    lines = [
        f"error: compliance: given {what} (in {', '.join(name for name in CONFIGURATIONS if name in found)}); "
        f"allowed: one decision a failure; mend it, or say why not in {_name(FILE)}"
        for what, found in problems.items()
    ]
    return Judgement(covered, (*lines, *_stale(decisions, failures, rules)))


def _stale(decisions: Iterable[Decision], failures: Collection[Failure], rules: Collection[str]) -> Iterator[str]:
    """What a decision names and no failure has: its rules, resources and configurations one by one."""
    for decision in decisions:
        if decision.kind == "mended":
            for rule in decision.rules:
                if rule not in rules:
                    yield _stale_line(f"{rule} as mended, which is no rule", decision)
            continue
        found = [failure for failure in failures if decision.covers(failure)]
        for rule in decision.rules:
            if all(failure.rule != rule for failure in found):
                yield _stale_line(f"{rule}, which does not fail there", decision)
        for resource in decision.resources:
            if not any(fnmatchcase(failure.resource, resource) for failure in found):
                yield _stale_line(f"{resource}, on which none of {', '.join(decision.rules)} fails", decision)
        for configuration in decision.configurations:
            if all(failure.configuration != configuration for failure in found) and len(decision.configurations) < len(
                CONFIGURATIONS
            ):
                yield _stale_line(f"in = {configuration!r}, where nothing of it fails", decision)


def _stale_line(what: str, decision: Decision) -> str:
    begins = decision.text if len(decision.text) <= 40 else f"{decision.text[:40].rstrip()}..."
    return (
        f'error: compliance: given a decision ("{begins}") on {what}; allowed: decisions on failures that there are; '
        f"take it out of {_name(FILE)}"
    )


def _refusal(file: Path, given: str, allowed: str, do: str) -> ComplianceError:
    return ComplianceError(f"error: {_name(file)}: given {given}; allowed: {allowed}; {do}")


def _name(file: Path) -> str:
    return str(file.relative_to(PROJECT)) if file.is_relative_to(PROJECT) else file.name
