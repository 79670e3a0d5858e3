"""Markdown pages, as far as the rehearsal reads them: commands, SQL, headings, links.

Owns what counts as a command: fenced `sh` blocks, and inline code whose first word is a program. `sh instance` and the
programs of a machine are typed in a session on one; everything else at the operator's own prompt.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from textwrap import dedent
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]

PROMPT: Final = frozenset(
    {
        "aws",
        "kubectl",
        "helm",
        "cdk",
        "make",
        "python",
        "git",
        "gh",
        "curl",
        "docker",
        "psql",
        "pg_dump",
        "eval",
        "export",
    }
)
"""Programs of the operator's prompt: inline code that begins with one, and has a second word, is a command."""
MACHINE: Final = frozenset({"sudo", "systemctl", "journalctl", "ps", "df", "free"})
"""Programs of an instance or a node."""

_FENCE: Final = re.compile(r"^ *```(.*)$")
_INLINE: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


class Where(StrEnum):
    """Who reads a piece of code."""

    PROMPT = "prompt"
    INSTANCE = "instance"
    SQL = "sql"


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """One piece of code; `line` is its first line in the page."""

    line: int
    where: Where
    text: str


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path
    elliptic: bool = False
    """Its sentences may shorten commands (`... --stage prod`, `<name>`), which then are none."""

    @property
    def name(self) -> str:
        """As reports show it, seen from the project."""
        return str(self.path.relative_to(PROJECT)) if self.path.is_relative_to(PROJECT) else self.path.name

    @cached_property
    def lines(self) -> list[str]:
        return self.path.read_text(encoding="utf-8").splitlines()

    @cached_property
    def snippets(self) -> list[Snippet]:
        """In the order of the page."""
        found = [snippet for part in self._parts for snippet in _snippets(*part)]
        return [each for each in found if not (self.elliptic and _SHORTENED.search(each.text))]

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        """(Number, line) outside of fences."""
        return [(number, lines[0]) for number, info, lines in self._parts if info is None]

    @property
    def links(self) -> Iterator[tuple[int, str]]:
        for number, line in self.prose:
            for found in _LINK.finditer(_INLINE.sub("", line)):
                yield number, found[1]

    @cached_property
    def anchors(self) -> set[str]:
        """As GitHub makes them of headings."""
        headings = (line.lstrip("#").strip() for _, line in self.prose if line.startswith("#"))
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    @cached_property
    def _parts(self) -> list[tuple[int, str | None, list[str]]]:
        """(Number of the first line, the fence's info string, lines); a line outside of fences by itself, with None."""
        parts: list[tuple[int, str | None, list[str]]] = []
        inside = False
        for number, line in enumerate(self.lines, start=1):
            fence = _FENCE.match(line)
            if fence and not inside:
                parts.append((number + 1, fence[1].strip(), []))
            elif inside and not fence:
                parts[-1][2].append(line)
            elif not fence:
                parts.append((number, None, [line]))
            inside ^= bool(fence)
        return parts


_LANGUAGES: Final = {"sh": Where.PROMPT, "sh instance": Where.INSTANCE, "sql": Where.SQL}


def _snippets(number: int, info: str | None, lines: list[str]) -> Iterator[Snippet]:
    if info is None:
        yield from _inline(number, lines[0])
    elif info in _LANGUAGES:
        yield Snippet(line=number, where=_LANGUAGES[info], text=dedent("\n".join(lines)))


def _inline(number: int, line: str) -> Iterator[Snippet]:
    for found in _INLINE.finditer(line):
        text = found[2].strip().replace("\\|", "|")
        words = text.split()
        where = _SPOKEN.get(words[0])
        if where and len(words) >= _FEWEST_WORDS.get(words[0], 2):
            yield Snippet(line=number, where=where, text=text)


_SPOKEN: Final = {
    **dict.fromkeys(PROMPT, Where.PROMPT),
    **dict.fromkeys(MACHINE, Where.INSTANCE),
    "select": Where.SQL,
}


_SHORTENED: Final = re.compile(r"\.\.\.|<[a-z-]+>|\b(DIR|OWNER|ACCOUNT)\b")
_FEWEST_WORDS: Final = {"cdk": 3, "python": 3}
"""Shorter, it is a mention: `aws`, `cdk destroy`."""


def pages(folder: Path = PROJECT / "docs" / "runbook") -> list[Page]:
    return [Page(path) for path in sorted(folder.glob("*.md"))]
