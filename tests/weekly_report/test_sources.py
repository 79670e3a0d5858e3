"""What is read: from the emulator where it has the service, else over HTTP from recorded answers."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest import mock

import boto3
import pytest

from cloudmart_cdk.assets.weekly_report import cost, findings, handler, traffic
from cloudmart_cdk.assets.weekly_report.period import Period
from cloudmart_cdk.assets.weekly_report.plan import Plan
from localcloud.aws import Clients
from localcloud.state import Cloud
from tests.localcloud import conftest as localcloud_conftest
from tests.weekly_report.answers import checked, serving
from tests.weekly_report.plans import DRILL, FULL, MONDAY, STAGE
from tools.cloudwatch.metric_math import evaluate

state, cloud, clients = localcloud_conftest.state, localcloud_conftest.cloud, localcloud_conftest.clients
"""Fixtures: an emulator of the module's own."""

_NOW: Final = Period(datetime.now(UTC))
"""The emulator's clock is the machine's."""


@pytest.fixture
def environment(cloud: Cloud) -> Iterator[Mapping[str, str]]:
    """As Lambda gives it: credentials, and here the emulator's address."""
    given = {
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": cloud.token,
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }
    with mock.patch.dict(os.environ, given):
        yield given


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="000000000000",
        aws_secret_access_key="local",
    )


def _cost(start: str, *services: tuple[str, float]) -> dict[str, Any]:
    return {
        "TimePeriod": {"Start": start, "End": start},
        "Groups": [
            {"Keys": [name], "Metrics": {"UnblendedCost": {"Amount": str(amount), "Unit": "USD"}}}
            for name, amount in services
        ],
        "Estimated": True,
    }


_FORECAST: Final = {"Total": {"Amount": "250.5", "Unit": "USD"}}


def test_cost_of_what_carries_all_tags() -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    answers = {
        "GetCostAndUsage": {
            "ResultsByTime": [_cost("2026-11-22", ("AWS WAF", 3)), _cost("2026-11-10", ("AWS WAF", 2))]
        },
        "GetCostForecast": _FORECAST,
    }
    with serving(answers, asked) as endpoint:
        part = cost.section(_client("ce", endpoint), FULL, MONDAY)
    (usage, question), (_, forecast) = asked
    assert usage == "GetCostAndUsage"
    assert question["TimePeriod"] == {"Start": "2026-11-01", "End": "2026-11-23"}
    tags = [expression["Tags"] for expression in question["Filter"]["And"]]
    assert [(tag["Key"], tag["Values"]) for tag in tags] == [("Project", ["CloudMart"]), ("Stage", ["prod"])]
    assert forecast["TimePeriod"] == {"Start": "2026-11-23", "End": "2026-12-01"}
    assert forecast["Filter"] == question["Filter"]
    assert "WAF    3.00    2.00" in part.lines
    assert "Month so far 5.00 of 1,030.00 (0 %)" in part.lines
    assert "Forecast 255.50 (25 %)" in part.lines


def test_cost_without_history_has_no_forecast() -> None:
    answers = {
        "GetCostAndUsage": {"ResultsByTime": [_cost("2026-11-22", ("Amazon S3", 1))]},
        "GetCostForecast": (400, "DataUnavailableException"),
    }
    with serving(answers, []) as endpoint:
        part = cost.section(_client("ce", endpoint), FULL, MONDAY)
    assert "Forecast: not available yet" in part.lines


def _patched(instance: str, **more: Any) -> dict[str, Any]:
    at = _NOW.now.timestamp()
    return {
        "InstanceId": instance,
        "PatchGroup": FULL.patch_group,
        "BaselineId": "pb-0123456789abcdef0",
        "OperationStartTime": at - 60,
        "OperationEndTime": at,
        "Operation": "Scan",
        **more,
    }


