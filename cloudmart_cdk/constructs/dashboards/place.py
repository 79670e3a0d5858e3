"""Where a stage is and what it promises: what every dashboard needs to know beside what it shows."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    prefix: str
    """`<name>-<stage>`."""
    region: str
    account: str
    runbook_url: str
    availability: float
    """The objective, in percent."""
    latency_ms: int
    """The objective for p95."""
