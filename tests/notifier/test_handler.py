"""Batches of the queue against real receivers, and the emulator's table, secret and queues.

The property that counts: no message is lost and none told twice, whatever fails and whoever else is at it.
"""

import json
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from cloudmart_cdk.assets.notifier.judgement import Told
from cloudmart_cdk.assets.notifier.memory import Busy, Memory
from tests.notifier import events
from tests.notifier import receiver as answers
from tests.notifier.conftest import KEY, SETTLE, Stage
from tests.notifier.receiver import receiving

pytestmark = pytest.mark.xdist_group("emulator")

_SHOP: Final = ["shop-error-rate", "shop-latency"]


def _page(new: str = "ALARM", old: str = "OK", *, after: float = 0) -> str:
    return events.envelope(events.page("shop", _SHOP, new, old, after=after), events.CRITICAL)


def _alarm(id: str = _SHOP[0], new: str = "ALARM", old: str = "OK", *, after: float = 0) -> str:
    return events.envelope(events.change(id, new, old, after=after))


def _sign(post: dict[str, Any]) -> str:
    return str(post["text"]).partition(" ")[0]


def _actions(stage: Stage) -> list[str]:
    return [event["event_action"] for event in stage.pagerduty.taken]


def _errors(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["level"] == "error"]


def test_what_breaks_together_is_one_message_and_one_incident(stage: Stage) -> None:
    assert stage.invoke(_alarm(_SHOP[0]), _page(after=1), _alarm(_SHOP[1])) == []
    assert [len(post["blocks"]) for post in stage.slack.taken] == [4]
    assert _actions(stage) == ["trigger"]


def test_a_page_is_told_with_the_alarms_that_are_on(stage: Stage) -> None:
    """Those that steer a rollout send no message of their own. Who has moved the page comes first."""
    cloudwatch = stage.clients["cloudwatch"]
    children = {"shop-latency": "ALARM", "shop-errors": "ALARM", "shop-fine": "OK"}
    for id, state in children.items():
        cloudwatch.put_metric_alarm(
            AlarmName=f"{events.PREFIX}-{id}",
            AlarmDescription=f"It is {id}. Runbook: docs/runbook/{id}.md",
            MetricName="x",
            Namespace="x",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=f"{events.PREFIX}-{id}", StateValue=state, StateReason="7.5 is too much")
    stage.invoke(events.envelope(events.page("shop", list(children)), events.CRITICAL))
    cloudwatch.delete_alarms(AlarmNames=[f"{events.PREFIX}-{id}" for id in children])
    (post,) = stage.slack.taken
    assert post["text"].endswith(": It is shop-latency; It is shop-errors")
    assert "7.5 is too much" in json.dumps(post)
    assert "shop-fine" not in json.dumps(post)
    assert stage.pagerduty.taken[0]["payload"]["summary"] == "cloudmart-prod: It is shop-latency; It is shop-errors"


def test_a_pair_of_burn_windows_is_behind_a_page_too(stage: Stage) -> None:
    cloudwatch = stage.clients["cloudwatch"]
    pair = f"{events.PREFIX}-shop-budget-fast"
    cloudwatch.put_composite_alarm(
        AlarmName=pair, AlarmRule="FALSE", AlarmDescription="The budget burns. Runbook: docs/runbook/burn.md"
    )
    cloudwatch.set_alarm_state(AlarmName=pair, StateValue="ALARM", StateReason="both windows are on")
    stage.invoke(events.envelope(events.page("shop", ["shop-budget-fast"]), events.CRITICAL))
    cloudwatch.delete_alarms(AlarmNames=[pair])
    assert stage.slack.taken[0]["text"].endswith(": The budget burns")


def test_a_page_does_not_wait_for_who_does_not_answer(stage: Stage) -> None:
    config = Config(connect_timeout=1, read_timeout=0.2, retries={"total_max_attempts": 1}, proxies={})
    with receiving() as silent:
        silent.usual = answers.silence
        stage.clients["cloudwatch"] = boto3.client(
            "cloudwatch",
            region_name=events.REGION,
            endpoint_url=silent.url(""),
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=config,
        )
        assert stage.invoke(_page()) == []
    assert stage.slack.taken[0]["text"].endswith("Critical in shop: users are hurt")
    assert _actions(stage) == ["trigger"]


def test_a_batch_that_comes_again_says_nothing(stage: Stage) -> None:
    batch = [_alarm(), _page(), events.envelope("hello", events.NEWS, id="sns-1")]
    assert stage.invoke(*batch) == []
    posts = len(stage.slack.taken)
    assert stage.invoke(*batch, *batch) == []
    assert (len(stage.slack.taken), _actions(stage)) == (posts, ["trigger"])


