"""What people read: Slack's blocks and PagerDuty's events, grouped by area."""

import json
from dataclasses import replace
from typing import Any, Final

from cloudmart_cdk.assets.notifier.addresses import Address
from cloudmart_cdk.assets.notifier.incidents import Areas
from cloudmart_cdk.assets.notifier.messages import Change, Message, child, parse
from cloudmart_cdk.assets.notifier.pagerduty import PagerDuty
from cloudmart_cdk.assets.notifier.slack import Slack
from tests.notifier import events

_AREAS: Final = Areas(prefix=events.PREFIX, words={"database": "data", "cache": "data", "backend": "shop"})
_SLACK, _PAGERDUTY = Slack(_AREAS), PagerDuty(_AREAS)
_SHOP: Final = ["shop-error-rate", "shop-below-minimum"]


def _read(content: Any, topic: str = events.WARNING, **more: str) -> Message:
    return parse(events.envelope(content, topic, **more), record_id="r", severities=events.TOPICS)


def _posts(*messages: Message) -> list[dict[str, Any]]:
    deliveries = _SLACK.deliveries(messages)
    told = [message.subject for delivery in deliveries for message in delivery.messages]
    assert sorted(told) == sorted(message.subject for message in messages)
    return [json.loads(_SLACK.body(delivery, Address("https://x"))) for delivery in deliveries]


def _texts(post: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in post["blocks"]]


def _event(message: Message) -> dict[str, Any]:
    (delivery,) = _PAGERDUTY.deliveries([message])
    event: dict[str, Any] = json.loads(_PAGERDUTY.body(delivery, Address("https://x", "key")))
    return event


_PAGE = _read(events.page("shop", _SHOP, after=1), events.CRITICAL)
_ERRORS, _FEW = _read(events.change(_SHOP[0])), _read(events.change(_SHOP[1]))


def test_a_page_heads_its_area_with_its_alarms_below() -> None:
    (post,) = _posts(_ERRORS, _PAGE, _FEW)
    header, page, *below = _texts(post)
    assert header == ":rotating_light: cloudmart-prod shop: Critical in shop: users are hurt"
    assert page.startswith("*Critical in shop: users are hurt*")
    assert "In alarm: shop-error-rate" in page
    assert len(below) == 2
    assert post["text"] == header, "what a telephone shows"


def test_an_alarm_says_why_when_and_where_to_go() -> None:
    (post,) = _posts(_ERRORS)
    header, text = _texts(post)
    assert header.startswith(":warning: cloudmart-prod shop: ")
    assert "OK → *ALARM*, 2026-11-22 03:12:05 KST (18:12:05 UTC)" in text
    assert "\n&gt;" not in text
    assert "\n>Threshold Crossed: 1 out of the last 1" in text
    assert f"<{events.RUNBOOK}|Runbook>" in text
    assert "#alarmsV2:alarm/cloudmart-prod-shop-error-rate|Graph>" in text


def test_a_runbook_in_the_repository_is_a_path() -> None:
    description = "It broke. Runbook: docs/runbook/paged.md"
    alarm = _read(events.change("shop-x", AlarmDescription=description), events.CRITICAL)
    (post,) = _posts(alarm)
    assert "*It broke*" in _texts(post)[1]
    assert "Runbook: `docs/runbook/paged.md` · <https://" in _texts(post)[1]
    event = _event(alarm)
    assert [link["text"] for link in event["links"]] == ["Graph"]
    assert event["payload"]["custom_details"]["runbook"] == "docs/runbook/paged.md"


def _behind(*ids: str) -> Message:
    """A page, with its alarms that are on as CloudWatch describes them."""
    described = [
        {
            "AlarmName": f"{events.PREFIX}-{id}",
            "AlarmArn": events.arn(id),
            "AlarmDescription": f"It is {id}. Runbook: https://runbook.example/{id}.md",
            "StateReason": "Threshold Crossed: 1 datapoint [7.5] was greater than (5.0)",
        }
        for id in ids
    ]
    assert isinstance(_PAGE, Change)
    return replace(_PAGE, behind=tuple(map(child, described)))


