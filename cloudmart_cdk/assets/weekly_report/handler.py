"""Entry point: reads, writes the report, publishes it. `aws lambda invoke` sends one at any time."""

import json
import os
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.config import Config

from .period import Period
from .plan import Plan
from .report import build

_CONFIG: Final = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3})
"""A source that hangs costs a minute and its line, never the report."""
_SUBJECT: Final = 100
"""Characters; SNS's most."""


def handle(_event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Answers what was sent. Raises what reading the plan or publishing raises."""
    plan = Plan.read(os.environ["PLAN"])
    session = boto3.session.Session()

    def connect(service: str, region: str) -> Any:
        return session.client(service, region_name=region, config=_CONFIG)

    subject, text = build(plan, connect, Period(datetime.now(UTC)), _note)
    connect("sns", plan.regions[0]).publish(TopicArn=plan.topic, Subject=subject[:_SUBJECT], Message=text)
    return {"subject": subject, "report": text}


def _note(source: str, error: Exception) -> None:
    print(json.dumps({"level": "warning", "source": source, "error": type(error).__name__, "message": str(error)}))
