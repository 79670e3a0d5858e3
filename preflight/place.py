"""Which account is asked, by which clients, and for which settings: AWS, or the local cloud."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commands.place import local_cloud, settings_of
from preflight.account import Account, NotAskedError
from preflight.errors import PreflightError

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings

_CONNECT_S: Final = 5
_READ_S: Final = 15
_ATTEMPTS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Place:
    """`context`: what the assembly is synthesized with."""

    account: Account
    settings: "Settings"
    context: Mapping[str, str]


def on_aws(*, context: Mapping[str, str]) -> Place:
    """The account of the environment's credentials, in the settings' region. Raises `CommandError`."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    settings = settings_of(context)
    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=16,
    )
    try:
        session = boto3.Session(region_name=settings.region)
    except BotoCoreError as failed:  # a profile that nobody configured
        raise _no_credentials(str(failed)) from None

    def make_client(service: str, region: str) -> object:
        return session.client(service, region_name=region, config=config)

    return _asked(Account(make_client, region=settings.region), settings, context)


def in_local_cloud(*, context: Mapping[str, str], folder: Path | None) -> Place:
    """The local cloud that runs, with the settings it was started with. Raises `CommandError`."""
    from localcloud.aws import Clients

    cloud = local_cloud(folder)
    own = {"stage": cloud.stage, "name": cloud.name, **dict(entry.partition("=")[::2] for entry in cloud.context)}
    clients = Clients(cloud)
    whole = {**own, **context}
    settings = settings_of(whole)
    return _asked(Account(clients.client, region=settings.region, local=True), settings, whole)


def _asked(account: Account, settings: "Settings", context: Mapping[str, str]) -> Place:
    """With the account's number, which is in names that have to be free. Raises `PreflightError`."""
    try:
        id_ = account.ask("sts", "get_caller_identity")["Account"]
    except NotAskedError as refused:
        raise _no_credentials(str(refused)) from None
    return Place(account=account.known_as(id_), settings=settings, context=context)


def _no_credentials(why: str) -> PreflightError:
    return PreflightError(
        "credentials",
        given=f"none that work ({why})",
        allowed="those of the account that you deploy to",
        do="log in (`aws sso login`, or AWS_PROFILE) and run this again",
    )