def test_a_page_says_what_is_behind_it() -> None:
    (post,) = _posts(_behind("shop-a"))
    header, page, behind = _texts(post)
    assert header == ":rotating_light: cloudmart-prod shop: It is shop-a"
    assert page.startswith("*Critical in shop: users are hurt*")
    assert "In alarm: shop-a" in page
    assert behind.startswith("*It is shop-a*\n`cloudmart-prod-shop-a` is on\n>Threshold Crossed: 1 datapoint [7.5]")
    assert "<https://runbook.example/shop-a.md|Runbook>" in behind
    assert "alarm/cloudmart-prod-shop-a|Graph>" in behind
    event = _event(_behind("shop-a", "shop-b"))
    assert event["payload"]["summary"] == "cloudmart-prod: It is shop-a; It is shop-b"
    assert "[7.5]" in event["payload"]["custom_details"]["cloudmart-prod-shop-b"]
    assert "https://runbook.example/shop-b.md" in [link["href"] for link in event["links"]]


def test_a_page_with_many_behind_it_stays_readable() -> None:
    message = _behind(*(f"shop-{number}" for number in range(9)))
    (post,) = _posts(message)
    assert len(post["blocks"]) == 2 + 3
    assert _texts(post)[0].endswith("Critical in shop: users are hurt"), "nine sentences are no headline"
    assert "shop-8" in _texts(post)[1], "named they are all"
    assert len(_event(message)["links"]) == 2 + 2 * 5


def test_what_has_a_message_of_its_own_is_not_said_twice() -> None:
    (post,) = _posts(_behind(_SHOP[0], "shop-a"), _ERRORS)
    assert [text.count(f"`cloudmart-prod-{_SHOP[0]}`") for text in _texts(post)[1:]] == [0, 0, 1]


def test_areas_are_told_apart_and_pages_first() -> None:
    posts = _posts(_read(events.change("database-cpu")), _read(events.change("cache1-cpu")), _PAGE, _ERRORS)
    assert [_texts(post)[0].split(":")[2] for post in posts] == [" cloudmart-prod shop", " cloudmart-prod data"]


def test_a_pages_rule_goes_before_what_a_name_suggests() -> None:
    page = _read(events.page("tiketi", ["nodes-cpu", "shop-error-rate"]), events.CRITICAL)
    (post,) = _posts(page, _read(events.change("nodes-cpu")), _ERRORS)
    assert len(post["blocks"]) == 4


def test_a_recovery_is_one_short_line() -> None:
    (post,) = _posts(_read(events.change(_SHOP[0], "OK", "ALARM")))
    header, text = _texts(post)
    assert header.startswith(":white_check_mark: cloudmart-prod shop: well again: More than 5 %")
    assert "\n" not in text


def test_recoveries_come_after_what_rings() -> None:
    (post,) = _posts(_read(events.change(_SHOP[0], "OK", "ALARM")), _FEW)
    assert "shop-below-minimum" in _texts(post)[1]
    assert _texts(post)[0].startswith(":warning:")


def test_many_alarms_are_told_in_parts_that_slack_takes() -> None:
    posts = _posts(*(_read(events.change(f"shop-{number}", AlarmDescription="x" * 3000)) for number in range(30)))
    assert [len(post["blocks"]) - 1 for post in posts] == [12, 12, 6]
    assert all(len(text) <= 3000 for post in posts for text in _texts(post))
    assert all(len(_texts(post)[0]) <= 150 for post in posts)


def test_an_alarms_text_is_no_markup_and_calls_nobody() -> None:
    description = "<!channel> <https://evil.example|here> & <@U1>. Runbook: https://a.example/x|y>z.md"
    (post,) = _posts(_read(events.change("shop-x", AlarmDescription=description, NewStateReason="<!here>\nnext")))
    text = _texts(post)[1]
    assert "<!" not in text
    assert "<@" not in text
    assert "&lt;!channel&gt; &lt;https://evil.example|here&gt; &amp; &lt;@U1&gt;" in text
    assert "\n>&lt;!here&gt; next\n" in text
    assert "<https://a.example/x%7Cy%3Ez.md|Runbook>" in text


