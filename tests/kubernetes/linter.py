"""The linter: what the API server takes without a word and a cluster then does not do as meant.

Owns running the rules of `rules/`. Every rule looks at one `World` and says what is wrong, object by object.
"""

from collections.abc import Iterator
from typing import Final

from tests.kubernetes.rules import containers, names, order, policies, references, scaling, selection, traffic
from tests.kubernetes.rules.rule import Finding, Rule
from tests.kubernetes.world import World

RULES: Final[tuple[Rule, ...]] = (
    *names.RULES,
    *selection.RULES,
    *references.RULES,
    *containers.RULES,
    *scaling.RULES,
    *traffic.RULES,
    *policies.RULES,
    *order.RULES,
)


def lint(world: World) -> Iterator[Finding]:
    for rule in RULES:
        for where, says in rule.check(world):
            yield Finding(rule.id, where, says)
