"""Where the channels are: the secret `<name>-<stage>/notifications`, kept for a few minutes.

Owns its shape. Its values are never in a log, an error or a message.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from .errors import Refused, Unavailable, fault

_KEPT_S: Final = 300
_PARTS: Final = {"slack": ("url",), "pagerduty": ("url", "routing_key")}
"""Channel -> what its part of the secret has to hold."""
_SHAPE: Final = '{"slack": {"url": "..."}, "pagerduty": {"url": "...", "routing_key": "..."}}'


@dataclass(frozen=True)
class Address:
    """Of a channel. `url`: empty: it is not used. `key`: PagerDuty's routing key. `repr` shows neither."""

    url: str
    key: str = ""

    def __repr__(self) -> str:
        return "Address(...)"

    def mask(self, text: str) -> str:
        """The text without what is secret here; a server may repeat what it was sent."""
        for secret in (self.url, self.url.partition("://")[2].partition("/")[2], self.key):
            if len(secret) > 3:
                text = text.replace(secret, "...")
        return text


class Addresses:
    """`secret`: its name or ARN. `client`: boto3's of Secrets Manager. `monotonic`: seconds."""

    def __init__(self, client: Any, secret: str, *, monotonic: Callable[[], float]) -> None:
        self._client, self._secret, self._monotonic = client, secret, monotonic
        self._value: str | None = None
        self._read_at = 0.0

    def of(self, channel: str, *, anew: bool = False) -> Address | None:
        """None: the channel has no address, so nobody wants to be told there. `anew`: past what is kept.

        Only an address is kept: who puts one in shall not wait for minutes. Raises `Refused` when the secret is not as
        it should be, `Unavailable` when it cannot be read.
        """
        if not anew and self._value is not None and self._monotonic() - self._read_at <= _KEPT_S:
            with contextlib.suppress(Refused):
                if address := self._parsed(self._value, channel):
                    return address
        self._value, self._read_at = self._read(), self._monotonic()
        return self._parsed(self._value, channel)

    def _parsed(self, value: str, channel: str) -> Address | None:
        try:
            parts = [json.loads(value)[channel][name] for name in _PARTS[channel]]
        except (ValueError, TypeError, LookupError):
            raise self._fault(f"one without {' and '.join(_PARTS[channel])} of {channel}") from None
        if not all(isinstance(part, str) for part in parts):
            raise self._fault(f"values of {channel} that are no text")
        return Address(*map(str.strip, parts)) if all(map(str.strip, parts)) else None

    def _fault(self, given: str) -> Refused:
        return Refused(fault(f"secret {self._secret}", given=given, allowed=_SHAPE, do="put a value of that shape"))

    def _read(self) -> str:
        try:
            answer: Mapping[str, Any] = self._client.get_secret_value(SecretId=self._secret)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise Unavailable(f"secret {self._secret} cannot be read: {code}") from None
        except BotoCoreError as error:
            raise Unavailable(f"secret {self._secret} cannot be read: {type(error).__name__}") from None
        return str(answer.get("SecretString", ""))
