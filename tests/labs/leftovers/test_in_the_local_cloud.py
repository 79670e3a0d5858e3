"""Things are left behind on purpose, of several students and stages: found are ours, removed is what is left over."""

import dataclasses
import json
import os
from collections.abc import Iterator
from typing import Final
from unittest import mock

import pytest

from cloudmart_cdk.settings import load_settings
from labs import place
from labs.leftovers import __main__ as command
from labs.leftovers import findings, removal
from labs.leftovers.account import Account
from labs.leftovers.findings import Findings
from labs.leftovers.kinds import Resource
from localcloud import leftovers
from localcloud.aws import Clients
from localcloud.state import Cloud, State
from tests.labs.leftovers.scrap import UNTAGGED, template
from tests.localcloud import conftest as localcloud_conftest
from tests.localcloud.stacks import create, settle

pytestmark = pytest.mark.xdist_group("emulator")
state, cloud, clients = localcloud_conftest.state, localcloud_conftest.cloud, localcloud_conftest.clients
"""Fixtures: an emulator of the module's own."""

_OTHERS: Final = ("team10-lab", "team1-dev", "team1-lab-x-lab")
"""Whose names begin like ours, or whose stage is another."""
_UNTAGGED: Final = "/aws/lambda/team1-lab-forgotten"


@pytest.fixture(scope="module")
def scrap(clients: Clients) -> None:
    """What each copy left behind: with objects, versions and everything."""
    for copy in ("team1-lab", *_OTHERS):
        _leave_behind(clients, copy)
    for group in (_UNTAGGED, "/aws/lambda/team10-lab-forgotten"):
        clients.client("logs").create_log_group(logGroupName=group)
    for cluster in ("team1-lab-tiketi", "team10-lab-tiketi", "team1-lab-tiketi-x"):
        _volume(clients, {"KubernetesCluster": cluster})
    _volume(clients, {"Project": "CloudMart", "Stage": "lab"})
    _balancers(clients)
    ec2 = clients.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    for function in ("team1-lab-rotation", "team10-lab-rotation"):
        ec2.create_network_interface(SubnetId=subnet, Description=f"AWS Lambda VPC ENI-{function}-0123")


def _volume(clients: Clients, tags: dict[str, str]) -> None:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    clients.client("ec2").create_volume(
        AvailabilityZone="ap-northeast-2a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": listed}]
    )


def _balancers(clients: Clients) -> None:
    """As the load balancer controller makes them of an Ingress."""
    subnet = clients.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    for number, cluster in enumerate(("team1-lab-tiketi", "team10-lab-tiketi")):
        clients.client("elbv2").create_load_balancer(
            Name=f"k8s-{number}", Subnets=[subnet], Tags=[{"Key": "elbv2.k8s.aws/cluster", "Value": cluster}]
        )


def _leave_behind(clients: Clients, copy: str, *, stack: str = "DataStack") -> dict[str, str]:
    """Logical id -> physical id of what a stack left."""
    made = create(clients, f"{copy}-{stack}", json.loads(template(copy)))
    s3, cloudformation = clients.client("s3"), clients.client("cloudformation")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=made["Bucket"], Key="photo.jpg", Body=body)
    s3.delete_object(Bucket=made["Bucket"], Key="photo.jpg")
    cloudformation.delete_stack(StackName=f"{copy}-{stack}")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=f"{copy}-{stack}", WaiterConfig={"Delay": 1})
    return made


@pytest.fixture(scope="module")
def where(state: State, scrap: None) -> Iterator[place.Place]:
    with mock.patch.dict(os.environ):
        yield place.in_local_cloud({"stage": "lab", "name": "team1"}, folder=state.root)


def _of(where: place.Place, stage: str, name: str) -> place.Place:
    """Another copy in the same cloud."""
    return dataclasses.replace(where, settings=load_settings({"stage": stage, "name": name}))


def _look(where: place.Place, *, including_data: bool = False) -> Findings:
    return findings.look(Account(where), where.settings, including_data=including_data)


def _remove(where: place.Place, resources: list[Resource]) -> removal.Outcome:
    return removal.remove(Account(where), resources, patience_s=300, poll_s=0.1, tell=lambda _: None)


def _kinds(resources: list[Resource]) -> list[str]:
    return sorted(resource.kind.name for resource in resources)


def test_ours_is_found_and_nobody_else_s(where: place.Place) -> None:
    found = _look(where)
    kept = json.loads(template("team1-lab"))["Resources"]
    assert len(found.left) == len(kept.keys() - UNTAGGED) + 2  # and what pods made
    assert _kinds(found.left).count("volume") == 1
    assert _kinds(found.left).count("load balancer") == 2
    assert [resource.name for resource in found.untagged] == [_UNTAGGED, "team1-lab-rotation-0123"]
    assert _kinds(found.unclear) == ["volume"]
    assert found.held == found.kept == found.unknown == []


