"""Which stacks go, and which stay, by the rules alone."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from cloudmart_cdk.assets.lifetime.stacks import Stack, read
from cloudmart_cdk.assets.lifetime.verdicts import LATE, Fate, Verdict, judge
from cloudmart_cdk.constructs.lifetime import needed_by
from cloudmart_cdk.settings.topology import BACKEND, DATA, EDGE, EKS, FRONTEND, MONITORING, VPC

_NEEDED_BY: Final = needed_by()
_BORN: Final = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


def _described(kind: str = VPC, *, copy: str = "team1-lab", name: str = "", **changes: Any) -> dict[str, Any]:
    tags = {"Project": "CloudMart", "Stage": "lab", "Stack": kind, "Lifetime": "4h", "Owner": "kim"}
    tags |= changes.pop("tags", {})
    return {
        "StackId": f"arn:{copy}-{kind}",
        "StackName": name or f"{copy}-{kind}",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": _BORN,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items() if value is not None],
        **changes,
    }


def _read(described: dict[str, Any]) -> Stack | None:
    return read(described, region="ap-northeast-2", stage="lab", kinds=_NEEDED_BY.keys())


def _verdicts(*described: dict[str, Any], hours: float = 5) -> dict[str, Verdict]:
    stacks = [stack for stack in map(_read, described) if stack]
    assert len(stacks) == len(described)
    return {each.of.name: each for each in judge(stacks, needed_by=_NEEDED_BY, now=_BORN + timedelta(hours=hours))}


def _fate(described: dict[str, Any], *, hours: float = 5) -> Fate:
    (verdict,) = _verdicts(described, hours=hours).values()
    return verdict.fate


@pytest.mark.parametrize(
    "described",
    [
        _described(tags={"Project": None}),
        _described(tags={"Project": "Other"}),
        _described(tags={"Stage": "dev"}),
        _described(tags={"Stack": None}),
        _described("LabAccountStack"),
        _described(name="team1-lab-DataStack"),
        _described(copy="team1-dev"),
        _described(name=VPC),
    ],
    ids=["no project", "other project", "stage", "no stack", "own", "name of another stack", "other copy", "no copy"],
)
def test_what_is_not_the_course_s_is_not_even_looked_at(described: dict[str, Any]) -> None:
    assert _read(described) is None


def test_tags_and_name_say_whose_it_is_and_until_when() -> None:
    stack = _read(_described(DATA, copy="team10-lab"))
    assert stack is not None
    assert (stack.copy, stack.kind, stack.owner, stack.ends) == ("team10-lab", DATA, "kim", _BORN + timedelta(hours=4))


@pytest.mark.parametrize("lifetime", [None, "", "0h", "4", "-4h", "4hours", "h", "99999h"])
def test_without_a_lifetime_that_can_be_read_nothing_goes(lifetime: str | None) -> None:
    assert _fate(_described(tags={"Lifetime": lifetime}), hours=100_000) is Fate.UNLIMITED


@pytest.mark.parametrize(("hours", "fate"), [(3.99, Fate.LIVES), (4, Fate.GOES), (400, Fate.GOES)])
def test_it_goes_when_its_hours_are_over(hours: float, fate: Fate) -> None:
    assert _fate(_described(), hours=hours) is fate


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_nobody_is_interrupted(status: str) -> None:
    assert _fate(_described(StackStatus=status)) is Fate.BUSY


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_ROLLBACK_FAILED", "UPDATE_COMPLETE"])
def test_what_failed_goes_like_all_else(status: str) -> None:
    assert _fate(_described(StackStatus=status)) is Fate.GOES


def test_a_deploy_that_stopped_before_it_began_holds_nothing_for_ever() -> None:
    """CloudFormation says "in progress" of it until somebody deletes it."""
    empty = _described(DATA, StackStatus="REVIEW_IN_PROGRESS")
    assert _fate(empty, hours=3) is Fate.LIVES
    verdicts = _verdicts(_described(VPC), empty)
    assert verdicts["team1-lab-DataStack"].fate is Fate.GOES
    assert verdicts["team1-lab-VpcStack"].fate is Fate.WAITS


def test_protected_stacks_stay() -> None:
    assert _fate(_described(EnableTerminationProtection=True)) is Fate.PROTECTED


def test_a_deletion_that_failed_is_tried_again_and_called_stuck_when_it_is_late() -> None:
    failed = _described(StackStatus="DELETE_FAILED")
    assert _fate(failed) is Fate.GOES
    (late,) = _verdicts(failed, hours=4 + LATE / timedelta(hours=1)).values()
    assert late.fate is Fate.STUCK
    assert late.deletes


def test_a_copy_goes_in_the_reverse_order_of_a_deploy() -> None:
    left = [VPC, DATA, BACKEND, FRONTEND, EKS, MONITORING, EDGE, "EdgeWatchStack"]
    waves = []
    while left:
        verdicts = _verdicts(*(_described(kind) for kind in left)).values()
        going = [each.of.kind for each in verdicts if each.deletes]
        waves.append(set(going))
        left = [kind for kind in left if kind not in going]
    assert waves == [{MONITORING, "EdgeWatchStack"}, {FRONTEND, EKS}, {BACKEND, EDGE}, {DATA}, {VPC}]


def test_a_stack_stays_for_as_long_as_a_younger_one_needs_it() -> None:
    young = _described(DATA, CreationTime=_BORN + timedelta(hours=3))
    verdicts = _verdicts(_described(VPC), young, hours=5)
    assert verdicts["team1-lab-VpcStack"].fate is Fate.WAITS
    assert verdicts["team1-lab-VpcStack"].behind == ("team1-lab-DataStack",)
    assert verdicts["team1-lab-DataStack"].fate is Fate.LIVES


def test_another_student_s_stacks_hold_nothing() -> None:
    others = [
        _described(DATA, copy=copy, tags={"Lifetime": "9h"}) for copy in ("team10-lab", "team-lab", "team1-x-lab")
    ]
    verdicts = _verdicts(_described(VPC), *others)
    assert {name for name, each in verdicts.items() if each.deletes} == {"team1-lab-VpcStack"}


def test_one_without_a_lifetime_holds_what_it_needs() -> None:
    verdicts = _verdicts(_described(VPC), _described(EKS, tags={"Lifetime": None}), _described(DATA))
    assert {name: each.fate for name, each in verdicts.items()} == {
        "team1-lab-VpcStack": Fate.WAITS,
        "team1-lab-EksPlatformStack": Fate.UNLIMITED,
        "team1-lab-DataStack": Fate.GOES,
    }
