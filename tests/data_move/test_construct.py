"""The document that moves data on AWS, its instance and its roles."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from cloudmart_cdk.constructs.data_move import DataMove
from cloudmart_cdk.constructs.data_move_roles import IMAGE
from cloudmart_cdk.constructs.log_groups import LogGroups
from cloudmart_cdk.constructs.stage_owned import Lifecycle

PROGRAM = Path(__file__).parents[2] / "cloudmart_cdk" / "assets" / "data_move"
SECRET = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:team3-prod/database/owner-AbCdEf"
Found = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def assembly() -> Any:
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(region="ap-northeast-2"))
    DataMove(
        stack,
        "DataMove",
        name="team3-prod-move-data",
        host="db.example",
        database="cloudmart",
        owner=secretsmanager.Secret.from_secret_complete_arn(stack, "Owner", SECRET),
        owner_name="team3-prod/database/owner",
        key=kms.Key(stack, "Key"),
        volume_gb=100,
        subnet_id="subnet-1",
        security_group=ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1"),
        tags={"Stage": "prod"},
        log_bucket=s3.Bucket.from_bucket_name(stack, "LogBucket", "logs"),
        log_groups=LogGroups(retention_days=30),
        lifecycle=Lifecycle(keep=True, deletion_protection=True),
    )
    return app.synth()


@pytest.fixture(scope="module")
def resources(assembly: Any) -> Found:
    found: Found = {}
    for resource in assembly.get_stack_by_name("Stack").template["Resources"].values():
        found.setdefault(resource["Type"], []).append(resource)
    return found


@pytest.fixture(scope="module")
def content(resources: Found) -> dict[str, Any]:
    (document,) = resources["AWS::SSM::Document"]
    properties = document["Properties"]
    assert (properties["Name"], properties["DocumentType"]) == ("team3-prod-move-data", "Automation")
    content: dict[str, Any] = properties["Content"]
    return content


def texts(node: Any) -> Iterator[str]:
    """Every text in a piece of JSON; functions of CloudFormation stand for `<value>`."""
    if isinstance(node, dict):
        if len(node) == 1 and next(iter(node)) in ("Ref", "Fn::GetAtt"):
            yield "<value>"
        elif list(node) == ["Fn::Join"]:
            separator, parts = node["Fn::Join"]
            yield separator.join(part if isinstance(part, str) else "<value>" for part in parts)
        else:
            for value in node.values():
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


def test_every_step_leads_on_and_every_way_leads_to_the_end_of_the_instance(content: dict[str, Any]) -> None:
    assert content["schemaVersion"] == "0.3"
    steps = {step["name"]: step for step in content["mainSteps"]}
    assert list(steps) == ["Launch", "Online", "Move", "Terminate"]
    assert [step.get("nextStep") for step in steps.values()] == ["Online", "Move", "Terminate", None]
    assert steps["Launch"]["onFailure"] == "Abort", "nothing is there to be ended"
    assert steps["Online"]["onFailure"] == steps["Move"]["onFailure"] == "step:Terminate"
    assert steps["Move"]["onCancel"] == "step:Terminate"
    assert steps["Terminate"]["isEnd"] is True
    assert steps["Terminate"]["inputs"]["DesiredState"] == "terminated"
    assert not any("isCritical" in step for step in steps.values()), "a failed move is a failed execution"


def test_what_is_referred_to_exists(content: dict[str, Any]) -> None:
    known = {f"{step['name']}.{output['Name']}" for step in content["mainSteps"] for output in step.get("outputs", ())}
    known |= content["parameters"].keys() | {"automation:EXECUTION_ID"}
    used = {name for text in texts(content["mainSteps"]) for name in re.findall(r"\{\{ ?([^}]+?) ?\}\}", text)}
    assert used == known, "nothing unknown, nothing unused"


def test_parameters_admit_what_the_program_takes_and_no_shell(content: dict[str, Any]) -> None:
    (pattern,) = texts(content["parameters"]["What"]["allowedPattern"])
    for good in (
        "s3://<value>/cloudmart.sql.gz",
        "s3://<value>/2026/11/a_b-c.dump",
        "cloudmart_before_20261121t142301",
    ):
        assert re.search(pattern, good), good
    for bad in (
        "s3://elsewhere/cloudmart.sql",
        "s3://<value>/a b",
        "s3://<value>/a'b",
        "s3://<value>/$(id)",
        "s3://<value>/a;id",
        "s3://<value>/a\nid",
        "cloudmart",
        "other_before_20261121t142301",
        "",
    ):
        assert not re.search(pattern, bad), bad
    for choice in ("Order", "Option"):
        parameter = content["parameters"][choice]
        assert parameter["default"] in parameter["allowedValues"]


def test_commands_are_shell_that_parses(content: dict[str, Any]) -> None:
    lines = [next(texts(line)) for line in content["mainSteps"][2]["inputs"]["Parameters"]["commands"]]
    where = "'team3-prod-move-data' 'db.example' 'cloudmart' 'team3-prod/database/owner'"
    assert lines[-1].endswith(f"on_instance.sh\" {where} '{{{{ Order }}}}' '{{{{ What }}}}' '{{{{ Option }}}}'")
    subprocess.run(["sh", "-n"], input="\n".join(lines), text=True, check=True)


@pytest.mark.parametrize("script", [PROGRAM / "on_instance.sh", Path(__file__).parent / "dumps" / "make.sh"])
def test_scripts_are_clean(script: Path) -> None:
    checked = subprocess.run(
        [Path(sys.executable).parent / "shellcheck", script], capture_output=True, text=True, check=False
    )
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_bundle_is_the_program_alone(assembly: Any) -> None:
    (bundle,) = (path for path in Path(assembly.directory).glob("asset.*") if path.is_dir())
    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*")}
    ours = {path.name for path in PROGRAM.iterdir() if path.is_file()} - {"requirements.in"}
    assert names == ours
    assert {"__main__.py", "on_instance.sh", "requirements.txt"} <= names


def test_program_runs_under_the_name_that_it_is_unpacked_as(tmp_path: Path, assembly: Any) -> None:
    (bundle,) = (path for path in Path(assembly.directory).glob("asset.*") if path.is_dir())
    (tmp_path / "data_move").symlink_to(bundle)
    words = [sys.executable, "-B", "-m", "data_move", "--help"]
    assert "--bring-back" in subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_lock_pins_every_package_by_hash() -> None:
    lock = (PROGRAM / "requirements.txt").read_text()
    pinned = re.findall(r"^([a-z0-9-]+)==\S+", lock, re.MULTILINE)
    named = re.findall(r"^([a-z0-9-]+)", (PROGRAM / "requirements.in").read_text(), re.MULTILINE)
    assert set(named) <= set(pinned)
    assert all("--hash=sha256:" in entry for entry in re.split(r"^(?=\S)", lock, flags=re.MULTILINE)[1:])
    shop = (PROGRAM.parent / "shop" / "requirements.txt").read_text()
    assert all(line in shop for line in lock.splitlines()), "one version of a package in all that we ship"


def test_instance_is_closed_encrypted_and_ends_itself(resources: Found) -> None:
    (template,) = resources["AWS::EC2::LaunchTemplate"]
    data = template["Properties"]["LaunchTemplateData"]
    assert data["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpPutResponseHopLimit": 1,
        "HttpTokens": "required",
    }
    (disk,) = data["BlockDeviceMappings"]
    assert (disk["Ebs"]["Encrypted"], disk["Ebs"]["VolumeSize"]) == (True, 100)
    (interface,) = data["NetworkInterfaces"]
    assert (interface["SubnetId"], interface["Groups"]) == ("subnet-1", ["sg-1"])
    assert interface["AssociatePublicIpAddress"] is False
    assert data["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert "KeyName" not in data
    assert "AWS::EC2::Instance" not in resources, "nothing runs between two moves"
    for specification in data["TagSpecifications"]:
        assert {"Key": "Name", "Value": "team3-prod-move-data"} in specification["Tags"]


def test_dumps_go_after_a_week(resources: Found) -> None:
    (bucket,) = resources["AWS::S3::Bucket"]
    (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["ExpirationInDays"], rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]) == (7, 1)
    assert "VersioningConfiguration" not in bucket["Properties"], "gone is gone"


def test_only_the_instance_reads_the_owners_secret(resources: Found) -> None:
    readers = [
        role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
        for role in resources["AWS::IAM::Role"]
        if SECRET in str(role)
    ]
    assert readers == ["ec2.amazonaws.com"]


def test_document_touches_only_what_came_of_its_template(resources: Found) -> None:
    (role,) = (
        role
        for role in resources["AWS::IAM::Role"]
        if "ssm.amazonaws.com" in str(role["Properties"]["AssumeRolePolicyDocument"])
    )
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    ec2 = "arn:aws:ec2:ap-northeast-2"
    by_template = {
        "ArnEquals": {"ec2:LaunchTemplate": f"{ec2}:<value>:launch-template/<value>"},
        "Bool": {"ec2:IsLaunchTemplateResource": "true"},
    }
    made = [f"{ec2}:<value>:{kind}/*" for kind in ("instance", "volume", "network-interface")]

    def plain(node: Any) -> Any:
        if isinstance(node, dict) and not (node.keys() & {"Ref", "Fn::GetAtt", "Fn::Join"}):
            return {key: plain(value) for key, value in node.items()}
        if isinstance(node, list):
            return [plain(value) for value in node]
        return next(texts(node))

    assert [(each["Action"], plain(each["Resource"]), plain(each.get("Condition", {}))) for each in statements] == [
        (
            "ec2:RunInstances",
            [*made, f"{ec2}:<value>:subnet/subnet-1", f"{ec2}:<value>:security-group/sg-1"],
            by_template,
        ),
        ("ec2:RunInstances", f"{ec2}::image/*", by_template | {"StringEquals": {"ec2:Owner": "amazon"}}),
        ("ec2:RunInstances", f"{ec2}:<value>:launch-template/<value>", {}),
        ("ec2:CreateTags", made, {"StringEquals": {"ec2:CreateAction": "RunInstances"}}),
        (
            ["ec2:TerminateInstances", "ssm:SendCommand"],
            made[0],
            {"StringEquals": {"aws:ResourceTag/Name": "team3-prod-move-data"}},
        ),
        ("ssm:SendCommand", "arn:aws:ssm:ap-northeast-2::document/AWS-RunShellScript", {}),
        ("ssm:GetParameters", f"arn:aws:ssm:ap-northeast-2::parameter{IMAGE}", {}),
        ("iam:PassRole", "<value>", {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        (["ec2:DescribeInstances", "ec2:DescribeInstanceStatus"], "*", {}),
        (["ssm:DescribeInstanceInformation", "ssm:ListCommands", "ssm:ListCommandInvocations"], "*", {}),
    ]
