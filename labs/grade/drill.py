"""The drill: an instance is ended without a word, while customers go on asking.

The one part of the checker that changes something; the scaling group puts it right, and the drill waits until it has.
A customer is who asks up to three times, as browsers and people do: behind a load balancer the next try meets another
instance.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from labs.grade.parts import Parts
from labs.grade.shop import API

_TRIES: Final = 3
_LEAST: Final = 2
"""Instances: with one alone the drill would be an outage."""


@dataclass(frozen=True, kw_only=True)
class Drill:
    """What customers met."""

    instance: str = ""
    asked: int = 0
    failed: int = 0
    seconds: float = 0.0
    whole: bool = False
    """The group has its instances again, all in service."""
    refused: str = ""
    """Why it was not tried."""

    @property
    def served(self) -> bool:
        """Nobody was turned away, and the group is whole again."""
        return not self.refused and self.whole and self.asked > 0 and self.failed == 0


def run(
    parts: Parts, client: Callable[[str, str], Any], *, poll_s: float, deadline_s: float, say: Callable[[str], None]
) -> Drill:
    """Ends one instance of the backend and watches.

    `client`: boto3's, by service and region. `poll_s`: between two customers; `deadline_s`: patience.
    """
    domains = [config["DomainName"] for config in parts.distributions.values()]
    if not parts.groups or not domains:
        return Drill(refused="no scaling group behind a distribution")
    group, domain = parts.groups[0]["AutoScalingGroupName"], domains[0]
    region = parts.deployed.region
    scaling, balancing = client("autoscaling", region), client("elbv2", region)
    before = _serving(scaling, group)
    if len(before) < _LEAST:
        return Drill(refused=f"instances of {group} in service: {len(before)}")
    if not _served(parts, domain):
        return Drill(refused=f"{domain} does not answer as it is")
    victim = before[0]
    say(f"ending {victim} of {group}; its group replaces it")
    client("ec2", region).terminate_instances(InstanceIds=[victim])
    began, asked, failed, whole = time.monotonic(), 0, 0, False
    while not whole and time.monotonic() - began < deadline_s:
        asked += 1
        failed += not _served(parts, domain)
        now = _serving(scaling, group)
        whole = victim not in now and len(now) >= len(before) and _healthy(balancing, scaling, group, now)
        time.sleep(poll_s)
    return Drill(instance=victim, asked=asked, failed=failed, seconds=time.monotonic() - began, whole=whole)


def _served(parts: Parts, domain: str) -> bool:
    return any(parts.shop.status(domain, API) == 200 for _ in range(_TRIES))


def _serving(scaling: Any, group: str) -> list[str]:
    """Instances in service, by their ids."""
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"][0]["Instances"]
    return sorted(each["InstanceId"] for each in found if each["LifecycleState"] == "InService")


def _healthy(elb: Any, scaling: Any, group: str, instances: list[str]) -> bool:
    """Whether every target group of the group finds all of them well."""
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"][0]
    for arn in found.get("TargetGroupARNs", []):
        health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        well = {each["Target"]["Id"] for each in health if each["TargetHealth"]["State"] == "healthy"}
        if not set(instances) <= well:
            return False
    return True
