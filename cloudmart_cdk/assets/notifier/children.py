"""What is behind a page: the alarms of its rule that are on, asked of CloudWatch.

A composite's message says only which alarm has moved it, and alarms that steer a rollout send no message of their own.
Nobody waits for this: without an answer a page is told as it came.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from .logs import log
from .messages import ALARM, Change, Child, Message, child

_A_CALL: Final = 100
"""The most names that DescribeAlarms takes, and answers for."""
_TYPES: Final = ["MetricAlarm", "CompositeAlarm"]


def with_children(message: Message, client: Any) -> Message:
    """The message, a page with its alarms. `client`: boto3's of CloudWatch, that gives up soon."""
    if not (isinstance(message, Change) and message.composite and message.new == ALARM and message.children):
        return message
    names = sorted(message.children)
    try:
        parts = [_on(names[start : start + _A_CALL], client) for start in range(0, len(names), _A_CALL)]
    except (BotoCoreError, ClientError) as error:
        log("warning", "a page is told without its alarms", subject=message.subject, reason=type(error).__name__)
        return message
    return replace(message, behind=tuple(_first(message.ringing, [each for part in parts for each in part])))


def _on(names: list[str], client: Any) -> list[Child]:
    """A pair of burn windows is a composite, too."""
    answer = client.describe_alarms(AlarmNames=names, AlarmTypes=_TYPES, MaxRecords=_A_CALL, StateValue=ALARM)
    return [child(each) for kind in ("MetricAlarms", "CompositeAlarms") for each in answer.get(kind, ())]


def _first(ringing: tuple[str, ...], found: Iterable[Child]) -> list[Child]:
    """Who has moved the page goes before the others."""
    return sorted(found, key=lambda each: (each.name not in ringing, each.name))
