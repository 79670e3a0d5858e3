"""Rows about something that is used up, and about silence. Specification section 7: 80 %, 85 %, five minutes.

One period of five minutes is enough: it is an average already, and most of them are warnings.
"""

from typing import Final

from .row import Alarm, Metric, Severity, Silence

_CPU: Final = 80.0
_MEMORY: Final = 85.0
DISK: Final = 85.0
MINUTE: Final = 60
FIVE_MINUTES: Final = 300


def cpu(id: str, what: str, metric: Metric, *, silence: Silence = "notBreaching") -> Alarm:
    """`what`: begins the sentence of what broke."""
    return over_five_minutes(id, f"{what}: CPU above {_CPU:g} %", metric, _CPU, page="cpu", silence=silence)


def memory(id: str, what: str, metric: Metric, *, silence: Silence = "notBreaching") -> Alarm:
    """As `cpu`."""
    return over_five_minutes(id, f"{what}: memory above {_MEMORY:g} %", metric, _MEMORY, page="memory", silence=silence)


def disk(id: str, what: str, metric: Metric, *, threshold: float = DISK) -> Alarm:
    """As `cpu`; a disk fills slowly, and then everything on it stops at once."""
    return over_five_minutes(
        id, f"{what}: disk more than {threshold:g} % full", metric, threshold, page="disk", silence="notBreaching"
    )


def over_five_minutes(id: str, broke: str, metric: Metric, threshold: float, *, page: str, silence: Silence) -> Alarm:
    """A warning about one metric that is too high for five minutes."""
    return Alarm(
        id=id,
        broke=broke,
        watch=metric,
        threshold=threshold,
        period_s=FIVE_MINUTES,
        severity=Severity.WARNING,
        silence=silence,
        page=page,
    )


def silent(id: str, what: str, heartbeat: Metric, *, severity: Severity, page: str) -> Alarm:
    """Nothing reported for ten minutes. `heartbeat`: a metric that is there every minute, whatever its value.

    A failover takes one or two minutes, and metrics may be some late.
    """
    return Alarm(
        id=id,
        broke=f"{what} has reported nothing for ten minutes",
        watch=Metric(heartbeat.namespace, heartbeat.name, "SampleCount", heartbeat.dimensions),
        fires="<",
        threshold=1,
        period_s=MINUTE,
        datapoints=(10, 10),
        severity=severity,
        silence="breaching",
        page=page,
    )
