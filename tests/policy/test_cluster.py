"""Family EKS: the control plane and who gets in. One sound cluster, spoilt in one place a case."""

from typing import Any

import pytest

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.families import cluster, nodes
from tests.policy.cluster_samples import OPTIONS, POLICY, SAMPLE, breaks, entry, keeps, spoilt
from tests.policy.kubernetes_samples import CONFIG, GONE, manifest
from tests.policy.support import Case, deployment, each, found, resource

_SOURCES = {"sources": "203.0.113.0/24,198.51.100.7/32"}
_OPEN: dict[str, Any] = {"EndpointPrivateAccess": True, "EndpointPublicAccess": True}
_STATED = {**_OPEN, "PublicAccessCidrs": ["198.51.100.7/32", "203.0.113.0/24"]}
_VPC = "Cluster.ResourcesVpcConfig"
_TYPES = "Cluster.Logging.ClusterLogging.EnabledTypes"
_ENCRYPTION = "Cluster.EncryptionConfig"

CASES = (
    breaks("EKS-1", "no logs", "Cluster.Logging", GONE, "is not set"),
    breaks(
        "EKS-1",
        "four of five",
        _TYPES,
        [{"Type": kind} for kind in ("api", "authenticator", "controllerManager", "scheduler")],
        "audit",
    ),
    breaks("EKS-1", "a parameter", _TYPES, {"Ref": "Types"}),
    breaks("EKS-2", "no key", _ENCRYPTION, GONE),
    breaks(
        "EKS-2",
        "a key by its ARN",
        _ENCRYPTION,
        [{"Provider": {"KeyArn": "arn:aws:kms:x:1:key/a"}, "Resources": ["secrets"]}],
    ),
    breaks(
        "EKS-2",
        "a role for a key",
        _ENCRYPTION,
        [{"Provider": {"KeyArn": {"Fn::GetAtt": ["NodeRole", "Arn"]}}, "Resources": ["secrets"]}],
    ),
    breaks(
        "EKS-2",
        "something other than secrets",
        _ENCRYPTION,
        [{"Provider": {"KeyArn": {"Fn::GetAtt": ["Key", "Arn"]}}, "Resources": []}],
    ),
    breaks("EKS-3", "no private endpoint", f"{_VPC}.EndpointPrivateAccess", False),
    breaks("EKS-3", "EKS's default", f"{_VPC}.EndpointPrivateAccess", GONE),
    breaks("EKS-4", "EKS's default", f"{_VPC}.EndpointPublicAccess", GONE, "no sources are stated"),
    breaks("EKS-4", "public without sources", _VPC, _STATED),
    breaks("EKS-4", "public in prod, with sources", _VPC, _STATED, "eks.public_endpoint", stage="prod", **_SOURCES),
    breaks("EKS-4", "a parameter", f"{_VPC}.EndpointPublicAccess", {"Ref": "Open"}, **_SOURCES),
    keeps("EKS-4", "public with sources", _VPC, _STATED, **_SOURCES),
    keeps("EKS-4", "private with sources", "Cluster.Version", "1.35", **_SOURCES),
    breaks("EKS-5", "no list", _VPC, _OPEN, "203.0.113.0/24", **_SOURCES),
    breaks("EKS-5", "an empty list", _VPC, {**_OPEN, "PublicAccessCidrs": []}, **_SOURCES),
    breaks(
        "EKS-5",
        "one more",
        _VPC,
        {**_OPEN, "PublicAccessCidrs": [*_STATED["PublicAccessCidrs"], "192.0.2.0/24"]},
        "192.0.2.0/24",
        **_SOURCES,
    ),
    breaks(
        "EKS-5", "a wider one", _VPC, {**_OPEN, "PublicAccessCidrs": ["198.51.100.0/24", "203.0.113.0/24"]}, **_SOURCES
    ),
    breaks("EKS-5", "a parameter", _VPC, {**_OPEN, "PublicAccessCidrs": [{"Ref": "A"}, {"Ref": "B"}]}, **_SOURCES),
    breaks("EKS-5", "a list where none is stated", _VPC, _STATED),
    keeps("EKS-5", "the sources, in any order", _VPC, _STATED, **_SOURCES),
    keeps("EKS-5", "a private endpoint", "Cluster.Version", "1.35"),
    breaks(
        "EKS-6",
        "everybody, stated",
        _VPC,
        {**_OPEN, "PublicAccessCidrs": ["0.0.0.0/0"]},
        "0.0.0.0/0",
        **_SOURCES,
    ),
    breaks(
        "EKS-6",
        "everybody in two halves",
        _VPC,
        {**_OPEN, "PublicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"]},
        **_SOURCES,
    ),
    breaks("EKS-6", "everybody by IPv6", _VPC, {**_OPEN, "PublicAccessCidrs": ["203.0.113.0/24", "::/0"]}, **_SOURCES),
    breaks("EKS-6", "no list", _VPC, _OPEN, **_SOURCES),
    keeps("EKS-6", "networks", _VPC, _STATED, **_SOURCES),
    breaks("EKS-7", "a ConfigMap beside the API", "Cluster.AccessConfig.AuthenticationMode", "API_AND_CONFIG_MAP"),
    breaks("EKS-7", "EKS's default", "Cluster.AccessConfig", GONE),
    breaks(
        "EKS-8", "an administrator nobody named", "Cluster.AccessConfig.BootstrapClusterCreatorAdminPermissions", True
    ),
    breaks("EKS-8", "EKS's default", "Cluster.AccessConfig.BootstrapClusterCreatorAdminPermissions", GONE),
    breaks("EKS-9", "extended support", "Cluster.UpgradePolicy.SupportType", "EXTENDED"),
    breaks("EKS-9", "EKS's default", "Cluster.UpgradePolicy", GONE),
    breaks("EKS-10", "an old version", "Cluster.Version", "1.29", "1.29"),
    breaks("EKS-10", "no version", "Cluster.Version", GONE),
    breaks("EKS-11", "none in prod", "Cluster.DeletionProtection", False, stage="prod"),
    breaks("EKS-11", "EKS's default in prod", "Cluster.DeletionProtection", GONE, stage="prod"),
    breaks("EKS-11", "protection in lab", "Cluster.DeletionProtection", True),
    keeps("EKS-11", "protection in prod", "Cluster.DeletionProtection", True, stage="prod"),
    keeps("EKS-11", "EKS's default in lab", "Cluster.DeletionProtection", GONE),
    breaks("EKS-12", "Auto Mode", "Cluster.ComputeConfig", {"Enabled": True}),
    keeps("EKS-12", "Auto Mode said to be off", "Cluster.ComputeConfig", {"Enabled": False}),
    breaks(
        "EKS-13",
        "Auto Mode's load balancers",
        "Cluster.KubernetesNetworkConfig",
        {"ElasticLoadBalancing": {"Enabled": True}},
    ),
    breaks("EKS-14", "masters", "Admin.KubernetesGroups", ["system:masters"], "system:masters"),
    breaks("EKS-14", "a group of our own", "Developer.KubernetesGroups", ["team"]),
    breaks(
        "EKS-15",
        "somebody",
        "Guest",
        entry("arn:aws:iam::123456789012:user/guest", "AmazonEKSViewPolicy"),
        "user/guest",
    ),
    breaks(
        "EKS-15",
        "somebody without a policy",
        "Guest",
        resource("AWS::EKS::AccessEntry", {"PrincipalArn": "arn:aws:iam::123456789012:root"}),
    ),
    breaks("EKS-15", "a parameter", "Guest", entry({"Ref": "Who"}, "AmazonEKSViewPolicy")),
    breaks(
        "EKS-15",
        "another role of this app",
        "Guest",
        entry({"Fn::GetAtt": ["NodeRole", "Arn"]}, "AmazonEKSClusterAdminPolicy"),
    ),
    breaks(
        "EKS-15", "kubectl's role by its name", "Guest", entry({"Ref": "KubectlRole"}, "AmazonEKSClusterAdminPolicy")
    ),
    breaks(
        "EKS-16",
        "a developer who administers",
        "Developer.AccessPolicies.0.PolicyArn",
        f"{POLICY}/AmazonEKSClusterAdminPolicy",
        "AmazonEKSViewPolicy for",
    ),
    breaks(
        "EKS-16",
        "a developer who sees secrets",
        "Developer.AccessPolicies.0.PolicyArn",
        f"{POLICY}/AmazonEKSAdminViewPolicy",
    ),
    breaks("EKS-16", "a policy from a parameter", "Developer.AccessPolicies.0.PolicyArn", {"Ref": "Policy"}),
    breaks("EKS-16", "policies from a parameter", "Developer.AccessPolicies", {"Ref": "Policies"}),
    breaks(
        "EKS-16",
        "a guest's rights",
        "Guest",
        entry("arn:aws:iam::123456789012:user/guest", "AmazonEKSClusterAdminPolicy"),
        "nothing for",
    ),
    keeps(
        "EKS-16",
        "an administrator of namespaces",
        "Admin.AccessPolicies.0.PolicyArn",
        f"{POLICY}/AmazonEKSAdminPolicy",
    ),
    keeps(
        "EKS-16",
        "CDK's spelling of the partition",
        "Admin.AccessPolicies.0.PolicyArn",
        {
            "Fn::Join": [
                "",
                ["arn:", {"Ref": "AWS::Partition"}, ":eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"],
            ]
        },
    ),
    keeps("EKS-16", "no policy", "Developer.AccessPolicies", GONE),
    breaks(
        "EKS-17",
        "aws-auth",
        "Aws",
        manifest({"kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}}),
        "kube-system/aws-auth",
    ),
    breaks("EKS-18", "people of elsewhere", "Oidc", resource("AWS::EKS::IdentityProviderConfig", {"Type": "oidc"})),
    keeps("EKS-31", "our function, our cluster", "Aws", SAMPLE["Aws"]),
    breaks("EKS-31", "no function", "Aws.ServiceToken", GONE, "not set"),
    breaks("EKS-31", "a function by its ARN", "Aws.ServiceToken", "arn:aws:lambda:x:1:function:kubectl"),
    breaks(
        "EKS-31",
        "another function of ours",
        "Aws",
        manifest(CONFIG, ServiceToken={"Fn::GetAtt": ["Other", "Arn"]}, ClusterName={"Ref": "Cluster"}),
        also={"DataStack": {"Other": resource("AWS::Lambda::Function")}},
    ),
    breaks("EKS-31", "another attribute of it", "Aws.ServiceToken", {"Ref": "Apply"}),
    breaks("EKS-31", "no cluster", "Aws.ClusterName", GONE),
    breaks("EKS-31", "a cluster by its name", "Aws.ClusterName", "cloudmart-lab", "cloudmart-lab"),
    breaks(
        "EKS-31",
        "a chart by somebody's function",
        "Chart",
        resource("Custom::AWSCDK-EKS-HelmChart", {"ServiceToken": "x", "ClusterName": {"Ref": "Cluster"}}),
    ),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", [rule.id for rule in cluster.RULES])
def test_every_rule_has_a_case_that_it_finds(rule: str) -> None:
    assert any(case.rule == rule and case.bad for case in CASES)


def test_all_rules_are_content_with_a_sound_cluster() -> None:
    app = deployment(SAMPLE, **OPTIONS)
    assert not [finding.text for finding in engine.findings(app, (*cluster.RULES, *nodes.RULES))]


def test_a_finding_says_what_the_stage_allows() -> None:
    app = deployment(spoilt({_VPC: _STATED}), stage="prod", **{**OPTIONS, **_SOURCES})
    (finding,) = found(app, "EKS-4")
    assert "ResourcesVpcConfig.EndpointPublicAccess is true" in finding.text
    assert "allowed: false, as eks.public_endpoint of the stage says" in finding.text
    assert not finding.rule.acknowledgeable
