"""What PagerDuty is told: the critical topic's messages, by its Events API v2. Warnings and information are Slack's.

An alarm has one incident, whose key is the alarm's ARN: told twice it stays one, and a recovery resolves it.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from .addresses import Address
from .channel import Delivery
from .incidents import Areas, recovery
from .messages import ALARM, CRITICAL, OK, Change, Message

_MOST_CHILDREN: Final = 5
_LONGEST_KEY: Final = 255
_LONGEST_SUMMARY: Final = 1024
"""PagerDuty developer guide, "PD-CEF" and "Send an alert event"."""


class PagerDuty:
    """A channel: wakes somebody."""

    name = "pagerduty"

    def __init__(self, areas: Areas) -> None:
        self._areas = areas

    def wants(self, message: Message, /) -> bool:
        known = not isinstance(message, Change) or message.new in (ALARM, OK)
        return message.severity == CRITICAL and known

    def deliveries(self, messages: Sequence[Message]) -> list[Delivery]:
        """One a message: an incident of PagerDuty's is an alarm's."""
        return [Delivery(content=self._event(message), messages=(message,)) for message in messages]

    def body(self, delivery: Delivery, address: Address, /) -> bytes:
        """The key says whose incident it is."""
        return json.dumps({"routing_key": address.key, **delivery.content}).encode()

    def _event(self, message: Message) -> dict[str, Any]:
        key = _key(message.subject)
        if recovery(message):
            return {"event_action": "resolve", "dedup_key": key}
        payload: dict[str, Any] = {
            "severity": "critical",
            "timestamp": message.at.isoformat(),
            "group": self._areas.prefix,
        }
        links = []
        if isinstance(message, Change):
            payload |= {
                "summary": f"{self._areas.prefix}: {message.headline}",
                "source": message.name,
                "component": self._areas.of(message),
                "class": "CloudWatch alarm",
                "custom_details": {
                    "reason": message.reason,
                    "state": f"{message.old} -> {message.new}",
                    "in alarm": ", ".join(message.ringing),
                    "runbook": message.runbook,
                    **{child.name: f"{child.broke}. {child.reason}" for child in message.behind[:_MOST_CHILDREN]},
                },
            }
            links = [(message.runbook, "Runbook"), (message.graph, "Graph")]
            for child in message.behind[:_MOST_CHILDREN]:
                links += [(child.runbook, f"Runbook of {child.name}"), (child.graph, f"Graph of {child.name}")]
        else:
            payload |= {
                "summary": f"{self._areas.prefix}: {message.title}",
                "source": message.kind,
                "class": message.kind,
                "custom_details": {"text": message.text, **message.facts},
            }
            links = [(message.link, "Console")]
        payload["summary"] = payload["summary"][:_LONGEST_SUMMARY]
        return {
            "event_action": "trigger",
            "dedup_key": key,
            "client": self._areas.prefix,
            "links": [{"href": href, "text": text} for href, text in links if href.startswith("http")],
            "payload": payload,
        }


def _key(subject: str) -> str:
    return subject if len(subject) <= _LONGEST_KEY else hashlib.sha256(subject.encode()).hexdigest()
