"""One POST of JSON over HTTPS, with retries that fit into the time there is.

Owns what counts as delivered (any 2xx, whatever comes after its headers), as worth another try (408, 429, 5xx, a cut or
silent line) and as refused (everything else; redirects are not followed: a webhook's address is a secret).
"""

import contextlib
import email.utils
import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from .clock import Clock
from .errors import Refused, Unavailable, fault

_ATTEMPTS: Final = 4
_BACKOFF_S: Final = 0.5
_LONGEST_BACKOFF_S: Final = 8.0
_LONGEST_EXPLANATION: Final = 1024
"""Bytes of an answer that are read: enough for the reason of a refusal."""
_SHORTEST_ATTEMPT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 900.0
"""SQS holds a message back no longer, whatever the other side asks for."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds: to connect, between two pieces of an answer, and for one attempt in all."""

    connect: float = 3.0
    read: float = 8.0
    attempt: float = 12.0


@dataclass(frozen=True)
class Poster:
    """Posts, and waits as `clock` says."""

    clock: Clock = field(default_factory=Clock)
    patience: Patience = field(default_factory=Patience)

    def post(self, url: str, body: bytes, *, deadline: float) -> None:
        """Returns when it was taken. `deadline`: by `clock.monotonic`; later there is no attempt and no wait.

        Raises `Refused`, or `Unavailable` when attempts or time are used up.
        """
        check_address(url)
        for attempt in range(_ATTEMPTS):
            left = deadline - self.clock.monotonic()
            if left < _SHORTEST_ATTEMPT_S:
                raise Unavailable("no time left")
            try:
                self._once(url, body, seconds=min(left, self.patience.attempt))
                return
            except Unavailable as failed:
                wait = failed.retry_after or self._backoff(attempt)
                enough = self.clock.monotonic() + wait + _SHORTEST_ATTEMPT_S < deadline
                if attempt == _ATTEMPTS - 1 or not enough:
                    raise
                self.clock.sleep(wait)

    def _backoff(self, attempt: int) -> float:
        """Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter")."""
        longest: float = min(_LONGEST_BACKOFF_S, _BACKOFF_S * 2 ** (attempt + 1))
        return self.clock.chance() * longest

    def _once(self, url: str, body: bytes, *, seconds: float) -> None:
        address = urlsplit(url)
        connection = _connection(url, timeout=min(self.patience.connect, seconds))
        line: list[socket.socket] = []
        # A timeout is between two pieces; whoever sends a byte every few seconds would never meet it.
        watchdog = threading.Timer(seconds, _cut, (line,))
        watchdog.daemon = True
        try:
            connection.connect()
            line.append(connection.sock)
            watchdog.start()
            connection.sock.settimeout(min(self.patience.read, seconds))
            path = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
            connection.request("POST", path, body, {"Content-Type": "application/json; charset=utf-8"})
            with connection.getresponse() as answer:
                if 200 <= answer.status < 300:
                    return
                raise self._problem(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            # By its type only: its text may name the address.
            raise Unavailable(f"the line failed: {type(error).__name__}") from None
        finally:
            watchdog.cancel()
            connection.close()

    def _problem(self, answer: http.client.HTTPResponse) -> Refused | Unavailable:
        status = answer.status
        if status in (408, 429) or status >= 500:
            return Unavailable(f"HTTP {status}", retry_after=self._retry_after(answer.getheader("Retry-After", "")))
        if 300 <= status < 400:
            return Refused(f"HTTP {status}: a redirect, which is not followed", status=status)
        said = ""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            said = answer.read(_LONGEST_EXPLANATION).decode("utf-8", "replace")
        # It goes into a log and a message's attribute, which SQS refuses with control characters in it.
        said = "".join(each if each.isprintable() else " " for each in said)
        return Refused(f"HTTP {status}: {' '.join(said.split())[:200] or 'without a word'}", status=status)

    def _retry_after(self, value: str) -> float:
        """Seconds, from seconds or a date (RFC 9110, 10.2.3); 0 when it is neither."""
        try:
            if value.strip().isdecimal():
                asked = float(value)
            else:
                asked = email.utils.parsedate_to_datetime(value).timestamp() - self.clock.now()
        except (ValueError, OverflowError):
            return 0.0
        return min(max(0.0, asked), _LONGEST_WAIT_S)


def check_address(url: str) -> None:
    """Raises `Refused` for anything but HTTPS; plain HTTP never leaves the machine, so there it may be."""
    try:
        address = urlsplit(url)
        host, _ = address.hostname, address.port
    except ValueError:
        host = None
    if not host or address.username is not None or address.scheme not in ("https", "http"):
        raise _no_address("none")
    if address.scheme == "http" and not _loopback(host):
        raise _no_address("one of plain HTTP")


def _no_address(given: str) -> Refused:
    return Refused(fault("address", given=given, allowed="https://HOST/PATH", do="put in what the channel has issued"))


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connection(url: str, *, timeout: float) -> http.client.HTTPConnection:
    address = urlsplit(url)
    host = str(address.hostname)
    if address.scheme == "http":
        return http.client.HTTPConnection(host, address.port, timeout=timeout)
    return http.client.HTTPSConnection(host, address.port, timeout=timeout, context=_tls())


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _cut(line: list[socket.socket]) -> None:
    for each in line:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
