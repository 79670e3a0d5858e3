"""What a record of the queue says: a change of an alarm, or news of another kind.

Owns the shapes in which SNS, CloudWatch, EventBridge, Budgets and Cost Explorer write. Nothing here fails: what has no
known shape is news with its text as it came.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

ALARM: Final = "ALARM"
OK: Final = "OK"
CRITICAL: Final = "critical"
INFO: Final = "info"

_RUNBOOK: Final = re.compile(r"[.\s]*\bRunbook: (\S+)\s*$")
"""How a description ends: `describe` of constructs/alarms/row.py. An address, or a path in the repository."""
_IN_RULE: Final = re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*[\"']?([^\"')]+)[\"']?\s*\)")
_NEVER: Final = datetime.fromtimestamp(0, UTC)
_LONGEST: Final = 2400
"""Characters of somebody else's text that are passed on."""
_LONGEST_TITLE: Final = 300
_LONGEST_REASON: Final = 400


@dataclass(frozen=True, kw_only=True)
class Child:
    """An alarm that is on behind a page, as CloudWatch describes it."""

    name: str
    broke: str
    reason: str
    graph: str
    runbook: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """An alarm that has changed its state. `subject`: its ARN; `area`: who is concerned, once it is known."""

    subject: str
    name: str
    severity: str
    broke: str
    reason: str
    old: str
    new: str
    at: datetime
    graph: str
    runbook: str = ""
    composite: bool = False
    ringing: tuple[str, ...] = ()
    """Of a composite: names of the alarms that have moved it."""
    children: frozenset[str] = frozenset()
    """Of a composite: names of all alarms in its rule."""
    behind: tuple[Child, ...] = ()
    """Of a composite that rings: its alarms that are on; empty where CloudWatch was not asked, or did not answer."""

    @property
    def headline(self) -> str:
        """What broke: of a page its one or two causes, else the area's sentence."""
        return "; ".join(child.broke for child in self.behind) if 0 < len(self.behind) < 3 else self.broke


@dataclass(frozen=True, kw_only=True)
class News:
    """Anything else. `subject`: SNS's id of the message; `kind`: what it is told together with."""

    subject: str
    kind: str
    severity: str
    title: str
    at: datetime
    text: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    link: str = ""


Message = Change | News


def parse(body: str, *, record_id: str, severities: Mapping[str, str]) -> Message:
    """The message in a record. `severities`: topic's ARN -> what its messages ask for; other topics inform."""
    envelope = _object(body)
    if "Message" not in envelope:
        envelope = {"Message": body}
    text = _unquoted(str(envelope["Message"]))
    topic = str(envelope.get("TopicArn", ""))
    severity = severities.get(topic, INFO)
    identity = str(envelope.get("MessageId") or record_id)
    at = _time(envelope.get("Timestamp"))
    content = _object(text)
    if isinstance(content.get("AlarmName"), str) and isinstance(content.get("NewStateValue"), str):
        return _change(content, topic=topic, severity=severity, at=at)
    if "detail-type" in content and "source" in content:
        return _event(content, identity, severity, at)
    if "anomalyId" in content:
        return _anomaly(content, identity, severity, at)
    subject, first, rest = str(envelope.get("Subject") or "").strip(), *_first_line(text)
    if "AWS Budget" in subject or first.startswith("AWS Budget"):
        return _budget(text, identity, severity, at, subject or first)
    if not subject:
        subject, text = first or "An empty message", rest
    return News(subject=identity, kind="Message", severity=severity, title=subject, at=at, text=_shortened(text))


def _first_line(text: str) -> tuple[str, str]:
    """As a title, and what is left to say; a long one is both."""
    first, _, rest = text.strip().partition("\n")
    return (first, rest.strip()) if len(first) <= _LONGEST_TITLE else (_shortened(first, _LONGEST_TITLE), text.strip())


