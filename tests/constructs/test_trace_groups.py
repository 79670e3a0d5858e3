"""X-Ray groups: whose traces, how many groups, and what is told of them."""

import pytest

from cloudmart_cdk.constructs.trace_groups import TraceGroups, groups, insight_events
from cloudmart_cdk.settings.naming import Names
from tests.constructs.stacks import resources

WORKLOADS = {"shop": ["shop"], "tiketi": ["auth", "queue"]}
GROUPS_OF_AN_ACCOUNT = 25
"""X-Ray quotas."""
LONGEST_NAME = 32
"""Of a group (X-Ray API reference, CreateGroup)."""


def test_groups_hold_a_stages_own_services() -> None:
    shop, tiketi = groups("team3-lab", WORKLOADS, latency_ms=200, insights=False)
    assert (shop.name, shop.filter) == ("team3-lab-shop", 'service("team3-lab-shop")')
    assert (tiketi.name, tiketi.filter) == (
        "team3-lab-tiketi",
        'service("team3-lab-auth") OR service("team3-lab-queue")',
    )


def test_what_failed_or_was_slow_is_a_group_of_its_own_where_insights_are_on() -> None:
    *_, poor = groups("cloudmart-prod", WORKLOADS, latency_ms=250, insights=True)
    ours = 'service("cloudmart-prod-shop") OR service("cloudmart-prod-auth") OR service("cloudmart-prod-queue")'
    assert (poor.name, poor.insights) == ("cloudmart-prod-poor", False)
    assert poor.filter == f"({ours}) AND (fault = true OR responsetime > 0.25)"


def test_twelve_students_fit_into_an_account() -> None:
    assert 12 * len(groups("team3-lab", WORKLOADS, latency_ms=200, insights=False)) <= GROUPS_OF_AN_ACCOUNT


def test_nothing_watched_is_no_group() -> None:
    assert groups("team3-prod", {}, latency_ms=200, insights=True) == []


def test_names_fit_wherever_the_load_balancers_does() -> None:
    """A load balancer's name has 32 characters too, and `settings.naming` sees that it fits."""
    longest = Names("a" * (32 - len("-staging-tiketi")), "staging").prefix
    found = groups(longest, WORKLOADS, latency_ms=200, insights=True)
    assert max(len(group.name) for group in found) <= LONGEST_NAME


@pytest.mark.parametrize("insights", [False, True])
def test_insights_are_on_and_told_together_or_not_at_all(insights: bool) -> None:
    found = groups("cloudmart-prod", WORKLOADS, latency_ms=200, insights=insights)
    made = resources(lambda stack: TraceGroups(stack, "Traces", groups=found), "AWS::XRay::Group")
    on = [group["GroupName"] for group in made if group["InsightsConfiguration"]["InsightsEnabled"]]
    told = [group["GroupName"] for group in made if group["InsightsConfiguration"]["NotificationsEnabled"]]
    patterns = [event.pattern["detail"]["GroupName"] for event in insight_events(found, region="ap-northeast-2")]
    assert on == told == (["cloudmart-prod-shop", "cloudmart-prod-tiketi"] if insights else [])
    assert patterns == ([on] if insights else [])
