"""A plan as a picture: stacks as bars over minutes, wave by wave, what decides marked.

Owns the places on the paper; `tools.svg` owns the strokes.
"""

from collections.abc import Iterable
from math import ceil
from typing import Final

from tools.architecture import COLOURS
from tools.svg import Box, Drawing, width

from .plan import Plan, Row
from .report import VERB, WORTH_A_LINE, minutes, rounded
from .stack import Step

_WIDTH: Final = 1000
_LEFT: Final = 190
"""Where the minutes begin."""
_RIGHT: Final = _WIDTH - 24
_TOP: Final = 112
_BAR: Final = 24
_LINE: Final = 58
_OTHER: Final = "#57606a"
_SLOW: Final = 0.28
"""How much of a bar's colour the part beyond the usual time has."""


def draw(plan: Plan, *, title: str) -> str:
    """SVG text. `title`: what is planned, as `stage lab`."""
    verb = VERB[plan.operation]
    head = f"cdk {verb} --all, {title}"
    waves = len(plan.waves)
    height = _TOP + _LINE * len(plan.rows) + 10 * (waves - 1) + 52
    picture = Drawing(
        _WIDTH,
        height,
        f"{head}: {rounded(plan.span)} minutes",
        "; ".join(
            f"{row.name} from minute {minutes(row.starts)} to {minutes(row.ends)}{', decides' if row.critical else ''}"
            for row in plan.rows
        ),
    )
    picture.text(24, 38, head, "strong", size=20)
    picture.text(
        24,
        60,
        f"{rounded(plan.span)} minutes with --concurrency {plan.concurrency}; one stack at a time "
        f"{rounded(plan.alone)}. From AWS's documents, others' logs and estimates (~); not measured here.",
        "quiet",
        size=12.5,
    )
    scale = _Scale(max(max(row.starts + row.stack.span.slow for row in plan.rows), plan.span.usual) if plan.rows else 1)
    _axis(picture, scale, height - 40)
    places = _places(plan)
    for row in plan.rows:
        _arrows(picture, scale, row, places, {other.name: other for other in plan.rows})
    for row in plan.rows:
        _bar(picture, scale, row, places[row.name])
    _legend(picture, height - 16)
    return picture.render()


class _Scale:
    """Minutes to the paper."""

    def __init__(self, most: float) -> None:
        self.step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if most / step <= 12 or step == 100)
        self.most = self.step * ceil(most / self.step)

    def at(self, value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * value / self.most


def _places(plan: Plan) -> dict[str, float]:
    """Stack -> top of its bar; a gap between waves."""
    return {row.name: _TOP + _LINE * number + 10 * (row.wave - 1) for number, row in enumerate(plan.rows)}


def _axis(picture: Drawing, scale: _Scale, bottom: float) -> None:
    for value in range(0, scale.most + 1, scale.step):
        x = scale.at(value)
        picture.rectangle(Box(x, _TOP - 16, 1, bottom - _TOP + 16), "chip", radius=0)
        picture.text(x, _TOP - 22, f"{value}", "quiet", size=11, anchor="middle")
    picture.text(_LEFT - 14, _TOP - 22, "minute", "quiet", size=11, anchor="end")


def _bar(picture: Drawing, scale: _Scale, row: Row, top: float) -> None:
    colour = COLOURS.get(row.name, _OTHER)
    left, right = scale.at(row.starts), scale.at(row.ends)
    slow = scale.at(row.starts + row.stack.span.slow)
    picture.text(24, top + 16, row.name, "strong", size=13)
    picture.text(24, top + 32, f"wave {row.wave}, {rounded(row.stack.span)} min", "quiet", size=11)
    picture.rectangle(
        Box(left, top + 8, slow - left, _BAR - 16), "", radius=3, fill=f"{colour}{round(255 * _SLOW):02x}"
    )
    picture.rectangle(Box(left, top, max(right - left, 3), _BAR), "", radius=4, fill=colour)
    if row.critical:
        picture.rectangle(Box(left, top + _BAR + 2, max(right - left, 3), 3), "person", radius=1.5)
    told = _fitting(_told(row), right - left - 14)
    if told:
        picture.text(left + 8, top + 16.5, told, "inverse", size=11.5)
        return
    # Beside the bar, where it is too short for its words.
    words = _fitting(_told(row), _RIGHT - slow - 10)
    if words:
        picture.text(slow + 8, top + 16.5, words, "plain", size=11.5)


def _told(row: Row) -> list[str]:
    """What the bar says, the more words the wider: the longest steps of the chain."""
    if row.stack.paced:
        return [f"{len(row.stack.resources)} small resources"]
    steps = sorted((step for step in row.stack.steps if step.minutes >= WORTH_A_LINE), key=lambda step: -step.minutes)
    return [", ".join(map(_named, _in_order(steps[:count]))) for count in (3, 2, 1)]


def _in_order(steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: step.begins)


def _named(step: Step) -> str:
    kind = step.type.rsplit("::", 1)[-1].removeprefix("AWSCDK-EKS-")
    return f"{kind} {'~' if step.guessed else ''}{step.minutes:g}"


def _fitting(texts: list[str], room: float) -> str:
    return next((text for text in texts if width(text, 11.5) <= room), "")


def _arrows(picture: Drawing, scale: _Scale, row: Row, places: dict[str, float], rows: dict[str, Row]) -> None:
    """From the end of what lets it begin."""
    for other in row.waits_for:
        x = scale.at(row.starts)
        begin = places[other] + _BAR + (7 if rows[other].critical else 2)
        style = "flow" if row.critical and rows[other].critical else "order"
        picture.flow([(x, begin), (x, places[row.name] - 2)], style=style)


def _legend(picture: Drawing, y: float) -> None:
    x = 24.0
    for kind, text in (
        ("usual", "as it usually goes"),
        ("slow", "when all of it is slow"),
        ("critical", "decides the end"),
    ):
        match kind:
            case "usual":
                picture.rectangle(Box(x, y - 10, 26, 11), "", radius=3, fill=_OTHER)
            case "slow":
                picture.rectangle(Box(x, y - 8, 26, 7), "", radius=3, fill=f"{_OTHER}{round(255 * _SLOW):02x}")
            case _:
                picture.rectangle(Box(x, y - 6, 26, 3), "person", radius=1.5)
        picture.text(x + 34, y, text, "quiet", size=11.5)
        x += 34 + width(text, 11.5) + 34
