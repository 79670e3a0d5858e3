"""Reads `matrix.toml`: what ought to be, for one configuration.

Owns the file's grammar and which heading holds where. Knows no template.
"""

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

from cloudmart_cdk.settings import Settings
from cloudmart_cdk.settings.topology import FRONTEND
from tools.reachability.verdict import PROTOCOLS, Protocol

_FILE: Final = Path(__file__).with_name("matrix.toml")

HEADINGS: Final[dict[str, Callable[[Settings], bool]]] = {
    "always": lambda _: True,
    "cdn-without-domain": lambda settings: settings.has(FRONTEND) and settings.domain is None,
    "cdn-with-domain": lambda settings: settings.has(FRONTEND) and settings.domain is not None,
    "open-domain": lambda settings: settings.domain is not None and not settings.sources,
    "stated-without-domain": lambda settings: settings.domain is None,
    "interface-endpoints": lambda settings: settings.network.interface_endpoints,
    "no-interface-endpoints": lambda settings: not settings.network.interface_endpoints,
    "seventh-service": lambda settings: "search" in settings.eks.services,
}
"""Heading -> where it holds."""


@dataclass(frozen=True)
class Ports:
    """`first` 0: every port."""

    protocol: Protocol
    first: int
    last: int

    def cover(self, protocol: Protocol, port: int) -> bool:
        return self.protocol == protocol and (not self.first or self.first <= port <= self.last)


@dataclass(frozen=True)
class Line:
    """One line of the file, as it stands there."""

    heading: str
    source: str
    target: str
    ports: tuple[Ports, ...]

    def __str__(self) -> str:
        return f"[{self.heading}.{self.source}] {self.target}"


class Expectations:
    """What one configuration allows. `names`: who is there."""

    def __init__(self, settings: Settings, names: Collection[str]) -> None:
        self._allowed: dict[tuple[str, str], list[Ports]] = {}
        self.known: set[str] = set()
        """Who stands in some line."""
        self.met: set[Line] = set()
        """Lines that speak of somebody who is there."""
        for line in lines():
            if not HEADINGS[line.heading](settings):
                continue
            for source in members(line.source, names):
                for target in members(line.target, names):
                    self._allowed.setdefault((source, target), []).extend(line.ports)
                    self.met.add(line)
                    self.known |= {source, target}

    def allow(self, source: str, target: str, protocol: Protocol, port: int) -> bool:
        return any(ports.cover(protocol, port) for ports in self._allowed.get((source, target), ()))

    def edges(self) -> set[tuple[Protocol, int]]:
        """Ports at which an answer of the matrix begins, or has just ended."""
        found = {ports for each in self._allowed.values() for ports in each if ports.first}
        return {(ports.protocol, port) for ports in found for port in (ports.first, ports.last, ports.last + 1)}


def members(name: str, names: Collection[str]) -> Iterator[str]:
    """Who a name of the matrix stands for: the members of a group, the tracks of a service, itself."""
    group = _read()["groups"].get(name)
    if group is not None:
        for member in group:
            yield from members(member, names)
    elif name.endswith("*"):
        yield from (each for each in names if each == name[:-1] or fnmatchcase(each, f"{name[:-1]}-canary"))
    elif name in names:
        yield name


@cache
def lines() -> tuple[Line, ...]:
    """Every line of the file. Raises `ValueError` for ports that cannot be read."""
    return tuple(
        Line(heading, source, target, tuple(_ports(cell)))
        for heading, sources in _read().items()
        if heading != "groups"
        for source, targets in sources.items()
        for target, cell in targets.items()
    )


def _ports(cell: str) -> Iterator[Ports]:
    for part in cell.split(", "):
        if part == "all":
            yield from (Ports(protocol, 0, 0) for protocol in PROTOCOLS)
            continue
        name, _, numbers = part.partition(" ")
        first, _, last = numbers.partition("-")
        found = [Ports(protocol, int(first), int(last or first)) for protocol in PROTOCOLS if protocol == name]
        if not found:
            raise ValueError(f'matrix: given {cell}; allowed: "all", or "tcp 80, udp 53, tcp 3001-3006"')
        yield from found


@cache
def _read() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
