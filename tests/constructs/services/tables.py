"""The service table as tests read it: by settings alone, without CDK. Owns no assertion."""

from functools import cache
from typing import Final

from cloudmart_cdk.settings import Settings, load_settings

STAGES: Final = ("lab", "dev", "staging", "prod")
SERVICES: Final = ("auth", "event", "queue", "reservation", "payment", "notification")

SEARCH: Final = {
    "eks.services.search.port": "3007",
    "eks.services.search.path": "/api/search",
    "eks.services.search.cpu_request": "50",
    "eks.services.search.cpu_limit": "50",
    "eks.services.search.memory_request": "64",
    "eks.services.search.memory_limit": "64",
    "eks.services.search.replicas": "1",
    "eks.services.search.hpa_max": "1",
}
"""A seventh service: one entry, and nothing else."""


@cache
def _settings(context: tuple[tuple[str, str], ...]) -> Settings:
    return load_settings(dict(context))


def settings(stage: str = "lab", **context: str) -> Settings:
    """`settings("lab", eks__prometheus="true")`: `__` stands for the dot."""
    named = {name.replace("__", "."): value for name, value in context.items()}
    return _settings(tuple(sorted({"stage": stage, **named}.items())))
