"""From what is deployed to a grade: whose it is, what may not be read, what it costs, and the drill."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError

from cloudmart_cdk.settings import load_settings
from commands.errors import CommandError
from labs.grade import cost, drill, rubric
from labs.grade.__main__ import run
from labs.grade.command_line import parse
from labs.grade.deployed import UnreadableError
from labs.grade.grading import judge
from labs.grade.parts import Parts
from labs.grade.shop import Shop
from tests.labs.grade.conftest import Team
from tests.labs.grade.faults import answered, disabled_alarm

pytestmark = pytest.mark.xdist_group("emulator")


@contextmanager
def refused(team: Team, service: str, operation: str) -> Iterator[None]:
    """A call that AWS does not allow."""

    def refuse(_: Any) -> NoReturn:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

    with answered(service, operation, refuse)(team):
        yield


def test_what_may_not_be_read_earns_nothing_and_names_the_right(team: Team) -> None:
    calls = (
        ("rds", "DescribeDBInstances"),
        ("cloudwatch", "DescribeAlarms"),
        ("elbv2", "DescribeLoadBalancers"),
    )
    with ExitStack() as all_of_them:
        for service, operation in calls:
            all_of_them.enter_context(refused(team, service, operation))
        marks = {mark.criterion.id: mark for mark in judge(team.parts())}
    for criterion, right in {
        "database": "rds:DescribeDBInstances",
        "areas": "cloudwatch:DescribeAlarms",
        "balancers": "elasticloadbalancing:DescribeLoadBalancers",
    }.items():
        assert (marks[criterion].points, marks[criterion].needs) == (0, right)
    assert marks["nat"].full, "the rest is judged"
    with (
        refused(team, "s3", "GetBucketEncryption"),
        pytest.raises(UnreadableError, match="s3:GetEncryptionConfiguration"),
    ):
        team.deployed().read("s3", "get_bucket_encryption", Bucket=team.ids["Site"])


def test_everything_that_is_said_in_english_is_said_in_korean(team: Team) -> None:
    """A name that AWS gives is one word, and begins with a capital letter or holds one, a dot or an underscore."""
    said = rubric.seen("ko")
    looked_at = {seen.what for mark in judge(team.parts()) for seen in mark.evidence.seen}
    english = {what for what in looked_at if not re.fullmatch(r"\w*[A-Z_.]\S*", what)}
    assert english - said.keys() == set()
    assert len(english) > 20


def test_only_calls_that_read_are_made(team: Team) -> None:
    with pytest.raises(ValueError, match="no reading call"):
        team.deployed().read("rds", "delete_db_instance", DBInstanceIdentifier="x")


def test_the_same_deployment_gets_the_same_grade(team: Team) -> None:
    assert judge(team.parts()) == judge(team.parts())


@pytest.mark.parametrize("prefix", ["team-lab", "team33-lab", "team3-dev", "eam3-lab"])
def test_nobody_is_graded_by_anothers_stacks(team: Team, prefix: str) -> None:
    with pytest.raises(CommandError, match=f"^error: {prefix}: given no stack {prefix}-... in ap-northeast-2"):
        team.deployed(prefix)


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_a_deployment_that_is_not_at_rest_is_not_graded(team: Team, status: str) -> None:
    def change(answer: dict[str, Any]) -> None:
        for stack in answer["Stacks"]:
            stack["StackStatus"] = status

    at_rest = answered("cloudformation", "DescribeStacks", change)(team)
    with at_rest, pytest.raises(CommandError, match=f"^error: team3-lab-.*: given {status}"):
        team.deployed()


def test_the_cost_is_that_of_the_deployed_templates(team: Team) -> None:
    settings = load_settings({"stage": "lab", "name": "team3"})
    found = cost.of(team.deployed(), settings)
    assert (found.unknown, found.within) == ("", True)
    # 2 NAT gateways, a load balancer, a cluster, 2 nodes, 2 instances, a database in two zones, 2 cache nodes: an hour.
    standing = (2 * 0.045 + 0.025 + 0.10 + 2 * 0.0416 + 2 * 0.010 + 2 * 0.017 + 2 * 0.017) * 50 / 60
    assert standing < found.usd < cost.CAP_USD
    assert len(found.dearest) == 5

    def change(answer: dict[str, Any]) -> None:
        nodes = answer["TemplateBody"]["Resources"].get("Nodes")
        if nodes:
            nodes["Properties"]["ScalingConfig"]["DesiredSize"] = 20
            zone = {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "example.com"}}
            answer["TemplateBody"]["Resources"]["Zone"] = zone

    with answered("cloudformation", "GetTemplate", change)(team):
        dear = cost.of(team.deployed(), settings)
    assert not dear.within
    zone_usd = 0.50 / 730 * 50 / 60  # no public document was found for the course's price of one
    assert dear.usd == pytest.approx(found.usd + 18 * 0.0416 * 50 / 60 + zone_usd)
    assert found.unsourced_usd == 0
    assert dear.unsourced_usd == pytest.approx(zone_usd)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("Resources: {}", "is YAML; allowed: JSON"),
        ({"Resources": {"X": {"Type": "AWS::Kinesis::Stream", "Properties": {}}}}, "AWS::Kinesis::Stream"),
    ],
)
def test_what_has_no_price_is_not_within_the_budget(team: Team, body: object, why: str) -> None:
    def change(answer: dict[str, Any]) -> None:
        answer["TemplateBody"] = body

    with answered("cloudformation", "GetTemplate", change)(team):
        found = cost.of(team.deployed(), load_settings({"stage": "lab", "name": "team3"}))
    assert why in found.unknown
    assert not found.within


def test_templates_that_may_not_be_read_are_no_cheap_ones(team: Team) -> None:
    with refused(team, "cloudformation", "GetTemplate"):
        found = cost.of(team.deployed(), load_settings({"stage": "lab", "name": "team3"}))
    assert found == cost.Cost(unknown="not allowed: needs cloudformation:GetTemplate")


def test_the_command_grades_the_local_cloud_and_says_so_in_each_form(
    team: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local = ["--local", "--state", str(team.state.root)]
    page = tmp_path / "grade.md"
    assert run(parse([*local, "--json", "--markdown", str(page), "--minimum", "100"])) == 0
    grade = json.loads(capsys.readouterr().out)
    assert (grade["deployment"], grade["points"], grade["passed"]) == ("team3-lab", 100, True)
    assert "100 of 100 points" in page.read_text(encoding="utf-8")
    with disabled_alarm(team):
        assert run(parse([*local, "--language", "ko", "--minimum", "100"])) == 1
    assert "100점 만점에 98점" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"^error: team4-lab: given no stack"):
        run(parse([*local, "--name", "team4"]))


def _drill(team: Team) -> drill.Drill:
    return drill.run(team.parts(), team.client, poll_s=0.05, deadline_s=300, say=lambda _: None)


def test_the_drill_ends_an_instance_and_waits_until_it_is_replaced(team: Team) -> None:
    before = _instances(team)
    found = _drill(team)
    assert found.served, found
    now = _instances(team)
    assert found.instance in before
    assert found.instance not in now
    assert len(now) == len(before)


def _instances(team: Team) -> set[str]:
    (group,) = team.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return {each["InstanceId"] for each in group["Instances"]}


def test_nobody_served_during_the_drill_takes_the_backend_half_its_points(team: Team) -> None:
    marks = {
        drilled: next(
            m for m in judge(Parts(team.deployed(), team.parts().shop, drilled=drilled)) if m.criterion.id == "backend"
        )
        for drilled in (True, False)
    }
    assert marks[True].full
    assert marks[False].points == 2


def test_the_drill_is_not_tried_where_it_would_be_an_outage(team: Team) -> None:
    def change(answer: dict[str, Any]) -> None:
        for group in answer["AutoScalingGroups"]:
            del group["Instances"][1:]

    before = _instances(team)
    with answered("autoscaling", "DescribeAutoScalingGroups", change)(team):
        found = _drill(team)
    assert found.refused.endswith("in service: 1")
    broken = Parts(team.deployed(), Shop("http://127.0.0.1:9"))
    assert "does not answer" in drill.run(broken, team.client, poll_s=0.05, deadline_s=1, say=lambda _: None).refused
    assert _instances(team) == before


def test_unreadable_twice_is_unreadable(team: Team) -> None:
    deployed = team.deployed()
    with refused(team, "rds", "DescribeDBInstances"), pytest.raises(UnreadableError):
        deployed.read("rds", "describe_db_instances")
    with pytest.raises(UnreadableError):
        deployed.read("rds", "describe_db_instances")
