"""The shop's settings in Parameter Store, typed.

Owns which parameters are read and what they may be; DataStack writes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .environment import SettingError


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    host: str
    port: int
    name: str
    reader_host: str | None
    pool: int
    """Connections this process may hold to the writer."""
    reader_pool: int
    """The same to the reader, which RDS Proxy is not in front of."""
    proxy: bool
    """RDS Proxy is in front: no prepared statements, no session state."""
    connection_timeout: int
    """Seconds a connection attempt may take."""


@dataclass(frozen=True, kw_only=True)
class CacheSettings:
    host: str
    port: int
    cluster: bool


@dataclass(frozen=True, kw_only=True)
class Settings:
    database: DatabaseSettings
    cache: CacheSettings

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Settings":
        """Raises `SettingError` for what is missing or malformed."""
        read = _Reader(parameters)
        return cls(
            database=DatabaseSettings(
                host=read.text("database/host"),
                port=read.number("database/port", most=65535),
                name=read.text("database/name"),
                reader_host=parameters.get("database/reader-host"),
                pool=read.number("database/shop-pool", most=100),
                reader_pool=read.number("database/reader-pool", most=100, default="2"),
                proxy=read.choice("database/proxy", ("false", "true")) == "true",
                connection_timeout=read.number("database/connection-timeout", most=300, default="30"),
            ),
            cache=CacheSettings(
                host=read.text("cache/host"),
                port=read.number("cache/port", most=65535),
                cluster=read.choice("cache/mode", ("single", "cluster")) == "cluster",
            ),
        )


@dataclass(frozen=True)
class _Reader:
    parameters: Mapping[str, str]

    def text(self, name: str) -> str:
        value = self.parameters.get(name)
        if not value:
            raise self._refused(name, "a text")
        return value

    def number(self, name: str, *, most: int, default: str = "") -> int:
        text = self.parameters.get(name, default)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise self._refused(name, f"a number from 1 to {most}")
        return int(text)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """The first is the default."""
        value = self.parameters.get(name, allowed[0])
        if value not in allowed:
            raise self._refused(name, " or ".join(allowed))
        return value

    def _refused(self, name: str, allowed: str) -> SettingError:
        given = self.parameters.get(name, "nothing")
        return SettingError(f"parameter {name}", given=given, allowed=allowed, do="correct it in Parameter Store")
