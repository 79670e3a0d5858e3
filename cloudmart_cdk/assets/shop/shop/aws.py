"""Parameter Store and Secrets Manager, as far as the shop needs them.

Owns the calls, their timeouts and the patience at start. boto3 is synchronous: whoever is in the event loop calls from
a thread.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .environment import Environment, SettingError
from .logs import event

T = TypeVar("T")
logger = logging.getLogger(__name__)

CURRENT: Final = "AWSCURRENT"
PREVIOUS: Final = "AWSPREVIOUS"
PATIENCE: Final = 60.0
"""Seconds for AWS to answer at start; role credentials of a fresh instance may take a while."""

_CONFIG: Final = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


class Aws:
    """One region's Parameter Store and Secrets Manager under one stage's names."""

    def __init__(self, environment: Environment) -> None:
        session = boto3.session.Session(region_name=environment.region)
        self._ssm: Any = session.client("ssm", config=_CONFIG)
        self._secrets: Any = session.client("secretsmanager", config=_CONFIG)
        self._environment = environment

    def parameters(self) -> dict[str, str]:
        """All parameters of the stage by their name within it, e.g. `database/host`."""
        prefix = self._environment.parameters
        pages = self._ssm.get_paginator("get_parameters_by_path").paginate(Path=prefix, Recursive=True)
        return {entry["Name"].removeprefix(prefix): entry["Value"] for page in pages for entry in page["Parameters"]}

    def secret(self, name: str, version: str = CURRENT) -> str | None:
        """The text of a secret, None when it has no such version."""
        try:
            answer = self._secrets.get_secret_value(SecretId=self._environment.secrets + name, VersionStage=version)
        except self._secrets.exceptions.ResourceNotFoundException:
            if version == CURRENT:
                raise
            return None
        return str(answer["SecretString"])


def patiently(what: str, read: Callable[[], T], *, patience: float = PATIENCE) -> T:
    """`read()`, tried again for `patience` seconds; then raises `SettingError`."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return read()
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                raise SettingError(
                    what, given=error, allowed=f"an answer within {patience:g} s", do="check role, region and network"
                ) from error
            event(logger, f"{what}: not readable yet, trying again", level=logging.WARNING, error=str(error))
            time.sleep(1)
