"""What is worth a message, given what was told before. Pure; the memory is `memory`'s.

An alarm that rings is told at once, unless people know already that it does. That it is well again is told when it has
stayed so for a while, so an alarm that comes and goes within minutes is one message, and one more at its end.
"""

from dataclasses import dataclass, replace

from .messages import ALARM, OK, Change, Message


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one channel has heard of one subject. Times are milliseconds since 1970; 0: never."""

    state: str = ""
    at: int = 0
    seen: int = 0
    """When the latest change happened that was looked at, told or not."""
    kept: int = 0
    """Changes since then that were not worth a message."""


def milliseconds(message: Message) -> int:
    return round(message.at.timestamp() * 1000)


def worth_telling(message: Message, told: Told) -> bool:
    """Whether the channel has to hear of it. A message that comes twice is not worth it the second time."""
    if not isinstance(message, Change):
        return not told.state
    at = milliseconds(message)
    if told.state and told.at >= at:
        return False
    if message.new == OK:
        newer = told.seen > at
        # Of an alarm that was not told of, since its message is late or was given up, the recovery tells.
        return not newer and (told.state not in ("", OK) or message.old == ALARM)
    return message.new != told.state


def after_telling(message: Message, told: Told) -> Told:
    """What the channel has heard when the message has got through."""
    state = message.new if isinstance(message, Change) else "told"
    at = milliseconds(message)
    return Told(state=state, at=at, seen=max(told.seen, at))


def after_keeping(message: Message, told: Told) -> Told:
    """The same when it was not worth a message."""
    at = milliseconds(message)
    if at <= told.seen:
        return told
    return replace(told, seen=at, kept=told.kept + 1)


def seconds_to_settle(message: Message, *, now: float, settle: float) -> int:
    """How long to wait before judging: a recovery has to last. 0: judge now."""
    if not (isinstance(message, Change) and message.new == OK):
        return 0
    age = now - message.at.timestamp()
    return round(settle - age + 0.5) if 0 <= age < settle else 0
