"""Checks of the service table: what one row says about another, and names that would clash.

Owns what concerns the table alone. Whether its pods fit the nodes and its connections the database is `checks`'.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from .model import Service, Settings
from .problem import Problem
from .service_names import pascal_case

_REPOSITORY: Final = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
"""What ECR and DNS both take."""
_RESERVED: Final = {
    "default": "every namespace has a service account of that name",
    "default-deny": "the namespace's own network policy has that name",
}


def problems(settings: Settings) -> Iterator[Problem]:
    services = settings.eks.services
    for name, service in services.items():
        yield from _name(name)
        yield from _calls(name, service, services)
    ids = Counter(map(pascal_case, services))
    for name in services:
        if ids[pascal_case(name)] > 1:
            yield _problem(name, "name", name, f"names that differ as {pascal_case(name)} too", "rename one of them")


def _name(name: str) -> Iterator[Problem]:
    if not re.fullmatch(_REPOSITORY, name):
        allowed = "single hyphens between letters or digits: it names a repository and a host too"
        yield _problem(name, "name", name, allowed, f"use {re.sub('-+', '-', name).strip('-')}")
    if name in _RESERVED:
        yield _problem(name, "name", name, f"any other name: {_RESERVED[name]}", "rename the service")
    if name.endswith("-canary"):
        allowed = "names without -canary at their end: a release runs under that name"
        yield _problem(name, "name", name, allowed, f"use {name.removesuffix('-canary')}")


def _calls(name: str, service: Service, services: dict[str, Service]) -> Iterator[Problem]:
    for callee in service.calls:
        others = ",".join(other for other in services if other != name)
        if callee not in services:
            yield _problem(name, "calls", callee, f"services of the table: {others}", f"add eks.services.{callee}")
        elif callee == name:
            yield _problem(name, "calls", callee, f"other services: {others}", "take it out")
    twice = sorted(callee for callee, times in Counter(service.calls).items() if times > 1)
    if twice:
        yield _problem(name, "calls", ",".join(service.calls), "each service once", f"name {','.join(twice)} once")


def _problem(name: str, key: str, given: str, allowed: str, do: str) -> Problem:
    place = f"eks.services.{name}" if key == "name" else f"eks.services.{name}.{key}"
    return Problem(place, given, allowed, do)
