"""Add-ons: pinned, configured, and each with its own rights. Specification section 6."""

import json
from typing import Any

import pytest

from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.support import Resource, Synthesized

STAGES = ("lab", "dev", "staging", "prod")
SERVICE_ACCOUNTS = {
    "vpc-cni": ("kube-system", "aws-node"),
    "aws-ebs-csi-driver": ("kube-system", "ebs-csi-controller-sa"),
    "amazon-cloudwatch-observability": ("amazon-cloudwatch", "cloudwatch-agent"),
}


def _addons(app: Synthesized) -> dict[str, dict[str, Any]]:
    return {r["Properties"]["AddonName"]: r["Properties"] for r in app.resources(EKS, "AWS::EKS::Addon").values()}


def _role(app: Synthesized, addon: str) -> Resource:
    (association,) = _addons(app)[addon]["PodIdentityAssociations"]
    role: Resource = app.templates[EKS]["Resources"][association["RoleArn"]["Fn::GetAtt"][0]]
    return role


@pytest.mark.parametrize("stage", STAGES)
def test_six_add_ons_at_the_versions_of_the_settings(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    assert {name: addon["AddonVersion"] for name, addon in _addons(app).items()} == app.settings.eks.addons
    assert {addon["ResolveConflicts"] for addon in _addons(app).values()} == {"OVERWRITE"}


def test_the_cni_enforces_network_policies_and_delegates_prefixes(synthesized: Synthesize) -> None:
    configuration = json.loads(_addons(synthesized("prod"))["vpc-cni"]["ConfigurationValues"])
    assert configuration["enableNetworkPolicy"] == "true"
    assert configuration["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    assert configuration["env"]["ENABLE_SUBNET_DISCOVERY"] == "true"


def test_container_insights_is_on_and_application_signals_off(synthesized: Synthesize) -> None:
    configuration = json.loads(_addons(synthesized("prod"))["amazon-cloudwatch-observability"]["ConfigurationValues"])
    agent = configuration["agent"]["config"]
    assert agent["logs"]["metrics_collected"] == {"kubernetes": {"enhanced_container_insights": True}}
    assert "otlp" in agent["traces"]["traces_collected"]
    assert configuration["containerLogs"]["enabled"] is True


def test_claimed_disks_carry_the_stacks_tags(synthesized: Synthesize) -> None:
    configuration = json.loads(_addons(synthesized("prod"))["aws-ebs-csi-driver"]["ConfigurationValues"])
    assert configuration["controller"]["extraVolumeTags"]["Stage"] == "prod"


@pytest.mark.parametrize("addon", SERVICE_ACCOUNTS)
def test_a_role_is_one_service_accounts_in_this_cluster(synthesized: Synthesize, addon: str) -> None:
    app = synthesized("prod")
    namespace, service_account = SERVICE_ACCOUNTS[addon]
    assert _addons(app)[addon]["PodIdentityAssociations"][0]["ServiceAccount"] == service_account
    (trust,) = _role(app, addon)["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    (cluster,) = app.resources(EKS, "AWS::EKS::Cluster")
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": {"Fn::GetAtt": [cluster, "Arn"]},
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }


def test_the_observer_writes_into_its_four_log_groups_only(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    (policy,) = _role(app, "amazon-cloudwatch-observability")["Properties"]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        if "logs:PutLogEvents" in statement["Action"]:
            groups = [resource["Fn::GetAtt"][0] for resource in statement["Resource"]]
            names = {app.templates[EKS]["Resources"][id]["Properties"]["LogGroupName"] for id in groups}
            assert names == {
                f"/aws/containerinsights/cloudmart-prod-tiketi/{kind}"
                for kind in ("application", "dataplane", "host", "performance")
            }
        else:
            assert not [action for action in statement["Action"] if action.startswith("logs:")]
