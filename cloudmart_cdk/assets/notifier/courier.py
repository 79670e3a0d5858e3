"""Brings messages to one channel: each that is worth it once, whatever fails and whoever else is at it.

For each message: claim its subject, decide, send, write down. What is not written down as told comes back; what is
written down is not sent again. Only when an invocation dies between the two, or a line is cut before the answer, is a
message told twice: PagerDuty makes one of it by its key, and on Slack twice is better than never.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .addresses import Address, Addresses
from .channel import Channel, Delivery
from .errors import Refused, Unavailable
from .judgement import after_keeping, after_telling, worth_telling
from .logs import log
from .memory import Claim, Memory
from .messages import Message
from .post import Poster

_REVOKED: Final = (401, 403, 404, 410)
"""Answers of an address that was taken back: it may have been replaced."""


@dataclass(frozen=True)
class Later:
    """It has to come back, `seconds` from now at the soonest."""

    reason: str
    seconds: float = 0


@dataclass(frozen=True)
class Never:
    """It has to be set aside for people to look at."""

    reason: str


Outcome = Later | Never


@dataclass(frozen=True, kw_only=True)
class Courier:
    """`deadline`: by the poster's clock. `seconds`: how long this invocation may live."""

    channel: Channel
    addresses: Addresses
    memory: Memory
    poster: Poster
    deadline: float
    seconds: float

    def tell(self, messages: Sequence[Message]) -> Mapping[str, Outcome]:
        """Subject -> why it was not told; what is done with is not in it. `messages`: one a subject. Never raises."""
        wanted = [message for message in messages if self.channel.wants(message)]
        if not wanted:
            return {}
        try:
            address = self.addresses.of(self.channel.name)
        except Refused as refused:
            return self._all(wanted, Never(str(refused)))
        except Unavailable as failed:
            return self._all(wanted, Later(str(failed)))
        if address is None:
            log("info", f"{self.channel.name} is not told: its secret has no address", messages=len(wanted))
            return {}
        outcomes, claims = self._claim(wanted)
        telling = [message for message in wanted if message.subject in claims]
        deliveries, odd = self._in_words(telling)
        for message, reason in odd:
            outcomes |= self._failed([message], claims, Never(reason))
        for delivery in deliveries:
            outcomes |= self._deliver(delivery, claims, address)
        return outcomes

    def _in_words(self, messages: Sequence[Message]) -> tuple[list[Delivery], list[tuple[Message, str]]]:
        """The deliveries, and what cannot be put into words, with the reason: it takes no other along."""
        try:
            return self.channel.deliveries(messages), []
        except Exception as error:  # a message that nobody thought of must not come back for ever
            if len(messages) == 1:
                return [], [(messages[0], f"cannot be put into words: {type(error).__name__}")]
        parts = [self._in_words([message]) for message in messages]
        return [each for part, _ in parts for each in part], [each for _, part in parts for each in part]

    def _claim(self, messages: Sequence[Message]) -> tuple[dict[str, Outcome], dict[str, Claim]]:
        """What needs no delivery, and the claims of what does."""
        outcomes: dict[str, Outcome] = {}
        claims: dict[str, Claim] = {}
        for message in messages:
            subject = message.subject
            try:
                claim = self.memory.claim(self.channel.name, subject, seconds=self.seconds)
                if worth_telling(message, claim.told):
                    claims[subject] = claim
                else:
                    self.memory.settle(claim, after_keeping(message, claim.told))
                    log("info", "told before, or no news", channel=self.channel.name, subject=subject)
            except Unavailable as failed:
                outcomes[subject] = Later(str(failed))
        return outcomes, claims

    def _deliver(self, delivery: Delivery, claims: Mapping[str, Claim], address: Address) -> dict[str, Outcome]:
        try:
            self._send(delivery, address)
        except Unavailable as failed:
            return self._failed(delivery.messages, claims, Later(str(failed), failed.retry_after))
        except Refused as refused:
            return self._failed(delivery.messages, claims, Never(address.mask(str(refused))))
        for message in delivery.messages:
            claim = claims[message.subject]
            log("info", "told", channel=self.channel.name, subject=message.subject, kept=claim.told.kept)
            try:
                self.memory.settle(claim, after_telling(message, claim.told))
            except Unavailable as failed:
                log("warning", "told, but not written down", subject=message.subject, reason=str(failed))
        return {}

    def _send(self, delivery: Delivery, address: Address) -> None:
        try:
            self.poster.post(address.url, self.channel.body(delivery, address), deadline=self.deadline)
        except Refused as refused:
            if refused.status not in _REVOKED:
                raise
            anew = self.addresses.of(self.channel.name, anew=True)
            if anew is None or anew == address:
                raise
            self.poster.post(anew.url, self.channel.body(delivery, anew), deadline=self.deadline)

    def _failed(self, messages: Sequence[Message], claims: Mapping[str, Claim], outcome: Outcome) -> dict[str, Outcome]:
        for message in messages:
            self.memory.give_back(claims[message.subject])
        return self._all(messages, outcome)

    def _all(self, messages: Sequence[Message], outcome: Outcome) -> dict[str, Outcome]:
        log(
            "error",
            "not told",
            channel=self.channel.name,
            reason=outcome.reason,
            again=isinstance(outcome, Later),
            subjects=[message.subject for message in messages],
        )
        return {message.subject: outcome for message in messages}
