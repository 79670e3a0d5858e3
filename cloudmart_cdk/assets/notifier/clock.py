"""Time and chance, in one place: tests bring their own."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """`now`: seconds since 1970. `monotonic`: seconds, for deadlines. `chance`: from 0 up to 1."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
