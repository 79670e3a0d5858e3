"""boto3 clients of the local cloud."""

import functools
from typing import Any

import boto3
from botocore.config import Config

from localcloud.state import Cloud

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"total_max_attempts": 2},
    proxies={},
    parameter_validation=False,
    s3={"addressing_style": "path"},
)


class Clients:
    """Clients by service and region, made once each."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._session = boto3.Session(
            aws_access_key_id=cloud.account,
            aws_secret_access_key="local",
            aws_session_token=cloud.token,
            region_name=cloud.region,
        )

    @functools.cache  # noqa: B019  # lives as long as the command
    def client(self, service: str, region: str | None = None) -> Any:
        """The client of a service, in the cloud's region unless told otherwise."""
        return self._session.client(
            service, region_name=region or self._cloud.region, endpoint_url=self._cloud.endpoint, config=_CONFIG
        )
