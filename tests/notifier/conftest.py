"""A stage for the notifier: the emulator's queues, table and secret, two receivers, and a clock of its own."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from cloudmart_cdk.assets.notifier.clock import Clock
from cloudmart_cdk.assets.notifier.handler import Notifier
from cloudmart_cdk.assets.notifier.settings import Settings
from localcloud.aws import Clients
from tests.localcloud import conftest as localcloud_conftest
from tests.notifier import events
from tests.notifier.line import Line
from tests.notifier.receiver import Receiver, receiving

state, cloud, clients = localcloud_conftest.state, localcloud_conftest.cloud, localcloud_conftest.clients
"""Fixtures: an emulator of the module's own."""

KEY: Final = "r0ut1ngk3y"
SETTLE: Final = 180.0
_NUMBERS: Final = itertools.count(1)


@dataclass
class Stage:
    """What a deploy has made. `now`: seconds since 1970, where the clock stands. `silent`: who does not answer."""

    clients: dict[str, Any]
    slack: Receiver
    pagerduty: Receiver
    settings: Settings
    now: float = field(default_factory=lambda: events.START.timestamp() + 1)
    silent: set[str] = field(default_factory=set)

    def notifier(self, **changed: Any) -> Notifier:
        """A process of the function that begins."""
        return Notifier.of(
            Settings(**{**self.settings.__dict__, **changed}),
            self.clients,
            Line(
                Clock(now=lambda: self.now, monotonic=lambda: self.now, sleep=self._sleep, chance=lambda: 0.5),
                silent=lambda url: url in self.silent,
            ),
        )

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def invoke(self, *bodies: str, notifier: Notifier | None = None, seconds: float = 60) -> list[str]:
        """Bodies of the records that have to come back."""
        records = [events.record(body) for body in bodies]
        answer = (notifier or self.notifier()).handle({"Records": records}, seconds=seconds)
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        assert failed <= {record["messageId"] for record in records}
        return [record["body"] for record in records if record["messageId"] in failed]

    def put_secret(self, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self.clients["secretsmanager"].put_secret_value(SecretId=self.settings.secret, SecretString=text)

    def put_addresses(self, *, slack: str | None = None, key: str = KEY) -> None:
        url = self.slack.url() if slack is None else slack
        self.put_secret(
            {"slack": {"url": url}, "pagerduty": {"url": self.pagerduty.url("/v2/enqueue"), "routing_key": key}}
        )

    def set_aside(self) -> list[tuple[str, str]]:
        """Body and reason of what is in the dead-letter queue."""
        answer = self.clients["sqs"].receive_message(
            QueueUrl=self.settings.failed_url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["Reason"],
            VisibilityTimeout=0,
        )
        return [
            (each["Body"], each["MessageAttributes"]["Reason"]["StringValue"]) for each in answer.get("Messages", [])
        ]

    def held(self) -> int:
        """Messages that are in the queue for later."""
        name = "ApproximateNumberOfMessagesDelayed"
        answer = self.clients["sqs"].get_queue_attributes(QueueUrl=self.settings.queue_url, AttributeNames=[name])
        return int(answer["Attributes"][name])


@pytest.fixture
def stage(clients: Clients) -> Iterator[Stage]:
    number = next(_NUMBERS)
    name = f"notifier-{number}"
    made = {service: clients.client(service) for service in ("cloudwatch", "dynamodb", "secretsmanager", "sqs")}
    made["dynamodb"].create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "subject", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    made["secretsmanager"].create_secret(Name=name, SecretString="{}")
    queue, failed = (made["sqs"].create_queue(QueueName=f"{name}{end}")["QueueUrl"] for end in ("", "-failed"))
    settings = Settings(
        prefix=events.PREFIX,
        queue_url=queue,
        failed_url=failed,
        secret=name,
        table=name,
        settle=SETTLE,
        topics=events.TOPICS,
        areas={"database": "data"},
    )
    with receiving() as slack, receiving() as pagerduty:
        stage = Stage(clients=made, slack=slack, pagerduty=pagerduty, settings=settings)
        stage.put_addresses()
        yield stage
