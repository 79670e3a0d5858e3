"""The price file, read: what one of something costs, in two books, and which document says so.

Owns the shape of prices.toml. What is bought, and how much of it, is not here.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

Book = Literal["course", "seoul"]
"""course: the course's list (specification section 8), and us-east-1's where that has none. seoul: ap-northeast-2's."""

FILE: Final = Path(__file__).with_name("prices.toml")
_Parsed = TypeVar("_Parsed")


class FileError(ValueError):
    """What is wrong in the price file, or in the volumes, in one line."""


@dataclass(frozen=True, slots=True)
class Document:
    """Where a figure was read. `read` is empty for a page that nobody of this project has looked at."""

    name: str
    address: str
    read: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """USD for one `unit`. `seoul` is empty where no public document states it."""

    id: str
    unit: str
    course: float
    course_source: Document
    seoul: float | None
    seoul_source: Document | None
    note: str

    def usd(self, book: Book) -> float:
        """Of one unit. Without a figure of Seoul the course's stands in; `sourced` tells."""
        return self.seoul if book == "seoul" and self.seoul is not None else self.course

    def sourced(self, book: Book) -> bool:
        """Whether a document that somebody read states the price of this book."""
        source = self.course_source if book == "course" else self.seoul_source
        return source is not None and source.read is not None


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a promise of a year takes off. No discount: no public document states one."""

    id: str
    covers: tuple[str, ...]
    discount_percent: float | None
    source: Document | None


@dataclass(frozen=True)
class Prices:
    """All lines, by id. `date` is the file's."""

    date: date
    lines: Mapping[str, Line]
    commitments: tuple[Commitment, ...]


@cache
def load() -> Prices:
    """The price file. Raises `FileError` for what is wrong in it."""
    return read(FILE, parsed)


def read(file: Path, parse: Callable[[Mapping[str, Any]], _Parsed]) -> _Parsed:
    """A file of this folder. Raises `FileError`, for an entry that lacks something, too."""
    try:
        return parse(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise FileError(f"{file.name}: given {wrong}; allowed: TOML; correct that line") from None
    except KeyError as lacking:
        raise FileError(f"{file.name}: given no {lacking}; allowed: what the other entries have; add it") from None


def figure(value: object) -> bool:
    """Whether it can be a price or a quantity: a sum with a NaN in it is above no cap."""
    return isinstance(value, int | float) and 0 <= value < inf


def parsed(data: Mapping[str, Any]) -> Prices:
    """The file's content. Raises as `load`."""
    documents = {name: Document(of["name"], of["address"], of.get("read")) for name, of in data["document"].items()}

    def document(id_: str, name: str | None) -> Document | None:
        if name is not None and name not in documents:
            raise FileError(f"prices.toml: {id_}: given the source {name!r}; allowed: a name under [document]; add it")
        return documents.get(name) if name else None

    lines = {}
    for id_, of in data["price"].items():
        course_source = document(id_, of.get("course_source"))
        if course_source is None or ("seoul" in of) != ("seoul_source" in of):
            raise FileError(f"prices.toml: {id_}: given a figure without its source; allowed: both; add the source")
        if wrong := [usd for usd in (of["course"], of.get("seoul", 0)) if not figure(usd)]:
            raise FileError(f"prices.toml: {id_}: given {wrong[0]!r}; allowed: USD, 0 or more; correct it")
        seoul_source = document(id_, of.get("seoul_source"))
        lines[id_] = Line(
            id_, of["unit"], of["course"], course_source, of.get("seoul"), seoul_source, of.get("note", "")
        )
    commitments = [
        Commitment(of["id"], tuple(of["covers"]), of.get("discount_percent"), document(of["id"], of.get("source")))
        for of in data.get("commitment", ())
    ]
    for commitment in commitments:
        if unknown := [id_ for id_ in commitment.covers if id_ not in lines]:
            raise FileError(f"prices.toml: {commitment.id}: given {unknown[0]!r}; allowed: an id of a price; mend it")
    return Prices(data["date"], MappingProxyType(lines), tuple(commitments))
