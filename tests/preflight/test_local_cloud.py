"""Asked of the local cloud: real answers over HTTP, what stands in the way found, and nothing changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest

from localcloud import emulator, environment
from localcloud.aws import Clients
from localcloud.state import Cloud, State
from preflight import checking
from preflight.account import Account
from preflight.finding import Level
from preflight.needs import Needs
from tests.support import synthesize

pytestmark = pytest.mark.xdist_group("emulator")

_UNKNOWN_HERE = {
    "quota of Elastic IP addresses",
    "quota of VPCs",
    "quota of NAT gateways in a zone",
    "quota of on-demand vCPU",
    "quota of rules in a security group",
    "cache node type",
    "Kubernetes version",
    "EKS add-ons",
    "names of Automation documents",
    "names of trace groups",
}
"""What the local cloud has no answer to; the list is what `--local` leaves open."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    state = State(tmp_path_factory.mktemp("localcloud"))
    state.prepare()
    with emulator.empty(state, name="cloudmart") as cloud, mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        yield cloud


def test_an_empty_account_and_what_is_in_the_way(cloud: Cloud) -> None:
    clients = Clients(cloud)
    account = Account(clients.client, region=cloud.region, id=cloud.account, local=True)
    synthesized = synthesize({"stage": "lab"})
    needs = Needs.read(synthesized.folder, synthesized.settings, account=cloud.account)

    before = {each.what: each for each in checking.check_needs(account, needs)}
    assert {what for what, each in before.items() if each.level is Level.ERROR} == {
        f"CDK's bootstrap in {cloud.region}"
    }
    assert {what for what, each in before.items() if each.level is Level.UNCHECKED} == _UNKNOWN_HERE

    clients.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="31", Type="String")
    clients.client("s3").create_bucket(
        Bucket=f"cdk-hnb659fds-assets-{cloud.account}-{cloud.region}",
        CreateBucketConfiguration={"LocationConstraint": cloud.region},
    )
    kept = "/aws/eks/cloudmart-lab-tiketi/cluster"
    clients.client("logs").create_log_group(logGroupName=kept)
    secret = next(str(each.get("Name")) for each in needs.every("AWS::SecretsManager::Secret"))
    clients.client("secretsmanager").create_secret(Name=secret, SecretString="x")
    clients.client("secretsmanager").delete_secret(SecretId=secret)

    after = {each.what: each for each in checking.check_needs(account, needs)}
    wrong = {what: each.text for what, each in after.items() if each.level is Level.ERROR}
    assert wrong.keys() == {f"name {kept}", f"name {secret}"}
    assert "to be deleted since" in wrong[f"name {secret}"]
    assert after["names of secrets"].text == "7 free"
