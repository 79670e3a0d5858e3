"""A poster for tests, on a machine that may lose a second at any moment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cloudmart_cdk.assets.notifier.post import Patience, Poster

_SHORT: Final = Patience(connect=2, read=0.2, attempt=0.6)
_LONG: Final = Patience(connect=60, read=60, attempt=60)


def nobody(_url: str) -> bool:
    """Everybody answers."""
    return False


@dataclass(frozen=True)
class Line(Poster):
    """Soon tired of who is silent, and of nobody else: an answer given up too early is told twice."""

    patience: Patience = _LONG
    silent: Callable[[str], bool] = nobody
    """Whether the next attempt at the address gets no answer."""

    def _once(self, url: str, body: bytes, *, seconds: float) -> None:
        patience = _SHORT if self.silent(url) else _LONG
        Poster(self.clock, patience)._once(url, body, seconds=min(seconds, patience.attempt))
