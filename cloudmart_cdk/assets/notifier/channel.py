"""What a channel is: whom it tells, and in which requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .addresses import Address
from .messages import Message


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One request's content, which holds no secret, and the messages that are told when it is taken."""

    content: Mapping[str, Any]
    messages: tuple[Message, ...]


class Channel(Protocol):
    """`name`: its part of the secret, and of what is remembered."""

    name: str

    def wants(self, message: Message, /) -> bool:
        """Whether it is ever told of such a message."""

    def deliveries(self, messages: Sequence[Message]) -> list[Delivery]:
        """The requests that tell of all of them."""

    def body(self, delivery: Delivery, address: Address, /) -> bytes:
        """What is posted."""
