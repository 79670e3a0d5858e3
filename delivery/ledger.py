"""The state of a release, in Parameter Store, and who may carry it on.

Owns the record and its one rule: a record counts only if it was written on top of the last one that counts. Parameter
Store has no conditional write, but it numbers all writes and keeps the last hundred: whoever writes reads the
numbers back, and of two who wrote on top of the same record everybody agrees that the first has won.
"""

import getpass
import json
import os
import socket
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final

from delivery.errors import DeliveryError
from localcloud.processes import started_at

STALE_S: Final = 90.0
"""Silence after which a runner on another machine counts as dead."""
BEAT_S: Final = 20.0
"""A runner is heard of at least that often."""


class Phase(StrEnum):
    """What is being done. Each is written before its work begins, and its work can be done twice."""

    UPLOAD = "upload"
    FILL = "fill"
    INSTALL = "install"
    CANARY = "canary"
    SHIFT = "shift"
    COMMIT = "commit"
    HOLD = "hold"
    RELEASED = "released"
    """The end of a release."""
    REFILL = "refill"
    RETURN = "return"
    RESTORE = "restore"
    EMPTY = "empty"
    RETURNED = "returned"
    """The end of the way back."""

    @property
    def ended(self) -> bool:
        return self in (Phase.RELEASED, Phase.RETURNED)

    @property
    def returning(self) -> bool:
        """On the way back, or back."""
        return self in (Phase.REFILL, Phase.RETURN, Phase.RESTORE, Phase.EMPTY, Phase.RETURNED)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a release is to go."""

    canary_minutes: float
    canary_percent: int
    hold_minutes: float
    settle_seconds: float


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A process that carries a release on."""

    who: str
    host: str
    pid: int
    started: str
    """Tells processes of one id apart; empty where the system does not say."""

    def __str__(self) -> str:
        return f"{self.who} on {self.host} (process {self.pid})"


@dataclass(frozen=True, kw_only=True)
class Release:
    """The record. `old` and `new` are colours; times are ISO 8601 in UTC."""

    stack: str
    """Id of the stack: a stack made anew knows nothing of the one before."""
    phase: Phase
    revision: str
    """Key in the releases' bucket."""
    title: str
    """What it was made of, for people."""
    old: str
    new: str
    size: int
    """Instances of the live colour when it began."""
    minimum: int
    """Its minimum."""
    plan: Plan
    began: str
    since: str
    """When the phase began."""
    runner: Runner | None = None
    """Who carries it on; None: nobody, after an end or an interruption."""
    deployment: str = ""
    """CodeDeploy's id."""
    why: str = ""
    """Why it went back."""
    held_until: str = ""
    """Until when the old colour stays filled."""

    def entering(self, phase: Phase, **changes: Any) -> "Release":
        return replace(self, phase=phase, since=now(), **changes)


@dataclass(frozen=True)
class Entry:
    """A record that counts: its number, and the seconds since it was written."""

    version: int
    release: Release
    age_s: float


class OvertakenError(DeliveryError):
    """Somebody else carries the release on now."""

    def __init__(self, by: Release) -> None:
        super().__init__(
            "release",
            why=f"taken over by {by.runner or 'another command'}, which is in phase {by.phase}",
            do="nothing to do here: that command tells how it ends",
        )


def now() -> str:
    """The time as records hold it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def myself(who: str = "") -> Runner:
    """This process."""
    return Runner(
        who=who or getpass.getuser(), host=socket.gethostname(), pid=os.getpid(), started=started_at(os.getpid())
    )


def alive(entry: Entry) -> bool:
    """Whether somebody still carries the release on."""
    runner = entry.release.runner
    if runner is None:
        return False
    if runner.host == socket.gethostname() and runner.started:
        return started_at(runner.pid) == runner.started
    return entry.age_s < STALE_S


@dataclass
class Ledger:
    """The parameter. `ssm`: a boto3 client."""

    ssm: Any
    name: str
    stack: str
    _version: int = 0
    _release: Release | None = field(default=None, init=False)
    _written: float = field(default=0.0, init=False)

    def read(self) -> Entry | None:
        """The record that counts; None where no release of this stack is known."""
        try:
            answer = self.ssm.get_parameter(Name=self.name)
            last = _version(answer, answer["Parameter"])
            # Written right on top of its neighbour, it surely counts; else the neighbours have to be looked at.
            counts = last if last and last.after == last.version - 1 else _that_counts(self._history())
        except self.ssm.exceptions.ParameterNotFound:
            return None
        if counts is None:
            return None
        self._version = counts.version
        release = _release(counts.record)
        return Entry(counts.version, release, counts.age_s) if release.stack == self.stack else None

    def _history(self) -> "list[_Version]":
        found = [
            _version(page, item)
            for page in self.ssm.get_paginator("get_parameter_history").paginate(Name=self.name)
            for item in page["Parameters"]
        ]
        return sorted((version for version in found if version), key=lambda version: version.version)

    def write(self, release: Release) -> None:
        """Puts a record on top of the last one read or written. Raises `OvertakenError` when that is not the last."""
        content = json.dumps({"after": self._version, **asdict(release)}, separators=(",", ":"))
        put = self.ssm.put_parameter(Name=self.name, Value=content, Type="String", Overwrite=True)
        self._release, self._written = release, time.monotonic()
        if put["Version"] == self._version + 1:
            self._version += 1
        else:
            self._compare()

    def confirm(self) -> None:
        """Raises `OvertakenError` when the last record is not ours; asked before anything is changed."""
        if self._release is not None and time.monotonic() - self._written > BEAT_S:
            self.write(self._release)
        else:
            self._compare()

    def _compare(self) -> None:
        # By content, not by number: a retried call may have written ours twice.
        counts = self.read()
        if self._release is not None and (counts is None or counts.release != self._release):
            raise OvertakenError(counts.release if counts else self._release)


@dataclass(frozen=True)
class _Version:
    """One write of ours. `after`: the number of the record that it was written on top of."""

    version: int
    after: int
    record: dict[str, Any]
    age_s: float


def _version(answer: dict[str, Any], item: dict[str, Any]) -> _Version | None:
    """None for what is not ours, such as the value that CloudFormation gives the parameter.

    The age is by the service's clock: the writer's and ours may differ.
    """
    try:
        record = json.loads(item["Value"])
    except ValueError:
        return None
    if not isinstance(record, dict) or "after" not in record:
        return None
    date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    today = parsedate_to_datetime(date) if date else datetime.now(UTC)
    age = (today - item["LastModifiedDate"]).total_seconds()
    return _Version(int(item["Version"]), int(record.pop("after")), record, age)


def _that_counts(versions: list[_Version]) -> _Version | None:
    """The last record that was written on top of one that counts.

    The oldest kept may be a loser's; the first one written right on top of its neighbour surely is not.
    """
    sure = next((index for index, entry in enumerate(versions) if entry.after == entry.version - 1), 0)
    found = None
    for entry in versions[sure:]:
        if found is None or entry.after >= found.version:
            found = entry
    return found


def _release(record: dict[str, Any]) -> Release:
    values = dict(record)
    values["phase"] = Phase(values["phase"])
    values["plan"] = Plan(**values["plan"])
    values["runner"] = Runner(**values["runner"]) if values["runner"] else None
    return Release(**values)
