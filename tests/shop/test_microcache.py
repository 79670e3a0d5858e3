"""Answers kept for a moment: made once for many, never old, never many."""

import asyncio

from cloudmart_cdk.assets.shop.shop import microcache
from cloudmart_cdk.assets.shop.shop.microcache import MicroCache


class Kitchen:
    """Makes numbered answers, as slowly as told."""

    def __init__(self) -> None:
        self.made = 0
        self.open = asyncio.Event()
        self.open.set()

    async def make(self) -> int:
        self.made += 1
        made = self.made
        await self.open.wait()
        return made


def test_many_who_ask_at_once_get_one_answer() -> None:
    async def scene() -> None:
        kitchen, kept = Kitchen(), MicroCache[int]()
        assert set(await asyncio.gather(*(kept.get("a", kitchen.make) for _ in range(50)))) == {1}
        assert await kept.get("b", kitchen.make) == 2

    asyncio.run(scene())


def test_an_answer_grows_old() -> None:
    async def scene() -> None:
        now = 100.0
        kitchen, kept = Kitchen(), MicroCache[int](clock=lambda: now)
        assert await kept.get("a", kitchen.make) == 1
        now += microcache.FRESH - 0.01
        assert await kept.get("a", kitchen.make) == 1
        assert kitchen.made == 1
        now += 0.02
        kitchen.open.clear()
        assert await kept.get("a", kitchen.make) == 1, "nobody waits for the new one"
        await asyncio.sleep(0)
        assert kitchen.made == 2
        kitchen.open.set()
        now += microcache.STALE
        assert await kept.get("a", kitchen.make) >= 2, "the old one is not given any more"

    asyncio.run(scene())


def test_a_failure_reaches_all_and_is_not_kept() -> None:
    async def fail() -> int:
        await asyncio.sleep(0)
        raise LookupError("gone")

    async def scene() -> None:
        kitchen, kept = Kitchen(), MicroCache[int]()
        failures = await asyncio.gather(*(kept.get("a", fail) for _ in range(5)), return_exceptions=True)
        assert [type(failure) for failure in failures] == [LookupError] * 5
        assert await kept.get("a", kitchen.make) == 1

    asyncio.run(scene())


def test_who_goes_away_does_not_take_the_answer_along() -> None:
    async def scene() -> None:
        kitchen, kept = Kitchen(), MicroCache[int]()
        kitchen.open.clear()
        first = asyncio.create_task(kept.get("a", kitchen.make))
        second = asyncio.create_task(kept.get("a", kitchen.make))
        await asyncio.sleep(0)
        first.cancel()
        kitchen.open.set()
        assert await second == 1

    asyncio.run(scene())


def test_it_is_bounded() -> None:
    async def scene() -> None:
        kitchen, kept = Kitchen(), MicroCache[int](clock=lambda: 100.0)
        for number in range(microcache.ENTRIES + 10):
            await kept.get(number, kitchen.make)
            await kept.get("often", kitchen.make)
        made = kitchen.made
        await kept.get("often", kitchen.make)
        assert kitchen.made == made, "what is asked for often stays"
        await kept.get(0, kitchen.make)
        assert kitchen.made == made + 1, "what was asked for longest ago went"

    asyncio.run(scene())
