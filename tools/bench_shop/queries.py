"""How long the database takes for what the shop asks it: the shop's own queries, over its own connections."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, LiteralString

from cloudmart_cdk.assets.shop.shop.catalogue import SORTS, Catalogue, Selection
from cloudmart_cdk.assets.shop.shop.credentials import Credential
from cloudmart_cdk.assets.shop.shop.database import Database, Login, Parameters, Row
from cloudmart_cdk.assets.shop.shop.settings import DatabaseSettings
from tools.bench_shop.stage import DATABASE, PASSWORD, WORDS

EACH: Final = 100
"""Questions of each kind."""


class TimedDatabase(Database):
    """Milliseconds of each query, as the shop waits for it: over TLS, rows fetched."""

    milliseconds: list[float]

    async def read(self, query: LiteralString, parameters: Parameters = (), *, name: str) -> list[Row]:
        began = time.perf_counter()
        rows = await super().read(query, parameters, name=name)
        self.milliseconds.append((time.perf_counter() - began) * 1000)
        return rows


async def timed(host: str, port: int, ca_file: Path) -> dict[str, list[float]]:
    """Milliseconds of each query, by kind of question; a page asks two, for rows and total."""
    settings = DatabaseSettings(
        host=host, port=port, name=DATABASE, reader_host=None, pool=2, reader_pool=2, proxy=False, connection_timeout=30
    )
    login = Credential("database/app", read=lambda _: None, value=Login("cloudmart_app", PASSWORD))
    database = TimedDatabase(settings, login=login, ca_file=ca_file)
    database.milliseconds = []
    await database.open()
    catalogue, chance = Catalogue(database), random.Random(4)
    sorts = list(SORTS)

    async def listed() -> None:
        category = chance.choice([None, "kitchen", "food"])
        first = Selection(sort=chance.choice(sorts), category=category, limit=chance.choice([24, 100]))
        page = await catalogue.page(first)
        await catalogue.page(Selection(sort=first.sort, category=category, limit=24, cursor=page.next))

    async def searched(*words: str) -> None:
        q = " ".join(chance.choice(WORDS[word]) for word in words)
        await catalogue.page(Selection(q=q, sort=chance.choice(sorts)))

    async def letter() -> None:
        await catalogue.page(Selection(q=chance.choice("컵차e1나"), sort=chance.choice(sorts)))

    async def few() -> None:
        await catalogue.page(Selection(q=str(chance.randrange(10_000, 99_999))))

    async def nothing() -> None:
        await catalogue.page(Selection(q=chance.choice(["없는물건", "nothing", "qqqq"])))

    async def detail() -> None:
        await catalogue.product(chance.randrange(1, 100_000))

    kinds: dict[str, Callable[[], Awaitable[None]]] = {
        "list": listed,
        "search ko": lambda: searched("ko_second"),
        "search ko, two words": lambda: searched("ko_first", "ko_second"),
        "search en": lambda: searched("en_second"),
        "search en, two words": lambda: searched("en_first", "en_second"),
        "search, one letter": letter,
        "search, a few found": few,
        "search, nothing found": nothing,
        "detail": detail,
    }
    took: dict[str, list[float]] = {}
    await listed()  # connections are warm from here on
    for kind, ask in kinds.items():
        took[kind] = database.milliseconds = []
        for _ in range(EACH):
            await ask()
    await database.close()
    return took


def measure(host: str, port: int, ca_file: Path) -> dict[str, list[float]]:
    return asyncio.run(timed(host, port, ca_file))
