"""What a rule set says, whoever published it: rules, verdicts, packs, failures."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

CONFIGURATIONS: Final[dict[str, dict[str, str]]] = {
    "prod": {"stage": "prod"},
    # The way prod is meant to run: certificates, and with them TLS to the load balancers, come with a domain.
    "prod with a domain": {
        "stage": "prod",
        "domain.name": "shop.example.com",
        "domain.zone_id": "Z0123456789ABCDEFGHIJ",
    },
    "lab": {"stage": "lab"},
}
"""Name -> context: what is synthesized and judged."""

Outcome = Literal["passed", "failed", "not applicable"]


class ComplianceError(Exception):
    """A rule set could not be run; `str()` is the line to show."""


@dataclass(frozen=True)
class Rule:
    """`name` is what decisions call it: cdk-nag's packs share rules, whose `id` begins with the pack's."""

    id: str
    name: str
    wants: str
    """What its publisher says it is about, one sentence without its full stop."""
    severity: str = ""
    counts_for: tuple[str, ...] = ()
    """Frameworks, shortest form, and controls of Security Hub."""


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    resources: frozenset[str] = frozenset()
    """Construct paths that it failed on."""


@dataclass(frozen=True)
class Pack:
    """A rule set by the name that a reviewer asks for, and its verdicts: configuration -> rule id -> verdict."""

    title: str
    source: str
    rules: Mapping[str, Rule]
    verdicts: Mapping[str, Mapping[str, Verdict]]

    def failures(self) -> Iterator["Failure"]:
        for configuration, verdicts in self.verdicts.items():
            for id in self.rules:
                for resource in verdicts[id].resources:
                    yield Failure(self.rules[id].name, resource, configuration)


@dataclass(frozen=True, order=True)
class Failure:
    """A rule, by its name in decisions, fails on a resource in a configuration."""

    rule: str
    resource: str
    configuration: str


@dataclass
class Tally:
    """Rules of a pack in one configuration, each counted once."""

    passed: int = 0
    refused: int = 0
    to_mend: int = 0
    undecided: int = 0
    not_applicable: int = 0


def construct_path(path: str) -> str:
    """As decisions and readers spell it: without CDK's own last step from a construct to its resource."""
    return path.strip("/").removesuffix("/Resource")


def all_failures(packs: Iterable[Pack]) -> list[Failure]:
    """Each once, whatever the number of packs that report it."""
    return sorted({failure for pack in packs for failure in pack.failures()})
