"""What AWS allows, what is in use, and what a deploy adds.

Quota codes: Service Quotas console, "Amazon Virtual Private Cloud" and "Amazon EC2".
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from cloudmart_cdk.policy.model import MISSING
from preflight.account import Account, NotThereError
from preflight.finding import Finding, error, ok, warning
from preflight.needs import Machines, Needs

_STANDARD: Final = re.compile(r"(?:[acdhmrtz]|i[ms]?)\d")
"""Instance families that count against the quotas of "Standard" instances."""


def addresses(account: Account, needs: Needs) -> Iterator[Finding]:
    """One for each NAT gateway."""
    adds = sum(1 for _ in needs.new("AWS::EC2::EIP"))
    used = len(account.all("ec2", "describe_addresses", "Addresses"))
    yield from _judge(account, "Elastic IP addresses", "ec2", "L-0263D0A3", used=used, first=adds, most=adds)


def vpcs(account: Account, needs: Needs) -> Iterator[Finding]:
    """A copy has one; the default VPC counts."""
    adds = sum(1 for _ in needs.new("AWS::EC2::VPC"))
    used = len(account.all("ec2", "describe_vpcs", "Vpcs"))
    yield from _judge(account, "VPCs", "vpc", "L-F678F1CE", used=used, first=adds, most=adds)


def nat_gateways(account: Account, needs: Needs) -> Iterator[Finding]:
    """A zone's: twelve students in one zone are more than the quota that a new account has."""
    adds = sum(1 for _ in needs.new("AWS::EC2::NatGateway"))
    if not adds:
        yield ok("quota of NAT gateways in a zone", "no new one")
        return
    zone_of = {each["SubnetId"]: each["AvailabilityZone"] for each in account.all("ec2", "describe_subnets", "Subnets")}
    living = [
        each
        for each in account.all("ec2", "describe_nat_gateways", "NatGateways")
        if each["State"] in ("pending", "available")
    ]
    by_zone = Counter(zone_of.get(each.get("SubnetId", ""), "") for each in living)
    # At most one gateway of ours in a zone, and with one gateway it is the first zone's.
    used = max(by_zone[zone] for zone in needs.settings.network.zones[:adds])
    yield from _judge(account, "NAT gateways in a zone", "vpc", "L-FE5A380F", used=used, first=1, most=1)


def on_demand(account: Account, needs: Needs) -> Iterator[Finding]:
    """Backend and nodes."""
    yield from _processors(account, "on-demand vCPU", "L-1216C47A", needs.on_demand, spot=False)


def spot(account: Account, needs: Needs) -> Iterator[Finding]:
    """Nodes that AWS may take back."""
    yield from _processors(account, "spot vCPU", "L-34B43A08", needs.spot, spot=True)


def _processors(account: Account, words: str, code: str, machines: Machines, *, spot: bool) -> Iterator[Finding]:
    if not machines.most:
        yield ok(f"quota of {words}", "no new group of machines")
        return
    states = {"Name": "instance-state-name", "Values": ["pending", "running"]}
    used = sum(
        _vcpu(instance)
        for reservation in account.all("ec2", "describe_instances", "Reservations", Filters=[states])
        for instance in reservation["Instances"]
        if (instance.get("InstanceLifecycle") == "spot") is spot and _STANDARD.match(instance["InstanceType"])
    )
    yield from _judge(account, words, "ec2", code, used=used, first=machines.first, most=machines.most)


def _vcpu(instance: dict[str, Any]) -> int:
    options = instance.get("CpuOptions", {})
    return int(options.get("CoreCount", 1)) * int(options.get("ThreadsPerCore", 2))


def security_group_rules(account: Account, needs: Needs) -> Iterator[Finding]:
    """Of the group with the most in one direction; a prefix list counts with all its entries."""
    if not any(needs.every("AWS::EC2::SecurityGroup")):
        yield ok("quota of rules in a security group", "no security group")
        return
    entries = {
        each["PrefixListId"]: int(each.get("MaxEntries", 1))
        for each in account.all("ec2", "describe_managed_prefix_lists", "PrefixLists")
    }
    counts: Counter[tuple[str, str]] = Counter()
    for direction, source in (("Ingress", "SourcePrefixListId"), ("Egress", "DestinationPrefixListId")):
        for group in needs.every("AWS::EC2::SecurityGroup"):
            for rule in group.items(f"SecurityGroup{direction}"):
                counts[group.logical_id, direction] += entries.get(rule.get(source, ""), 1)
        for rule in needs.every(f"AWS::EC2::SecurityGroup{direction}"):
            group_of = needs.app.target(rule.get("GroupId"))
            listed = rule.get(source)
            weight = 1 if listed is MISSING else entries.get(str(listed), 1)
            counts[group_of.logical_id if group_of else str(rule.get("GroupId")), direction] += weight
    (fullest, _), most = counts.most_common(1)[0]
    yield from _judge(
        account, "rules in a security group", "vpc", "L-0EA8095F", used=0, first=most, most=most, of=f" ({fullest})"
    )


def _judge(
    account: Account, words: str, service: str, code: str, *, used: int, first: int, most: int, of: str = ""
) -> Iterator[Finding]:
    """`first`: what a deploy adds at once; `most`: what it may add later, with every group full."""
    what, limit = f"quota of {words}", _limit(account, service, code)
    state = f"{used} of {limit} in use, {first} more needed{of}"
    ask = (
        f"`aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} "
        "--desired-value {0}`, or free some"
    )
    if used + first > limit:
        yield error(what, given=state, allowed=f"{limit} in {account.region}", do=ask.format(used + most))
    elif used + most > limit:
        given = f"{state} at first, {most} with every group full"
        yield warning(what, given=given, allowed=f"{limit} in {account.region}", do=ask.format(used + most))
    else:
        yield ok(what, f"{state}{f', {most} with every group full' if most > first else ''}")


def _limit(account: Account, service: str, code: str) -> int:
    """The account's own value; one that nobody ever changed may be known as AWS's default only."""
    try:
        answer = account.ask(
            "service-quotas",
            "get_service_quota",
            none="NoSuchResourceException",
            ServiceCode=service,
            QuotaCode=code,
        )
    except NotThereError:
        answer = account.ask("service-quotas", "get_aws_default_service_quota", ServiceCode=service, QuotaCode=code)
    return int(answer["Quota"]["Value"])
