"""What the function is told by its environment: names and addresses of the stage's own resources. Nothing secret."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .errors import fault

_VARIABLES: Final = ("AREAS", "FAILED_URL", "PREFIX", "QUEUE_URL", "SECRET_ARN", "SETTLE_SECONDS", "TABLE", "TOPICS")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`secret`: its ARN. `settle`: seconds that a recovery has to last. `topics`: ARN -> severity."""

    prefix: str
    queue_url: str
    failed_url: str
    secret: str
    table: str
    settle: float
    topics: Mapping[str, str]
    areas: Mapping[str, str]
    """How an alarm's id begins -> its area."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises `ValueError` when a variable is missing or no JSON."""
        missing = [name for name in _VARIABLES if not environment.get(name)]
        if missing:
            given = f"no {', '.join(missing)}"
            raise ValueError(fault("environment", given=given, allowed="all of them set", do="deploy the stack again"))
        return cls(
            prefix=environment["PREFIX"],
            queue_url=environment["QUEUE_URL"],
            failed_url=environment["FAILED_URL"],
            secret=environment["SECRET_ARN"],
            table=environment["TABLE"],
            settle=float(environment["SETTLE_SECONDS"]),
            topics=json.loads(environment["TOPICS"]),
            areas=json.loads(environment["AREAS"]),
        )
