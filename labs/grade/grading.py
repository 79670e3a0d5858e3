"""The score: every criterion judged, points added. Deterministic: the same deployment, the same grade."""

from dataclasses import dataclass

from labs.grade import rubric
from labs.grade.cost import Cost
from labs.grade.deployed import UnreadableError
from labs.grade.drill import Drill
from labs.grade.evidence import Evidence
from labs.grade.parts import Parts
from labs.grade.rubric import Criterion


@dataclass(frozen=True)
class Mark:
    """A criterion, judged."""

    criterion: Criterion
    evidence: Evidence
    needs: str = ""
    """The right that was missing to look; then there are no points."""

    @property
    def points(self) -> int:
        return 0 if self.needs else self.evidence.points(self.criterion.points)

    @property
    def full(self) -> bool:
        return self.points == self.criterion.points


@dataclass(frozen=True)
class Grade:
    """A deployment, judged."""

    deployment: str
    place: str
    marks: tuple[Mark, ...]
    cost: Cost
    drill: Drill | None

    @property
    def points(self) -> int:
        return sum(mark.points for mark in self.marks)

    @property
    def of(self) -> int:
        return sum(mark.criterion.points for mark in self.marks)

    def area(self, id: str) -> list[Mark]:
        """The marks of an area."""
        return [mark for mark in self.marks if mark.criterion.area == id]

    def passed(self, least: int) -> bool:
        """Enough points, for no more money than there is."""
        return self.points >= least and self.cost.within


def judge(parts: Parts) -> tuple[Mark, ...]:
    """All criteria."""
    marks = []
    for criterion in rubric.criteria():
        try:
            marks.append(Mark(criterion, criterion.judge(parts)))
        except UnreadableError as refused:
            marks.append(Mark(criterion, Evidence(()), needs=str(refused)))
    return tuple(marks)
