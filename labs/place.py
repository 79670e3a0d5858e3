"""Where a copy of the course's stage is looked at: an account of AWS, or the local cloud.

Owns the switch between the two and the clients of every region; all that follows is the same code for both. Unlike a
release (`delivery.place`) it asks nothing of the copy: it may be there in parts, or gone.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from delivery.errors import CommandLineError, DeliveryError

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
    """The account of the environment's credentials. `context`: settings, as `-c` gives them. Raises `DeliveryError`."""
    import boto3
    from botocore.config import Config

    settings = _settings(context)
    session = boto3.Session(region_name=settings.region)
    config = Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=10, read_timeout=60)
    if settings.account:
        account = session.client("sts", config=config).get_caller_identity()["Account"]
        if account != settings.account:
            raise DeliveryError(
                "account",
                why=f"given credentials of {account}; allowed: {settings.account} (setting `account`)",
                do="log in to that account",
            )
    client = functools.cache(functools.partial(session.client, config=config))
    return Place(settings=settings, client=client, poll_s=_POLL_S, local=False)


def in_local_cloud(context: Mapping[str, str], *, folder: Path | None = None) -> Place:
    """The cloud that runs on this machine; `context` may name another copy than the one it was started for.

    Raises `DeliveryError` when there is none.
    """
    from localcloud import emulator, environment
    from localcloud.aws import Clients
    from localcloud.state import State

    environment.forget_aws_settings()
    cloud = State(folder).load()
    if cloud is None or not emulator.alive(cloud):
        raise DeliveryError(
            "local cloud", why="given none that runs", do="run `python -m localcloud start`, or leave --local out"
        )
    settings = _settings({"stage": cloud.stage, "name": cloud.name, **context})
    return Place(settings=settings, client=Clients(cloud).client, poll_s=_LOCAL_POLL_S, local=True)


def _settings(context: Mapping[str, str]) -> "Settings":
    from cloudmart_cdk.settings import SettingsError, load_settings

    try:
        return load_settings(context)
    except SettingsError as refused:
        what, _, rest = str(refused).removeprefix("error: ").partition(": given ")
        given, _, rest = rest.partition("; allowed: ")
        allowed, _, do = rest.rpartition("; ")
        raise CommandLineError(what, given=given, allowed=allowed, do=do) from None
