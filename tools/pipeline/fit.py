"""Text that is short enough for GitHub: what is folded goes first, whole sections at a time."""

import re
from typing import Final

LIMIT: Final = 65_000
"""Characters; GitHub takes 65,536 in a comment or an issue."""
_DETAILS: Final = re.compile(r"<details><summary>(?P<summary>[^\n]*)</summary>.*?</details>", re.DOTALL)


def fitted(text: str, *, limit: int = LIMIT, where: str = "the run's summary") -> str:
    """Unfold nothing that fits; else the longest sections become their titles. `where`: where all of it stands."""
    while len(text) > limit:
        sections = list(_DETAILS.finditer(text))
        if not sections:
            said = f"\n\nCut here; all of it is in {where}.\n"
            return text[: limit - len(said)] + said
        longest = max(sections, key=lambda section: len(section[0]))
        text = f"{text[: longest.start()]}* {longest['summary']}: too long for here, in {where}{text[longest.end() :]}"
    return text
