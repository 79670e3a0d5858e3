"""What is reported on: the construct's half of the report, as JSON in the environment."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A load balancer, by CloudWatch's terms."""

    title: str
    terms: dict[str, tuple[str, str, str]]
    """Id -> namespace, metric, statistic."""
    dimensions: dict[str, str]
    """Of each term."""
    errors: str
    """Failed requests: metric math over the terms."""
    requests: str
    """All requests, likewise."""
    latency: str
    """The term with the p95, seconds."""


@dataclass(frozen=True, kw_only=True)
class Drill:
    """Where the restore drill leaves its figures."""

    namespace: str
    dimensions: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Empty texts and lists, None: the stage has nothing of the kind."""

    stage: str
    """`<name>-<stage>`: how alarms, secrets and stacks begin."""
    topic: str
    """ARN."""
    regions: tuple[str, ...]
    """Where alarms are; the first is the stage's own."""
    availability: float
    """The objective, percent."""
    latency_ms: float
    """The objective of the p95."""
    workloads: tuple[Workload, ...]
    budget_usd: float
    """A month."""
    tags: dict[str, str]
    """Cost allocation tags of what counts; none: the account."""
    patch_group: str
    repositories: tuple[str, ...]
    vault: str
    domain: str
    drill: Drill | None
    stacks: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> "Plan":
        """Raises `TypeError` or `KeyError` for what the construct did not write."""
        given: dict[str, Any] = json.loads(text)
        given["workloads"] = tuple(
            Workload(**{**each, "terms": {id: tuple(term) for id, term in each["terms"].items()}})
            for each in given["workloads"]
        )
        for name in ("regions", "repositories", "stacks"):
            given[name] = tuple(given[name])
        given["drill"] = Drill(**given["drill"]) if given["drill"] else None
        return cls(**given)
