"""When an alarm's change is worth a message: sequences, as a channel hears them."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from cloudmart_cdk.assets.notifier.judgement import (
    Told,
    after_keeping,
    after_telling,
    seconds_to_settle,
    worth_telling,
)
from cloudmart_cdk.assets.notifier.messages import Change, News
from tests.notifier import events

_SETTLE = 180.0


def _change(new: str, at: float, old: str = "") -> Change:
    return Change(
        subject="a",
        name="a",
        severity="critical",
        broke="it",
        reason="because",
        old=old or ("ALARM" if new == "OK" else "OK"),
        new=new,
        at=events.START + timedelta(seconds=at),
        graph="",
    )


@dataclass
class Ear:
    """A channel, and what it has heard: (state, seconds after the start)."""

    told: Told = field(default_factory=Told)
    heard: list[tuple[str, float]] = field(default_factory=list)

    def take(self, change: Change) -> bool:
        if not worth_telling(change, self.told):
            self.told = after_keeping(change, self.told)
            return False
        self.told = after_telling(change, self.told)
        self.heard.append((change.new, (change.at - events.START).total_seconds()))
        return True


def _hear(*changes: tuple[str, float]) -> list[tuple[str, float]]:
    """Changes at their times; a recovery is judged when it has settled."""
    ear = Ear()
    moments = [(at + (_SETTLE if new == "OK" else 0), _change(new, at)) for new, at in changes]
    for _, change in sorted(moments, key=lambda moment: moment[0]):
        ear.take(change)
    return ear.heard


def test_an_alarm_and_its_recovery_are_two_messages() -> None:
    assert _hear(("ALARM", 0), ("OK", 600)) == [("ALARM", 0), ("OK", 600)]


def test_an_alarm_that_comes_and_goes_is_one_message_and_one_at_its_end() -> None:
    flapping = [("ALARM" if number % 2 == 0 else "OK", number * 60.0) for number in range(12)]
    assert _hear(*flapping) == [("ALARM", 0), ("OK", 660)]


def test_an_alarm_that_comes_and_goes_and_stays_is_not_called_well() -> None:
    assert _hear(("ALARM", 0), ("OK", 60), ("ALARM", 120)) == [("ALARM", 0)]


def test_after_a_recovery_that_lasted_the_next_alarm_is_told_at_once() -> None:
    assert _hear(("ALARM", 0), ("OK", 60), ("ALARM", 300)) == [("ALARM", 0), ("OK", 60), ("ALARM", 300)]


def test_a_new_alarm_that_finds_itself_well_is_no_message() -> None:
    """After a deploy every alarm goes from insufficient data to OK."""
    assert not Ear().take(_change("OK", 0, old="INSUFFICIENT_DATA"))


def test_a_recovery_is_told_though_nobody_was_told_of_the_alarm() -> None:
    """Its message may have been given up; that it was, is news."""
    assert Ear().take(_change("OK", 0, old="ALARM"))


def test_a_recovery_by_way_of_no_data_is_told() -> None:
    ear = Ear()
    ear.take(_change("ALARM", 0))
    ear.take(_change("INSUFFICIENT_DATA", 60, old="ALARM"))
    assert ear.take(_change("OK", 120, old="INSUFFICIENT_DATA"))


def test_a_message_that_comes_twice_or_late_is_told_once() -> None:
    ear = Ear()
    assert ear.take(_change("ALARM", 0))
    assert not ear.take(_change("ALARM", 0))
    assert ear.take(_change("OK", 60))
    assert not ear.take(_change("OK", 60))
    assert not ear.take(_change("ALARM", 0)), "it came late: people know already how it ended"
    assert ear.take(_change("ALARM", 61))


def test_news_are_told_once() -> None:
    news = News(subject="n", kind="Budget", severity="info", title="t", at=events.START)
    assert worth_telling(news, Told())
    assert not worth_telling(news, after_telling(news, Told()))


@pytest.mark.parametrize(
    ("new", "age", "wait"), [("OK", 0, 180), ("OK", 179.2, 1), ("OK", 180, 0), ("OK", -5, 0), ("ALARM", 0, 0)]
)
def test_only_a_fresh_recovery_waits(new: str, age: float, wait: int) -> None:
    change = _change(new, 0)
    assert seconds_to_settle(change, now=change.at.timestamp() + age, settle=_SETTLE) == pytest.approx(wait, abs=1)


@pytest.mark.parametrize("seed", range(200))
def test_whatever_happens_in_whatever_order_people_end_up_right(seed: int) -> None:
    """Any changes, each once or twice, late by up to an hour: who was told last knows how it is now."""
    chance, ear = Random(seed), Ear()
    states = [("ALARM", "OK")[number % 2] for number in range(chance.randint(1, 9))]
    times = sorted(chance.sample(range(10_000), len(states)))
    changes = [_change(new, at) for new, at in zip(states, times, strict=True)]
    arriving = [each for each in changes for _ in range(chance.randint(1, 2))]
    arriving.sort(key=lambda change: (change.at.timestamp() + chance.random() * 3600, change.new))
    for change in arriving:
        ear.take(change)
    heard = [state for state, _ in ear.heard]
    assert heard[-1] == states[-1]
    assert ("ALARM", "ALARM") not in pairwise(heard), "who knows that it rings is not told again"
    assert [at for _, at in ear.heard] == sorted(at for _, at in ear.heard)
