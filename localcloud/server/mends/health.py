"""Health of a target group's targets, and where they really listen.

Owns the probe: MiniStack calls every target healthy. A target is asked when somebody wants to know, at most every two
seconds; thresholds and intervals of the group are not waited for.
"""

import http.client
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from ministack.services import alb

Target = dict[str, Any]
Group = dict[str, Any]
Address = tuple[str, int]

_FRESH_SECONDS: Final = 2.0
_SOON_SECONDS: Final = 0.2
_PROBE_SECONDS: Final = 5.0
"""As Elastic Load Balancing where a group says nothing; one that is missed counts here, and a machine may be busy."""


class Health(NamedTuple):
    """As `DescribeTargetHealth` puts it."""

    state: str
    reason: str = ""


_known: dict[tuple[Address, str], tuple[float, Health]] = {}
addresses: dict[str, Address] = {}
"""Instance id -> the process that stands in for the instance."""


_busy: Counter[Address] = Counter()
"""Requests under way at an address."""
_DRAIN_SECONDS: Final = 30.0
_DEFAULT_DELAY: Final = 300
"""Of Elastic Load Balancing, where a template says nothing."""


def address(target: Target, group: Group) -> Address:
    """Where a target really listens."""
    identifier = str(target["Id"])
    return addresses.get(identifier) or (identifier, int(target.get("Port") or group.get("Port") or 80))


@contextmanager
def request_to(place: Address) -> Iterator[None]:
    """Counts a request as long as it is under way."""
    _busy[place] += 1
    try:
        yield
    finally:
        _busy[place] -= 1


def busy(place: Address) -> bool:
    """Whether a request is under way there."""
    return _busy[place] > 0


def deregistration_delay(group: str) -> float:
    """Seconds that a target which leaves a group may still take for the requests that it has."""
    attributes = {entry["Key"]: entry["Value"] for entry in alb._tg_attrs.get(group) or []}
    return float(attributes.get("deregistration_delay.timeout_seconds", _DEFAULT_DELAY))


def wait_idle(place: Address) -> None:
    """Returns when no request is under way there any more, or after the deregistration delay."""
    deadline = time.monotonic() + _DRAIN_SECONDS
    while _busy[place] > 0 and time.monotonic() < deadline:
        time.sleep(0.02)


def _accepted(matcher: str) -> set[int]:
    codes: set[int] = set()
    for part in matcher.split(","):
        first, _, last = part.partition("-")
        codes.update(range(int(first), int(last or first) + 1))
    return codes


def _probe(place: Address, path: str, matcher: str) -> Health:
    connection = http.client.HTTPConnection(*place, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", path, headers={"User-Agent": "ELB-HealthChecker/2.0"})
        status = connection.getresponse().status
    except TimeoutError:
        return Health("unhealthy", "Target.Timeout")
    except (OSError, http.client.HTTPException):
        return Health("unhealthy", "Target.FailedHealthChecks")
    finally:
        connection.close()
    if status in _accepted(matcher):
        return Health("healthy")
    return Health("unhealthy", "Target.ResponseCodeMismatch")


def _fresh(health: Health) -> float:
    # It boots, most likely; and to be refused takes no time, other than an answer that does not come.
    return _SOON_SECONDS if health.reason == "Target.FailedHealthChecks" else _FRESH_SECONDS


def of(target: Target, group: Group) -> Health:
    """The target's health, asked for now or within the last two seconds; a target that refused is asked again soon."""
    if group.get("TargetType") == "lambda":
        return Health("healthy")
    path = group.get("HealthCheckPath") or "/"
    key = (address(target, group), path)
    now = time.monotonic()
    known = _known.get(key)
    if known is not None and now - known[0] < _fresh(known[1]):
        return known[1]
    matcher = (group.get("Matcher") or {}).get("HttpCode") or "200"
    health = _probe(key[0], path, str(matcher))
    _known[key] = (now, health)
    return health
