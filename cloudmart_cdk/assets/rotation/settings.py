"""What the function is told by its environment: where the stores and their secrets are. Nothing secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .errors import RotationError

_VARIABLES: Final = (
    "AWS_REGION",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "OWNER_SECRET_ARN",
    "APP_SECRET_ARN",
    "CACHE_GROUP",
    "CACHE_HOST",
    "CACHE_PORT",
    "CACHE_SECRET_ARN",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`database_host`: the server itself, never the proxy in front of it."""

    region: str
    database_host: str
    database_port: int
    database_name: str
    owner_secret: str
    app_secret: str
    proxy_secrets: tuple[str, ...]
    """ARNs of what RDS Proxy knows the application's users by, one secret a user; empty without a proxy."""
    cache_group: str
    cache_host: str
    cache_port: int
    cache_secret: str
    ca_file: str
    """PEM file of the only authorities to trust; empty: the system's, and RDS's of the region."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises `RotationError` when a variable is missing."""
        missing = [name for name in _VARIABLES if not environment.get(name)]
        if missing:
            raise RotationError(
                "environment", given=f"no {', '.join(missing)}", allowed="all of them set", do="deploy DataStack again"
            )
        return cls(
            region=environment["AWS_REGION"],
            database_host=environment["DATABASE_HOST"],
            database_port=int(environment["DATABASE_PORT"]),
            database_name=environment["DATABASE_NAME"],
            owner_secret=environment["OWNER_SECRET_ARN"],
            app_secret=environment["APP_SECRET_ARN"],
            proxy_secrets=tuple(filter(None, environment.get("PROXY_LOGIN_ARNS", "").split(","))),
            cache_group=environment["CACHE_GROUP"],
            cache_host=environment["CACHE_HOST"],
            cache_port=int(environment["CACHE_PORT"]),
            cache_secret=environment["CACHE_SECRET_ARN"],
            ca_file=environment.get("CA_FILE", ""),
        )
