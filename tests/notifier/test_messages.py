"""What each sender's message is read as."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cloudmart_cdk.assets.notifier.messages import Change, Message, News, parse
from cloudmart_cdk.constructs.alarms import describe
from tests.notifier import events

_BUDGET = """AWS Budget Notification November 21, 2026
AWS Account 111111111111

Dear AWS Customer,

You requested that we alert you when the ACTUAL Cost associated with your cloudmart budget is greater than $780.00.

Budget Name: cloudmart
Budget Type: Cost
Budgeted Amount: $975.00
Alert Type: ACTUAL
Alert Threshold: > $780.00
ACTUAL Amount: $801.22

Go to the AWS Budgets dashboard"""
_ANOMALY = {
    "accountId": "111111111111",
    "anomalyStartDate": "2026-11-20T00:00:00Z",
    "anomalyId": "a-1",
    "anomalyDetailsLink": "https://console.aws.amazon.com/cost-management/home#/anomaly-detection/a-1",
    "dimensionalValue": "Amazon Elastic Compute Cloud - Compute",
    "impact": {"maxImpact": 40.1, "totalImpact": 81.5},
    "rootCauses": [{"service": "Amazon EC2", "region": "ap-northeast-2", "usageType": "NatGateway-Bytes"}],
}
_EVENT = {
    "version": "0",
    "id": "e-1",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111111111111",
    "time": "2026-11-21T18:12:05Z",
    "region": "ap-northeast-2",
    "resources": ["arn:aws:ec2:ap-northeast-2:111111111111:instance/i-1"],
    "detail": {"instance-id": "i-1", "state": "terminated", "nested": {"left": "out"}},
}


def _read(body: str) -> Message:
    return parse(body, record_id="sqs-1", severities=events.TOPICS)


def _change(content: dict[str, Any], topic: str = events.WARNING) -> Change:
    message = _read(events.envelope(content, topic))
    assert isinstance(message, Change)
    return message


def _news(message: Any, **more: str) -> News:
    read = _read(events.envelope(message, events.NEWS, **more))
    assert isinstance(read, News)
    return read


def test_a_metric_alarm_says_what_when_why_and_where_to_look() -> None:
    change = _change(events.change("shop-error-rate"))
    assert change.broke == "More than 5 % of requests to shop-error-rate fail"
    assert change.runbook == events.RUNBOOK
    assert change.reason.startswith("Threshold Crossed")
    assert (change.old, change.new, change.severity) == ("OK", "ALARM", "warning")
    assert change.at == datetime(2026, 11, 21, 18, 12, 5, 496000, UTC)
    assert change.subject == events.arn("shop-error-rate")
    assert change.graph == (
        "https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-2"
        "#alarmsV2:alarm/cloudmart-prod-shop-error-rate"
    )
    assert not change.composite


def test_descriptions_are_those_of_the_alarm_table() -> None:
    text = describe("RDS: free storage below 10 %. Or less", "https://github.com/x/docs/runbook", "database-storage")
    change = _change(events.change("database-storage", AlarmDescription=text))
    assert change.broke == "RDS: free storage below 10 %. Or less"
    assert change.runbook == "https://github.com/x/docs/runbook/database-storage.md"


def test_a_composite_alarm_knows_its_children() -> None:
    change = _change(events.page("shop", ["shop-latency", "shop-error-rate"]), events.CRITICAL)
    assert change.composite
    assert change.severity == "critical"
    assert change.ringing == ("cloudmart-prod-shop-latency",)
    assert change.children == {"cloudmart-prod-shop-latency", "cloudmart-prod-shop-error-rate"}


@pytest.mark.parametrize(
    "rule", ['ALARM("a-b")', "ALARM(a-b)", "(ALARM('a-b') AND NOT OK(\"arn:aws:cloudwatch:r:1:alarm:a-b\"))"]
)
def test_rules_name_children_in_several_ways(rule: str) -> None:
    assert _change({**events.page("x", ["y"]), "AlarmRule": rule}).children == {"a-b"}


def test_an_alarm_with_little_in_it_is_still_one() -> None:
    change = _change({"AlarmName": "cloudmart-prod-x", "NewStateValue": "ALARM"})
    assert change.broke == "cloudmart-prod-x"
    assert change.subject == events.arn("x"), "made from the topic's account and region"
    assert change.at == datetime(2026, 11, 21, 18, 12, 6, tzinfo=UTC), "SNS's time"
    assert change.runbook == ""


def test_a_budget_says_its_figures() -> None:
    news = _news(_BUDGET, subject="AWS Budgets: cloudmart has exceeded your alert threshold")
    assert news.kind == "Budget"
    assert news.title == "AWS Budgets: cloudmart has exceeded your alert threshold"
    assert news.facts["ACTUAL Amount"] == "$801.22"
    assert news.facts["Budgeted Amount"] == "$975.00"


def test_a_cost_anomaly_says_how_much_and_why() -> None:
    news = _news(_ANOMALY)
    assert news.title == "Cost anomaly: Amazon Elastic Compute Cloud - Compute"
    assert news.facts["impact"] == "81.5 USD"
    assert news.facts["root cause"] == "Amazon EC2, ap-northeast-2, NatGateway-Bytes"
    assert news.link == _ANOMALY["anomalyDetailsLink"]


def test_an_event_says_its_details() -> None:
    news = _news(_EVENT)
    assert news.title == news.kind == "EC2 Instance State-change Notification"
    assert (news.facts["instance-id"], news.facts["state"]) == ("i-1", "terminated")
    assert "nested" not in news.facts


def test_one_line_of_an_input_transformer_is_read_without_its_quotes() -> None:
    news = _news('"[cloudmart-prod] Instance i-1 did not launch: \\"no capacity\\""')
    assert news.title == '[cloudmart-prod] Instance i-1 did not launch: "no capacity"'
    assert news.text == ""


def test_anything_else_comes_as_it_is() -> None:
    assert _news("Hello\nthere\nand here").title == "Hello"
    assert _news("Hello\nthere\nand here").text == "there\nand here"
    assert _news("Hello\nthere", subject="Week 47").title == "Week 47"
    assert _news("Hello\nthere", subject="Week 47").text == "Hello\nthere"
    long = "word " * 100
    assert _news(long).text == long.strip(), "nothing is lost of a long line"
    assert _news("").title == "An empty message"


@pytest.mark.parametrize("body", ["", "{", "[1]", "null", '"x', "[" * 5000, '{"Message": null}', '{"Message": [1]}'])
def test_nothing_is_too_broken_to_be_read(body: str) -> None:
    message = _read(body)
    assert isinstance(message, News)
    assert message.severity == "info"


def test_what_a_message_is_known_by() -> None:
    """The alarm, or SNS's id, or SQS's where SNS had no hand in it."""
    assert _read(events.envelope("hi", id="sns-7")).subject == "sns-7"
    assert _read("hi").subject == "sqs-1"


@pytest.mark.parametrize("field", ["AlarmDescription", "NewStateReason", "TriggeringChildren", "AlarmRule", "AlarmArn"])
@pytest.mark.parametrize("value", [None, 7, [], {}, [1], "text"])
def test_odd_fields_are_borne(field: str, value: Any) -> None:
    assert _change({**events.page("shop", ["a"]), field: value}).new == "ALARM"


def test_a_topic_that_nobody_knows_informs() -> None:
    assert _read(events.envelope("hi", "arn:aws:sns:x:1:other")).severity == "info"
    assert _read(json.dumps({"Message": "hi"})).severity == "info"
