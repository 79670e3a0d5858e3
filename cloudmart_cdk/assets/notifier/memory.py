"""What each channel has been told: a DynamoDB table, one item a channel and subject.

Queues deliver at least once, and several invocations run at once. An item is claimed with a conditional write before
its message is sent: one invocation decides, sends and writes down what was told, and the others come back later. A
claim ends by itself with the invocation that holds it, and what was not sent is never written down as told.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from .errors import Unavailable
from .judgement import Told
from .logs import log

KEY: Final = "subject"
EXPIRES: Final = "expires"
"""The table's TTL attribute."""

_KEPT_S: Final = 30 * 86400
"""Longer than a message can wait in queue and dead-letter queue (14 days): redriven, it is not told again to whom it
was told."""
_GRACE_S: Final = 5
"""A claim outlives its invocation by this much, for clocks that disagree."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to decide on one subject, and what its channel was told before."""

    item: str
    told: Told


class Busy(Unavailable):
    """Another invocation is at it."""


class Memory:
    """`table`: its name. `client`: boto3's of DynamoDB. `now`: seconds since 1970. One of these an invocation."""

    def __init__(self, client: Any, table: str, *, now: Callable[[], float]) -> None:
        self._client, self._table, self._now = client, table, now
        self._owner = uuid.uuid4().hex

    def claim(self, channel: str, subject: str, *, seconds: float) -> Claim:
        """For as long as the invocation may live. Raises `Busy`, or `Unavailable` when the table does not answer."""
        item, now = f"{channel}#{subject}", self._now()
        try:
            answer = self._update(
                item,
                "SET #owner = :owner, #until = :until, #expires = :expires",
                "attribute_not_exists(#until) OR #until < :now",
                {
                    ":owner": {"S": self._owner},
                    ":until": _number((now + seconds + _GRACE_S) * 1000),
                    ":now": _number(now * 1000),
                    ":expires": _number(now + _KEPT_S),
                },
            )
        except _Lost:
            raise Busy("another invocation is at it") from None
        known = answer["Attributes"]
        return Claim(
            item=item,
            told=Told(
                state=known.get("state", {}).get("S", ""),
                **{key: int(known.get(key, {}).get("N", 0)) for key in ("at", "seen", "kept")},
            ),
        )

    def settle(self, claim: Claim, told: Told) -> None:
        """Writes down what was told, and gives the claim back. Raises `Unavailable`."""
        try:
            self._update(
                claim.item,
                "SET #state = :state, #at = :at, #seen = :seen, #kept = :kept, #expires = :expires"
                " REMOVE #owner, #until",
                "#owner = :owner",
                {
                    ":owner": {"S": self._owner},
                    ":state": {"S": told.state},
                    ":at": _number(told.at),
                    ":seen": _number(told.seen),
                    ":kept": _number(told.kept),
                    ":expires": _number(self._now() + _KEPT_S),
                },
            )
        except _Lost:
            log("warning", "a claim ended before its message was sent; it may be told twice", item=claim.item)

    def give_back(self, claim: Claim) -> None:
        """Nothing was told. Never fails: the claim also ends by itself."""
        try:
            self._update(claim.item, "REMOVE #owner, #until", "#owner = :owner", {":owner": {"S": self._owner}})
        except (_Lost, Unavailable):
            log("warning", "a claim could not be given back; it ends by itself", item=claim.item)

    def _update(self, item: str, expression: str, condition: str, values: dict[str, Any]) -> dict[str, Any]:
        names = {f"#{name}": name for name in ("owner", "until", EXPIRES, "state", "at", "seen", "kept")}
        used = f"{expression} {condition}"
        try:
            answer: dict[str, Any] = self._client.update_item(
                TableName=self._table,
                Key={KEY: {"S": item}},
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={name: real for name, real in names.items() if name in used},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise _Lost from None
            raise Unavailable(f"the table of what was told: {code}") from None
        except BotoCoreError as error:
            raise Unavailable(f"the table of what was told: {type(error).__name__}") from None
        return answer


class _Lost(Exception):  # noqa: N818  (a condition that did not hold; no fault)
    pass


def _number(value: float) -> dict[str, str]:
    return {"N": str(round(value))}
