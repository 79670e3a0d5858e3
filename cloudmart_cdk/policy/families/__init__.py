"""The rules, one family a module. Each module has a tuple `RULES`; here they become one."""

from types import ModuleType
from typing import Final

from ..rule import Rule
from . import (
    at_rest,
    audit_trail,
    backups,
    cdn,
    charts,
    classification,
    cluster,
    conditional_grants,
    costs,
    dangerous_grants,
    database_access,
    delivery,
    fleet,
    identity,
    in_transit,
    kubernetes,
    limits,
    load_balancers,
    network,
    nodes,
    references,
    retention,
    secrets,
    security_groups,
    watching,
    web_acls,
    workloads,
)

FAMILIES: Final[tuple[ModuleType, ...]] = (
    security_groups,
    network,
    at_rest,
    audit_trail,
    in_transit,
    database_access,
    secrets,
    load_balancers,
    cdn,
    web_acls,
    identity,
    conditional_grants,
    dangerous_grants,
    cluster,
    nodes,
    workloads,
    kubernetes,
    charts,
    fleet,
    retention,
    backups,
    limits,
    delivery,
    watching,
    references,
    classification,
    costs,
)
"""In the order of the documentation."""

RULES: Final[tuple[Rule, ...]] = tuple(rule for family in FAMILIES for rule in family.RULES)
"""Every rule of the pack."""
