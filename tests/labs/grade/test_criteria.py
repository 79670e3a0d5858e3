"""Every criterion gives its points to a deployment that has what it asks for, and takes them when that is broken."""

from collections.abc import Iterator

import pytest

from labs.grade import rubric
from labs.grade.evidence import Seen
from labs.grade.grading import judge
from tests.labs.grade.conftest import Team
from tests.labs.grade.faults import FAULTS, Fault

pytestmark = pytest.mark.xdist_group("emulator")


def missing(team: Team) -> dict[str, list[Seen]]:
    """Criterion -> what it did not find as asked for."""
    marks = judge(team.parts())
    return {mark.criterion.id: [each for each in mark.evidence.seen if not each.ok] for mark in marks if not mark.full}


@pytest.fixture(scope="module", autouse=True)
def whole(team: Team) -> Iterator[None]:
    """Before and after: a fault that stays would hide behind the next one."""
    assert missing(team) == {}
    yield
    assert missing(team) == {}


@pytest.mark.parametrize(
    ("id", "fault", "left"),
    [(id, fault, left) for id, _, fault, left in FAULTS],
    ids=[f"{id}: {what}" for id, what, _, _ in FAULTS],
)
def test_a_fault_takes_points(team: Team, id: str, fault: Fault, left: int) -> None:
    criterion = next(each for each in rubric.criteria() if each.id == id)
    with fault(team):
        points = criterion.judge(team.parts()).points(criterion.points)
    assert points == left < criterion.points


def test_every_criterion_has_a_fault() -> None:
    assert {each.id for each in rubric.criteria()} == {id for id, _, _, _ in FAULTS}
