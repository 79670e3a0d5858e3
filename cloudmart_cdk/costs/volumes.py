"""The volumes, read: what is used in a stage, where the bill goes by use.

Owns the shape of volumes.toml. Prices, and what stands whether it is used or not, are not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ..policy.model import MISSING, Resource
from ..settings.loading import STAGES
from .prices import FileError, Prices, figure, read

FILE: Final = Path(__file__).with_name("volumes.toml")
TRACED: Final = 0.01
"""Of the requests, where a volume is of traces."""
PROPOSAL: Final = "proposal"
"""The source of the volumes that specification section 8 names."""


@dataclass(frozen=True, slots=True)
class Volume:
    """So much of a price a month, in lab a session; of what is held (GB-month) at all times."""

    what: str
    price: str
    stack: str
    type: str
    quantities: Mapping[str, float]
    usd: bool
    """Quantities are USD at the course's price."""
    source: str
    apart: bool
    property: str = ""
    traces: bool = False
    """Quantities are for one request in a hundred traced: `TRACED`."""

    def hangs_on(self, resource: Resource) -> bool:
        """Whether a resource of `type` brings this use along."""
        return resource.stack == self.stack and (
            not self.property or any(value not in (MISSING, False) for _, value in resource.at(self.property))
        )

    def quantity(self, stage: str, prices: Prices) -> float:
        """Units of the price in this stage."""
        given = self.quantities.get(stage, 0)
        return given / prices.lines[self.price].course if self.usd else given


@cache
def load() -> tuple[Volume, ...]:
    """The volumes. Raises `FileError` for what is wrong in the file."""
    return read(FILE, parsed)


def parsed(data: Mapping[str, Any]) -> tuple[Volume, ...]:
    """The file's content. Raises as `load`."""
    return tuple(map(_volume, data["volume"]))


def _volume(of: Mapping[str, Any]) -> Volume:
    quantities = of.get("usd", {stage: of[stage] for stage in STAGES if stage in of})
    if not quantities or quantities.keys() - set(STAGES):
        raise FileError(f"volumes.toml: {of['what']}: given no quantity of a stage; allowed: {', '.join(STAGES)}")
    if wrong := [given for given in quantities.values() if not figure(given)]:
        raise FileError(f"volumes.toml: {of['what']}: given {wrong[0]!r}; allowed: a figure, 0 or more; correct it")
    return Volume(
        what=of["what"],
        price=of["price"],
        stack=of["stack"],
        type=of["type"],
        quantities=quantities,
        usd="usd" in of,
        source=of["source"],
        apart=of.get("apart", False),
        property=of.get("property", ""),
        traces=of.get("traces", False),
    )
