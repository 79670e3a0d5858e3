"""The queue that messages come from, and the one for what cannot be told.

Owns when a message comes back: soon at first, later with every try; SQS itself sets it aside after the last.
"""

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from .logs import log

_FIRST_S: Final = 30
_LONGEST_S: Final = 480
_LONGEST_DELAY_S: Final = 900
"""SQS's most for the delay of one message."""
_LONGEST_REASON: Final = 1000


class Queues:
    """`client`: boto3's of SQS. URLs of both queues."""

    def __init__(self, client: Any, *, queue: str, failed: str) -> None:
        self._client, self._queue, self._failed = client, queue, failed

    def hold(self, body: str, seconds: int) -> bool:
        """Sends it again, to arrive in so many seconds. False: it could not."""
        delay = min(seconds, _LONGEST_DELAY_S)
        return self._try("send_message", QueueUrl=self._queue, MessageBody=body, DelaySeconds=delay)

    def set_aside(self, body: str, reason: str) -> bool:
        """Into the dead-letter queue, whose alarm tells people by e-mail. False: it could not."""
        attributes = {"Reason": {"DataType": "String", "StringValue": reason[:_LONGEST_REASON] or "unknown"}}
        return self._try("send_message", QueueUrl=self._failed, MessageBody=body, MessageAttributes=attributes)

    def again(self, receipt: str, *, received: int, seconds: float) -> None:
        """When a message that failed comes back. Without this it does after the queue's visibility timeout."""
        backoff = min(_LONGEST_S, _FIRST_S * 2 ** min(received - 1, 10))
        wait = min(_LONGEST_DELAY_S, max(backoff, round(seconds)))
        self._try("change_message_visibility", QueueUrl=self._queue, ReceiptHandle=receipt, VisibilityTimeout=wait)

    def _try(self, operation: str, **parameters: Any) -> bool:
        try:
            getattr(self._client, operation)(**parameters)
        except (ClientError, BotoCoreError) as error:
            log("warning", "the queue did not take it", operation=operation, reason=type(error).__name__)
            return False
        return True
