"""Entry point: a batch of the queue's records, and which of them have to come back.

Owns the way of a record: read, held back while a recovery has yet to last, told to each channel, set aside when it
never can be.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

from .addresses import Addresses
from .channel import Channel
from .children import with_children
from .clock import Clock
from .courier import Courier, Later, Never, Outcome
from .incidents import Areas
from .judgement import seconds_to_settle
from .logs import log
from .memory import Memory
from .messages import Message, parse
from .pagerduty import PagerDuty
from .post import Poster
from .queues import Queues
from .settings import Settings
from .slack import Slack

_SPARE_S: Final = 10
"""Kept of the invocation's time for writing down what was told, and for the queue."""
_PATIENT: Final = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
_AHEAD_S: Final = 60
"""By how much another's clock may be ahead. What claimed to come from next year would mute its alarm until then."""
_IMPATIENT: Final = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1})
"""For what a message can go without."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One message of the queue, as Lambda hands it over."""

    id: str
    receipt: str
    received: int
    """How often, this time counted."""
    body: str
    message: Message


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """Lives as long as the function's process. `clients`: boto3's, by service."""

    settings: Settings
    clients: Mapping[str, Any]
    addresses: Addresses
    poster: Poster

    @classmethod
    def of(cls, settings: Settings, clients: Mapping[str, Any], poster: Poster) -> "Notifier":
        """Puts the parts together."""
        addresses = Addresses(clients["secretsmanager"], settings.secret, monotonic=poster.clock.monotonic)
        return cls(settings=settings, clients=clients, addresses=addresses, poster=poster)

    @property
    def _clock(self) -> Clock:
        return self.poster.clock

    def handle(self, event: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
        """Lambda's answer to SQS: the records that failed (Lambda guide, "Partial batch response").

        `seconds`: that are left.
        """
        queues = Queues(self.clients["sqs"], queue=self.settings.queue_url, failed=self.settings.failed_url)
        failed: set[str] = set()
        telling: list[Record] = []
        for record in map(self._read, event["Records"]):
            wait = seconds_to_settle(record.message, now=self._clock.now(), settle=self.settings.settle)
            if not wait:
                telling.append(record)
            elif not queues.hold(record.body, wait):
                failed.add(record.id)
        outcomes = self._tell(telling, seconds=seconds)
        for record in telling:
            found = outcomes.get(record.message.subject, {})
            never = [f"{name}: {outcome.reason}" for name, outcome in found.items() if isinstance(outcome, Never)]
            later = [outcome for outcome in found.values() if isinstance(outcome, Later)]
            if later:
                queues.again(record.receipt, received=record.received, seconds=max(each.seconds for each in later))
                failed.add(record.id)
            elif never and not queues.set_aside(record.body, "; ".join(never)):
                failed.add(record.id)
        log("info", "batch", records=len(event["Records"]), told_or_known=len(telling), failed=len(failed))
        return {"batchItemFailures": [{"itemIdentifier": id} for id in sorted(failed)]}

    def _read(self, record: Mapping[str, Any]) -> Record:
        message = parse(record["body"], record_id=record["messageId"], severities=self.settings.topics)
        latest = datetime.fromtimestamp(self._clock.now() + _AHEAD_S, UTC)
        return Record(
            id=record["messageId"],
            receipt=record["receiptHandle"],
            received=int(record["attributes"]["ApproximateReceiveCount"]),
            body=record["body"],
            message=replace(message, at=min(message.at, latest)),
        )

    def _tell(self, records: Sequence[Record], *, seconds: float) -> dict[str, dict[str, Outcome]]:
        """Subject -> channel -> why it was not told. Channels go side by side: one that hangs delays no other."""
        latest: dict[str, Message] = {}
        for record in sorted(records, key=lambda record: record.message.at):
            latest[record.message.subject] = record.message
        messages = [with_children(message, self.clients["cloudwatch"]) for message in latest.values()]
        outcomes: dict[str, dict[str, Outcome]] = {}
        if not messages:
            return outcomes
        areas = Areas(prefix=self.settings.prefix, words=self.settings.areas)
        channels: list[Channel] = [PagerDuty(areas), Slack(areas)]
        deadline = self._clock.monotonic() + seconds - _SPARE_S

        def tell(channel: Channel) -> Mapping[str, Outcome]:
            return Courier(
                channel=channel,
                addresses=self.addresses,
                memory=Memory(self.clients["dynamodb"], self.settings.table, now=self._clock.now),
                poster=self.poster,
                deadline=deadline,
                seconds=seconds,
            ).tell(messages)

        with ThreadPoolExecutor(len(channels)) as pool:
            for channel, found in zip(channels, pool.map(tell, channels), strict=True):
                for subject, outcome in found.items():
                    outcomes.setdefault(subject, {})[channel.name] = outcome
        return outcomes


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """What Lambda calls."""
    return _notifier().handle(event, seconds=context.get_remaining_time_in_millis() / 1000)


@cache
def _notifier() -> Notifier:
    clients = {name: boto3.client(name, config=_PATIENT) for name in ("dynamodb", "secretsmanager", "sqs")}
    clients["cloudwatch"] = boto3.client("cloudwatch", config=_IMPATIENT)
    return Notifier.of(Settings.of(os.environ), clients, Poster())