def test_news_of_one_kind_are_told_together_and_tables_keep_their_columns() -> None:
    report = _read("availability  99.95 %\ncost          12 USD", events.NEWS, subject="cloudmart-prod: week 47")
    event = {"detail-type": "EBS Volume", "source": "aws.ec2", "region": "r", "detail": {"event": "createVolume"}}
    posts = _posts(report, _read(event, events.NEWS), _read(event, events.NEWS))
    assert len(posts) == 2
    assert "```availability  99.95 %\ncost          12 USD```" in _texts(posts[0])[1]
    assert _texts(posts[1])[0] == ":information_source: cloudmart-prod EBS Volume: EBS Volume and 1 more"
    assert "event: createVolume" in _texts(posts[1])[1]


def test_only_the_critical_topic_wakes_somebody() -> None:
    for message, wanted in (
        (_PAGE, True),
        (_read(events.page("shop", _SHOP, "OK", "ALARM"), events.CRITICAL), True),
        (_read("the drill failed", events.CRITICAL), True),
        (_read(events.page("shop", _SHOP, "INSUFFICIENT_DATA"), events.CRITICAL), False),
        (_ERRORS, False),
        (_read("budget", events.NEWS), False),
    ):
        assert _PAGERDUTY.wants(message) is wanted
        assert _SLACK.wants(message)


def test_pagerduty_is_told_what_whoever_wakes_up_needs() -> None:
    event = _event(_PAGE)
    assert (event["routing_key"], event["event_action"]) == ("key", "trigger")
    assert event["dedup_key"] == events.arn("page-shop")
    payload = event["payload"]
    assert payload["severity"] == "critical"
    assert payload["summary"] == "cloudmart-prod: Critical in shop: users are hurt"
    assert payload["component"] == "shop"
    assert payload["custom_details"]["in alarm"] == "cloudmart-prod-shop-error-rate"
    assert payload["timestamp"] == "2026-11-21T18:12:06.496000+00:00"
    assert [link["text"] for link in event["links"]] == ["Runbook", "Graph"]


def test_a_recovery_resolves_the_same_incident() -> None:
    event = _event(_read(events.page("shop", _SHOP, "OK", "ALARM", after=900), events.CRITICAL))
    assert event == {"routing_key": "key", "event_action": "resolve", "dedup_key": events.arn("page-shop")}


def test_keys_and_summaries_fit() -> None:
    name = "x" * 255
    event = _event(_read(events.change(name, AlarmDescription="y" * 2000), events.CRITICAL))
    assert len(event["dedup_key"]) <= 255
    assert len(event["payload"]["summary"]) <= 1024
    assert event["dedup_key"] != _event(_read(events.change("z" * 255), events.CRITICAL))["dedup_key"]


def test_an_address_is_never_shown() -> None:
    address = Address("https://hooks.example/T0/B0/sesame", "r0ut1ngk3y")
    assert "sesame" not in f"{address} {address!r}"
    assert address.mask("no /T0/B0/sesame and r0ut1ngk3y") == "no /... and ..."


def test_what_others_write_is_neither_mention_nor_link() -> None:
    """Who makes a call that is refused chooses part of a line: `DeleteSecret` on whatever name he likes."""
    line = "[cloudmart-prod] DeleteSecret on x/<!channel> @here https://evil.example/ by eve."
    console = "https://ap-northeast-2.console.aws.amazon.com/secretsmanager/listsecrets?region=ap-northeast-2&a=b"
    (post,) = _posts(_read(f"{line} {console}"))
    section = post["blocks"][1]["text"]
    assert section["verbatim"] is True, "else Slack links and mentions by itself"
    assert "&lt;!channel&gt; @here https://evil.example/ by eve." in section["text"]
    assert f"<{console.replace('&', '&amp;')}>" in section["text"], "AWS's console is one click away"
    for elsewhere in ("https://aws.amazon.com.evil.example/", "https://evil.example/aws.amazon.com", "http://x"):
        (post,) = _posts(_read(f"See {elsewhere}"))
        assert "<" not in post["blocks"][1]["text"]["text"]
