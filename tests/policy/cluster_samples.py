"""An EKS cluster as it ought to be, with those who get in, its nodes and add-ons, and ways to spoil it.

Owns the sample. All rules of EKS and IMDS are content with it; a case changes one thing.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from cloudmart_cdk.settings import load_settings
from tests.policy.kubernetes_samples import CONFIG, GONE, changed, manifest
from tests.policy.support import Case, bad, good, resource

ADMIN, DEVELOPER = "arn:aws:iam::123456789012:role/Admin", "arn:aws:iam::123456789012:role/Developer"
POLICY = "arn:aws:eks::aws:cluster-access-policy"
_ADDONS: Final[dict[str, str]] = dict(load_settings({}).eks.addons.items())
_CNI = json.dumps({"enableNetworkPolicy": "true", "env": {"WARM_PREFIX_TARGET": "1"}})
TAGS = {
    "aws:RequestTag/eks-cluster-arn": {"Fn::GetAtt": ["Cluster", "Arn"]},
    "aws:RequestTag/kubernetes-namespace": "kube-system",
    "aws:RequestTag/kubernetes-service-account": "aws-node",
}
_USER_DATA = (
    'TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token)\n{"maxPods": 110}\nSECRET_NAME=cloudmart-lab/db\n'
)


def entry(principal: Any, policy: str, **more: Any) -> dict[str, Any]:
    policies = [{"PolicyArn": f"{POLICY}/{policy}", "AccessScope": {"Type": "cluster"}}]
    return resource("AWS::EKS::AccessEntry", {"PrincipalArn": principal, "AccessPolicies": policies, **more})


def role(service: Any, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **condition}
    return resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Statement": [statement]}})


def _addon(name: str, **more: Any) -> dict[str, Any]:
    version = _ADDONS.get(name, "v1")
    return resource(
        "AWS::EKS::Addon", {"AddonName": name, "AddonVersion": version, "ClusterName": {"Ref": "Cluster"}, **more}
    )


SAMPLE: dict[str, Any] = {
    "Key": resource("AWS::KMS::Key"),
    "Cluster": resource(
        "AWS::EKS::Cluster",
        {
            "AccessConfig": {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": False},
            "DeletionProtection": False,
            "EncryptionConfig": [{"Provider": {"KeyArn": {"Fn::GetAtt": ["Key", "Arn"]}}, "Resources": ["secrets"]}],
            "Logging": {
                "ClusterLogging": {
                    "EnabledTypes": [
                        {"Type": kind} for kind in ("api", "audit", "authenticator", "controllerManager", "scheduler")
                    ]
                }
            },
            "ResourcesVpcConfig": {"EndpointPrivateAccess": True, "EndpointPublicAccess": False},
            "UpgradePolicy": {"SupportType": "STANDARD"},
            "Version": "1.35",
        },
    ),
    "KubectlRole": role("lambda.amazonaws.com"),
    "Kubectl": entry({"Fn::GetAtt": ["KubectlRole", "Arn"]}, "AmazonEKSClusterAdminPolicy"),
    "Admin": entry(ADMIN, "AmazonEKSClusterAdminPolicy"),
    "Developer": entry(DEVELOPER, "AmazonEKSViewPolicy"),
    "NodeRole": role("ec2.amazonaws.com"),
    "Template": resource(
        "AWS::EC2::LaunchTemplate",
        {
            "LaunchTemplateData": {
                "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
                "UserData": {"Fn::Base64": _USER_DATA},
            }
        },
    ),
    "Nodes": resource(
        "AWS::EKS::Nodegroup",
        {
            "AmiType": "AL2023_x86_64_STANDARD",
            "LaunchTemplate": {
                "Id": {"Ref": "Template"},
                "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]},
            },
            "NodeRole": {"Fn::GetAtt": ["NodeRole", "Arn"]},
            "Version": "1.35",
        },
    ),
    "PodRole": role("pods.eks.amazonaws.com", Condition={"StringEquals": TAGS}),
    "Cni": _addon(
        "vpc-cni",
        ConfigurationValues=_CNI,
        PodIdentityAssociations=[{"RoleArn": {"Fn::GetAtt": ["PodRole", "Arn"]}, "ServiceAccount": "aws-node"}],
    ),
    "Proxy": _addon("kube-proxy"),
    "Association": resource("AWS::EKS::PodIdentityAssociation", {"RoleArn": {"Fn::GetAtt": ["PodRole", "Arn"]}}),
    "Apply": resource("AWS::Lambda::Function"),
    "Aws": manifest(CONFIG, ServiceToken={"Fn::GetAtt": ["Apply", "Arn"]}, ClusterName={"Ref": "Cluster"}),
}
OPTIONS: dict[str, Any] = {
    "stack": "EksPlatformStack",
    "paths": {
        "KubectlRole": "EksPlatformStack/Control/Cluster/KubectlProvider/Handler/ServiceRole/Resource",
        "Apply": "EksPlatformStack/Control/Cluster/KubectlProvider/Provider/framework-onEvent/Resource",
    },
    "eks__admins": ADMIN,
    "eks__developers": DEVELOPER,
}


def spoilt(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The sample with `Resource.dotted.path` -> value put in, or whole resources."""
    resources = deepcopy(SAMPLE)
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        if rest:
            resources[name] = changed(resources[name], f"Properties.{rest}", value)
        elif value is GONE:
            del resources[name]
        else:
            resources[name] = value
    return resources


def breaks(rule: str, name: str, path: str, value: Any, says: str = "", **options: Any) -> Case:
    return bad(rule, name, spoilt({path: value}), says=says, **{**OPTIONS, **options})


def keeps(rule: str, name: str, path: str, value: Any, **options: Any) -> Case:
    return good(rule, name, spoilt({path: value}), **{**OPTIONS, **options})
