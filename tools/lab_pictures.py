"""A picture of each stack for the lab guides, drawn from the templates of stage lab: `docs/images/labs`.

Owns the paper: the line of the six stacks, the grid, the arrows, the counts below. What is shown of a stack is
`tools.lab_sketches`. The picture of everything at once is `tools.architecture`.
"""

from pathlib import Path
from typing import Final

from tools import capabilities
from tools.architecture import BACKEND, COLOURS, DATA, EKS, FRONTEND, MONITORING, VPC
from tools.assembly import PROJECT, Assembly
from tools.lab_sketches import SKETCHES, Node
from tools.lab_words import SAY, Say
from tools.svg import Box, Drawing

FOLDER: Final = PROJECT / "docs" / "images" / "labs"
FILES: Final = {
    VPC: "vpc",
    DATA: "data",
    BACKEND: "backend",
    FRONTEND: "frontend",
    EKS: "eks",
    MONITORING: "monitoring",
}
"""In the order of the labs."""
_WIDTH: Final = 960
_MARGIN: Final = 24
_TOP: Final = 108
_COLUMN, _GAP = 186, 56
_ROW: Final = 90
_NODE: Final = 62
_QUIET: Final = "#8c959f"
"""Of what belongs to somebody else: people, the internet, another lab's stack."""


def pictures(lab: Assembly) -> dict[Path, str]:
    """File -> SVG, a stack and language each; the same for the same templates."""
    return {
        FOLDER / language / f"{name}.svg": _draw(lab, stack, say)
        for language, say in SAY.items()
        for stack, name in FILES.items()
    }


def _draw(lab: Assembly, stack: str, say: Say) -> str:
    sketch = SKETCHES[stack](lab, say)
    picture = Drawing(_WIDTH, 0, stack, sketch.what)
    _strip(picture, stack, say)
    boxes = {
        name: picture.node(_place(node), node.title, node.detail, colour=COLOURS[stack] if node.own else _QUIET)
        for name, node in sketch.nodes.items()
    }
    for source, target, label in sketch.arrows:
        _arrow(picture, boxes[source], boxes[target], label)
    bottom = max(box.bottom for box in boxes.values()) + 30
    types = [resource["Type"] for resource in lab.resources[stack].values()]
    picture.text(
        _MARGIN,
        bottom,
        say("{number} resources in {stack} of stage lab:", number=len(types), stack=stack),
        "quiet",
        size=12,
    )
    chips = [f"{say(name)} {number}" for name, number in capabilities.count(types).items()]
    picture.height = picture.chips(_MARGIN, bottom + 10, _WIDTH - _MARGIN, chips) + 12
    return picture.render()


def _strip(picture: Drawing, current: str, say: Say) -> None:
    """The six stacks in the order of the labs; this one coloured, those that are there already framed."""
    wide = (_WIDTH - 2 * _MARGIN - 5 * 14) / 6
    there = True
    for number, stack in enumerate(FILES, start=1):
        box = Box(_MARGIN + (number - 1) * (wide + 14), 20, wide, 34)
        title = f"{number}  {stack.removesuffix('Stack')}"
        if stack == current:
            picture.rectangle(box, "", radius=17, fill=COLOURS[stack])
            there = False
        elif there:
            picture.rectangle(box, "card", radius=17)
        style = "inverse" if stack == current else "strong" if there else "quiet"
        picture.text(box.centre, box.middle + 4.5, title, style, size=13, anchor="middle")
    hint = say("Coloured: made by this stack. Grey: was there before, or comes later.")
    picture.text(_MARGIN, 84, hint, "quiet", size=12)


def _place(node: Node) -> Box:
    return Box(_MARGIN + node.column * (_COLUMN + _GAP), _TOP + node.row * _ROW, _COLUMN, _NODE)


def _arrow(picture: Drawing, source: Box, target: Box, label: str) -> None:
    """Down or up within a column, else out to the right and in from the left, or the other way round."""
    if abs(source.centre - target.centre) < _COLUMN / 2:
        down = target.y > source.y
        start, end = (source.bottom, target.y - 2) if down else (source.y, target.bottom + 2)
        picture.flow([(source.centre, start), (source.centre, end)], label)
        return
    right = target.x > source.x
    start, end = (source.right, target.x - 2) if right else (source.x, target.right + 2)
    if source.middle == target.middle:
        picture.flow([(start, source.middle), (end, target.middle)], label)
        return
    bend = end - _GAP / 2 + 2 if right else end + _GAP / 2 - 2
    points = [(start, source.middle), (bend, source.middle), (bend, target.middle), (end, target.middle)]
    picture.flow(points, label, at=(bend, (source.middle + target.middle) / 2))
