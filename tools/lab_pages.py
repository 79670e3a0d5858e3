"""What a lab guide says in figures: minutes to deploy and to destroy, cost so far. Generated blocks of `docs/labs`.

Owns the sentence around them, in both languages. Minutes are `tools.plan`'s, prices `tools.cost`'s.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from labs.rehearsal.guides import FOLDER, LANGUAGES, ORDER
from tools.assembly import Assembly
from tools.cost.figures import Sheet
from tools.cost.page import sheets_of, so_far
from tools.lab_pictures import FILES
from tools.plan import pages as plan
from tools.plan.report import rounded

STACKS: Final = dict(zip(ORDER, FILES, strict=True))
"""Guide -> the stack that it deploys."""

_SENTENCES: Final[Mapping[str, str]] = {
    "en": (
        "Minutes: {stack} takes about **{up}** to come on AWS and {down} to go (estimates, `make plan`); "
        "under a minute in the local cloud.\n\n"
    ),
    "ko": (
        "시간: AWS에서 {stack} 배포에 약 **{up}분**, 삭제에 {down}분이 걸립니다(추정값, `make plan`). "
        "로컬 클라우드에서는 1분이 걸리지 않습니다.\n\n"
    ),
}


def files() -> tuple[Path, ...]:
    """The pages with generated blocks."""
    return tuple(FOLDER / language / f"{name}.md" for language in LANGUAGES for name in ORDER)


def blocks(lab: Assembly) -> dict[str, str]:
    """Name -> content of every generated block of the guides; `lab`: stage lab as it is."""
    sheet = sheets_of({"lab": lab})["lab"]
    up, down = plan.of(lab, "create"), plan.of(lab, "delete")
    times = {stack: (rounded(up[stack]), rounded(down[stack])) for stack in STACKS.values()}
    return {
        f"lab_{name.replace('-', '_')}_{language}": _summary(name, language, sheet, times)
        for language in LANGUAGES
        for name in ORDER
    }


def _summary(guide: str, language: str, sheet: Sheet, times: Mapping[str, tuple[str, str]]) -> str:
    stack = STACKS[guide]
    stacks = tuple(STACKS.values())[: ORDER.index(guide) + 1]
    up, down = times[stack]
    words: Literal["en", "ko"] = "ko" if language == "ko" else "en"
    if words == "ko":
        up, down = up.replace(" to ", "~"), down.replace(" to ", "~")
    return _SENTENCES[words].format(stack=stack, up=up, down=down) + so_far(stacks, sheet, words)