def test_the_command_says_so_and_answers_1(
    where: place.Place, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--local", "--state", str(state.root), "--stage", "lab", "--name", "team1"]
    assert command.run(command.parse(options)) == 1
    said = capsys.readouterr().out
    assert f"aws logs delete-log-group --log-group-name {_UNTAGGED}" in said
    assert "To remove them: python -m labs.leftovers --stage lab --name team1 --local" in said
    assert "team10-lab" not in said


def test_what_a_stack_holds_is_no_left_over(clients: Clients, where: place.Place) -> None:
    """The retained ones of a stack that was deployed again are not of the new stack: its ARN is another."""
    before = len(_look(where).left)
    create(clients, "team1-lab-VpcStack", {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": _PLAIN}}})
    try:
        found = _look(where)
        assert len(found.left) == before
        assert _kinds(found.held) == ["topic"]
        assert found.untagged == []
    finally:
        clients.client("cloudformation").delete_stack(StackName="team1-lab-VpcStack")


_PLAIN: Final = {"Tags": [{"Key": "Project", "Value": "CloudMart"}, {"Key": "Stage", "Value": "lab"}]}


def test_a_stack_that_did_not_go_is_said_and_keeps_its_own(
    clients: Clients, where: place.Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of another copy, so that nothing else is left over; through clients that are there already."""
    options = ["--local", "--name", "team2", "--remove", "--yes"]
    team2 = mock.patch.object(place, "in_local_cloud", return_value=_of(where, "lab", "team2"))
    with team2:
        assert command.run(command.parse(options)) == 0
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "team2-full", **_PLAIN}}
    create(clients, "team2-lab-VpcStack", {"Resources": {"Full": bucket}})
    clients.client("s3").put_object(Bucket="team2-full", Key="late.log", Body=b"a line")
    clients.client("cloudformation").delete_stack(StackName="team2-lab-VpcStack")
    assert settle(clients.client("cloudformation"), "team2-lab-VpcStack")["StackStatus"] == "DELETE_FAILED"
    with team2:
        assert command.run(command.parse(options)) == 1
    assert "DELETE_FAILED; destroy it again" in capsys.readouterr().out
    assert clients.client("s3").list_objects_v2(Bucket="team2-full")["KeyCount"] == 1


def test_what_changes_hands_before_its_removal_stays(clients: Clients, where: place.Place) -> None:
    (topic,) = (resource for resource in _look(where).left if resource.kind.name == "topic")
    sns = clients.client("sns")
    sns.untag_resource(ResourceArn=topic.arn, TagKeys=["Stage"])
    outcome = _remove(where, [topic])
    assert [reason for _, reason in outcome.stayed] == ["not touched: it is somebody else's now"]
    sns.tag_resource(ResourceArn=topic.arn, Tags=[{"Key": "Stage", "Value": "lab"}])


def test_data_of_a_stage_that_keeps_it_is_only_removed_when_asked(clients: Clients, where: place.Place) -> None:
    _leave_behind(clients, "team1-staging")
    staging = _of(where, "staging", "team1")
    found, all_found = _look(staging), _look(staging, including_data=True)
    assert _kinds(found.kept) == [
        "bucket",
        "cache parameters",
        "database parameters",
        "key",
        "log group",
        "repository",
        "secret",
    ]
    assert not set(_kinds(found.kept)) & set(_kinds(found.left))
    assert len(all_found.left) == len(found.left) + len(found.kept)


def test_a_copy_of_the_same_name_in_another_region_is_seen(where: place.Place, clients: Clients) -> None:
    """Roles are everywhere, and nothing but their names says whose they are."""
    assert not Account(where).copy().elsewhere
    cloudformation = clients.client("cloudformation", "eu-west-1")
    topic = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    for name, seen in (("team10-lab-DataStack", False), ("team1-lab-DataStack", True)):
        cloudformation.create_stack(StackName=name, TemplateBody=topic)
        assert Account(where).copy().elsewhere is seen
        assert Account(where).copy().living == {}
    for name in ("team10-lab-DataStack", "team1-lab-DataStack"):
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert not Account(where).copy().elsewhere


def test_all_of_it_goes_and_all_else_stays(cloud: Cloud, clients: Clients, where: place.Place) -> None:
    before = set(leftovers.inventory(cloud))
    found = _look(where)
    outcome = _remove(where, found.left)
    assert [(each.kind.name, each.name, why) for each, why in outcome.stayed] == []
    assert len(outcome.removed) == len(found.left)
    gone = before - set(leftovers.inventory(cloud))
    assert not [line for line in gone if any(other in line.lower() for other in _OTHERS)]
    # Of the inventory's kinds: two of ours are no kinds of it, and with the key went its alias.
    assert len(gone) >= len(found.left)
    after = _look(where)
    assert after.left == []
    assert _kinds(after.pending) == ["key"]
    there = _of(where, "lab", "team10")
    assert len(_look(there).left) == len(found.left)
