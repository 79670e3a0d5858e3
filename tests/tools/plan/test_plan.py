"""Waves, the timeline with places, the way down, and the stages as they are."""

from pathlib import Path

import pytest

from cloudmart_cdk.settings.topology import BACKEND, DATA, EDGE, EDGE_WATCH, EKS, FRONTEND, MONITORING, VPC
from tests.conftest import Synthesize
from tests.tools.plan.small import assembly, slow, times_file
from tools.assembly import Assembly
from tools.plan import narrowing, times
from tools.plan.plan import Plan, make
from tools.plan.times import Operation


def _plan(folder: Path, operation: Operation = "create", *, concurrency: int = 4) -> Plan:
    """A diamond: first, then long (20) beside short (10), then last."""
    stacks = {
        "First": {"A": slow()},
        "Long": {"A": slow(), "B": slow("A")},
        "Short": {"A": slow()},
        "Last": {"A": {"Type": "Quick"}},
    }
    needs = {"Long": ["First"], "Short": ["First"], "Last": ["Long", "Short"]}
    return make(assembly(folder, stacks, needs), times.load(times_file(folder)), operation, concurrency=concurrency)


def test_waves_and_what_decides(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    assert plan.waves == (("First",), ("Long", "Short"), ("Last",))
    assert plan.critical == ("First", "Long", "Last")
    rows = {row.name: row for row in plan.rows}
    assert (rows["Short"].starts, rows["Short"].slack, rows["Short"].critical) == (11, 10, False)
    assert rows["Last"].waits_for == ("Long",)
    assert rows["Last"].needs == ("Long", "Short")
    assert (plan.span.usual, plan.span.slow) == pytest.approx((11 + 21 + 1 + 1 / 60, 22 + 42 + 2 + 1 / 60))


def test_with_one_place_stacks_queue_and_each_waits_for_the_one_before(tmp_path: Path) -> None:
    plan = _plan(tmp_path, concurrency=1)
    assert plan.span.usual == pytest.approx(11 + 21 + 11 + 1 + 1 / 60)
    assert plan.alone == plan.span
    assert plan.widest.usual == pytest.approx(33 + 1 / 60)
    rows = {row.name: row for row in plan.rows}
    assert rows["Short"].waits_for == ("Long",), "which it does not need; it takes its place"
    assert all(row.critical for row in plan.rows)


def test_down_is_the_other_way_round_in_stacks_and_within_them(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "delete")
    assert plan.waves == (("Last",), ("Short", "Long"), ("First",))
    (long,) = (row.stack for row in plan.rows if row.name == "Long")
    assert [step.logical_id for step in long.steps] == ["B", "A"]
    assert long.span.usual == 6


def test_a_ref_begins_early_where_the_type_allows_it(tmp_path: Path) -> None:
    for value, minutes in (({"Ref": "A"}, 11.0), ({"Fn::GetAtt": ["A", "Arn"]}, 15.0)):
        stacks = {"S": {"A": {"Type": "Named"}, "B": {"Type": "Slow", "Properties": {"P": value}}}}
        plan = make(assembly(tmp_path, stacks), times.load(times_file(tmp_path)), "create")
        assert plan.span.usual == 1 + minutes


def test_many_small_resources_take_their_time_too(tmp_path: Path) -> None:
    stacks = {"S": {f"R{number}": {"Type": "Quick"} for number in range(180)}}
    plan = make(assembly(tmp_path, stacks), times.load(times_file(tmp_path)), "create")
    assert plan.span.usual == 1 + 3
    assert plan.rows[0].stack.paced


def test_narrowing_names_what_costs_time_and_nothing_else(tmp_path: Path) -> None:
    stacks = {"S": {"A": slow(), "B": slow("A"), "C": slow("A"), "D": {"Type": "Quick", "DependsOn": ["A"]}}}
    plan = make(assembly(tmp_path, stacks), times.load(times_file(tmp_path)), "create")
    assert narrowing.gains(plan.rows[0].stack) == (), "B and C both wait: neither alone makes it shorter"
    stacks = {"S": {"A": slow(), "B": slow("A"), "D": {"Type": "Quick", "DependsOn": ["A"]}}}
    plan = make(assembly(tmp_path, stacks), times.load(times_file(tmp_path)), "create")
    assert narrowing.gains(plan.rows[0].stack) == (narrowing.Gain(10, "B", ("A",), "DependsOn"),)


def _stage(synthesized: Synthesize, stage: str, operation: Operation = "create", *, concurrency: int = 4) -> Plan:
    return make(Assembly(synthesized(stage).folder), times.load(), operation, concurrency=concurrency)


def test_lab_in_waves(synthesized: Synthesize) -> None:
    plan = _stage(synthesized, "lab")
    assert plan.waves == ((VPC,), (DATA, EKS), (BACKEND,), (FRONTEND,), (MONITORING,))
    assert plan.critical == (VPC, DATA, BACKEND, FRONTEND, MONITORING), "the cluster has slack"


def test_prod_has_the_stacks_of_us_east_1_beside_the_others(synthesized: Synthesize) -> None:
    plan = _stage(synthesized, "prod")
    assert plan.waves == ((VPC, EDGE), (DATA, EKS), (BACKEND,), (FRONTEND,), (EDGE_WATCH, MONITORING))
    assert not next(row for row in plan.rows if row.name == EDGE).critical


@pytest.mark.parametrize(
    ("stack", "operation", "resource"),
    [
        (VPC, "create", "AWS::EC2::NatGateway"),
        (DATA, "create", "AWS::RDS::DBInstance"),
        (BACKEND, "create", "AWS::AutoScaling::AutoScalingGroup"),
        (FRONTEND, "create", "AWS::CloudFront::Distribution"),
        (EKS, "create", "AWS::EKS::Cluster"),
        (DATA, "delete", "AWS::Lambda::Function"),
        (FRONTEND, "delete", "AWS::CloudFront::Distribution"),
        (EKS, "delete", "AWS::Lambda::Function"),
    ],
)
def test_what_takes_longest_in_lab(synthesized: Synthesize, stack: str, operation: Operation, resource: str) -> None:
    row = next(row for row in _stage(synthesized, "lab", operation).rows if row.name == stack)
    assert max(row.stack.steps, key=lambda step: step.minutes).type == resource


def test_data_and_cluster_side_by_side_save_the_shorter_of_the_two(synthesized: Synthesize) -> None:
    plan = _stage(synthesized, "lab")
    shorter = min(row.stack.span.usual for row in plan.rows if row.name in (DATA, EKS))
    assert plan.widest.usual <= plan.alone.usual - shorter + 1e-6
    assert plan.span == plan.widest, "four places are enough"


def test_the_idle_canaries_of_services_are_not_waited_for(synthesized: Synthesize) -> None:
    resources = synthesized("lab").templates[EKS]["Resources"]
    idle = {name for name in resources if name.startswith("Services") and "Canary" in name}
    row = next(row for row in _stage(synthesized, "lab").rows if row.name == EKS)
    assert idle
    assert not idle & row.stack.resources.keys()
