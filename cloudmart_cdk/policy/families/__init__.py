"""The rules, one family a module. Each module has a tuple `RULES`; here they become one."""

from typing import Final

from ..rule import Rule
from . import (
    at_rest,
    classification,
    cluster,
    edge,
    fleet,
    identity,
    in_transit,
    kubernetes,
    limits,
    network,
    nodes,
    references,
    retention,
    secrets,
    security_groups,
    web_acls,
    workloads,
)

RULES: Final[tuple[Rule, ...]] = (
    *security_groups.RULES,
    *identity.RULES,
    *network.RULES,
    *at_rest.RULES,
    *in_transit.RULES,
    *secrets.RULES,
    *edge.RULES,
    *web_acls.RULES,
    *fleet.RULES,
    *retention.RULES,
    *limits.RULES,
    *cluster.RULES,
    *nodes.RULES,
    *workloads.RULES,
    *kubernetes.RULES,
    *references.RULES,
    *classification.RULES,
)
"""Every rule of the pack, in the order of the documentation."""
