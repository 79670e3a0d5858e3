"""Names that a deploy is going to give: free, kept from before, or somebody else's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from preflight.checks import names
from preflight.finding import Level
from preflight.needs import Needs
from tests.preflight.canned import ACCOUNT, Cloud

KINDS: Final = {kind.words: kind for kind in names.KINDS}

# Types with names that may be given although one is there (several may have it, or it is written over), and names
# that are nobody's but their parent's. A type that is in neither list is one that nobody thought of.
NO_CLASH: Final = {
    "AWS::CloudWatch::Dashboard",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::EC2::VPCEndpoint",
    "AWS::EKS::Addon",
    "AWS::IAM::Policy",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::Route53::HostedZone",
    "AWS::Route53::RecordSet",
    "AWS::SNS::Topic",
    "AWS::SSM::Association",
    "AWS::SSM::MaintenanceWindow",
    "AWS::SSM::PatchBaseline",
}


def _check(words: str, needs: Needs, **answers: Any) -> list[tuple[Level, str]]:
    kind = KINDS[words]
    service, operation, _ = kind.call
    api = "".join(part.capitalize() for part in operation.split("_")).replace("Db", "DB").replace("Acls", "ACLs")
    found = kind.check(Cloud({f"{service}:{api}": answers}).account(), needs)
    return [(each.level, f"{each.what}: {each.text}") for each in found]


def test_names_that_nobody_has_are_one_line(lab: Needs) -> None:
    assert _check("secrets", lab, SecretList=[]) == [(Level.OK, "names of secrets: 8 free")]


def test_a_log_group_that_was_kept(lab: Needs) -> None:
    kept = "/aws/eks/cloudmart-lab-tiketi/cluster"
    taken, free = _check("log groups", lab, logGroups=[{"logGroupName": kept}, {"logGroupName": "/aws/other"}])
    assert taken[0] is Level.ERROR
    assert f"`aws logs delete-log-group --log-group-name {kept}`" in taken[1]
    assert free[0] is Level.OK


def test_every_log_group_is_found_by_the_copys_prefix(lab: Needs, prod: Needs) -> None:
    """They are listed by it, wherever in their name it stands."""
    for needs in (lab, prod):
        given = [each.get("LogGroupName") for each in needs.every("AWS::Logs::LogGroup")]
        assert all(needs.settings.names.prefix in name for name in given if isinstance(name, str))


def test_a_secret_waits_for_its_deletion(lab: Needs) -> None:
    waiting = {"Name": "cloudmart-lab/jwt", "DeletedDate": datetime(2026, 11, 20, tzinfo=UTC)}
    name = next(str(each.get("Name")) for each in lab.every("AWS::SecretsManager::Secret"))
    taken = _check("secrets", lab, SecretList=[{**waiting, "Name": name}])[0]
    assert taken[0] is Level.ERROR
    assert "to be deleted since 2026-11-20" in taken[1]
    assert f"--force-delete-without-recovery --secret-id {name}" in taken[1]


def test_a_bucket_has_account_and_region_in_its_name(prod: Needs) -> None:
    name = f"cloudmart-prod-images-{ACCOUNT}-ap-northeast-2-an"
    (taken,) = _check("buckets", prod, Buckets=[{"Name": name}])
    assert taken[0] is Level.ERROR
    assert name in taken[1]


def test_queues_are_listed_by_address(prod: Needs) -> None:
    queue = next(str(each.get("QueueName")) for each in prod.every("AWS::SQS::Queue"))
    urls = [f"https://sqs.ap-northeast-2.amazonaws.com/{ACCOUNT}/{queue}"]
    assert _check("queues", prod, QueueUrls=urls)[0][0] is Level.ERROR


def test_web_acls_of_cloudfront_and_of_the_region_are_two_lists(prod: Needs) -> None:
    for words, region in (("web ACLs", "ap-northeast-2"), ("CloudFront's web ACLs", "us-east-1")):
        cloud = Cloud({"wafv2:ListWebACLs": lambda given: {"WebACLs": [{"Name": f"of-{given['Scope']}"}]}})
        (found,) = KINDS[words].check(cloud.account(), prod)
        assert found.text == "1 free"
        assert cloud.asked == [("wafv2:ListWebACLs", region)]


def test_lists_of_bare_names(lab: Needs) -> None:
    assert _check("clusters", lab, clusters=["cloudmart-lab-tiketi"])[0][0] is Level.ERROR
    assert _check("clusters", lab, clusters=["cloudmart-dev-tiketi"]) == [(Level.OK, "names of clusters: 1 free")]


def test_a_stack_that_is_there_has_its_names(lab: Needs) -> None:
    there = dataclasses.replace(lab, there=frozenset(lab.app.stacks))
    cloud = Cloud()
    for kind in names.KINDS:
        assert list(kind.check(cloud.account(), there)) == []
    assert not cloud.asked


def test_names_are_looked_for_where_their_stack_goes(prod: Needs) -> None:
    cloud = Cloud({"logs:DescribeLogGroups": {"logGroups": []}})
    list(KINDS["log groups"].check(cloud.account(), prod))
    assert {region for _, region in cloud.asked} == {"ap-northeast-2", "us-east-1"}


@pytest.mark.parametrize("kind", names.KINDS, ids=lambda kind: str(kind.words))
def test_asks_what_boto3_knows(kind: names.Kind, prod: Needs) -> None:
    """Operation, parameters and where the list stands; botocore refuses others before anything is sent."""
    service, operation, path = kind.call
    client = Cloud().account()
    with client._client(service, operation, "", "") as made:
        shape = made.meta.service_model.operation_model(made.meta.method_to_api_mapping[operation])
        assert path.split(".")[0] in shape.output_shape.members
        assert set(kind.parameters(prod)) <= set(shape.input_shape.members)


def test_no_type_with_a_name_is_forgotten(prod: Needs) -> None:
    def named(properties: Mapping[str, Any]) -> bool:
        return any(
            key.endswith(("Name", "NamePrefix", "Identifier"))
            and isinstance(value, str)
            and prod.settings.names.prefix in value
            for key, value in properties.items()
        )

    types = {each.type for each in prod.app.resources if named(each.properties)}
    assert types - {kind.type for kind in names.KINDS} <= NO_CLASH
