"""What the process is told by its environment: where it listens and where its settings and secrets are found.

Owns names, defaults and refusals of environment variables. Nothing secret comes this way, and no figure of the stores:
those are read from Parameter Store (`settings.py`).
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingError(Exception):
    """A setting that cannot be worked with; the message is the one line that a person gets to read."""

    def __init__(self, what: str, *, given: object, allowed: str, do: str) -> None:
        super().__init__(f"error: {what}: given {given}; allowed {allowed}; {do}")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """`parameters` ends with `/` and `secrets` too: what follows is the name within the stage."""

    host: str
    port: int
    region: str
    parameters: str
    secrets: str
    ca_file: Path
    stage: str
    https: bool
    """Whether users come by HTTPS whatever the load balancer says: it sees the CDN's HTTP."""
    instance: str
    traces: str | None
    service: str
    """What it is called in traces."""
    drain: float
    """Longest time in seconds that requests are still served after SIGTERM; systemd kills after 30."""

    @classmethod
    def read(cls, given: Mapping[str, str] = os.environ) -> "Environment":
        """Raises `SettingError` for what is missing or malformed."""
        ca_file = Path(_text(given, "CLOUDMART_CA_FILE"))
        if not ca_file.is_file():
            raise SettingError(
                "CLOUDMART_CA_FILE",
                given=ca_file,
                allowed="a file with certificates in PEM",
                do="write it, or name another",
            )
        return cls(
            host=given.get("HOST", "0.0.0.0"),
            port=int(_number(given, "PORT", default=8080, least=0, most=65535)),
            region=_text(given, "AWS_REGION"),
            parameters=_text(given, "CLOUDMART_PARAMETERS", ending="/"),
            secrets=_text(given, "CLOUDMART_SECRETS", ending="/"),
            ca_file=ca_file,
            stage=given.get("CLOUDMART_STAGE", ""),
            https=_boolean(given, "CLOUDMART_HTTPS"),
            instance=given.get("CLOUDMART_INSTANCE") or socket.gethostname(),
            traces=given.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
            service=given.get("OTEL_SERVICE_NAME") or "cloudmart-shop",
            drain=_number(given, "CLOUDMART_DRAIN_SECONDS", default=10, least=0, most=25),
        )


def _text(given: Mapping[str, str], name: str, *, ending: str = "") -> str:
    value = given.get(name, "")
    if not value or not value.endswith(ending):
        allowed = f"a text that ends with {ending}" if ending else "a text"
        raise SettingError(name, given=value or "nothing", allowed=allowed, do="set it in the service's environment")
    return value


def _boolean(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name) or "false"
    if text not in ("true", "false"):
        raise SettingError(name, given=text, allowed="true or false", do="correct or unset it")
    return text == "true"


def _number(given: Mapping[str, str], name: str, *, default: float, least: float, most: float) -> float:
    text = given.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise SettingError(name, given=text, allowed=f"a number from {least:g} to {most:g}", do="correct or unset it")
    return value
