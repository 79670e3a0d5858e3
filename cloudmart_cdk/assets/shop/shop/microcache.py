"""Answers kept for a moment, so that a page everybody looks at is made once.

Owns freshness, single flight and the bound; not what is kept.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

FRESH: Final = 1.0
"""Seconds an answer is given without a thought."""
STALE: Final = 2.0
"""Seconds after which nobody gets it any more; between the two it is given once more while a new one is made."""
ENTRIES: Final = 256


class MicroCache(Generic[T]):
    """Bounded; the entry that was asked for longest ago goes first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._flights: dict[Hashable, asyncio.Task[T]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The kept answer or `make()`'s; an exception of `make` reaches all who wait for it and is not kept."""
        kept = self._kept.get(key)
        age = self._clock() - kept[0] if kept is not None else STALE
        if kept is not None and age < STALE:
            if age >= FRESH:
                self._flight(key, make)
            self._kept.move_to_end(key)
            return kept[1]
        return await asyncio.shield(self._flight(key, make))

    def _flight(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._made(key, make))
            flight.add_done_callback(lambda done: done.cancelled() or done.exception())
        return flight

    async def _made(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        try:
            began = self._clock()
            answer = await make()
            self._kept[key] = (began, answer)
            self._kept.move_to_end(key)
            while len(self._kept) > ENTRIES:
                self._kept.popitem(last=False)
            return answer
        finally:
            del self._flights[key]
