"""What arrives in the queue: messages as CloudWatch, SNS and SQS write them."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

PREFIX: Final = "cloudmart-prod"
REGION: Final = "ap-northeast-2"
ACCOUNT: Final = "111111111111"
CRITICAL, WARNING, NEWS = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{each}" for each in ("Critical", "Warning", "Info"))
TOPICS: Final = {CRITICAL: "critical", WARNING: "warning", NEWS: "info"}
RUNBOOK: Final = "https://runbook.example/error-rate.md"
START: Final = datetime(2026, 11, 21, 18, 12, 5, 496000, UTC)
_NUMBERS: Final = itertools.count(1)


def arn(id: str) -> str:
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{PREFIX}-{id}"


def instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def change(id: str, new: str = "ALARM", old: str = "OK", *, after: float = 0, **more: Any) -> dict[str, Any]:
    """An alarm's message. `after`: seconds after `START`."""
    return {
        "AlarmName": f"{PREFIX}-{id}",
        "AlarmDescription": f"More than 5 % of requests to {id} fail. Runbook: {RUNBOOK}",
        "AWSAccountId": ACCOUNT,
        "NewStateValue": new,
        "NewStateReason": f"Threshold Crossed: 1 out of the last 1 datapoints [{new}] was greater than (5.0).",
        "StateChangeTime": instant(START + timedelta(seconds=after)),
        "Region": "Asia Pacific (Seoul)",
        "AlarmArn": arn(id),
        "OldStateValue": old,
        "Trigger": {"MetricName": "CPUUtilization", "Namespace": "AWS/EC2", "Period": 60, "Threshold": 5.0},
        **more,
    }


def page(
    area: str, children: Sequence[str], new: str = "ALARM", old: str = "OK", *, after: float = 0
) -> dict[str, Any]:
    """A composite alarm's: the first of the children has moved it."""
    content = change(f"page-{area}", new, old, after=after)
    del content["Trigger"]
    moved = [{"Arn": arn(children[0]), "State": {"Value": new, "Timestamp": content["StateChangeTime"]}}]
    return content | {
        "AlarmDescription": f"Critical in {area}: users are hurt. Runbook: https://runbook.example/paged.md",
        "AlarmRule": " OR ".join(f'ALARM("{PREFIX}-{child}")' for child in children),
        "TriggeringChildren": moved,
    }


def envelope(message: Any, topic: str = WARNING, *, subject: str = "", id: str = "") -> str:
    """SNS's, as a queue without raw delivery gets it."""
    content = {
        "Type": "Notification",
        "MessageId": id or f"sns-{next(_NUMBERS)}",
        "TopicArn": topic,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-21T18:12:06.000Z",
    }
    return json.dumps(content | ({"Subject": subject} if subject else {}))


def record(body: str, *, received: int = 1) -> dict[str, Any]:
    """One of a batch, as Lambda hands it over."""
    number = next(_NUMBERS)
    return {
        "messageId": f"sqs-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(received), "SentTimestamp": "1763748726000"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{PREFIX}-notifications",
        "awsRegion": REGION,
    }
