"""A secret that rotates while the process runs.

Owns which value is in use and when it is read again; not what the value opens. A store that refuses the value in use
calls `refused`; then AWSCURRENT is tried, then AWSPREVIOUS, read at most once for all who wait, and ever less often
while nothing helps.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from .aws import CURRENT, PREVIOUS
from .logs import event

T = TypeVar("T")
logger = logging.getLogger(__name__)

REFRESH: Final = 300.0
"""Seconds between two looks at the secret when nobody complains."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


class Credential(Generic[T]):
    """`read(version)` answers the value of AWSCURRENT or AWSPREVIOUS, None when there is none; it may block."""

    def __init__(self, name: str, *, read: Callable[[str], T | None], value: T) -> None:
        self._name, self._read, self._value = name, read, value
        self._untried: list[T] = []
        self._lock = asyncio.Lock()
        self._pause, self._not_before = 0.0, 0.0

    @property
    def value(self) -> T:
        return self._value

    def accepted(self) -> None:
        """The value in use opened its store."""
        self._untried.clear()
        self._pause = 0.0

    async def refused(self, value: T) -> bool:
        """Whether there is another value to try now than `value`, which was refused."""
        async with self._lock:
            if self._value != value:
                return True
            if not self._untried:
                if time.monotonic() < self._not_before:
                    return False
                self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
                self._not_before = time.monotonic() + self._pause
                self._untried = await self._candidates(value)
            if not self._untried:
                return False
            self._value = self._untried.pop(0)
            event(logger, "secret refused, taking another version of it", level=logging.WARNING, secret=self._name)
            return True

    async def keep_fresh(self) -> None:
        """Never returns: looks at the secret now and then, so that a new connection seldom needs a refusal first."""
        while True:
            await asyncio.sleep(REFRESH * random.uniform(0.8, 1.2))
            async with self._lock:
                value = await self._version(CURRENT)
                if value is not None and value != self._value:
                    self._value = value
                    self._untried.clear()
                    event(logger, "secret has rotated", secret=self._name)

    async def _candidates(self, refused: T) -> list[T]:
        found = [await self._version(CURRENT), await self._version(PREVIOUS)]
        return [value for value in found if value is not None and value != refused]

    async def _version(self, version: str) -> T | None:
        try:
            return await asyncio.to_thread(self._read, version)
        except Exception as error:  # whatever AWS answers: the value in use stays, and is asked for again later
            event(logger, "secret not readable", level=logging.WARNING, secret=self._name, error=str(error))
            return None
