"""Checks of the service table: what one row says about another, and names that would clash.

Owns what concerns the table alone. Whether its pods find a place is `eks_checks`', whether the database takes their
connections `checks`'.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from .model import Service, Settings
from .problem import Problem
from .service_names import pascal_case

_NAME: Final = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
"""What ECR takes as a repository's name and DNS as a host's."""
_TAKEN: Final = {
    "default": "every namespace has a service account of that name",
    "default-deny": "the namespace's own network policy has it",
    "host-name": "a part of the load balancer has it",
    "listener": "a part of the load balancer has it",
    "load-balancer": "a part of the load balancer has it",
    "redirect": "a part of the load balancer has it",
}
_ENDINGS: Final = {
    "-canary": "a release of the service before it runs under that name",
    "-rule": "the rule of the service before it has that name",
}


def problems(settings: Settings) -> Iterator[Problem]:
    """All that is wrong with the table, each of its values right by itself."""
    services = settings.eks.services
    for name, service in services.items():
        yield from _name(name)
        yield from _calls(name, service, services)
    ids = Counter(map(pascal_case, services))
    alike = [name for name in services if ids[pascal_case(name)] > 1]
    if alike:
        yield Problem(
            "eks.services",
            ",".join(alike),
            f"names that differ without their hyphens too: CloudFormation's ids have none ({pascal_case(alike[0])})",
            "rename all of them but one",
        )


def _name(name: str) -> Iterator[Problem]:
    key = f"eks.services.{name}"
    if not re.fullmatch(_NAME, name):
        single = re.sub("-+", "-", name).strip("-")
        yield Problem(key, name, "single hyphens between letters or digits, as repositories and hosts", f"use {single}")
    if name in _TAKEN:
        yield Problem(key, name, f"another name: {_TAKEN[name]}", "rename the service")
    for ending, why in _ENDINGS.items():
        if name.endswith(ending):
            yield Problem(key, name, f"names without {ending} at the end: {why}", "rename the service")


def _calls(name: str, service: Service, services: Mapping[str, Service]) -> Iterator[Problem]:
    key = f"eks.services.{name}.calls"
    allowed = f"other services of the table, each once: {', '.join(other for other in services if other != name)}"
    for callee, times in Counter(service.calls).items():
        if callee == name:
            yield Problem(key, callee, allowed, "take it out: a service does not call itself by way of the network")
        elif callee not in services:
            yield Problem(key, callee, allowed, f"correct the name, or add eks.services.{callee}")
        elif times > 1:
            yield Problem(key, ",".join(service.calls), allowed, f"name {callee} once")
