"""The alarms of a configuration, out of its templates."""

from functools import cache
from typing import Any, Final

from tests.matrix import MATRIX, STAGES
from tests.support import Synthesized, synthesize
from tools.cloudwatch.alarm_state import MetricAlarm

CONFIGURATIONS: Final = {
    name: dict(MATRIX[name])
    for name in (
        *STAGES,
        "read replica",
        "read replica in prod",
        "Aurora in prod, with a reader",
        "backup copies",
        "canary in prod",
        "watched closely",
    )
}
"""Those of the matrix that have alarms of their own."""


def synthesis(configuration: str) -> Synthesized:
    """Shared with the other tests of a run."""
    return synthesize(CONFIGURATIONS[configuration])


def prefix(configuration: str) -> str:
    """What stands before an alarm's id in its name."""
    return synthesis(configuration).settings.names.of("")


@cache
def alarms(configuration: str) -> dict[str, MetricAlarm]:
    """Id -> alarm, of all stacks."""
    return {id: MetricAlarm(properties) for id, properties in _made(configuration, "AWS::CloudWatch::Alarm").items()}


@cache
def composites(configuration: str) -> dict[str, dict[str, Any]]:
    """Id -> properties, of all stacks."""
    return _made(configuration, "AWS::CloudWatch::CompositeAlarm")


def _made(configuration: str, type_: str) -> dict[str, dict[str, Any]]:
    app = synthesis(configuration)
    return {
        resource["Properties"]["AlarmName"].removeprefix(prefix(configuration)): resource["Properties"]
        for stack in app.templates
        for resource in app.resources(stack, type_).values()
    }
