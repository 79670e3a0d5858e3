"""The pods of a track, as the load balancer sees them: the only eyes that a release has.

What it looks like there: a pod joins when its containers are ready (readiness gates; the controller registers nobody
else), is `initial` until its health checks are passed, and is `draining` on its way out. A pod that fails its
readiness probe never joins: nothing changes here, until somebody loses patience.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

HEALTHY = "healthy"
DRAINING = "draining"


@dataclass(frozen=True)
class View:
    """Target -> state, in one moment."""

    states: dict[str, str]

    @property
    def healthy(self) -> set[str]:
        return {target for target, state in self.states.items() if state == HEALTHY}

    @property
    def staying(self) -> set[str]:
        """Those that are not on their way out."""
        return {target for target, state in self.states.items() if state != DRAINING}

    @property
    def quiet(self) -> bool:
        """All healthy, nobody comes or goes."""
        return self.healthy == set(self.states)

    def __str__(self) -> str:
        counts = Counter(self.states.values())
        return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"


def look(elbv2: Any, group: str) -> View:
    """`elbv2`: a boto3 client; `group`: a target group's ARN."""
    answer = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return View(
        {f"{entry['Target']['Id']}:{entry['Target']['Port']}": entry["TargetHealth"]["State"] for entry in answer}
    )


@dataclass
class Replacement:
    """Whether a track's pods are all new. `old`: those that were there before.

    An address that has left is forgotten: a new pod may get it again.
    """

    old: set[str]
    least: int

    def done(self, view: View) -> bool:
        """Only healthy pods, none of the old ones, at least so many as have to be."""
        self.old &= view.staying
        return view.quiet and not self.old and len(view.healthy) >= self.least

    def progress(self, view: View) -> str:
        new = view.healthy - self.old
        return f"new pods healthy: {len(new)} of {self.least}, old ones left: {len(self.old)} (in all {view})"
