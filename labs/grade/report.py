"""The grade, shown: as text, JSON, and Markdown to hand in. Owns layout; words are the rubric's.

No time of day in it: the same deployment gives the same report.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from labs.grade import rubric
from labs.grade.cost import CAP_USD, Cost
from labs.grade.drill import Drill
from labs.grade.evidence import Seen
from labs.grade.grading import Grade, Mark
from labs.grade.rubric import Language

PASS: Final = 90
"""Points that it takes to pass, unless somebody asks for others."""
_BAR: Final = 20
_LONGEST: Final = 60
"""Letters of a name or value."""
_MOST_SHOWN: Final = 4
"""Lines of one kind a criterion; more are counted."""


def text(grade: Grade, language: Language, *, least: int, details: bool = False) -> str:
    """For a terminal. `details`: all that was looked at."""
    said = rubric.words(language)
    lines = [f"{said['heading'].format(deployment=grade.deployment)} ({_place(grade, language)})", ""]
    for area in rubric.areas():
        marks = grade.area(area.id)
        points = sum(mark.points for mark in marks)
        filled = _BAR * points // area.points
        lines.append(f"{'█' * filled}{'░' * (_BAR - filled)}  {points:>2} / {area.points}  {area.title[language]}")
        for mark in marks:
            lines.append(f"   {_sign(mark)}  {mark.points} / {mark.criterion.points}  {mark.criterion.title[language]}")
            lines += [f"              {line}" for line in _explained(mark, language, details=details)]
        lines.append("")
    lines += [said["score"].format(points=grade.points, of=grade.of), *_cost(grade.cost, language, details=details)]
    if grade.drill:
        lines.append(_drill(grade.drill, language))
    lines.append(said["passed" if grade.passed(least) else "failed"].format(least=least))
    return "\n".join(lines)


def _place(grade: Grade, language: Language) -> str:
    return rubric.seen(language).get(grade.place, grade.place)


def as_json(grade: Grade, language: Language, *, least: int) -> str:
    """For programs; everything that was looked at is in it."""
    content: dict[str, Any] = {
        "deployment": grade.deployment,
        "place": grade.place,
        "points": grade.points,
        "of": grade.of,
        "minimum": least,
        "passed": grade.passed(least),
        "areas": [
            {
                "id": area.id,
                "title": area.title[language],
                "points": sum(mark.points for mark in grade.area(area.id)),
                "of": area.points,
                "criteria": [_as_data(mark, language) for mark in grade.area(area.id)],
            }
            for area in rubric.areas()
        ],
        "cost": {
            "usd_session": round(grade.cost.usd, 4),
            "unsourced_usd_session": round(grade.cost.unsourced_usd, 4),
            "cap_usd_session": CAP_USD,
            "within": grade.cost.within,
            "unknown": grade.cost.unknown,
            "dearest": [{"what": what, "usd_session": round(usd, 4)} for what, usd in grade.cost.dearest],
        },
        "drill": None if grade.drill is None else {**vars(grade.drill), "served": grade.drill.served},
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def markdown(grade: Grade, language: Language, *, least: int) -> str:
    """To hand in."""
    said = rubric.words(language)
    lines = [
        f"# {said['heading'].format(deployment=f'`{grade.deployment}`')}",
        "",
        f"**{said['score'].format(points=grade.points, of=grade.of)}** ({_place(grade, language)})",
        "",
        *(f"- {line}" for line in _cost(grade.cost, language, details=True)),
        *([f"- {_drill(grade.drill, language)}"] if grade.drill else []),
        f"- {said['passed' if grade.passed(least) else 'failed'].format(least=least)}",
    ]
    for area in rubric.areas():
        marks = grade.area(area.id)
        points = sum(mark.points for mark in marks)
        lines += ["", f"## {area.title[language]}: {points} / {area.points}", ""]
        lines += [f"| | {said['criterion']} | {said['points']} | {said['seen']} |", "| --- | --- | --- | --- |"]
        for mark in marks:
            seen = "<br>".join(_cell(line) for line in _explained(mark, language, details=True))
            title = _cell(mark.criterion.title[language])
            lines.append(f"| {_sign(mark)} | {title} | {mark.points} / {mark.criterion.points} | {seen} |")
    return "\n".join([*lines, ""])


def _as_data(mark: Mark, language: Language) -> dict[str, Any]:
    criterion = mark.criterion
    return {
        "id": criterion.id,
        "title": criterion.title[language],
        "points": mark.points,
        "of": criterion.points,
        "needs": mark.needs,
        "seen": [{"resource": s.resource, "what": s.what, "value": s.value, "ok": s.ok} for s in mark.evidence.seen],
        "why": criterion.why[language],
        "do": "" if mark.full else criterion.do[language],
        "guide": criterion.page(language),
    }


def _explained(mark: Mark, language: Language, *, details: bool) -> Iterator[str]:
    """What was looked at; of what earned its points only with `details`."""
    said = rubric.words(language)
    if mark.full and not details:
        return
    if mark.needs:
        yield said["unreadable"].format(right=mark.needs)
    elif not mark.evidence.seen:
        yield said["nothing"]
    bad = [each for each in mark.evidence.seen if not each.ok]
    good = [each for each in mark.evidence.seen if each.ok]
    yield from (f"{said['seen']}: {_shown(each, language)}" for each in bad[:_MOST_SHOWN])
    if len(bad) > _MOST_SHOWN:
        yield said["missing"].format(number=len(bad) - _MOST_SHOWN)
    listed = good[:_MOST_SHOWN] if details else []
    yield from (f"{said['seen']}: {_shown(each, language)}" for each in listed)
    if rest := len(good) - len(listed):
        yield said["also_fine"].format(number=rest)
    if not mark.full:
        yield f"{said['why']}: {mark.criterion.why[language]}"
        yield f"{said['do']}: {mark.criterion.do[language]}"
        yield f"{said['guide']}: {mark.criterion.page(language)}"


def _cost(cost: Cost, language: Language, *, details: bool) -> Iterator[str]:
    said = rubric.words(language)
    if cost.unknown:
        yield said["unknown"].format(why=cost.unknown)
        return
    pattern = said["within" if cost.within else "over"]
    yield pattern.format(usd=cost.usd, cap=CAP_USD, left=CAP_USD - cost.usd, excess=cost.usd - CAP_USD)
    if cost.unsourced_usd:
        yield said["unsourced"].format(usd=cost.unsourced_usd)
    if details or not cost.within:
        listed = "; ".join(f"{what} {usd:.3f}" for what, usd in cost.dearest)
        yield f"{said['dearest']}: {listed}"


def _drill(drill: Drill, language: Language) -> str:
    said = rubric.words(language)
    if drill.refused:
        return said["drill_refused"].format(why=drill.refused)
    whole = said["yes" if drill.whole else "no"]
    return said["drill_served" if drill.served else "drill_failed"].format(**(vars(drill) | {"whole": whole}))


def _sign(mark: Mark) -> str:
    return "✓" if mark.full else "◐" if mark.points else "✗"


def _shown(seen: Seen, language: Language) -> str:
    said = rubric.seen(language)

    def value(part: str) -> str:
        # Of a place, "private ap-northeast-2a", the first word.
        first, space, rest = part.partition(" ")
        return f"{said.get(first, first)}{space}{rest}"

    values = ", ".join(value(part) for part in seen.value.split(", "))
    return f"{_cut(said.get(seen.resource, seen.resource))}: {said.get(seen.what, seen.what)} = {_cut(values)}"


def _cut(name: str) -> str:
    """Generated names are long, and differ at both ends."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}...{name[-_LONGEST // 2 :]}"


def _cell(line: str) -> str:
    return line.replace("|", "\\|")
