"""The control plane, who reaches it and who gets in. Specification section 6."""

import json

import pytest

from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.support import Resource, Synthesized
from tools.plan import graph

STAGES = ("lab", "dev", "staging", "prod")
PEOPLE = {
    "sources": "203.0.113.0/24",
    "eks.admins": "arn:aws:iam::111122223333:role/ops,arn:aws:iam::111122223333:user/kim",
    "eks.developers": "arn:aws:iam::111122223333:role/team/dev",
}


def _cluster(app: Synthesized) -> Resource:
    (cluster,) = app.resources(EKS, "AWS::EKS::Cluster").values()
    return cluster


@pytest.mark.parametrize("stage", STAGES)
def test_figures_of_the_specification(synthesized: Synthesize, stage: str) -> None:
    properties = _cluster(synthesized(stage))["Properties"]
    assert properties["Name"] == f"cloudmart-{stage}-tiketi"
    assert properties["Version"] == "1.35"
    assert properties["UpgradePolicy"] == {"SupportType": "STANDARD"}
    assert {log["Type"] for log in properties["Logging"]["ClusterLogging"]["EnabledTypes"]} == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    assert properties["AccessConfig"] == {
        "AuthenticationMode": "API",
        "BootstrapClusterCreatorAdminPermissions": False,
    }
    assert properties["BootstrapSelfManagedAddons"] is False
    assert properties["DeletionProtection"] is (stage == "prod")


@pytest.mark.parametrize(("stage", "kept"), [("lab", False), ("dev", False), ("staging", True), ("prod", True)])
def test_secrets_are_encrypted_with_a_rotated_key_of_ours(synthesized: Synthesize, stage: str, kept: bool) -> None:
    app = synthesized(stage)
    ((id, key),) = app.resources(EKS, "AWS::KMS::Key").items()
    assert _cluster(app)["Properties"]["EncryptionConfig"] == [
        {"Provider": {"KeyArn": {"Fn::GetAtt": [id, "Arn"]}}, "Resources": ["secrets"]}
    ]
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == ("Retain" if kept else "Delete")


@pytest.mark.parametrize("stage", STAGES)
def test_control_plane_interfaces_are_in_the_private_subnets_behind_our_group(
    synthesized: Synthesize, stage: str
) -> None:
    network = _cluster(synthesized(stage))["Properties"]["ResourcesVpcConfig"]
    (group,) = network["SecurityGroupIds"]
    assert "FirewallEksControlPlane" in group["Fn::GetStackOutput"]["OutputName"]
    assert len(network["SubnetIds"]) == 2
    assert all("PrivateSubnet" in subnet["Fn::GetStackOutput"]["OutputName"] for subnet in network["SubnetIds"])


@pytest.mark.parametrize("stage", STAGES)
def test_the_endpoint_is_private_while_no_source_is_stated(synthesized: Synthesize, stage: str) -> None:
    network = _cluster(synthesized(stage))["Properties"]["ResourcesVpcConfig"]
    assert (network["EndpointPrivateAccess"], network["EndpointPublicAccess"]) == (True, False)


def test_stated_sources_open_the_endpoint_to_themselves(synthesized: Synthesize) -> None:
    network = _cluster(synthesized("dev", **PEOPLE))["Properties"]["ResourcesVpcConfig"]
    assert (network["EndpointPrivateAccess"], network["EndpointPublicAccess"]) == (True, True)
    assert network["PublicAccessCidrs"] == ["203.0.113.0/24"]


def test_stated_sources_do_not_open_prods(synthesized: Synthesize) -> None:
    network = _cluster(synthesized("prod", sources="203.0.113.0/24"))["Properties"]["ResourcesVpcConfig"]
    assert (network["EndpointPrivateAccess"], network["EndpointPublicAccess"]) == (True, False)


def test_people_get_in_as_what_they_are_named(synthesized: Synthesize) -> None:
    entries = synthesized("dev", **PEOPLE).resources(EKS, "AWS::EKS::AccessEntry").values()
    policies = {
        entry["Properties"]["PrincipalArn"]: [
            (policy["PolicyArn"].rpartition("/")[2], policy["AccessScope"])
            for policy in entry["Properties"]["AccessPolicies"]
        ]
        for entry in entries
        if isinstance(entry["Properties"]["PrincipalArn"], str)
    }
    everywhere = {"Type": "cluster"}
    assert policies == {
        "arn:aws:iam::111122223333:role/ops": [("AmazonEKSClusterAdminPolicy", everywhere)],
        "arn:aws:iam::111122223333:user/kim": [("AmazonEKSClusterAdminPolicy", everywhere)],
        "arn:aws:iam::111122223333:role/team/dev": [("AmazonEKSViewPolicy", everywhere)],
    }


@pytest.mark.parametrize("stage", STAGES)
def test_unless_named_only_the_deployment_function_gets_in(synthesized: Synthesize, stage: str) -> None:
    (entry,) = synthesized(stage).resources(EKS, "AWS::EKS::AccessEntry").values()
    assert "KubectlProviderHandler" in entry["Properties"]["PrincipalArn"]["Fn::GetAtt"][0]


@pytest.mark.parametrize("stage", STAGES)
def test_kubectl_runs_in_the_private_subnets_behind_its_own_group(synthesized: Synthesize, stage: str) -> None:
    (function,) = (each for id, each in _functions(synthesized(stage)).items() if "ProviderHandler" in id)
    (group,) = function["Properties"]["VpcConfig"]["SecurityGroupIds"]
    assert "FirewallKubectl" in group["Fn::GetStackOutput"]["OutputName"]
    assert len(function["Properties"]["VpcConfig"]["SubnetIds"]) == 2


@pytest.mark.parametrize("stage", STAGES)
def test_what_calls_kubectl_has_no_interfaces_that_a_destroy_would_wait_for(
    synthesized: Synthesize, stage: str
) -> None:
    app = synthesized(stage)
    (framework,) = (each for id, each in _functions(app).items() if "framework" in id)
    assert "VpcConfig" not in framework["Properties"]
    (role,) = (each for id, each in app.resources(EKS, "AWS::IAM::Role").items() if "framework" in id)
    assert "NetworkInterface" not in json.dumps(role)


@pytest.mark.parametrize("stage", STAGES)
def test_the_cluster_goes_while_the_functions_interfaces_do(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    needs = graph.needs(graph.resources(app.templates[EKS]))
    ((cluster, _),) = app.resources(EKS, "AWS::EKS::Cluster").items()
    (handler,) = (id for id in _functions(app) if "ProviderHandler" in id)

    def before(id: str) -> set[str]:
        return set(needs[id]).union(*(before(other) for other in needs[id]))

    assert cluster not in before(handler)
    (policy,) = (id for id in needs[handler] if app.templates[EKS]["Resources"][id]["Type"] == "AWS::IAM::Policy")
    (statement,) = app.templates[EKS]["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "eks:DescribeCluster"
    assert f":cluster/cloudmart-{stage}-tiketi" in json.dumps(statement["Resource"]), "its own and no other"


def _functions(app: Synthesized) -> dict[str, Resource]:
    return app.resources(EKS, "AWS::Lambda::Function")