@pytest.mark.parametrize(
    ("states", "text", "asks"),
    [
        ([_patched("i-1"), _patched("i-2", MissingCount=0)], "2 of 2 instances compliant", False),
        ([_patched("i-1"), _patched("i-2", MissingCount=2, FailedCount=1)], "1 of 2 instances compliant, 3", True),
        ([_patched("i-1", InstalledPendingRebootCount=1)], "0 of 1 instances compliant, 1", True),
        ([_patched("i-1", OperationEndTime=_NOW.now.timestamp() - 3 * 86_400)], "no instance was scanned", True),
        ([], "no instance was scanned in two days", True),
    ],
    ids=["all", "one lacks", "a reboot is due", "long gone", "none"],
)
def test_patches(states: list[dict[str, Any]], text: str, asks: bool) -> None:
    answer = {"InstancePatchStates": states} if states else {}
    with serving({"DescribeInstancePatchStatesForPatchGroup": answer}, []) as endpoint:
        finding = findings.patches(_client("ssm", endpoint), FULL.patch_group, _NOW)
    assert finding.text.startswith(text)
    assert bool(finding.attention) is asks


class _CloudWatch:
    """GetMetricData with metric math, which the emulator refuses: by `tools.cloudwatch`, on hours from `start`."""

    def __init__(self, start: datetime, series: Mapping[str, list[float | None]]) -> None:
        self._start, self._series = start, series

    def get_paginator(self, operation: str) -> "_CloudWatch":
        assert operation == "get_metric_data"
        return self

    def paginate(self, *, MetricDataQueries: list[dict[str, Any]], **window: Any) -> Iterator[Mapping[str, Any]]:  # noqa: N803
        terms = {query["Id"]: self._series[query["Id"]] for query in MetricDataQueries if "MetricStat" in query}
        results = []
        for query in MetricDataQueries:
            if query.get("ReturnData", True):
                text = query.get("Expression", query["Id"])
                values = evaluate(text, terms, 3600)
                points = [
                    (self._start + timedelta(hours=n), value) for n, value in enumerate(values) if value is not None
                ]
                results.append(
                    {
                        "Id": query["Id"],
                        "Label": query["Id"],
                        "StatusCode": "Complete",
                        "Timestamps": [at for at, _ in points if window["StartTime"] <= at < window["EndTime"]],
                        "Values": [value for at, value in points if window["StartTime"] <= at < window["EndTime"]],
                    }
                )
        yield checked("cloudwatch", "GetMetricData", {"MetricDataResults": results})


def test_traffic_by_the_expressions_of_the_alarms() -> None:
    """1000 requests an hour for 30 days; in one hour of this week 300 of them fail and 100 more are refused at once."""
    hours = 30 * 24
    bad = hours - 50
    series: dict[str, list[float | None]] = {name: [None] * hours for name in ("target5xx", "elb5xx", "elb503")}
    series |= {"requests": [1000.0] * hours, "p95": [0.1] * hours}
    series["target5xx"][bad], series["elb5xx"][bad], series["elb503"][bad], series["p95"][bad] = 300, 100, 100, 0.9
    figures = traffic.figures(_CloudWatch(MONDAY.budget_start, series), FULL.workloads[0], MONDAY)
    assert (figures.week.requests, figures.week.errors) == (7 * 24 * 1000 + 100, 400)
    assert (figures.before.requests, figures.before.errors) == (7 * 24 * 1000, 0)
    assert figures.month.requests == hours * 1000 + 100
    assert sorted(figures.week.p95_ms.values())[-2:] == [100, 900]
    assert figures.week.availability == pytest.approx(100 * (1 - 400 / 168_100))
    part = traffic.written([figures], FULL)
    assert part.attention == ("shop was 99.762 % available; objective 99.9 %",)
    assert "shop: worst hour Fri 20 Nov 22:00 to 23:00 KST" in part.lines


def test_queries_are_what_the_api_takes(cloud: Cloud, clients: Clients) -> None:
    """The emulator reads them, and says that it cannot do the math: an error, not a quiet zero."""
    with pytest.raises(RuntimeError, match="sum_of_errors: InternalError"):
        traffic.figures(clients.client("cloudwatch"), FULL.workloads[0], _NOW)


def _drilled(clients: Clients, **figures: float) -> None:
    clients.client("cloudwatch").put_metric_data(
        Namespace=DRILL.namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "Stage", "Value": STAGE}],
                "Timestamp": _NOW.end - timedelta(days=2),
                "Value": value,
            }
            for name, value in figures.items()
        ],
    )


