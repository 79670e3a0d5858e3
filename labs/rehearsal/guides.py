"""The guides as data: which there are, in which order, and what of them is typed.

Owns what the fences mean:

* `sh`: typed on AWS and in the local cloud alike; `sh aws`, `sh local`: in one of them only;
* `sh end`, `sh end aws`, `sh end local`: likewise, by somebody who stops after this guide and cleans up, so run after
  the last one of a rehearsal only;
* `text`: what the commands before it print, compared with `expected`; `text aws`: what they print on AWS, not compared.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from localcloud.state import PROJECT

from .errors import RehearsalError

FOLDER: Final = PROJECT / "docs" / "labs"
LANGUAGES: Final = ("en", "ko")
ORDER: Final = ("1-vpc", "2-data", "3-backend", "4-frontend", "5-eks", "6-monitoring")
"""As the stacks are deployed: each guide goes on from the state that the one before left."""
CHALLENGE: Final = "challenge"
PAGES: Final = (*ORDER, CHALLENGE)
"""What is rehearsed, in this order."""

COMMAND_FENCES: Final = ("sh", "sh aws", "sh local", "sh end", "sh end aws", "sh end local")
OUTPUT_FENCES: Final = ("text", "text aws")
_FENCE: Final = re.compile(r"^```(.*)$")


@dataclass(frozen=True, kw_only=True)
class Fence:
    """A fenced block; `line` is its first line in the page."""

    line: int
    info: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """Commands that are typed at once, and what they print; `expected` is None where the guide does not say."""

    line: int
    commands: str
    expected: str | None = None

    @property
    def title(self) -> str:
        """The first command, for a line of progress."""
        return self.commands.strip().splitlines()[0].rstrip(" \\")


@dataclass(frozen=True)
class Guide:
    """One page in one language."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def place(self) -> str:
        """As messages name it, seen from the project where it is in there."""
        return str(self.path.relative_to(PROJECT)) if self.path.is_relative_to(PROJECT) else self.path.name

    def fences(self) -> tuple[Fence, ...]:
        """All fenced blocks, in the page's order."""
        return tuple(_fences(self.path.read_text(encoding="utf-8").splitlines()))

    def steps(self, *, last: bool) -> tuple[Step, ...]:
        """What is typed in the local cloud. `last`: somebody stops after this guide, and cleans up."""
        typed = {"sh", "sh local"} | ({"sh end", "sh end local"} if last else set())
        steps: list[Step] = []
        follows = False
        for fence in self.fences():
            if fence.info in COMMAND_FENCES:
                follows = fence.info in typed
                if follows:
                    steps.append(Step(line=fence.line, commands=fence.text))
            elif fence.info == "text" and follows:
                steps[-1] = replace(steps[-1], expected=fence.text)
                follows = False
        return tuple(steps)


def guides(names: Sequence[str], *, language: str, folder: Path = FOLDER) -> tuple[Guide, ...]:
    """From the first guide to the last one named, since each needs what those before it have deployed; all for none.

    Raises `RehearsalError` for a name that no guide has.
    """
    for name in names:
        if name not in PAGES:
            raise RehearsalError("guide", given=name, allowed=", ".join(PAGES), do="correct it and run it again")
    last = max(map(PAGES.index, names), default=len(PAGES) - 1)
    return tuple(Guide(folder / language / f"{name}.md") for name in PAGES[: last + 1])


def _fences(lines: Sequence[str]) -> Iterator[Fence]:
    first, info, inside = 0, "", False
    for number, line in enumerate(lines, start=1):
        found = _FENCE.match(line)
        if found and inside:
            yield Fence(line=first, info=info, text="\n".join(lines[first - 1 : number - 1]))
            inside = False
        elif found:
            first, info, inside = number + 1, found[1].strip(), True
