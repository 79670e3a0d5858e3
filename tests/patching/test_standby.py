"""Out of the group to be patched, and back: as many serve as before, whatever goes wrong."""

from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from cloudmart_cdk.assets.patching import standby
from tests.patching.group import Group, refused

_FIRST: Final = "i-00000001"
_EVENT: Final = {"InstanceId": _FIRST}


def _leave(group: Group) -> str:
    return standby.leave(_EVENT, None, autoscaling=group, sleep=group.sleep)["Extra"]


def _back(group: Group, extra: str) -> dict[str, str]:
    event = {**_EVENT, "Extra": extra}
    return standby.come_back(event, None, autoscaling=group, balancers=group, sleep=group.sleep)


@pytest.mark.parametrize(
    "group", [Group(), Group(minimum=1, desired=1), Group(minimum=2, desired=5)], ids=["two", "one", "five"]
)
def test_there_and_back_nobody_misses_it(group: Group) -> None:
    size, minimum, before = group.desired, group.minimum, set(group.states)
    extra = _leave(group)
    assert group.states[_FIRST] == "Standby"
    assert extra not in before
    assert (group.minimum, group.serving) == (minimum, size)
    assert _back(group, extra) == {"Retired": extra}
    assert set(group.states) == before
    assert (group.minimum, group.desired, group.serving) == (minimum, size, size)
    assert group.fewest == size


def test_every_instance_of_a_fleet_one_after_the_other() -> None:
    group = Group(desired=3)
    for instance in sorted(group.states):
        extra = standby.leave({"InstanceId": instance}, None, autoscaling=group, sleep=group.sleep)["Extra"]
        event = {"InstanceId": instance, "Extra": extra}
        standby.come_back(event, None, autoscaling=group, balancers=group, sleep=group.sleep)
    assert (group.fewest, group.serving, sorted(group.states)) == (3, 3, ["i-00000001", "i-00000002", "i-00000003"])


def test_a_scaling_policy_does_not_take_the_additional_instance_away() -> None:
    """At night there is always less than one more instance to do."""
    group = Group(scales_in=True)
    extra = _leave(group)
    assert (group.states[_FIRST], group.fewest) == ("Standby", 2)
    _back(group, extra)
    assert group.serving == 2


def test_no_instance_comes() -> None:
    group = Group()
    group.launches = False
    with pytest.raises(TimeoutError, match=r"error: 3 instances in service: given none in 540 s"):
        _leave(group)
    assert (group.minimum, group.desired, group.serving) == (2, 2, 2)
    assert group.waited < 600, "a step of Automation may take ten minutes"


def test_no_room() -> None:
    group = Group(maximum=2)
    with pytest.raises(RuntimeError, match=r"error: .*: given 2 instances, its maximum; .*raise backend.max"):
        _leave(group)
    assert (group.minimum, group.desired) == (2, 2)


def test_standby_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody was faster: the group is left as it was."""
    group = Group()

    def refuse(**_: Any) -> None:
        raise refused("EnterStandby", "is not in service")

    monkeypatch.setattr(group, "enter_standby", refuse)
    with pytest.raises(ClientError, match="is not in service"):
        _leave(group)
    group.sleep(10)
    assert (group.minimum, group.desired, group.serving) == (2, 2, 2)


def test_an_instance_that_does_not_answer_after_its_restart() -> None:
    """It is back in the group, whose health check replaces it; the additional one stays."""
    group = Group()
    extra = _leave(group)
    group.sick.add(_FIRST)
    with pytest.raises(TimeoutError, match=f"error: {_FIRST} healthy behind its load balancer"):
        _back(group, extra)
    assert extra in group.states
    assert group.serving == 3


def test_the_additional_instance_is_gone_already() -> None:
    group = Group()
    extra = _leave(group)
    del group.states[extra]
    group.sleep(0)
    assert _back(group, extra) == {"Retired": ""}
    assert group.serving >= 2


def test_where_an_instance_is() -> None:
    group = Group()
    assert standby.state(_EVENT, None, autoscaling=group) == {"State": "InService"}
    assert standby.state({"InstanceId": "i-0000dead"}, None, autoscaling=group) == {"State": "Gone"}


class _Patches:
    def __init__(self, **counts: int) -> None:
        self._counts = counts

    def describe_instance_patch_states(self, InstanceIds: list[str]) -> Any:  # noqa: N803
        return {"InstancePatchStates": [{"InstanceId": id, **self._counts} for id in InstanceIds]}


@pytest.mark.parametrize(
    ("counts", "due"),
    [
        ({}, "no"),
        ({"MissingCount": 0, "InstalledCount": 30}, "no"),
        ({"MissingCount": 1}, "yes"),
        ({"FailedCount": 1}, "yes"),
        ({"InstalledPendingRebootCount": 2}, "yes"),
    ],
    ids=str,
)
def test_whether_there_is_anything_to_do(counts: dict[str, int], due: str) -> None:
    assert standby.due(_EVENT, None, manager=_Patches(**counts)) == {"Due": due}
