"""Add-ons: pinned, configured, and each with its own rights. Specification section 6."""

import json
from typing import Any

import pytest

from cloudmart_cdk.constructs import tracing
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


def test_the_services_lines_go_into_the_group_of_the_stack(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    configuration = json.loads(_addons(app)["amazon-cloudwatch-observability"]["ConfigurationValues"])
    text = configuration["containerLogs"]["fluentBit"]["config"]["extraFiles"]["application-log.conf"]
    group = "/aws/eks/tiketi/cloudmart-prod-tiketi"
    assert f"log_group_name {group}\n" in text
    owned = [
        id
        for id, found in app.resources(EKS, "AWS::Logs::LogGroup").items()
        if found["Properties"].get("LogGroupName") == group
    ]
    assert len(owned) == 1
    (addon,) = [
        addon
        for addon in app.resources(EKS, "AWS::EKS::Addon").values()
        if addon["Properties"]["AddonName"] == "amazon-cloudwatch-observability"
    ]
    assert set(owned) <= set(addon["DependsOn"])


def test_the_agent_takes_spans_where_pods_send_them(synthesized: Synthesize) -> None:
    configuration = json.loads(_addons(synthesized("lab"))["amazon-cloudwatch-observability"]["ConfigurationValues"])
    endpoints = configuration["agent"]["config"]["traces"]["traces_collected"]["otlp"]
    assert endpoints == {"grpc_endpoint": "0.0.0.0:4317", "http_endpoint": "0.0.0.0:4318"}
    assert tracing.HTTP_PORT == 4318


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


def test_the_observer_writes_into_its_log_groups_only(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    (policy,) = _role(app, "amazon-cloudwatch-observability")["Properties"]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        if "logs:PutLogEvents" in statement["Action"]:
            groups = [resource["Fn::GetAtt"][0] for resource in statement["Resource"]]
            names = {app.templates[EKS]["Resources"][id]["Properties"]["LogGroupName"] for id in groups}
            assert names == {
                "/aws/eks/tiketi/cloudmart-prod-tiketi",
                *(
                    f"/aws/containerinsights/cloudmart-prod-tiketi/{kind}"
                    for kind in ("application", "dataplane", "host", "performance", "prometheus")
                ),
            }
        else:
            assert not [action for action in statement["Action"] if action.startswith("logs:")]