def _change(content: Mapping[str, Any], *, topic: str, severity: str, at: datetime) -> Change:
    name = content["AlarmName"]
    place = str(content.get("AlarmArn") or topic).split(":")
    region, account = (place[3], place[4]) if len(place) > 4 else ("", "")
    broke, runbook = _described(content, name)
    triggering = content.get("TriggeringChildren")
    return Change(
        subject=str(content.get("AlarmArn") or f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
        name=name,
        severity=severity,
        broke=broke,
        reason=_shortened(str(content.get("NewStateReason") or "no reason given")),
        old=str(content.get("OldStateValue") or "unknown"),
        new=content["NewStateValue"],
        at=_time(content.get("StateChangeTime"), at),
        graph=_alarm_link(name, region),
        runbook=runbook,
        composite="AlarmRule" in content,
        ringing=tuple(
            _name(str(child["Arn"]))
            for child in (triggering if isinstance(triggering, list) else ())
            if isinstance(child, Mapping) and "Arn" in child
        ),
        children=frozenset(map(_name, _IN_RULE.findall(str(content.get("AlarmRule", ""))))),
    )


def child(description: Mapping[str, Any]) -> Child:
    """One of DescribeAlarms' answer."""
    name = str(description["AlarmName"])
    broke, runbook = _described(description, name)
    return Child(
        name=name,
        broke=broke,
        reason=_shortened(str(description.get("StateReason") or "no reason given"), _LONGEST_REASON),
        graph=_alarm_link(name, str(description["AlarmArn"]).split(":")[3]),
        runbook=runbook,
    )


def _described(alarm: Mapping[str, Any], name: str) -> tuple[str, str]:
    """What broke, and the page of the runbook."""
    description = str(alarm.get("AlarmDescription") or "")
    runbook = _RUNBOOK.search(description)
    broke = description[: runbook.start()] if runbook else description
    return _shortened(broke.strip()) or name, runbook[1] if runbook else ""


def _event(content: Mapping[str, Any], identity: str, severity: str, at: datetime) -> News:
    """EventBridge guide, "Event structure": who, what, where, and a detail of any shape."""
    detail, resources = content.get("detail"), content.get("resources")
    facts = {key: str(content[key]) for key in ("source", "region", "account") if content.get(key)}
    if isinstance(resources, list) and resources:
        facts["resources"] = ", ".join(map(str, resources[:5]))
    if isinstance(detail, Mapping):
        facts |= {str(key): str(value) for key, value in detail.items() if isinstance(value, str | int | float)}
    region = str(content.get("region", ""))
    return News(
        subject=identity,
        kind=str(content["detail-type"]),
        severity=severity,
        title=str(content["detail-type"]),
        at=_time(content.get("time"), at),
        facts={key: _shortened(value, 300) for key, value in list(facts.items())[:12]},
        link=f"https://{region}.console.aws.amazon.com/events/home?region={region}#/rules" if region else "",
    )


def _anomaly(content: Mapping[str, Any], identity: str, severity: str, at: datetime) -> News:
    """Cost Management guide, "Creating an Amazon SNS topic for anomaly notifications"."""
    impact, causes = content.get("impact"), content.get("rootCauses")
    facts = {}
    if isinstance(impact, Mapping) and "totalImpact" in impact:
        facts["impact"] = f"{impact['totalImpact']} USD"
    if isinstance(causes, list) and causes and isinstance(causes[0], Mapping):
        facts["root cause"] = ", ".join(
            str(causes[0][key]) for key in ("service", "region", "usageType") if causes[0].get(key)
        )
    facts["since"] = str(content.get("anomalyStartDate", "unknown"))
    return News(
        subject=identity,
        kind="Cost anomaly",
        severity=severity,
        title=f"Cost anomaly: {content.get('dimensionalValue') or content['anomalyId']}",
        at=at,
        facts={key: _shortened(value, 300) for key, value in facts.items()},
        link=str(content.get("anomalyDetailsLink", "")),
    )


def _budget(text: str, identity: str, severity: str, at: datetime, title: str) -> News:
    """AWS Budgets writes prose with lines of `Name: value` in it."""
    facts = dict(re.findall(r"^((?:Budget|Alert|ACTUAL|FORECASTED)[\w ]*?): +(.+?)\s*$", text, re.MULTILINE))
    return News(
        subject=identity,
        kind="Budget",
        severity=severity,
        title=title,
        at=at,
        text="" if facts else _shortened(text),
        facts=facts,
        link="https://console.aws.amazon.com/billing/home#/budgets",
    )


def _object(text: str) -> Mapping[str, Any]:
    """The JSON object that a text is; empty when it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _unquoted(text: str) -> str:
    """What an input transformer of EventBridge makes of one line: a JSON string."""
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _time(value: Any, otherwise: datetime = _NEVER) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return otherwise
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _alarm_link(name: str, region: str) -> str:
    """The console's page of the alarm: its graph, its history, its threshold."""
    safe = quote(name, safe="")
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/{safe}"


def _name(alarm: str) -> str:
    """Of an alarm that is given by name or ARN."""
    return alarm.partition(":alarm:")[2] or alarm


def _shortened(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
