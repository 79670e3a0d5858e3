"""What a service is told by its environment: where its parameters and secrets are, never what they are.

The pod looks them up by its Pod Identity when it starts (ADR 0019), so no value of DataStack is needed here, and none
can go stale. Names that end in `_PARAMETER` are of Parameter Store, in `_SECRET_NAME` of Secrets Manager.
"""

from typing import Final

from ...settings.model import Service, Settings
from ...settings.naming import Names
from .. import tracing
from ..secrets import CACHE_AUTH, DATABASE_APP, JWT, OAUTH_CLIENT, PAYMENT_GATEWAY
from .names import Object

PARAMETERS: Final = {
    "db": {
        "DB_HOST_PARAMETER": "database/host",
        "DB_PORT_PARAMETER": "database/port",
        "DB_NAME_PARAMETER": "database/name",
        "DB_PROXY_PARAMETER": "database/proxy",
        "DB_CONNECTION_TIMEOUT_PARAMETER": "database/connection-timeout",
    },
    "cache": {
        "CACHE_HOST_PARAMETER": "cache/host",
        "CACHE_PORT_PARAMETER": "cache/port",
        "CACHE_MODE_PARAMETER": "cache/mode",
    },
    "images": {"IMAGES_BUCKET_PARAMETER": "images/bucket"},
}
"""What a service uses -> variable -> path below `/<name>/<stage>/`; DataStack writes them."""

SECRETS: Final = {
    "db": ("DB_SECRET_NAME", DATABASE_APP),
    "cache": ("CACHE_SECRET_NAME", CACHE_AUTH),
    "jwt": ("JWT_SECRET_NAME", JWT),
    "oauth-client": ("OAUTH_CLIENT_SECRET_NAME", OAUTH_CLIENT),
    "payment-gateway": ("PAYMENT_GATEWAY_SECRET_NAME", PAYMENT_GATEWAY),
}
"""What a service uses -> (variable, path below `<name>-<stage>/`)."""


def parameters_of(service: Service, names: Names) -> dict[str, str]:
    """Variable -> name in Parameter Store, of exactly what the service uses."""
    used = [*service.uses, *(["images"] if service.writes_images else [])]
    return {variable: names.parameter(path) for what in used for variable, path in PARAMETERS[what].items()}


def secrets_of(service: Service, names: Names) -> dict[str, str]:
    """Variable -> name in Secrets Manager."""
    return {
        variable: names.secret(path) for variable, path in (SECRETS[what] for what in (*service.uses, *service.secrets))
    }


def environment(name: str, settings: Settings) -> list[Object]:
    """A container's `env`."""
    service = settings.eks.services[name]
    plain = {
        "PORT": str(service.port),
        "STAGE": settings.stage,
        "AWS_REGION": settings.region,
        **parameters_of(service, settings.names),
        **secrets_of(service, settings.names),
        **{
            # The short name is the first that the resolver tries: one question to DNS, not five.
            f"{callee.upper().replace('-', '_')}_URL": f"http://{callee}:{settings.eks.services[callee].port}"
            for callee in service.calls
        },
    }
    if "db" in service.uses:
        # Checked at synth against what the server takes, so it must be what the process keeps to.
        plain["DB_POOL_SIZE"] = str(settings.database.service_pool)
    if service.sends_mail and settings.eks.mail_identity:
        plain["MAIL_IDENTITY"] = settings.eks.mail_identity
    return [
        *(Object(name=variable, value=value) for variable, value in plain.items()),
        *tracing.environment(
            name, prefix=settings.names.prefix, stage=settings.stage, percent=settings.eks.trace_percent
        ),
    ]
