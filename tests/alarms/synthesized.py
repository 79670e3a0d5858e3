"""The alarms of a configuration, out of its templates."""

from functools import cache
from typing import Any, Final

from tests.support import Synthesized, synthesize
from tools.cloudwatch.alarm_state import MetricAlarm

CONFIGURATIONS: Final[dict[str, dict[str, str]]] = {
    **{stage: {"stage": stage} for stage in ("lab", "dev", "staging", "prod")},
    "read replica": {"database.read_replicas": "1"},
    "read replica in prod": {"stage": "prod", "database.read_replicas": "1"},
    "Aurora in prod, with a reader": {
        "stage": "prod",
        "database.engine": "aurora",
        "database.read_replicas": "1",
        "database.reader_pool": "4",
        "backup.drill": "false",
    },
    "backup copies": {"stage": "prod", "backup.copy_region": "ap-northeast-1"},
    "canary in prod": {
        "stage": "prod",
        "monitoring.canary_minutes": "5",
        "domain.name": "shop.example.com",
        "domain.zone_id": "Z0123456789ABCDEFGHIJ",
    },
    "watched closely": {
        "monitoring.burn_rate_alarms": "true",
        "monitoring.anomaly_detection": "true",
        "monitoring.application_signals": "true",
        "monitoring.weekly_report": "true",
        "monitoring.canary_minutes": "5",
        "backup.plan": "true",
        "backup.drill": "true",
    },
}
"""Those of `tests.matrix` that have alarms of their own."""


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
