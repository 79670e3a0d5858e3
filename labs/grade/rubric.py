"""The criteria and their words: `rubric.toml`, read and held against the judges.

Owns the table that the challenge's page shows. What a criterion looks at is in the module of its area.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from labs.grade import architecture, availability, monitoring, security
from labs.grade.evidence import Evidence
from labs.grade.parts import Parts

Language = Literal["en", "ko"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_PROJECT: Final = Path(__file__).resolve().parents[2]
_FILE: Final = Path(__file__).with_name("rubric.toml")
_MODULES: Final = {
    "architecture": architecture,
    "availability": availability,
    "security": security,
    "monitoring": monitoring,
}
GUIDES: Final = "docs/labs"


@dataclass(frozen=True, kw_only=True)
class Area:
    """One of the four."""

    id: str
    points: int
    title: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """A row of the rubric."""

    id: str
    area: str
    points: int
    guide: str
    """A page of docs/labs/<language>/."""
    title: Mapping[str, str]
    why: Mapping[str, str]
    do: Mapping[str, str]

    def judge(self, parts: Parts) -> Evidence:
        """What is there of it."""
        judge: Callable[[Parts], Evidence] = getattr(_MODULES[self.area], self.id)
        return judge(parts)

    def page(self, language: str) -> str:
        """The guide that says how, from the project's folder."""
        return f"{GUIDES}/{language}/{self.guide}.md"


@cache
def areas() -> tuple[Area, ...]:
    """In the report's order."""
    return tuple(Area(id=id, **entry) for id, entry in _content()["area"].items())


@cache
def criteria() -> tuple[Criterion, ...]:
    """In the report's order."""
    return tuple(Criterion(id=id, **entry) for id, entry in _content()["criterion"].items())


def words(language: str) -> dict[str, str]:
    """The report's own words; some are patterns."""
    return {key: entry[language] for key, entry in _content()["words"].items()}


def seen(language: str) -> Mapping[str, str]:
    """English -> what evidence says in the language; what is not in it is said as it is."""
    return {} if language == "en" else _content()["seen"]


def pages() -> tuple[Path, ...]:
    """The pages that show the rubric, in a generated block."""
    return tuple(_PROJECT / GUIDES / language / "challenge.md" for language in LANGUAGES)


def blocks() -> dict[str, str]:
    """Name -> content of the generated blocks of those pages."""
    return {f"rubric_{language}": table(language) for language in LANGUAGES}


def table(language: str) -> str:
    """The rubric as Markdown."""
    said = words(language)
    lines = [
        f"| {said['area']} | {said['criterion']} | {said['points']} | {said['guide']} |",
        "| --- | --- | --- | --- |",
    ]
    for area in areas():
        own = [each for each in criteria() if each.area == area.id]
        for number, each in enumerate(own):
            first = f"**{area.title[language]}**" if number == 0 else ""
            lines.append(f"| {first} | {each.title[language]} | {each.points} | [{each.guide}]({each.guide}.md) |")
        lines.append(f"| | **{said['total']}** | **{area.points}** | |")
    return "\n".join([*lines, ""])


@cache
def _content() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
