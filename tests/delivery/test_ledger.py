"""The record in Parameter Store: which one counts, and who may go on."""

import dataclasses
import json
import uuid
from typing import Any

import pytest

from delivery.commands import DEFAULT
from delivery.ledger import STALE_S, Entry, Ledger, OvertakenError, Phase, Release, alive, myself, now
from tests.delivery.shop import Shop

pytestmark = pytest.mark.xdist_group("delivery")


def _release(who: str = "", *, stack: str = "a stack", phase: Phase = Phase.FILL) -> Release:
    return Release(
        stack=stack,
        phase=phase,
        revision="releases/x.zip",
        title="an application",
        old="blue",
        new="green",
        size=2,
        minimum=2,
        plan=DEFAULT,
        began=now(),
        since=now(),
        runner=myself(who),
    )


@pytest.fixture
def ssm(deployed: Shop) -> Any:
    return deployed.client("ssm")


@pytest.fixture
def name() -> str:
    return f"/test/lab/{uuid.uuid4()}"


def test_what_is_written_is_read_and_another_stack_knows_nothing_of_it(ssm: Any, name: str) -> None:
    ledger = Ledger(ssm, name, "a stack")
    assert ledger.read() is None
    ledger.write(_release("alice"))
    entry = Ledger(ssm, name, "a stack").read()
    assert entry
    assert entry.release == _release("alice")
    assert entry.age_s < STALE_S
    assert Ledger(ssm, name, "made anew").read() is None


def test_of_two_who_begin_at_the_same_time_everybody_knows_the_first(ssm: Any, name: str) -> None:
    first, second = Ledger(ssm, name, "a stack"), Ledger(ssm, name, "a stack")
    assert (first.read(), second.read()) == (None, None)
    first.write(_release("alice"))
    with pytest.raises(OvertakenError, match="taken over by alice on"):
        second.write(_release("bob"))
    first.confirm()
    first.write(_release("alice", phase=Phase.INSTALL))
    entry = Ledger(ssm, name, "a stack").read()
    assert entry
    assert (entry.release.phase, str(entry.release.runner)[:5]) == (Phase.INSTALL, "alice")


def test_who_was_taken_over_is_told(ssm: Any, name: str) -> None:
    first = Ledger(ssm, name, "a stack")
    first.write(_release("alice"))
    second = Ledger(ssm, name, "a stack")
    second.read()
    second.write(_release("bob", phase=Phase.REFILL))
    with pytest.raises(OvertakenError, match=r"bob .* in phase refill"):
        first.confirm()


def test_what_cloudformation_writes_counts_for_nothing(ssm: Any, name: str) -> None:
    ledger = Ledger(ssm, name, "a stack")
    for value in ("none", "[]", "{}"):
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        ledger.write(_release("alice"))
    ssm.put_parameter(Name=name, Value="none", Type="String", Overwrite=True)
    ledger.confirm()


def test_the_last_hundred_are_enough(ssm: Any, name: str) -> None:
    ledger = Ledger(ssm, name, "a stack")
    for _ in range(5):
        ledger.write(_release("alice"))
    loser = json.dumps({"after": 1, **dataclasses.asdict(_release("bob"))})
    ssm.put_parameter(Name=name, Value=loser, Type="String", Overwrite=True)
    ledger.confirm()


def test_a_runner_of_this_machine_is_known_by_its_process_another_by_its_silence() -> None:
    release = _release("alice")
    assert release.runner
    assert alive(Entry(1, release, STALE_S + 1))
    gone = dataclasses.replace(release.runner, started="0")
    assert not alive(Entry(1, dataclasses.replace(release, runner=gone), 0.0))
    elsewhere = dataclasses.replace(release, runner=dataclasses.replace(release.runner, host="elsewhere"))
    assert alive(Entry(1, elsewhere, STALE_S - 1))
    assert not alive(Entry(1, elsewhere, STALE_S + 1))
    assert not alive(Entry(1, dataclasses.replace(release, runner=None), 0.0))
