"""The rules as CDK runs them: a finding fails the synth, an acknowledgement is exact, off is loud."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from cloudmart_cdk.acknowledge import acknowledge
from cloudmart_cdk.application import build_app
from cloudmart_cdk.policy.engine import OWN_RULES, PACK
from cloudmart_cdk.policy.families import RULES
from cloudmart_cdk.policy.plugin import CloudMartChecks
from cloudmart_cdk.settings import load_settings
from tests.support import PROJECT, Finding, Synthesized, feature_flags

_ONLY_NETWORK = {"skip": "DataStack,BackendAsgStack,FrontendCdnStack,EksPlatformStack,MonitoringStack,EdgeWatchStack"}
_REASON = "Seven words say why it is safe."


def _findings(folder: Path, spoil: Callable[[cdk.Stack], object]) -> list[Finding]:
    """Our pack's findings, fatal ones too, in the network alone after something was added to it."""
    app = build_app(
        load_settings(_ONLY_NETWORK),
        context=feature_flags() | _ONLY_NETWORK,
        outdir=str(folder),
        validate_templates=False,
    )
    stack = app.node.find_child("VpcStack")
    assert isinstance(stack, cdk.Stack)
    spoil(stack)
    with suppress(RuntimeError):  # what findings do; what else could raise leaves no report to read
        app.synth()
    return Synthesized(folder, _ONLY_NETWORK).findings


def _ours(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings if finding.rule.partition("[")[0] in _IDS}


_IDS = {rule.id for rule in (*RULES, *OWN_RULES)}


def test_a_sound_app_passes(tmp_path: Path) -> None:
    assert _findings(tmp_path / "out", lambda stack: stack) == []


def test_a_port_opened_by_a_construct_fails_the_synth(tmp_path: Path) -> None:
    """As an L2 would do it behind our back: a rule of its own on a group that it was handed."""

    def open_database(stack: cdk.Stack) -> None:
        group = stack.node.find_child("Firewall").node.find_child("Db")
        assert isinstance(group, ec2.CfnSecurityGroup)
        ec2.CfnSecurityGroupIngress(
            stack,
            "Handy",
            group_id=group.attr_group_id,
            ip_protocol="tcp",
            from_port=5432,
            to_port=5432,
            cidr_ip="0.0.0.0/0",
        )

    found = _findings(tmp_path / "out", open_database)
    assert {"SG-4", "SG-7"} <= _ours(found)
    (finding,) = [finding for finding in found if finding.rule.startswith("SG-1[")]
    assert finding.construct == "VpcStack/Handy"
    assert finding.severity == "fatal"
    assert "(AWS::EC2::SecurityGroupIngress, VpcStack)" in finding.text
    assert "ingress tcp 5432 from 0.0.0.0/0 of group Db" in finding.text
    assert "ingress tcp 5432 from Backend" in finding.text


def test_nobody_acknowledges_a_hole_in_the_firewall(tmp_path: Path) -> None:
    def open_and_accept(stack: cdk.Stack) -> None:
        group = ec2.CfnSecurityGroup(stack, "Mine", group_description="mine")
        acknowledge(group, {f"{PACK}::SG-3": _REASON})

    found = _ours(_findings(tmp_path / "out", open_and_accept))
    assert {"SG-3", "ACK-1"} <= found - {"SG-1"}


def test_an_acknowledgement_covers_its_finding_and_nothing_else(tmp_path: Path) -> None:
    def queue(stack: cdk.Stack) -> None:
        made = sqs.Queue(stack, "Queue", enforce_ssl=False, encryption=sqs.QueueEncryption.SQS_MANAGED)
        acknowledge(made, {f"{PACK}::SQS-10": _REASON})
        sqs.Queue(stack, "Other", enforce_ssl=False, encryption=sqs.QueueEncryption.SQS_MANAGED)

    found = [finding for finding in _findings(tmp_path / "out", queue) if finding.rule == "SQS-10"]
    assert [finding.construct for finding in found] == ["VpcStack/Other/Resource"]


def test_a_stale_or_empty_acknowledgement_fails_the_synth(tmp_path: Path) -> None:
    def accept(stack: cdk.Stack) -> None:
        bucket = s3.Bucket.from_bucket_name(stack, "Elsewhere", "elsewhere")
        acknowledge(bucket, {f"{PACK}::S3-1": _REASON, "AwsSolutions::AwsSolutions-S1": "fine"})
        acknowledge(stack, {f"{PACK}::S3-20": _REASON})

    assert {"ACK-1", "ACK-2", "ACK-3"} <= _ours(_findings(tmp_path / "out", accept))


def test_nobody_acknowledges_for_the_whole_app(tmp_path: Path) -> None:
    """CDK heeds it and writes it nowhere."""

    def accept_everywhere(stack: cdk.Stack) -> None:
        made = sqs.Queue(stack, "Queue", enforce_ssl=False, encryption=sqs.QueueEncryption.SQS_MANAGED)
        acknowledge(made.node.root, {f"{PACK}::SQS-10": _REASON})

    assert _ours(_findings(tmp_path / "out", accept_everywhere)) == {"ACK-3"}


def test_an_unclassified_type_fails_the_synth(tmp_path: Path) -> None:
    found = _findings(tmp_path / "out", lambda stack: cdk.CfnResource(stack, "New", type="AWS::Brand::New"))
    assert "TYPE-1" in _ours(found)


def test_cdk_knows_every_rule() -> None:
    checks = CloudMartChecks(load_settings({}))
    assert checks.name == PACK
    assert checks.rule_ids == [rule.id for rule in (*RULES, *OWN_RULES)]


def _app(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`app.py` with policies off."""
    kept = {key: value for key, value in os.environ.items() if key != "CI"}
    return subprocess.run(
        [sys.executable, "-O", str(PROJECT / "app.py")],
        cwd=PROJECT,
        env=kept
        | {
            "CDK_CONTEXT_JSON": '{"policy": "off", "skip": "' + _ONLY_NETWORK["skip"] + '"}',
            "CDK_OUTDIR": str(folder),
            "CDK_VALIDATION": "false",
        }
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_off_is_loud(tmp_path: Path) -> None:
    done = _app(tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "POLICY IS OFF: NOTHING WAS CHECKED" in done.stderr
    assert (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("ci", ["true", "1"])
def test_ci_refuses_off_and_writes_nothing(tmp_path: Path, ci: str) -> None:
    done = _app(tmp_path / "out", CI=ci)
    assert done.returncode == 1
    assert done.stderr.startswith("error: policy: given off in CI; allowed: on;")
    assert not (tmp_path / "out").exists()
