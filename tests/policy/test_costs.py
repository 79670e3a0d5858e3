"""Family COST: caps, and what has no price."""

from typing import Any

import pytest

from tests.policy.support import Case, bad, deployment, each, found, good, resource

_TEMPLATE = resource(
    "AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"InstanceType": "m7i.large", "BlockDeviceMappings": []}}
)


def _group(size: Any) -> dict[str, Any]:
    group = {"MinSize": size, "LaunchTemplate": {"LaunchTemplateId": {"Ref": "T"}}}
    return {"T": _TEMPLATE, "G": resource("AWS::AutoScaling::AutoScalingGroup", group)}


_KEYS = {f"K{number}": resource("AWS::KMS::Key") for number in range(1000)}

_OTHERS = {"R": resource("AWS::IAM::Role"), "B": resource("AWS::S3::Bucket")}

CASES = [
    bad("COST-1", "a session of lab", _group(10), says="0.84 USD a session of 50 minutes"),
    good("COST-1", "a session below the cap", _group(9)),
    bad("COST-1", "a month of prod", _group(14), stage="prod", says="1030.18 USD a month"),
    good("COST-1", "a month below the cap", _group(13), stage="prod"),
    good("COST-1", "a session of prod, which has no such cap", _group(13), stage="prod"),
    good("COST-1", "a stage without a cap", _group(99), cost__session_cap_usd="0"),
    good("COST-1", "what is apart", _KEYS),
    bad("COST-1", "half of it unpriced", {**_group(10), "X": resource("AWS::Nobody::Knows")}),
    bad("COST-2", "a type", {"X": resource("AWS::Nobody::Knows")}, says="a type without a price"),
    bad("COST-2", "a number of a parameter", _group({"Ref": "Size"}), says="MinSize"),
    good("COST-2", "what is priced, free, and by use", {**_group(1), **_OTHERS}),
]


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


def test_it_names_the_dearest_three_and_the_setting() -> None:
    app = deployment(_group(14), stage="prod", also={"EksPlatformStack": {"C": resource("AWS::EKS::Cluster")}})
    (finding,) = found(app, "COST-1")
    assert "14 x m7i.large in DataStack 1030.18; control plane in EksPlatformStack 73.00; " in finding.text
    assert finding.text.endswith("allowed: 975.00 USD, or what is decided now: -c cost.month_cap_usd=1150.53")
    assert "python -m tools.cost --items" in finding.rule.fix


def test_both_caps_can_be_exceeded() -> None:
    app = deployment(_group(14), cost__month_cap_usd="100")
    assert [finding.id for finding in found(app, "COST-1")] == ["COST-1[a-session-of-50-minutes]", "COST-1[a-month]"]


@pytest.mark.parametrize("size", [14, 137])
def test_what_it_says_to_give_lifts_the_cap(size: int) -> None:
    """Of 10,000 USD and more, too: to the cent."""
    (finding,) = found(deployment(_group(size), stage="prod"), "COST-1")
    setting, _, value = finding.text.rpartition("-c ")[2].partition("=")
    assert setting == "cost.month_cap_usd"
    assert not found(deployment(_group(size), stage="prod", cost__month_cap_usd=value), "COST-1")
