"""The shape of a row, what a composite is, and how an alarm is named and described.

Plain data, known to whoever writes, makes or draws a row; owns no figure.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Silence = Literal["notBreaching", "breaching", "missing", "ignore"]
"""What missing data means: `notBreaching` where silence is normal (no traffic, an idle colour), `missing`
(the state "insufficient data") where it is not."""

Fires = Literal[">", "<", "below band"]
"""How a row's value meets its threshold. `below band`: under the band that CloudWatch has learned from two weeks."""


class Severity(StrEnum):
    """What a message asks of its reader; each has an SNS topic in MonitoringStack."""

    CRITICAL = "critical"
    """Users are hurt, or will be within hours: pages, through a composite alarm."""
    WARNING = "warning"
    """Somebody looks today."""
    INFO = "info"
    """Money and changes; nobody needs to act."""


@dataclass(frozen=True)
class Metric:
    """One CloudWatch metric and its statistic (`Average`, `Maximum`, `Sum` ...; a percentile in `Math` only)."""

    namespace: str
    name: str
    statistic: str
    dimensions: dict[str, str]


@dataclass(frozen=True)
class Math:
    """Metric math: `expression` over the ids in `terms` (CloudWatch guide, "Using math expressions")."""

    expression: str
    terms: dict[str, Metric]


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A row of the alarm table."""

    id: str
    """Unique in the stage; the alarm is `<name>-<stage>-<id>`."""
    broke: str
    """What is wrong when it fires, as a sentence without its full stop."""
    watch: Metric | Math
    fires: Fires = ">"
    threshold: float
    """In the metric's unit; of a band its half width, in standard deviations."""
    period_s: int
    datapoints: tuple[int, int] = (1, 1)
    """(M, N): fires when M of the last N periods are beyond the threshold."""
    severity: Severity
    silence: Silence
    page: str
    """Its page of the runbook: `docs/runbook/<page>.md`."""
    reports: bool = True
    """False: it tells nobody, and is there for the composites that count it."""


@dataclass(frozen=True, kw_only=True)
class Together:
    """A composite alarm that is on while all alarms named are. It speaks for them: they do not report."""

    id: str
    broke: str
    severity: Severity
    page: str
    alarms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A composite alarm that pages when any of the alarms named is on."""

    id: str
    broke: str
    page: str
    alarms: tuple[str, ...]
    """Ids of alarms of this stage, wherever they are made."""


def alarm_name(prefix: str, id: str) -> str:
    """The physical name of an alarm; `prefix` is the stage's `<name>-<stage>`."""
    return f"{prefix}-{id}"


def describe(broke: str, runbook_url: str, page: str) -> str:
    """The description that reaches a person: what broke, and where it says what to do."""
    return f"{broke}. Runbook: {runbook_url}/{page}.md"
