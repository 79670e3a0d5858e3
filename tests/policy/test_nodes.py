"""Families EKS, continued, and IMDS: nodes, add-ons, roles of pods, and what a server tells about itself."""

import pytest

from cloudmart_cdk.policy.families import nodes
from tests.policy.cluster_samples import ADMIN, OPTIONS, TAGS, breaks, keeps, role, spoilt
from tests.policy.kubernetes_samples import GONE
from tests.policy.support import Case, deployment, each, found, resource

_METADATA = "Template.LaunchTemplateData.MetadataOptions"
_TEXT = "Template.LaunchTemplateData.UserData"
_TRUST = "PodRole.AssumeRolePolicyDocument.Statement.0.Condition"
_INSTANCE = "AWS::EC2::Instance"

CASES = (
    breaks("EKS-19", "AL2", "Nodes.AmiType", "AL2_x86_64", "AL2_x86_64"),
    breaks("EKS-19", "an image of our own", "Nodes.AmiType", "CUSTOM"),
    breaks("EKS-19", "EKS's default", "Nodes.AmiType", GONE),
    keeps("EKS-19", "Graviton", "Nodes.AmiType", "AL2023_ARM_64_STANDARD"),
    breaks("EKS-20", "SSH", "Nodes.RemoteAccess", {"Ec2SshKey": "mine"}),
    breaks("EKS-21", "a role by its ARN", "Nodes.NodeRole", ADMIN),
    breaks("EKS-22", "nodes that stay behind", "Nodes.Version", "1.34"),
    keeps("EKS-22", "the cluster's version", "Nodes.Version", GONE),
    breaks("EKS-23", "the node's role", "Cni.PodIdentityAssociations", GONE),
    breaks("EKS-23", "an empty list", "Cni.PodIdentityAssociations", []),
    breaks("EKS-23", "a role by its ARN", "Proxy.PodIdentityAssociations", [{"RoleArn": ADMIN}]),
    breaks(
        "EKS-23",
        "a second one by its ARN",
        "Cni.PodIdentityAssociations",
        [{"RoleArn": {"Fn::GetAtt": ["PodRole", "Arn"]}}, {"RoleArn": ADMIN}],
        "PodIdentityAssociations.1.RoleArn",
    ),
    breaks("EKS-24", "a role by its ARN", "Cni.ServiceAccountRoleArn", ADMIN),
    keeps("EKS-24", "a role of ours", "Cni.ServiceAccountRoleArn", {"Fn::GetAtt": ["PodRole", "Arn"]}),
    breaks("EKS-25", "a role by its ARN", "Association.RoleArn", ADMIN),
    breaks("EKS-26", "Fargate", "Fargate", resource("AWS::EKS::FargateProfile")),
    breaks("EKS-27", "EKS's own template", "Nodes.LaunchTemplate", GONE, "LaunchTemplate.Id"),
    breaks("EKS-27", "a template by its name", "Nodes.LaunchTemplate", {"Name": "mine", "Version": "1"}),
    breaks("EKS-27", "a template by its id", "Nodes.LaunchTemplate.Id", "lt-123"),
    breaks("EKS-27", "its first version", "Nodes.LaunchTemplate.Version", "1", "LaunchTemplate.Version is 1"),
    breaks(
        "EKS-27",
        "its default version, which stays the first",
        "Nodes.LaunchTemplate.Version",
        {"Fn::GetAtt": ["Template", "DefaultVersionNumber"]},
    ),
    breaks("EKS-28", "EKS's default", "Proxy.AddonVersion", GONE),
    breaks("EKS-28", "another version", "Proxy.AddonVersion", "v1.35.0-eksbuild.1", "v1.35.3-eksbuild.18"),
    breaks("EKS-28", "another add-on", "Proxy.AddonName", "kubecost_kubecost", "an add-on of eks.addons"),
    breaks("EKS-29", "no CNI add-on", "Cni", GONE, "is without one"),
    breaks("EKS-29", "policies off", "Cni.ConfigurationValues", '{"enableNetworkPolicy": "false"}'),
    breaks("EKS-29", "no configuration", "Cni.ConfigurationValues", GONE),
    breaks("EKS-29", "a parameter", "Cni.ConfigurationValues", {"Ref": "Cni"}),
    breaks("EKS-29", "text that is no JSON", "Cni.ConfigurationValues", "enableNetworkPolicy: true"),
    breaks("EKS-29", "another cluster's CNI", "Cni.ClusterName", "other"),
    keeps("EKS-29", "a yes that is no text", "Cni.ConfigurationValues", '{"enableNetworkPolicy": true}'),
    breaks("EKS-30", "any pod of any cluster", _TRUST, {}),
    breaks(
        "EKS-30",
        "any service account",
        _TRUST,
        {"StringEquals": {key: value for key, value in TAGS.items() if "account" not in key}},
        "kubernetes-service-account",
    ),
    breaks(
        "EKS-30",
        "a cluster by its ARN",
        _TRUST,
        {"StringEquals": {**TAGS, "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:x:1:cluster/a"}},
    ),
    breaks("EKS-30", "a pattern", _TRUST, {"StringLike": TAGS}),
    breaks(
        "EKS-30",
        "two namespaces",
        _TRUST,
        {"StringEquals": {**TAGS, "aws:RequestTag/kubernetes-namespace": ["a", "b"]}},
    ),
    breaks(
        "EKS-30",
        "a parameter",
        _TRUST,
        {"StringEquals": {**TAGS, "aws:RequestTag/kubernetes-namespace": {"Ref": "Namespace"}}},
    ),
    breaks("EKS-30", "one service of several", "PodRole", role(["ec2.amazonaws.com", "pods.eks.amazonaws.com"])),
    breaks("IMDS-1", "no token needed", f"{_METADATA}.HttpTokens", "optional", "optional"),
    breaks("IMDS-1", "the image's choice", _METADATA, GONE),
    breaks("IMDS-1", "a parameter", f"{_METADATA}.HttpTokens", {"Ref": "Tokens"}),
    breaks("IMDS-1", "an instance of its own", "I", resource(_INSTANCE)),
    breaks("IMDS-1", "a launch configuration", "I", resource("AWS::AutoScaling::LaunchConfiguration")),
    keeps(
        "IMDS-1",
        "an instance of our template",
        "I",
        resource(_INSTANCE, {"LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}}}),
    ),
    breaks(
        "IMDS-1",
        "an instance that overrides our template",
        "I",
        resource(
            _INSTANCE,
            {
                "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}},
                "MetadataOptions": {"HttpTokens": "optional"},
            },
        ),
    ),
    breaks(
        "IMDS-1",
        "an instance of somebody's template",
        "I",
        resource(_INSTANCE, {"LaunchTemplate": {"LaunchTemplateId": "lt-123"}}),
    ),
    breaks("IMDS-2", "one hop for pods", f"{_METADATA}.HttpPutResponseHopLimit", 2),
    breaks("IMDS-2", "the image's choice", f"{_METADATA}.HttpPutResponseHopLimit", GONE, "is not set"),
    keeps("IMDS-2", "a number as text", f"{_METADATA}.HttpPutResponseHopLimit", "1"),
    breaks("IMDS-3", "a password", _TEXT, {"Fn::Base64": "export DB_PASSWORD=hunter2\n"}, "with DB_PASSWORD"),
    breaks("IMDS-3", "a secret that CloudFormation fills in", _TEXT, {"Fn::Base64": "x={{resolve:secretsmanager:db}}"}),
    breaks("IMDS-3", "a key", _TEXT, {"Fn::Base64": "-----BEGIN RSA PRIVATE KEY-----"}),
    breaks("IMDS-3", "a parameter", _TEXT, {"Ref": "UserData"}),
    keeps("IMDS-3", "no user data", _TEXT, GONE),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", [rule.id for rule in nodes.RULES])
def test_every_rule_has_a_case_that_it_finds(rule: str) -> None:
    assert any(case.rule == rule and case.bad for case in CASES)


def test_a_secret_in_user_data_is_named_and_never_shown() -> None:
    app = deployment(spoilt({_TEXT: {"Fn::Base64": "DB_PASSWORD=hunter2"}}), **OPTIONS)
    (finding,) = found(app, "IMDS-3")
    assert finding.id == "IMDS-3[DB_PASSWORD]"
    assert "hunter2" not in finding.text
