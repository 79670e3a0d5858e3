"""A little drawing: boxes, chips, arrows; light and dark. Knows nothing of AWS."""

from dataclasses import dataclass, field
from html import escape
from typing import Final
from unicodedata import east_asian_width

_STYLE: Final = """
  text { font-family: -apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif; }
  .paper { fill: #ffffff; } .card { fill: #f6f8fa; stroke: #d0d7de; } .node { fill: #ffffff; stroke: #d0d7de; }
  .frame { fill: none; stroke: #8c959f; stroke-dasharray: 6 5; } .chip { fill: #eaeef2; }
  .strong { fill: #1f2328; font-weight: 600; } .plain { fill: #1f2328; } .quiet { fill: #59636e; }
  .inverse { fill: #ffffff; font-weight: 600; } .inverse-quiet { fill: #ffffff; fill-opacity: .85; }
  .flow { fill: none; stroke: #0969da; stroke-width: 2; } .flow-head, .person { fill: #0969da; }
  .flow-label { fill: #0969da; font-weight: 600; } .label-back { fill: #ffffff; }
  .order { fill: none; stroke: #8c959f; stroke-width: 1.5; } .order-head { fill: #8c959f; }
  .order-label { fill: #59636e; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } .card { fill: #151b23; stroke: #3d444d; } .node { fill: #0d1117; stroke: #3d444d; }
    .frame { stroke: #656c76; } .chip { fill: #262c36; }
    .strong, .plain { fill: #f0f6fc; } .quiet { fill: #9198a1; }
    .flow { stroke: #4493f8; } .flow-head, .person, .flow-label { fill: #4493f8; } .label-back { fill: #0d1117; }
    .order { stroke: #656c76; } .order-head { fill: #656c76; } .order-label { fill: #9198a1; }
  }
"""
_NARROW: Final = "filjrtI1.,:;|'()[]/- "
_WIDE: Final = "mMW@%"


def width(text: str, size: float) -> float:
    """About what a sans-serif face takes; good enough to wrap chips and centre labels."""
    return sum(map(_letter, text)) * size


def _letter(char: str) -> float:
    if east_asian_width(char) in "WF":
        return 0.95  # Korean
    return 0.32 if char in _NARROW else 0.86 if char in _WIDE else 0.7 if char.isupper() else 0.56


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def centre(self) -> float:
        return self.x + self.width / 2


