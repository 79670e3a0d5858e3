"""An alarm that rings reaches people: CloudWatch, SNS, SQS and the function all run, Slack and PagerDuty are here."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cloudmart_cdk.constructs.alarms import alarm_name
from localcloud.aws import Clients
from localcloud.state import Cloud
from tests.localcloud.stacks import create
from tests.notifier.receiver import Receiver, receiving, status
from tests.notifier.template import ALARM, NAMES, PAGE, RUNBOOK, synthesize

pytestmark = pytest.mark.xdist_group("emulator")

_PATIENCE_S: Final = 60
_BATCH_WINDOW_S: Final = 2
_SETTLE_S: Final = 2
_LATENCY, _SHOP = alarm_name(NAMES.prefix, ALARM.id), alarm_name(NAMES.prefix, PAGE.id)


def _upload(clients: Clients, cloud: Cloud, folder: Path) -> None:
    """What `cdk deploy` does with the function's code."""
    s3, assets = clients.client("s3"), json.loads((folder / "Watch.assets.json").read_text())
    for file in assets["files"].values():
        if file["source"]["packaging"] != "zip":
            continue
        (destination,) = file["destinations"].values()
        bucket = destination["bucketName"].replace("${AWS::AccountId}", cloud.account)
        bucket = bucket.replace("${AWS::Region}", cloud.region)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region})
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            source = folder / file["source"]["path"]
            for path in sorted(source.rglob("*")):
                archive.write(path, path.relative_to(source))
        s3.put_object(
            Bucket=bucket, Key=destination["objectKey"].replace("${AWS::Region}", cloud.region), Body=packed.getvalue()
        )


@pytest.fixture(scope="module")
def watch(clients: Clients, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Logical id -> physical id."""
    folder = tmp_path_factory.mktemp("watch")
    template = synthesize(folder, settle_s=_SETTLE_S, batch_window_s=_BATCH_WINDOW_S)
    _upload(clients, cloud, folder)
    return create(clients, "Watch", template)


@pytest.fixture(scope="module")
def people(clients: Clients, watch: dict[str, str]) -> Iterator[tuple[Receiver, Receiver]]:
    """Slack and PagerDuty, whose addresses somebody has put in."""
    with receiving() as slack, receiving() as pagerduty:
        value = {"slack": {"url": slack.url()}, "pagerduty": {"url": pagerduty.url("/v2/enqueue"), "routing_key": "k"}}
        secrets = clients.client("secretsmanager")
        secrets.put_secret_value(SecretId=NAMES.secret("notifications"), SecretString=json.dumps(value))
        yield slack, pagerduty


def _wait(for_: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _PATIENCE_S
    while not (found := for_()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def _ring(clients: Clients, state: str) -> None:
    reason = "somebody tests the channels"
    clients.client("cloudwatch").set_alarm_state(AlarmName=_LATENCY, StateValue=state, StateReason=reason)


def _texts(post: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in post["blocks"]]


def test_from_the_alarm_to_people_and_back(clients: Clients, people: tuple[Receiver, Receiver]) -> None:
    slack, pagerduty = people
    _ring(clients, "ALARM")
    (post,) = _wait(lambda: slack.taken)
    header, page, detail = _texts(post)
    assert header == ":rotating_light: cloudmart-lab shop: The shop is slow"
    assert f"<{RUNBOOK}/paged.md|Runbook>" in page
    assert "In alarm: shop-latency" in page
    assert f"`{_LATENCY}`" in detail
    assert "somebody tests the channels" in detail
    assert f"<{RUNBOOK}/latency.md|Runbook>" in detail
    assert "region=ap-northeast-2#alarmsV2:alarm/" in detail
    (event,) = _wait(lambda: pagerduty.taken)
    assert event["event_action"] == "trigger"
    assert event["dedup_key"].endswith(f":alarm:{_SHOP}")
    _ring(clients, "OK")
    _wait(lambda: len(pagerduty.taken) == 2)
    assert pagerduty.taken[1]["event_action"] == "resolve"
    assert pagerduty.taken[1]["dedup_key"] == event["dedup_key"]
    _wait(lambda: len(slack.taken) == 2)
    assert "well again" in slack.taken[1]["text"]


def test_what_cannot_be_told_waits_in_the_dead_letter_queue(
    clients: Clients, people: tuple[Receiver, Receiver]
) -> None:
    """The address is revoked, and what somebody has put in its place is none."""
    people[0].usual = status(404, b"no_service")
    clients.client("secretsmanager").put_secret_value(SecretId=NAMES.secret("notifications"), SecretString="{}")
    sns, sqs = clients.client("sns"), clients.client("sqs")
    (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"] if "TopicsInfo" in each["TopicArn"]]
    sns.publish(TopicArn=topic, Message="hello")
    url = sqs.get_queue_url(QueueName=NAMES.of("notifications-failed"))["QueueUrl"]

    def set_aside() -> Any:
        """Beside it may lie what an alarm of the test before still had to say."""
        answer = sqs.receive_message(
            QueueUrl=url, MessageAttributeNames=["All"], VisibilityTimeout=0, MaxNumberOfMessages=10
        )
        return [each for each in answer.get("Messages", []) if json.loads(each["Body"])["Message"] == "hello"]

    (message,) = _wait(set_aside)
    assert "put a value of that shape" in message["MessageAttributes"]["Reason"]["StringValue"]


def test_messages_are_as_cloudwatch_writes_them(clients: Clients, watch: dict[str, str]) -> None:
    """What our mend of the emulator makes, against the fields that AWS documents."""
    sqs, sns, cloudwatch = (clients.client(name) for name in ("sqs", "sns", "cloudwatch"))
    queue = sqs.create_queue(QueueName="listening")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="listening")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    cloudwatch.put_metric_alarm(
        AlarmName="child",
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Dimensions=[{"Name": "InstanceId", "Value": "i-1"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=80,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    cloudwatch.put_composite_alarm(AlarmName="parent", AlarmRule='ALARM("child")', AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="child", StateValue="ALARM", StateReason="because")
    heard: dict[str, dict[str, Any]] = {}

    def hear() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            content = json.loads(message["Body"])
            heard[content["AlarmName"]] = content
        return len(heard) == 2

    _wait(hear)
    child, parent = heard["child"], heard["parent"]
    assert child["Region"] == parent["Region"] == "Asia Pacific (Seoul)"
    assert child["AlarmArn"].endswith(":alarm:child")
    assert child["StateChangeTime"].endswith("+0000")
    assert child["Trigger"]["Statistic"] == "AVERAGE"
    assert child["Trigger"]["Dimensions"] == [{"value": "i-1", "name": "InstanceId"}]
    assert parent["AlarmRule"] == 'ALARM("child")'
    assert [each["Arn"] for each in parent["TriggeringChildren"]] == [child["AlarmArn"]]
    assert "Trigger" not in parent
