"""What is told together: the changes of one area, and news of one kind.

An area's page heads its incident, with the alarms below it that came in the same batch.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .messages import ALARM, CRITICAL, OK, Change, Message, News

_PAGE: Final = "page-"
"""How the id of a composite alarm begins: constructs/alarms/table.py."""
_MOST: Final = 12
"""Messages told in one: Slack takes 50 blocks, and nobody reads more at once. The rest follows in another."""


@dataclass(frozen=True, kw_only=True)
class Areas:
    """`prefix`: of every alarm's name. `words`: how an alarm's id begins -> its area."""

    prefix: str
    words: Mapping[str, str]

    def id_of(self, change: Change) -> str:
        return change.name.removeprefix(f"{self.prefix}-")

    def of(self, change: Change) -> str:
        id = self.id_of(change)
        if change.composite and id.startswith(_PAGE):
            return id.removeprefix(_PAGE)
        word, *_ = re.split(r"[^a-z]", id, maxsplit=1)
        return self.words.get(word, word or id)


@dataclass(frozen=True, kw_only=True)
class Incident:
    """`title`: the area's, or the kind of news. `messages`: pages first, then what rings, then what is well again."""

    title: str
    messages: tuple[Message, ...]

    @property
    def changes(self) -> list[Change]:
        return [each for each in self.messages if isinstance(each, Change)]

    @property
    def news(self) -> list[News]:
        return [each for each in self.messages if isinstance(each, News)]

    @property
    def pages(self) -> bool:
        """Whether somebody has to get up: something on the critical topic that is not a recovery."""
        return any(each.severity == CRITICAL and not recovery(each) for each in self.messages)


def recovery(message: Message) -> bool:
    return isinstance(message, Change) and message.new == OK


def incidents(messages: Sequence[Message], areas: Areas) -> list[Incident]:
    """All of them, each in one incident; the most urgent first."""
    grouped: dict[tuple[bool, str], list[Message]] = {}
    owners = _owners(messages, areas)
    for message in messages:
        grouped.setdefault((isinstance(message, News), _title(message, owners, areas)), []).append(message)
    found = [
        Incident(title=title, messages=tuple(part))
        for (_, title), group in grouped.items()
        for part in _parts(sorted(group, key=_urgency))
    ]
    return sorted(found, key=lambda incident: (not incident.pages, isinstance(incident.messages[0], News)))


def _title(message: Message, owners: Mapping[str, str], areas: Areas) -> str:
    if isinstance(message, News):
        return message.kind
    return owners.get(areas.id_of(message)) or areas.of(message)


def _owners(messages: Iterable[Message], areas: Areas) -> dict[str, str]:
    """Id of an alarm -> the area whose page counts it: what a rule says goes before what a name suggests."""
    return {
        child.removeprefix(f"{areas.prefix}-"): areas.of(page)
        for page in messages
        if isinstance(page, Change) and page.composite
        for child in page.children
    }


def _urgency(message: Message) -> tuple[bool, bool, bool, float]:
    page = isinstance(message, Change) and message.composite
    ringing = isinstance(message, Change) and message.new == ALARM
    return recovery(message), not page, not ringing, message.at.timestamp()


def _parts(messages: list[Message]) -> Iterable[list[Message]]:
    return (messages[start : start + _MOST] for start in range(0, len(messages), _MOST))
