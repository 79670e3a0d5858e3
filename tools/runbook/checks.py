"""The pages, held against the programs and the templates."""

from collections.abc import Iterable, Mapping
from typing import Final

from .aws_cli import AwsCli
from .fault import Fault
from .kinds import Held
from .names import Names
from .pages import PROJECT, Page
from .programs import Programs
from .rehearsal import rehearse

CONFIGURATIONS: Final[tuple[Mapping[str, str], ...]] = (
    {"stage": "prod"},
    {"stage": "lab"},
    {"stage": "prod", "database.read_replicas": "1", "cost.month_cap_usd": "1040"},
    {"stage": "prod", "domain.name": "shop.example.com", "domain.zone_id": "Z0123456789ABCDEFGHIJ"},
    {
        "monitoring.burn_rate_alarms": "true",
        "monitoring.anomaly_detection": "true",
        "monitoring.application_signals": "true",
        "monitoring.weekly_report": "true",
        "monitoring.canary_minutes": "5",
        "backup.plan": "true",
        "backup.drill": "true",
    },
)
"""Whose names a page may use. The tests synthesize them anyway (`tests/matrix.py`)."""

INDEX: Final = PROJECT / "docs" / "runbook" / "README.md"


def checked(pages: Iterable[Page], names: Names) -> list[Fault]:
    """Every fault of the pages, each rehearsed by itself after what the index has its reader type first."""
    with AwsCli(names.facts) as aws:
        return [fault for page in pages for fault in rehearse(page, Programs(aws, Held(names)), before=first_lines())]


def first_lines() -> str:
    """The first block of the index: every page goes on from there."""
    return next(snippet.text for snippet in Page(INDEX).snippets if "\n" in snippet.text)
