"""The checks, in the order in which they are reported.

Each asks the account and judges the answers against what is needed; it raises `NotAskedError` where it could not ask.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from preflight.account import Account
from preflight.checks import access, names, offers, quotas, surroundings
from preflight.finding import Finding
from preflight.needs import Needs


@dataclass(frozen=True)
class Check:
    """`what` is how its line begins when it could not be asked."""

    what: str
    run: Callable[[Account, Needs], Iterator[Finding]]


ALL = (
    Check("CDK's bootstrap", access.bootstrap),
    Check("zones", offers.zones),
    Check("CloudFront's prefix list", offers.prefix_list),
    Check("quota of Elastic IP addresses", quotas.addresses),
    Check("quota of VPCs", quotas.vpcs),
    Check("quota of NAT gateways in a zone", quotas.nat_gateways),
    Check("quota of on-demand vCPU", quotas.on_demand),
    Check("quota of spot vCPU", quotas.spot),
    Check("quota of rules in a security group", quotas.security_group_rules),
    Check("instance types", offers.instance_types),
    Check("database version and class", offers.database),
    Check("cache version", offers.cache_version),
    Check("cache node type", offers.cache_node_type),
    Check("Kubernetes version", offers.kubernetes),
    Check("EKS add-ons", offers.addons),
    *(Check(f"names of {kind.words}", kind.check) for kind in names.KINDS),
    Check("service roles", surroundings.service_roles),
    Check("GitHub's identity provider", surroundings.github),
    Check("domain", surroundings.domain),
    Check("mail identity", surroundings.mail_identity),
    Check("budget's tags", surroundings.budget_tags),
)