def test_the_last_drill(cloud: Cloud, clients: Clients) -> None:
    cloudwatch = clients.client("cloudwatch")
    assert findings.drill(cloudwatch, DRILL, _NOW).attention == "no restore was rehearsed for 40 days"
    _drilled(clients, Succeeded=1, Failed=0, RestoreMinutes=21)
    finding = findings.drill(cloudwatch, DRILL, _NOW)
    assert finding.text.endswith("restored in 21 min")
    assert not finding.attention
    _drilled(clients, Failed=1)
    assert "failed" in findings.drill(cloudwatch, DRILL, _NOW).attention


def test_alarms_secrets_stacks_and_images(cloud: Cloud, clients: Clients, environment: Mapping[str, str]) -> None:
    """The function itself, as Scheduler calls it; CloudWatch, SNS and what it asks of the rest are the emulator's."""
    topic, queue = _mailbox(clients)
    cloudwatch = clients.client("cloudwatch")
    for name, description in (
        ("shop-latency", "Slow. Runbook: docs/runbook/latency.md"),
        ("backend-blue-surge", "Steers"),
    ):
        cloudwatch.put_metric_alarm(
            AlarmName=f"{STAGE}-{name}",
            AlarmDescription=description,
            Namespace="None",
            MetricName="none",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=f"{STAGE}-{name}", StateValue="ALARM", StateReason="a test")
    clients.client("secretsmanager").create_secret(Name=f"{STAGE}/database/app", SecretString="x")
    for name in FULL.repositories:
        clients.client("ecr").create_repository(repositoryName=name)
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    for name in FULL.stacks:
        clients.client("cloudformation").create_stack(StackName=name, TemplateBody=body)
    answers = {
        "GetCostAndUsage": {"ResultsByTime": [_cost(str(_NOW.today - timedelta(days=1)), ("AWS WAF", 3))]},
        "GetCostForecast": _FORECAST,
        "DescribeInstancePatchStatesForPatchGroup": {"InstancePatchStates": [_patched("i-1")]},
    }
    plan = json.dumps(asdict(FULL) | {"topic": topic})
    with serving(answers, []) as endpoint:
        elsewhere = {"AWS_ENDPOINT_URL_COST_EXPLORER": endpoint, "AWS_ENDPOINT_URL_SSM": endpoint, "PLAN": plan}
        with mock.patch.dict(os.environ, elsewhere):
            sent = handler.handle({}, None)
    (message,) = clients.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    arrived = json.loads(message["Body"])
    assert arrived["Subject"] == sent["subject"]
    text = arrived["Message"]
    assert text == sent["report"]
    assert "not available: sum_of_errors" in text, "one source fails, the rest is there"
    assert "On now: shop-latency" in text, "an alarm that steers scaling is nobody's business"
    assert "WAF" in text
    assert "patches: 1 of 1 instances compliant" in text
    assert "images: 0 scanned, 3 repositories empty" in text
    assert "secrets: 0 of 0 rotated in time" in text
    assert "stacks: drift never looked at" in text
    assert "certificates: none of shop.example in use" in text


def _mailbox(clients: Clients) -> tuple[str, str]:
    """A topic, and a queue that is subscribed to it."""
    sns, sqs = clients.client("sns"), clients.client("sqs")
    topic = sns.create_topic(Name="info")["TopicArn"]
    queue = sqs.create_queue(QueueName="mail")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


def test_a_report_that_cannot_be_sent_is_an_error(cloud: Cloud, environment: Mapping[str, str]) -> None:
    """So that Lambda tries again, and the alarm says so."""
    plan = json.dumps(asdict(FULL) | {"topic": "arn:aws:sns:ap-northeast-2:000000000000:gone"})
    with serving({}, []) as endpoint:
        elsewhere = {"AWS_ENDPOINT_URL_COST_EXPLORER": endpoint, "AWS_ENDPOINT_URL_SSM": endpoint, "PLAN": plan}
        with mock.patch.dict(os.environ, elsewhere), pytest.raises(Exception, match="NotFound"):
            handler.handle({}, None)


def test_the_plan_is_read_as_it_is_written() -> None:
    assert Plan.read(json.dumps(asdict(FULL))) == FULL
