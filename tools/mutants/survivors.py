"""Mutants that may survive: read from survivors.toml, each with its reason."""

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from .operators import Mutant

FILE: Final = Path(__file__).with_name("survivors.toml")


class Survivors:
    """Asked for each survivor; remembers which patterns were of use."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        """`patterns`: pattern over mutants' names -> why nobody has to notice."""
        self._patterns = patterns
        self._used: set[str] = set()

    def reason(self, mutant: Mutant) -> str:
        """Why nobody has to notice; empty when nobody says so."""
        matching = [pattern for pattern in self._patterns if fnmatchcase(mutant.name, pattern)]
        self._used.update(matching)
        return self._patterns[matching[0]] if matching else ""

    @property
    def stale(self) -> list[str]:
        """Patterns that matched no survivor."""
        return [pattern for pattern in self._patterns if pattern not in self._used]


def read() -> dict[str, str]:
    """Pattern -> reason."""
    entries = tomllib.loads(FILE.read_text(encoding="utf-8")).get("survivor", [])
    return {pattern: entry["because"] for entry in entries for pattern in entry["what"]}