def test_a_recovery_waits_and_then_resolves(stage: Stage) -> None:
    stage.invoke(_page())
    recovery = _page("OK", "ALARM", after=60)
    stage.now += 60
    assert stage.invoke(recovery) == []
    assert stage.held() == 1
    assert _actions(stage) == ["trigger"]
    stage.now += SETTLE
    assert stage.invoke(recovery) == []
    assert stage.held() == 1, "it is not put back a second time"
    assert _actions(stage) == ["trigger", "resolve"]
    assert len({event["dedup_key"] for event in stage.pagerduty.taken}) == 1
    assert "well again" in stage.slack.taken[-1]["text"]


def test_an_alarm_that_comes_and_goes_is_one_incident(stage: Stage) -> None:
    held = []
    for number in range(6):
        changed = _page(*(("ALARM", "OK"), ("OK", "ALARM"))[number % 2], after=number * 30)
        stage.now = events.START.timestamp() + number * 30 + 1
        stage.invoke(changed)
        held += [changed] * (number % 2)
    stage.now += SETTLE
    stage.invoke(*held)
    assert _actions(stage) == ["trigger", "resolve"]
    assert len(stage.slack.taken) == 2


def test_a_channel_that_fails_is_told_later_and_the_other_not_again(stage: Stage) -> None:
    stage.slack.usual = answers.status(500)
    body = _page()
    assert stage.invoke(body) == [body]
    assert (stage.slack.taken, _actions(stage)) == ([], ["trigger"])
    stage.slack.usual = answers.OK
    assert stage.invoke(body) == []
    assert (len(stage.slack.taken), _actions(stage)) == (1, ["trigger"])


def test_a_channel_that_hangs_holds_up_no_other(stage: Stage) -> None:
    stage.slack.usual = answers.silence
    stage.silent.add(stage.slack.url())
    body = _page()
    assert stage.invoke(body) == [body]
    assert _actions(stage) == ["trigger"]


def test_what_is_refused_is_set_aside_with_its_reason(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.slack.usual = answers.status(400, f"invalid_blocks {stage.slack.url()}".encode())
    body = _page()
    assert stage.invoke(body) == []
    assert stage.set_aside() == [(body, "slack: HTTP 400: invalid_blocks ...")]
    assert _actions(stage) == ["trigger"]
    (error,) = _errors(capsys)
    assert (error["channel"], error["reason"]) == ("slack", "HTTP 400: invalid_blocks ...")
    assert error["subjects"] == [events.arn("page-shop")]
    stage.slack.usual = answers.OK
    assert stage.invoke(body) == [], "redriven"
    assert (len(stage.slack.taken), _actions(stage)) == (1, ["trigger"])


def test_what_one_channel_refuses_and_another_takes_later_comes_back_first(stage: Stage) -> None:
    stage.slack.usual, stage.pagerduty.usual = answers.status(400), answers.status(503)
    body = _page()
    assert stage.invoke(body) == [body]
    assert stage.set_aside() == []
    stage.pagerduty.usual = answers.OK
    assert stage.invoke(body) == []
    assert [aside for aside, _ in stage.set_aside()] == [body]
    assert _actions(stage) == ["trigger"]


@pytest.mark.parametrize(
    ("received", "asked", "seconds"), [(1, 0, 30), (2, 0, 60), (5, 0, 480), (8, 0, 480), (1, 90, 90), (8, 90, 480)]
)
def test_what_fails_comes_back_later_each_time_and_no_sooner_than_asked(
    stage: Stage, received: int, asked: int, seconds: int
) -> None:
    stage.slack.usual = answers.status(429, Retry_After=str(asked))
    sqs = stage.clients["sqs"]
    said: list[dict[str, Any]] = []
    sqs.meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibility", lambda params, **_: said.append(params)
    )
    answer = stage.notifier().handle({"Records": [events.record(_alarm(), received=received)]}, seconds=60)
    assert len(answer["batchItemFailures"]) == 1
    assert [params["VisibilityTimeout"] for params in said] == [seconds]


def test_of_one_alarm_the_latest_change_counts_wherever_it_stands_in_a_batch(stage: Stage) -> None:
    stage.now += 1000
    stage.invoke(_page(after=100), _page(after=0), _page("OK", "ALARM", after=50))
    assert _actions(stage) == ["trigger"]