@dataclass
class Drawing:
    width: float
    height: float
    title: str
    description: str
    _parts: list[str] = field(default_factory=list)
    _labels: list[str] = field(default_factory=list)

    def mark(self) -> int:
        """A place to draw at later, below everything that follows."""
        return len(self._parts)

    def rectangle(self, box: Box, style: str, *, radius: float = 8, fill: str = "", at: int | None = None) -> None:
        colour = f' fill="{fill}"' if fill else ""
        self._parts.insert(
            len(self._parts) if at is None else at,
            f'<rect class="{style}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" '
            f'rx="{radius:g}"{colour}/>',
        )

    def text(self, x: float, y: float, text: str, style: str, *, size: float = 12, anchor: str = "start") -> None:
        self._parts.append(
            f'<text class="{style}" x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}">'
            f"{escape(text)}</text>"
        )

    def header(self, box: Box, title: str, note: str, *, colour: str, height: float = 30) -> None:
        """A coloured bar along the top of a card."""
        x, y, right, radius = box.x, box.y, box.right, 8
        self._parts.append(
            f'<path fill="{colour}" d="M{x:g} {y + height:g} V{y + radius:g} Q{x:g} {y:g} {x + radius:g} {y:g} '
            f'H{right - radius:g} Q{right:g} {y:g} {right:g} {y + radius:g} V{y + height:g} Z"/>'
        )
        self.text(x + 12, y + 20, title, "inverse", size=14)
        self.text(right - 12, y + 20, note, "inverse-quiet", size=12, anchor="end")

    def node(self, box: Box, title: str, detail: str = "", *, colour: str = "", size: float = 13) -> Box:
        """A thing that arrows lead to."""
        self.rectangle(box, "node", radius=6)
        if colour:
            self.rectangle(Box(box.x, box.y, 4, box.height), "", radius=2, fill=colour)
        lines = detail.splitlines()
        top = box.middle - 8.25 * len(lines)
        self.text(box.x + 13, top + 4.5, title, "strong", size=size)
        for number, line in enumerate(lines, start=1):
            self.text(box.x + 13, top + 4.5 + 16.5 * number, line, "quiet", size=11.5)
        return box

    def chips(self, x: float, y: float, right: float, texts: list[str]) -> float:
        """Small labels that wrap; answers the y below them."""
        left = x
        for text in texts:
            wide = width(text, 11.5) + 16
            if left + wide > right and left > x:
                left, y = x, y + 26
            self.rectangle(Box(left, y, wide, 21), "chip", radius=10.5)
            self.text(left + wide / 2, y + 14.5, text, "plain", size=11.5, anchor="middle")
            left += wide + 6
        return y + 26

    def person(self, x: float, y: float, name: str) -> Box:
        """A user, with the name below."""
        self._parts.append(
            f'<circle class="person" cx="{x:g}" cy="{y:g}" r="9"/>'
            f'<path class="person" d="M{x - 16:g} {y + 30:g} q0 -17 16 -17 q16 0 16 17 z"/>'
        )
        self.text(x, y + 48, name, "strong", size=13, anchor="middle")
        return Box(x - 20, y - 9, 40, 40)

    def flow(
        self,
        points: list[tuple[float, float]],
        label: str = "",
        *,
        at: tuple[float, float] | None = None,
        style: str = "flow",
    ) -> None:
        """A line with rounded corners and an arrow's head. `flow`: requests; `order`: what belongs to what."""
        self._parts.append(f'<path class="{style}" d="{_rounded(points)}" marker-end="url(#{style}-head)"/>')
        if label:
            (x1, y1), (x2, y2) = points[-2:]
            x, y = at or ((x1 + x2) / 2, (y1 + y2) / 2)
            wide = width(label, 11.5) + 10
            self._labels.append(
                f'<rect class="label-back" x="{x - wide / 2:g}" y="{y - 9:g}" width="{wide:g}" height="17" rx="4"/>'
                f'<text class="{style}-label" x="{x:g}" y="{y + 4:g}" font-size="11.5" text-anchor="middle">'
                f"{escape(label)}</text>"
            )

    def order(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """What is deployed before: a thin curve."""
        (x1, y1), (x2, y2) = start, end
        bend = (x2 - x1) / 2
        self._parts.append(
            f'<path class="order" d="M{x1:g} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}" '
            'marker-end="url(#order-head)"/>'
        )

    def render(self) -> str:
        heads = "".join(
            f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="{size}" markerHeight="{size}" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path class="{name}" d="M0 0 L10 5 L0 10 z"/></marker>'
            for name, size in (("flow-head", 11), ("order-head", 9))
        )
        body = "\n".join([*self._parts, *self._labels])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" role="img" aria-labelledby="title description">\n'
            f'<title id="title">{escape(self.title)}</title>\n'
            f'<desc id="description">{escape(self.description)}</desc>\n'
            f"<style>{_STYLE}</style>\n<defs>{heads}</defs>\n"
            f'<rect class="paper" width="{self.width:g}" height="{self.height:g}" rx="12"/>\n{body}\n</svg>\n'
        )


def _rounded(points: list[tuple[float, float]], radius: float = 10) -> str:
    """A path along horizontal and vertical pieces, corners rounded."""
    (x, y), *rest = points
    path = [f"M{x:g} {y:g}"]
    for index, (x2, y2) in enumerate(rest):
        if index == len(rest) - 1:
            path.append(f"L{x2:g} {y2:g}")
            break
        x3, y3 = rest[index + 1]
        before = min(radius, (abs(x2 - x) + abs(y2 - y)) / 2)
        after = min(radius, (abs(x3 - x2) + abs(y3 - y2)) / 2)
        turn = min(before, after)
        path.append(f"L{x2 - _sign(x2 - x) * turn:g} {y2 - _sign(y2 - y) * turn:g}")
        path.append(f"Q{x2:g} {y2:g} {x2 + _sign(x3 - x2) * turn:g} {y2 + _sign(y3 - y2) * turn:g}")
        x, y = x2, y2
    return " ".join(path)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
