"""What is no matter of security: read from relevance.toml, where each exclusion has its reason.

Everything else is relevant: a new property is broken, and has to be noticed, until somebody says why not.
"""

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

from .careless import Path as Place

FILE: Final = Path(__file__).with_name("relevance.toml")


class Relevance:
    """Asked for each property; remembers which patterns were of use."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        """`patterns`: pattern -> why what it matches is no matter of security."""
        self._patterns = patterns
        self.used: set[str] = set()

    def __call__(self, type_: str, path: Place) -> bool:
        name = f"{type_.removeprefix('AWS::')} {'.'.join(str(step) for step in path)}"
        matching = [pattern for pattern in self._patterns if fnmatchcase(name, pattern)]
        self.used.update(matching)
        return not matching

    @property
    def stale(self) -> list[str]:
        """Patterns that matched nothing."""
        return [pattern for pattern in self._patterns if pattern not in self.used]


@cache
def read() -> dict[str, str]:
    """Pattern -> reason. Raises `ValueError` for a reason of fewer than four words, or a pattern given twice."""
    found: dict[str, str] = {}
    for entry in tomllib.loads(FILE.read_text(encoding="utf-8")).get("irrelevant", []):
        if len(entry["because"].split()) < 4:
            raise ValueError(f"relevance.toml: given the reason {entry['because']!r}; allowed: four words or more")
        for pattern in entry["what"]:
            if pattern in found:
                raise ValueError(f"relevance.toml: given {pattern!r} twice; allowed: once; delete one")
            found[pattern] = entry["because"]
    return found
