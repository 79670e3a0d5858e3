"""EventBridge rules that tell people: an event, picked tightly, becomes one readable line on a topic.

Owns how a row becomes a rule. Which events are told is in `table` and `account`. No dead-letter queue: EventBridge
tries SNS again for 24 hours (EventBridge guide, "How EventBridge retries delivering events"); what it does not try
again, a topic that is gone or may not be published to, our rules refuse at synth (family DEL); and nothing acts on
these lines.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import aws_events as events
from constructs import Construct

from ..alarms import Severity

Pattern = Mapping[str, Any]
"""An event pattern (EventBridge guide, "Creating event patterns"); its values may be tokens."""
WHO: Final = {"who": "$.detail.userIdentity.arn", "call": "$.detail.eventName", "refused": "$.detail.errorCode"}
"""Values of every event that CloudTrail hands on."""


def calls(service: str, names: Sequence[Any], detail: Pattern | None = None) -> Pattern:
    """Calls of a service's API by anybody but CloudFormation, whose calls are a deploy that its user follows.

    They come only where some trail of the account logs management events (EventBridge guide, "AWS service events
    delivered via AWS CloudTrail").
    """
    return {
        "source": [f"aws.{service}"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": [f"{service}.amazonaws.com"],
            "eventName": list(names),
            "sourceIPAddress": [{"anything-but": "cloudformation.amazonaws.com"}],
            **(detail or {}),
        },
    }


@dataclass(frozen=True, kw_only=True)
class Event:
    """A row of the event table."""

    id: str
    """Unique among the rules of a stack."""
    tells: str
    """What has happened when it fires, as a sentence without its full stop."""
    pattern: Pattern
    line: str
    """What a person reads, in one line: what, where, who, link. `<name>` stands for a value of the event."""
    values: Mapping[str, str]
    """Name -> JSON path. A path that an event does not have is left out of the line."""
    severity: Severity = Severity.INFO


class EventRules(Construct):
    """The rules of `rows`, each told to the topic (ARN) of its severity. `prefix`: begins every line."""

    def __init__(
        self, scope: Construct, id: str, *, rows: Iterable[Event], prefix: str, topics: Mapping[Severity, str]
    ) -> None:
        super().__init__(scope, id)
        for row in rows:
            events.CfnRule(
                self,
                row.id,
                description=f"{prefix}: {row.tells}",
                event_pattern=row.pattern,
                targets=[
                    events.CfnRule.TargetProperty(
                        id="People",
                        arn=topics[row.severity],
                        input_transformer=events.CfnRule.InputTransformerProperty(
                            input_paths_map=dict(row.values),
                            # A text is a JSON string to EventBridge, quotes included, and so it arrives.
                            input_template=json.dumps(f"[{prefix}] {row.line}", ensure_ascii=False),
                        ),
                    )
                ],
            )
