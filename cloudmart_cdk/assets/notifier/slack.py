"""What Slack is told, and how it looks: Block Kit, by an incoming webhook."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from .addresses import Address
from .channel import Delivery
from .incidents import Areas, Incident, incidents, recovery
from .messages import Change, Child, Message, News

SEOUL: Final = timezone(timedelta(hours=9), "KST")
"""Without tz data: Korea has no summer time."""
_MOST_CHILDREN: Final = 3
"""Of a page: with twelve messages in one these are 49 blocks, of 50 that Slack takes."""
_LONGEST_SECTION: Final = 2900
"""Slack takes 3000 characters of text in a section, 150 in a header."""
_LONGEST_HEADER: Final = 150
_CONSOLE: Final = re.compile(r"https://([a-z0-9-]+\.)*aws\.amazon\.com(/[^\s|]*)?(?!\S)")
"""Addresses in a text that one may click on: AWS's own. Who makes a call that is refused writes the others."""


class Slack:
    """A channel: hears of everything."""

    name = "slack"

    def __init__(self, areas: Areas) -> None:
        self._areas = areas

    def wants(self, _: Message, /) -> bool:
        return True

    def deliveries(self, messages: Sequence[Message]) -> list[Delivery]:
        """One an incident."""
        return [
            Delivery(content=self._content(incident), messages=incident.messages)
            for incident in incidents(messages, self._areas)
        ]

    def body(self, delivery: Delivery, _: Address, /) -> bytes:
        """The content alone: who may write to the channel is in the address."""
        return json.dumps(delivery.content).encode()

    def _content(self, incident: Incident) -> dict[str, Any]:
        title = f"{_sign(incident)} {self._areas.prefix} {incident.title}: {_what(incident)}"
        blocks = [_section(text) for text in self._texts(incident)]
        header = {"type": "header", "text": {"type": "plain_text", "text": title[:_LONGEST_HEADER], "emoji": True}}
        # `text` is what a telephone shows before the message is opened.
        return {"text": _escaped(title), "blocks": [header, *blocks]}

    def _texts(self, incident: Incident) -> Iterator[str]:
        """A page is followed by the alarms behind it that have no message of their own here."""
        own = {change.name for change in incident.changes}
        for message in incident.messages:
            yield self._text(message)
            behind = message.behind if isinstance(message, Change) else ()
            yield from [_child(child) for child in behind if child.name not in own][:_MOST_CHILDREN]

    def _text(self, message: Message) -> str:
        if isinstance(message, News):
            return _news(message)
        return self._recovered(message) if recovery(message) else self._change(message)

    def _change(self, change: Change) -> str:
        lines = [
            f"*{_escaped(change.broke)}*",
            f"`{_escaped(change.name)}` {_escaped(change.old)} → *{_escaped(change.new)}*, {moment(change.at)}",
            f">{_escaped(_one_line(change.reason))}",
        ]
        ringing = [child.name for child in change.behind] or change.ringing
        if ringing:
            ids = (each.removeprefix(f"{self._areas.prefix}-") for each in ringing)
            lines.append(f"In alarm: {_escaped(', '.join(ids))}")
        return "\n".join([*lines, _links(change)])

    def _recovered(self, change: Change) -> str:
        return (
            f"Well again: {_escaped(change.broke)} (`{_escaped(change.name)}`), {moment(change.at)} · "
            f"{_link(change.graph, 'Graph')}"
        )


def moment(at: datetime) -> str:
    """For who is awakened in Seoul, and for who reads logs, which are in UTC."""
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M:%S} KST ({at.astimezone(UTC):%H:%M:%S} UTC)"


def _sign(incident: Incident) -> str:
    if incident.pages:
        return ":rotating_light:"
    if incident.news:
        return ":information_source:"
    return ":white_check_mark:" if all(map(recovery, incident.messages)) else ":warning:"


def _what(incident: Incident) -> str:
    if incident.news:
        more = len(incident.news) - 1
        return f"{incident.news[0].title}{f' and {more} more' if more else ''}"
    first = incident.changes[0]
    return f"well again: {first.broke}" if recovery(first) else first.headline


def _news(news: News) -> str:
    facts = "\n".join(f"{_escaped(key)}: {_escaped(_one_line(value))}" for key, value in news.facts.items())
    link = _link(news.link, "Console") if news.link else ""
    # Tables are laid out for columns of one width.
    text = f"```{_escaped(news.text)}```" if "\n" in news.text else _clickable(news.text)
    parts = (f"*{_clickable(_one_line(news.title))}*, {moment(news.at)}", facts, text, link)
    return "\n".join(filter(None, parts))


def _child(child: Child) -> str:
    reason = _escaped(_one_line(child.reason))
    return f"*{_escaped(child.broke)}*\n`{_escaped(child.name)}` is on\n>{reason}\n{_links(child)}"


def _links(change: Change | Child) -> str:
    runbook = _link(change.runbook, "Runbook") if change.runbook else "no runbook page"
    return f"{runbook} · {_link(change.graph, 'Graph')}"


def _link(url: str, text: str) -> str:
    """Where monitoring.runbook_url is a folder of the repository there is nothing to click on."""
    if not url.startswith(("https://", "http://")):
        return f"{text}: `{_escaped(url)}`"
    safe = url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
    return f"<{safe}|{text}>"


def _section(text: str) -> dict[str, Any]:
    short = text if len(text) <= _LONGEST_SECTION else f"{text[:_LONGEST_SECTION]}…"
    # Verbatim: Slack makes no mentions and links of its own out of what others wrote.
    return {"type": "section", "text": {"type": "mrkdwn", "text": short, "verbatim": True}}


def _escaped(text: str) -> str:
    """Slack developer guide, "Formatting text": these three, and no more; so nobody is mentioned by an alarm's text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clickable(text: str) -> str:
    return _CONSOLE.sub(lambda found: f"<{found[0]}>", _escaped(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())
