"""Redis or Valkey on ElastiCache: changing AUTH tokens, and logging in with one over verified TLS."""

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from botocore.exceptions import ClientError

from .errors import RotationError
from .versions import client

_SECONDS: Final = 10
_PAUSE: Final = 5
"""Seconds between two looks at a group that is being modified."""
_BUSY: Final = "InvalidReplicationGroupState"
_WRONG: Final = (b"-WRONGPASS", b"-ERR invalid password", b"-NOAUTH")


@dataclass(frozen=True, kw_only=True)
class Cache:
    """A replication group. `host`: primary or configuration endpoint, and what the certificate has to bear.

    `remaining`: seconds that this run of the function has left.
    """

    group: str
    host: str
    port: int
    region: str
    trust: ssl.SSLContext
    remaining: Callable[[], float]

    def accepts(self, token: str) -> bool:
        """Whether the server takes the token. Raises `RotationError` when it cannot be reached or spoken to."""
        try:
            with (
                socket.create_connection((self.host, self.port), timeout=_SECONDS) as plain,
                self.trust.wrap_socket(plain, server_hostname=self.host) as secured,
                secured.makefile("rb") as answers,
            ):
                secured.sendall(_command("AUTH", token))
                answer = answers.readline(512)
                if answer == b"+OK\r\n":
                    secured.sendall(_command("PING"))
                    answer = answers.readline(512)
        except OSError as error:
            raise self._failed("connection", str(error)) from None
        if answer == b"+PONG\r\n":
            return True
        if answer.startswith(_WRONG):
            return False
        raise self._failed("answer", answer.decode("ascii", "replace").strip() or "a closed connection")

    def modify(self, token: str, strategy: Literal["SET", "ROTATE"]) -> None:
        """Changes the tokens and waits until the group is available again.

        SET: this one only, which ElastiCache takes after a ROTATE only; ROTATE: this one beside the last. Raises
        `RotationError` when time runs out, and botocore's `ClientError` when ElastiCache refuses.
        """
        elasticache = client("elasticache", self.region)
        while True:
            self._wait_until_available()
            try:
                elasticache.modify_replication_group(
                    ReplicationGroupId=self.group,
                    AuthToken=token,
                    AuthTokenUpdateStrategy=strategy,
                    ApplyImmediately=True,
                )
                break
            except ClientError as error:
                if not error.response["Error"]["Code"].startswith(_BUSY):
                    raise
                self._sleep("still being modified")  # by somebody else, since the look before
        self.settle(token)

    def settle(self, token: str) -> None:
        """Waits until the group is available and takes the token. The status alone can be that of before the change."""
        self._wait_until_available()
        while not self.accepts(token):
            self._sleep("a token that it does not take yet")
        self._wait_until_available()

    def _wait_until_available(self) -> None:
        elasticache = client("elasticache", self.region)
        while True:
            (group,) = elasticache.describe_replication_groups(ReplicationGroupId=self.group)["ReplicationGroups"]
            if group["Status"] == "available":
                return
            self._sleep(group["Status"])

    def _sleep(self, given: str) -> None:
        if self.remaining() < _PAUSE + _SECONDS:
            raise RotationError(
                f"cache {self.group}",
                given=f"{given}, and no time left",
                allowed="available within one run of the function",
                do="nothing: Secrets Manager tries again, and goes on from here",
            )
        time.sleep(_PAUSE)

    def _failed(self, what: str, given: str) -> RotationError:
        return RotationError(
            f"cache {what} at {self.host}:{self.port}",
            given=given,
            allowed=f"an answer within {_SECONDS} s over TLS that the authorities vouch for",
            do="check that the cache runs and admits this function, and rotate again",
        )


def _command(*words: str) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