def test_one_refused_incident_takes_no_other_along(stage: Stage) -> None:
    stage.slack.script = [answers.status(400)]
    assert stage.invoke(_alarm("shop-x"), _alarm("database-cpu")) == []
    assert len(stage.slack.taken) == len(stage.set_aside()) == 1


def test_what_cannot_be_put_into_words_takes_no_other_along(stage: Stage) -> None:
    odd = events.envelope(events.change("shop-y", StateChangeTime="0001-01-01T00:00:00+23:00"))
    assert stage.invoke(_alarm("shop-x"), odd, _alarm("database-cpu")) == []
    assert len(stage.slack.taken) == 2
    assert [(body, "put into words" in reason) for body, reason in stage.set_aside()] == [(odd, True)]


def test_a_message_from_the_future_mutes_nothing(stage: Stage) -> None:
    stage.invoke(events.envelope(events.change("shop-x", StateChangeTime="9999-12-31T23:59:59.000+0000")))
    stage.now += 4 * SETTLE
    stage.invoke(_alarm("shop-x", new="OK", old="ALARM", after=2 * SETTLE))
    assert [_sign(post) for post in stage.slack.taken] == [":warning:", ":white_check_mark:"]


def test_a_revoked_address_is_read_anew(stage: Stage) -> None:
    notifier = stage.notifier()
    stage.invoke(_alarm("shop-1"), notifier=notifier)
    stage.slack.usual = answers.status(404, b"no_service")
    stage.put_addresses(slack=stage.pagerduty.url("/services/new"))
    assert stage.invoke(_alarm("shop-2"), notifier=notifier) == []
    assert [path for path, _ in stage.pagerduty.asked] == ["/services/new"]


def test_a_revoked_address_that_nobody_replaced_is_set_aside(stage: Stage) -> None:
    stage.slack.usual = answers.status(404, b"no_service")
    assert stage.invoke(_alarm()) == []
    assert [reason for _, reason in stage.set_aside()] == ["slack: HTTP 404: no_service"]
    assert len(stage.slack.asked) == 1


def test_addresses_are_kept_for_minutes_and_not_for_ever(stage: Stage) -> None:
    notifier = stage.notifier()
    stage.invoke(_alarm("shop-1"), notifier=notifier)
    stage.put_addresses(slack="")
    stage.invoke(_alarm("shop-2"), notifier=notifier)
    stage.now += 301
    stage.invoke(_alarm("shop-3"), notifier=notifier)
    assert len(stage.slack.taken) == 2


def test_an_address_that_was_put_in_just_now_is_known(stage: Stage) -> None:
    notifier = stage.notifier()
    for value in ("{}", {"slack": {"url": ""}, "pagerduty": {"url": "", "routing_key": ""}}):
        stage.put_secret(value)
        stage.invoke(_alarm("shop-1"), notifier=notifier)
    stage.put_addresses()
    stage.invoke(_alarm("shop-2"), notifier=notifier)
    assert len(stage.slack.taken) == 1


