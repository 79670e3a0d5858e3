"""The shop put together: settings read, stores opened, and all of it closed again."""

import asyncio
import json
from dataclasses import dataclass

from .aws import Aws, patiently
from .cache import Cache
from .carts import Carts
from .catalogue import Catalogue
from .credentials import Credential
from .database import Database, Login
from .environment import Environment, SettingError
from .orders import Orders
from .settings import Settings

DATABASE_LOGIN = "database/app"
CACHE_TOKEN = "cache/auth"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What AWS holds for this process, read at start."""

    settings: Settings
    login: Credential[Login]
    token: Credential[str]


def find(environment: Environment) -> Found:
    """Reads settings and secrets. Blocks; raises `SettingError`."""
    aws = Aws(environment)

    def login(version: str = "AWSCURRENT") -> Login | None:
        text = aws.secret(DATABASE_LOGIN, version)
        return None if text is None else _login(text)

    def token(version: str = "AWSCURRENT") -> str | None:
        return aws.secret(CACHE_TOKEN, version)

    settings = Settings.of(patiently(f"parameters under {environment.parameters}", aws.parameters))
    first_login = patiently(f"secret {environment.secrets}{DATABASE_LOGIN}", login)
    first_token = patiently(f"secret {environment.secrets}{CACHE_TOKEN}", token)
    assert first_login is not None, "a secret has a current version"
    assert first_token is not None, "a secret has a current version"
    return Found(
        settings=settings,
        login=Credential(DATABASE_LOGIN, read=login, value=first_login),
        token=Credential(CACHE_TOKEN, read=token, value=first_token),
    )


def _login(text: str) -> Login:
    try:
        found = json.loads(text)
        return Login(str(found["username"]), str(found["password"]))
    except (ValueError, TypeError, KeyError):
        raise SettingError(
            f"secret {DATABASE_LOGIN}",
            given="another shape",
            allowed="JSON with username and password",
            do="put it right",
        ) from None


class Shop:
    """Everything that lives as long as the process. `async with` opens and closes it."""

    def __init__(self, environment: Environment, found: Found) -> None:
        self.environment = environment
        self.database = Database(found.settings.database, login=found.login, ca_file=environment.ca_file)
        self.cache = Cache(found.settings.cache, token=found.token, ca_file=environment.ca_file)
        self.catalogue = Catalogue(self.database)
        self.carts = Carts(self.cache)
        self.orders = Orders(self.database)
        self._credentials = (found.login, found.token)
        self._keepers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Shop":
        await self.database.open()
        self._keepers = [asyncio.create_task(credential.keep_fresh()) for credential in self._credentials]
        return self

    async def __aexit__(self, *_: object) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await self.cache.close()
        await self.database.close()
