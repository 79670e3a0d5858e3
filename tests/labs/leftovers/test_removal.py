"""Patience and honesty of the removal: what waits, what is refused, what is touched no more."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from cloudmart_cdk.settings.naming import Names
from labs.leftovers.account import Account
from labs.leftovers.kinds import Resource, State
from labs.leftovers.removal import Outcome, remove
from labs.leftovers.table import KINDS
from labs.leftovers.whose import STACK_NAME, Copy

_OURS: Final = {"Project": "CloudMart", "Stage": "lab", STACK_NAME: "team1-lab-VpcStack"}
_VPC: Final = next(kind for kind in KINDS if kind.name == "VPC")
_REFUSED: Final = ClientError({"Error": {"Code": "DependencyViolation", "Message": "has dependencies"}}, "DeleteVpc")
_FORBIDDEN: Final = ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "not you"}}, "DeleteVpc")


def _vpc(id: str = "vpc-1") -> Resource:
    return Resource(kind=_VPC, region="x", arn=f"arn:aws:ec2:x:1:vpc/{id}", id=id, name=id, tags=_OURS)


class _Scripted(Account):
    """An account that answers a removal by a script: an error, or None for "gone"."""

    def __init__(
        self,
        answers: list[ClientError | None],
        *,
        tags: Mapping[str, str] = _OURS,
        living: Mapping[str, str] | None = None,
    ) -> None:
        self._answers, self._now, self._living = iter(answers), dict(tags), living or {}
        self._state = State.HERE
        self.asked = 0

    def copy(self) -> Copy:
        return Copy(Names("team1", "lab"), self._living, ("x",))

    def tags_now(self, _resource: Resource) -> dict[str, str]:
        return self._now

    def state(self, _resource: Resource) -> State:
        return self._state

    def client(self, _resource: Resource) -> Any:
        return self

    def delete_vpc(self, **_: Any) -> dict[str, Any]:
        self.asked += 1
        answer = next(self._answers)
        if answer is not None:
            raise answer
        self._state = State.GONE
        return {}


def _run(account: Account, *, patience_s: float = 300) -> tuple[Outcome, list[str]]:
    told: list[str] = []
    return remove(account, [_vpc()], patience_s=patience_s, poll_s=0, tell=told.append), told


def test_what_waits_for_others_is_tried_again_and_said() -> None:
    account = _Scripted([_REFUSED, _REFUSED, None])
    outcome, told = _run(account)
    assert [each.id for each in outcome.removed] == ["vpc-1"]
    assert outcome.stayed == []
    assert account.asked == 3
    assert "waiting for 1, as VPC vpc-1: DependencyViolation: has dependencies" in told[0]


def test_patience_ends_with_the_reason() -> None:
    account = _Scripted([_REFUSED] * 5)
    outcome, _ = _run(account, patience_s=0)
    assert outcome.removed == []
    assert [reason for _, reason in outcome.stayed] == ["DependencyViolation: has dependencies"]
    assert account.asked == 1


def test_what_is_not_allowed_is_not_asked_twice() -> None:
    account = _Scripted([_FORBIDDEN])
    outcome, _ = _run(account)
    assert [reason for _, reason in outcome.stayed] == ["UnauthorizedOperation: not you"]


def test_no_patience_mends_credentials_that_have_expired() -> None:
    """Else a long removal goes on asking, each thing again and again, until its patience ends."""
    expired = ClientError({"Error": {"Code": "ExpiredToken", "Message": "expired"}}, "DeleteVpc")
    account = _Scripted([expired, None])
    with pytest.raises(ClientError, match="ExpiredToken"):
        _run(account)
    assert account.asked == 1


def test_what_somebody_deployed_meanwhile_is_not_touched() -> None:
    account = _Scripted([], living={"team1-lab-VpcStack": "arn:new"})
    outcome, _ = _run(account)
    assert [reason for _, reason in outcome.stayed] == ["not touched: it is of a stack that is there now"]
    assert account.asked == 0


def test_what_lost_its_tags_is_not_touched() -> None:
    account = _Scripted([], tags={})
    outcome, _ = _run(account)
    assert outcome.stayed
    assert account.asked == 0