def test_a_channel_without_an_address_is_skipped(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.put_addresses(slack="", key="")
    assert stage.invoke(_page(), _alarm()) == []
    assert (stage.slack.asked, stage.pagerduty.asked, stage.set_aside()) == ([], [], [])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(line["message"] for line in lines if "no address" in line["message"]) == [
        "pagerduty is not told: its secret has no address",
        "slack is not told: its secret has no address",
    ]


@pytest.mark.parametrize(
    "value",
    [
        "hush",
        "[]",
        '"hush"',
        {"slack": "hush"},
        {"slack": {"url": 7}, "pagerduty": {"url": "https://x", "routing_key": 7}},
        {"slack": {"url": "http://hush.example"}, "pagerduty": {"url": "http://hush.example", "routing_key": "hush"}},
    ],
    ids=["no JSON", "a list", "a text", "no parts", "numbers", "plain HTTP"],
)
def test_a_malformed_secret_is_one_clear_line(stage: Stage, value: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stage.put_secret(value)
    body = _page()
    assert stage.invoke(body) == []
    ((aside, reason),) = stage.set_aside()
    assert aside == body
    assert "hush" not in reason
    errors = _errors(capsys)
    assert {error["channel"] for error in errors} == {"slack", "pagerduty"}
    assert all("allowed" in error["reason"] and "hush" not in json.dumps(error) for error in errors)


def test_a_secret_or_table_that_cannot_be_read_brings_messages_back(stage: Stage) -> None:
    body = _alarm()
    assert stage.invoke(body, notifier=stage.notifier(secret="gone")) == [body]
    assert stage.invoke(body, notifier=stage.notifier(table="gone")) == [body]
    assert stage.slack.asked == []
    assert stage.invoke(body) == []
    assert len(stage.slack.taken) == 1


def test_a_recovery_that_cannot_be_held_comes_back(stage: Stage) -> None:
    body = _alarm(new="OK", old="ALARM")
    assert stage.invoke(body, notifier=stage.notifier(queue_url=stage.settings.queue_url + "-gone")) == [body]


def test_what_cannot_be_set_aside_comes_back(stage: Stage) -> None:
    stage.slack.usual = answers.status(400)
    body = _alarm()
    assert stage.invoke(body, notifier=stage.notifier(failed_url=stage.settings.failed_url + "-gone")) == [body]


def test_what_another_invocation_is_at_comes_back(stage: Stage) -> None:
    """Also when that one dies half-way: its claim ends."""
    body = _alarm()
    memory = Memory(stage.clients["dynamodb"], stage.settings.table, now=lambda: stage.now)
    claim = memory.claim("slack", events.arn(_SHOP[0]), seconds=60)
    assert stage.invoke(body) == [body]
    stage.now += 66
    assert stage.invoke(body) == []
    assert len(stage.slack.taken) == 1
    memory.settle(claim, Told(state="OK", at=0))
    assert stage.invoke(body) == [], "who came too late writes nothing down"
    assert len(stage.slack.taken) == 1


def test_a_claim_is_ones_own(stage: Stage) -> None:
    one, other = (Memory(stage.clients["dynamodb"], stage.settings.table, now=lambda: stage.now) for _ in range(2))
    claim = one.claim("slack", "a", seconds=60)
    with pytest.raises(Busy):
        other.claim("slack", "a", seconds=60)
    other.claim("pagerduty", "a", seconds=60)
    other.give_back(claim)
    with pytest.raises(Busy):
        other.claim("slack", "a", seconds=60)
    one.give_back(claim)
    assert other.claim("slack", "a", seconds=60).told == Told()


def test_there_is_no_time_left(stage: Stage) -> None:
    body = _alarm()
    assert stage.invoke(body, seconds=5) == [body]
    assert stage.slack.asked == []


def test_nothing_secret_is_logged(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    for trouble in (answers.OK, answers.status(400), answers.status(404), answers.status(500), answers.cut):
        stage.slack.usual = stage.pagerduty.usual = trouble
        stage.invoke(_page(), events.envelope("x", events.CRITICAL))
    out = capsys.readouterr().out
    assert "told" in out
    assert "sesame" not in out
    assert KEY not in out


class _Trouble:
    """Answers by chance; what it takes, it takes. A cut line before the answer is left out: nobody can tell then."""

    def __init__(self, seed: int) -> None:
        self._chance, self._lock = random.Random(seed), threading.Lock()

    def __call__(self, handler: Any) -> None:
        with self._lock:
            answer = self._chance.choices(
                [answers.OK, answers.status(500), answers.status(429, Retry_After="2"), answers.status(503)],
                [4, 2, 1, 1],
            )[0]
        answer(handler)


@pytest.mark.parametrize("seed", range(3))
def test_none_is_lost_and_none_told_twice(stage: Stage, seed: int) -> None:
    """Four processes at once, each message in two of them at a time, receivers that fail half of the time."""
    chance = random.Random(seed)
    stage.slack.usual, stage.pagerduty.usual = _Trouble(seed), _Trouble(seed + 100)
    bodies = [_alarm(f"area{number % 3}-{number}") for number in range(8)]
    bodies += [events.envelope(f"news {number}", events.CRITICAL, id=f"n{number}") for number in range(4)]
    notifiers = [stage.notifier() for _ in range(4)]
    left = [body for body in bodies for _ in range(2)]
    with ThreadPoolExecutor(len(notifiers)) as pool:
        for _ in range(60):
            chance.shuffle(left)
            batches = [left[number :: len(notifiers)] for number in range(len(notifiers))]
            invoked = pool.map(
                lambda both: stage.invoke(*both[0], notifier=both[1]), zip(batches, notifiers, strict=True)
            )
            left = [body for failed in invoked for body in failed]
            if not left:
                break
    assert left == []
    assert stage.set_aside() == []
    told = " ".join(block["text"]["text"] for post in stage.slack.taken for block in post["blocks"][1:])
    wanted = [f"`{events.PREFIX}-area{number % 3}-{number}`" for number in range(8)]
    wanted += [f"*news {number}*" for number in range(4)]
    assert [told.count(each) for each in wanted] == [1] * 12
    assert Counter(event["dedup_key"] for event in stage.pagerduty.taken) == Counter(f"n{n}" for n in range(4))
