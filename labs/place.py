"""Where a copy of the course's stage is looked at: an account of AWS, or the local cloud.

Owns the switch between the two and the clients of every region; all that follows is the same code for both. Unlike a
release (`delivery.place`) it asks nothing of the copy: it may be there in parts, or gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from commands import place

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings

_POLL_S: Final = 15.0
_LOCAL_POLL_S: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Place:
    """A copy (`settings.names`), and the account that it is looked for in."""

    settings: "Settings"
    client: Callable[[str, str], Any]
    """A boto3 client by service and region."""
    poll_s: float
    """Seconds between two looks at what is awaited."""
    local: bool

    @property
    def regions(self) -> tuple[str, ...]:
        """Where the app's stacks are; what AWS has once an account is listed in the last one."""
        from cloudmart_cdk.settings.topology import EDGE_REGION

        return tuple(dict.fromkeys((self.settings.region, EDGE_REGION)))


def on_aws(context: Mapping[str, str]) -> Place:
    """The account of the environment's credentials. `context`: settings, as `-c` gives them. Raises `CommandError`."""
    settings = place.settings_of(context)
    return Place(settings=settings, client=place.aws(settings), poll_s=_POLL_S, local=False)


def in_local_cloud(context: Mapping[str, str], *, folder: Path | None = None) -> Place:
    """The cloud that runs on this machine; `context` may name another copy than the one it was started for.

    Raises `CommandError` when there is none.
    """
    from localcloud.aws import Clients

    cloud = place.local_cloud(folder)
    settings = place.settings_of({"stage": cloud.stage, "name": cloud.name, **context})
    return Place(settings=settings, client=Clients(cloud).client, poll_s=_LOCAL_POLL_S, local=True)
