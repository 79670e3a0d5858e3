"""What an account has once, for all copies: service roles, identity provider, domain, mail, cost tags."""

import re
from collections.abc import Iterator
from typing import Any, Final

from preflight.account import Account, NotThereError
from preflight.finding import Finding, error, ok, warning
from preflight.needs import Needs

_GITHUB: Final = "token.actions.githubusercontent.com"
_NAMED_ROLE: Final = re.compile(r":role/aws-service-role/(?P<service>[\w.-]+)/(?P<role>\w+)")
_SERVICE_ROLES: Final = {
    "AWS::AutoScaling::AutoScalingGroup": ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "elasticloadbalancing.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing",
    ),
    "AWS::RDS::DBInstance": ("rds.amazonaws.com", "AWSServiceRoleForRDS"),
    "AWS::ElastiCache::ReplicationGroup": ("elasticache.amazonaws.com", "AWSServiceRoleForElastiCache"),
    "AWS::EKS::Cluster": ("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS"),
    "AWS::EKS::Nodegroup": ("eks-nodegroup.amazonaws.com", "AWSServiceRoleForAmazonEKSNodegroup"),
}
"""Resource type -> service and role, as the services' guides on service-linked roles name them."""
_SPOT: Final = ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot")


def service_roles(account: Account, needs: Needs) -> Iterator[Finding]:
    """AWS makes one at its first use; a policy that names one that is not there is refused."""
    found = account.all("iam", "list_roles", "Roles", PathPrefix="/aws-service-role/")
    there = {role["RoleName"] for role in found}
    named = {match["role"]: match["service"] for text in needs.texts() for match in _NAMED_ROLE.finditer(text)}
    for role, service in sorted(named.items()):
        if role not in there:
            yield error(
                f"service role {role}",
                given="none",
                allowed="one, as a policy of ours names it",
                do=f"`aws iam create-service-linked-role --aws-service-name {service}`",
            )
    used = dict(role[::-1] for type_, role in _SERVICE_ROLES.items() if any(needs.every(type_)))
    if needs.spot.most:
        used[_SPOT[1]] = _SPOT[0]
    missing = sorted(used.keys() - there - named.keys())
    told = f"; AWS makes {', '.join(missing)} at first use" if missing else ""
    yield ok("service roles", f"{len((used.keys() | named.keys()) & there)} there{told}")


def github(account: Account, needs: Needs) -> Iterator[Finding]:
    """The account's identity provider for workflows: one an account, whoever makes it."""
    what = "GitHub's identity provider"
    makers = [each for each in needs.every("AWS::IAM::OIDCProvider") if _GITHUB in str(each.get("Url"))]
    if not makers and not any(f"oidc-provider/{_GITHUB}" in text for text in needs.texts()):
        return
    found = account.all("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList")
    there = any(provider["Arn"].endswith(f"/{_GITHUB}") for provider in found)
    if there and any(maker.stack not in needs.there for maker in makers):
        yield error(
            what,
            given="one that is there, and one that DeliveryStack would make",
            allowed="one in an account",
            do="`-c delivery.github_provider=false`",
        )
    elif not there and not makers:
        yield error(
            what,
            given="none",
            allowed="one in the account",
            do="`-c delivery.github_provider=true` in one stage of this account",
        )
    else:
        yield ok(what, "there" if there else "DeliveryStack makes it")


def domain(account: Account, needs: Needs) -> Iterator[Finding]:
    """The zone that certificates and records go to: public, and of the domain's name."""
    wanted = needs.settings.domain
    if wanted is None:
        return
    what = f"domain {wanted.name}"
    try:
        zone = account.ask("route53", "get_hosted_zone", none="NoSuchHostedZone", Id=wanted.zone_id)["HostedZone"]
    except NotThereError:
        yield error(
            what,
            given=f"no hosted zone {wanted.zone_id} in this account",
            allowed="its public zone",
            do="`aws route53 list-hosted-zones` shows them; set domain.zone_id",
        )
        return
    name, private = zone["Name"].rstrip("."), zone.get("Config", {}).get("PrivateZone", False)
    if private or not f".{wanted.name}".endswith(f".{name}"):
        yield error(
            what,
            given=f"{'the private' if private else 'the'} zone of {name}",
            allowed=f"a public zone of {wanted.name}, or of what it is below",
            do="set domain.zone_id to that one's",
        )
    else:
        yield ok(what, f"zone {wanted.zone_id} of {name}")


def mail_identity(account: Account, needs: Needs) -> Iterator[Finding]:
    """Who sends: SES refuses an identity that nobody confirmed, at run time."""
    identity = needs.settings.eks.mail_identity
    if not identity:
        return
    what, do = (
        f"mail identity {identity}",
        f"`aws sesv2 create-email-identity --email-identity {identity}`, then confirm",
    )
    try:
        found = account.ask("sesv2", "get_email_identity", none="NotFoundException", EmailIdentity=identity)
    except NotThereError:
        yield warning(what, given="none", allowed="a confirmed one", do=do)
        return
    if found.get("VerifiedForSendingStatus"):
        yield ok(what, "confirmed")
    else:
        yield warning(
            what, given="one that nobody confirmed", allowed="a confirmed one", do="confirm it (mail, or DNS)"
        )


def budget_tags(account: Account, needs: Needs) -> Iterator[Finding]:
    """A budget by tags counts nothing until its tags are cost allocation tags; that takes AWS a day."""
    keys = sorted(
        {
            key
            for budget in needs.every("AWS::Budgets::Budget")
            for key in _tag_keys(budget.get("Budget.FilterExpression"))
        }
    )
    if not keys:
        return
    found = account.all(
        "ce",
        "list_cost_allocation_tags",
        "CostAllocationTags",
        region="us-east-1",
        Status="Active",
        TagKeys=keys,
    )
    active = {tag["TagKey"] for tag in found}
    if missing := [key for key in keys if key not in active]:
        statuses = " ".join(f"TagKey={key},Status=Active" for key in missing)
        yield warning(
            "budget's tags",
            given=f"{', '.join(missing)} not active",
            allowed="active cost allocation tags, else the budget counts nothing",
            do=f"`aws ce update-cost-allocation-tags-status --cost-allocation-tags-status {statuses}` in the account "
            "that pays, a day after the first deploy",
        )
    else:
        yield ok("budget's tags", f"{', '.join(keys)} are active")


def _tag_keys(expression: Any) -> Iterator[str]:
    if isinstance(expression, dict):
        if isinstance(tags := expression.get("Tags"), dict):
            yield str(tags["Key"])
        for each in expression.values():
            yield from _tag_keys(each)
    elif isinstance(expression, list):
        for each in expression:
            yield from _tag_keys(each)
