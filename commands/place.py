"""Where a command looks: the account of the environment's credentials, or the local cloud; and with which settings.

Owns the way to both, and the wording of what AWS refuses. What is looked at is the command's own.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from commands.errors import BadInputError, CommandError, RefusedSettingsError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

    from cloudmart_cdk.settings import Settings
    from localcloud.state import Cloud

EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"})
"""Codes of credentials that were good once."""
REFUSED: Final = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
"""Codes by which services say that somebody may not; a bare status answers a HEAD."""


def settings_of(context: Mapping[str, str]) -> "Settings":
    """The settings as a synth sees them. Raises `RefusedSettingsError`."""
    from cloudmart_cdk.settings import SettingsError, load_settings

    try:
        return load_settings(context)
    except SettingsError as refused:
        raise RefusedSettingsError(str(refused)) from None


def aws(settings: "Settings") -> Callable[..., Any]:
    """A boto3 client by service, and region where it is not the settings'. Raises `CommandError` for another account
    than the settings have, and what boto3 raises.
    """
    import boto3
    from botocore.config import Config

    session = boto3.Session(region_name=settings.region)
    config = Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=10, read_timeout=60)
    client = functools.cache(functools.partial(session.client, config=config))
    if settings.account:
        account = client("sts").get_caller_identity()["Account"]
        if account != settings.account:
            raise BadInputError(
                "account",
                given=f"credentials of {account}",
                allowed=f"{settings.account} (setting `account`)",
                do="log in to that account",
            )
    return client


def local_cloud(folder: Path | None = None) -> "Cloud":
    """The one that runs on this machine. `folder`: its state. Raises `CommandError` when there is none."""
    from localcloud import emulator, environment
    from localcloud.state import State

    environment.forget_aws_settings()
    cloud = State(folder).load()
    if cloud is None or not emulator.alive(cloud):
        raise BadInputError(
            "local cloud",
            given="none that runs",
            allowed="one",
            do="run `make deploy` or `make cloud` first, or leave --local out",
        )
    return cloud


@contextmanager
def explained() -> Iterator[None]:
    """What boto3 raises becomes a `CommandError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise explain(error) from None


def explain(error: "BotoCoreError | ClientError") -> CommandError:
    """A line for what AWS, or the way to it, refused."""
    from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError, TokenRetrievalError

    if isinstance(error, NoCredentialsError | TokenRetrievalError) or type(error).__name__.startswith("SSO"):
        return CommandError("credentials", why="given none that work", do="log in (`aws sso login`) and run it again")
    if isinstance(error, NoRegionError):
        return CommandError("region", why="given none", do="set AWS_REGION and run it again")
    if not isinstance(error, ClientError):
        return CommandError("AWS", why=f"{type(error).__name__}: {error}", do="mend the way to it and run it again")
    code, message = str(error.response["Error"].get("Code", "")), str(error.response["Error"].get("Message", ""))
    if code in EXPIRED:
        return CommandError("credentials", why="given expired ones", do="log in again and run it again: it continues")
    if code in REFUSED:
        return CommandError(error.operation_name, why=f"not allowed to you ({message})", do="ask for it, run it again")
    return CommandError(error.operation_name, why=f"AWS says {code}: {message}", do="mend it and run it again")
