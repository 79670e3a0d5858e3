"""The event table in the local cloud: rules deploy, and a second EventBridge than the tests' own tells the same lines.

MiniStack takes no events of AWS's own sources from a client, as AWS does not: the rules listen to `local.*` instead.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import aws_cdk as cdk
import pytest

from cloudmart_cdk.constructs.alarms import Severity
from cloudmart_cdk.constructs.events import Event, EventRules
from localcloud import emulator
from localcloud.aws import Clients
from localcloud.state import State
from tests.events.bridge import matches
from tests.events.test_events import CASES, ROWS
from tests.support import feature_flags

_PATIENCE_S = 90


@dataclass(frozen=True)
class Bridge:
    """An event bus with the rules on it, and what hears their topic."""

    events: Any
    queue: Any
    url: str

    def send(self, *events: dict[str, Any]) -> None:
        for event in events:
            entry = {
                "Source": _local(event["source"]),
                "DetailType": event["detail-type"],
                "Detail": json.dumps(event["detail"]),
                "Resources": event["resources"],
            }
            assert not self.events.put_events(Entries=[entry])["FailedEntryCount"]

    def heard(self, count: int) -> list[str]:
        """The next `count` messages."""
        found: list[str] = []
        deadline = time.monotonic() + _PATIENCE_S
        while len(found) < count:
            assert time.monotonic() < deadline, f"nothing more after {found}"
            answer = self.queue.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
            for message in answer.get("Messages", []):
                found.append(message["Body"])
                self.queue.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found


def _local(source: str) -> str:
    return source.replace("aws.", "local.")


def _heard_locally(row: Event) -> Event:
    return replace(row, pattern={**row.pattern, "source": [_local(source) for source in row.pattern["source"]]})


def _template(topic: str, region: str) -> dict[str, Any]:
    app = cdk.App(context=feature_flags(), builtin_cloud_formation_validation=False, analytics_reporting=False)
    synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(region=region), synthesizer=synthesizer)
    rows = [_heard_locally(row) for row in ROWS.values()]
    EventRules(stack, "Events", rows=rows, prefix="cloudmart-lab", topics=dict.fromkeys(Severity, topic))
    template: dict[str, Any] = app.synth().get_stack_by_name("Stack").template
    return template


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    with emulator.empty(State(tmp_path_factory.mktemp("events-cloud")), name="test") as cloud:
        clients = Clients(cloud)
        topic = clients.client("sns").create_topic(Name="people")["TopicArn"]
        queue = clients.client("sqs")
        url = queue.create_queue(QueueName="people")["QueueUrl"]
        arn = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        clients.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )
        formation = clients.client("cloudformation")
        formation.create_stack(StackName="Events", TemplateBody=json.dumps(_template(topic, cloud.region)))
        formation.get_waiter("stack_create_complete").wait(
            StackName="Events", WaiterConfig={"Delay": 1, "MaxAttempts": _PATIENCE_S}
        )
        yield Bridge(clients.client("events"), queue, url)


def test_every_row_is_told_once_in_a_line_of_the_stage(bridge: Bridge) -> None:
    for ours, _ in CASES.values():
        bridge.send(*ours)
        lines = bridge.heard(len(ours))
        assert len(lines) == len(ours)
        assert all(line.startswith('"[cloudmart-lab] ') and line.endswith('"') for line in lines), lines


def test_what_no_row_is_for_is_told_to_nobody(bridge: Bridge) -> None:
    strangers = [
        event
        for _, others in CASES.values()
        for event in others
        if not any(matches(row.pattern, event) for row in ROWS.values())
    ]
    assert len(strangers) > 30
    last = CASES["SecretDeleted"][0][0]
    bridge.send(*strangers, last)
    (line,) = bridge.heard(1)
    assert "DeleteSecret on cloudmart-lab/jwt" in line
