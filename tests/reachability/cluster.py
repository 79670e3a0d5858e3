"""A small cluster whose answers are known by hand: `web` calls `api` by name and by address; everything else is closed.

Pods lie in a range of their own, `web` also calls the internet and a node's agent. Tests close one layer at a time.
"""

import json
from collections.abc import Mapping
from typing import Any

from cloudmart_cdk.policy.model import Deployment
from tests.policy.support import deployment, resource
from tests.reachability.samples import CLOSED, group_id, network, policy, ref, rule

Objects = dict[str, dict[str, Any]]


def workload(name: str, port: int, **spec: Any) -> dict[str, Any]:
    container = {"name": name, "ports": [{"name": "http", "containerPort": port}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **spec}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"template": template},
    }


def objects() -> Objects:
    """Name -> Kubernetes object."""
    api = {"podSelector": {"matchLabels": {"app": "api"}}}
    return {
        "namespace": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        "web": workload("web", 8080),
        "api": workload("api", 3000),
        "service": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "api", "namespace": "shop"},
            "spec": {"selector": {"app": "api"}, "ports": [{"port": 3000, "targetPort": 3000}]},
        },
        "deny": policy("default-deny", policyTypes=["Ingress", "Egress"]),
        "web-policy": policy(
            "web",
            labels={"app": "web"},
            policyTypes=["Egress"],
            egress=[
                {"to": [api], "ports": [{"port": 3000}]},
                {
                    "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/16", "100.64.0.0/16"]}}],
                    "ports": [{"port": 443}],
                },
            ],
        ),
        "api-policy": policy(
            "api",
            labels={"app": "api"},
            policyTypes=["Ingress"],
            ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 3000}]}],
        ),
    }


def app(
    changed: Mapping[str, Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    *,
    enforced: bool = True,
    hop_limit: int = 1,
) -> Deployment:
    """`changed`: objects; `resources`: logical id -> resource of the template; `None` takes one away."""
    manifests = [each for each in {**objects(), **(changed or {})}.values() if each]
    nodes = {"SecurityGroupEgress": [rule(443, CidrIp="0.0.0.0/0")]}
    ours = group_id("NodeGroup")
    itself = {"GroupId": ours, "IpProtocol": "-1", "Description": "among themselves"}
    tag = {"Key": "kubernetes.io/role/cni", "Value": "1"}
    template: dict[str, Any] = {
        **network(),
        "PodsRange": resource("AWS::EC2::VPCCidrBlock", {"CidrBlock": "100.64.0.0/16"}),
        "Pods": resource("AWS::EC2::Subnet", {"CidrBlock": "100.64.0.0/17", "AvailabilityZone": "a", "Tags": [tag]}),
        "PodsLink": resource(
            "AWS::EC2::SubnetRouteTableAssociation", {"SubnetId": ref("Pods"), "RouteTableId": ref("PrivateTable")}
        ),
        "NodeGroup": resource("AWS::EC2::SecurityGroup", nodes),
        "Out": resource("AWS::EC2::SecurityGroupEgress", {"DestinationSecurityGroupId": ours, **itself}),
        "In": resource("AWS::EC2::SecurityGroupIngress", {"SourceSecurityGroupId": ours, **itself}),
        "Template": resource(
            "AWS::EC2::LaunchTemplate",
            {
                "LaunchTemplateData": {
                    "SecurityGroupIds": [ours],
                    "MetadataOptions": {"HttpPutResponseHopLimit": hop_limit},
                }
            },
        ),
        "Nodes": resource(
            "AWS::EKS::Nodegroup", {"Subnets": [ref("Private")], "LaunchTemplate": {"Id": ref("Template")}}
        ),
        "ControlGroup": resource("AWS::EC2::SecurityGroup", {"SecurityGroupEgress": CLOSED}),
        "Control": resource(
            "AWS::EKS::Cluster",
            {
                "ResourcesVpcConfig": {
                    "SubnetIds": [ref("Private")],
                    "SecurityGroupIds": [group_id("ControlGroup")],
                },
                "KubernetesNetworkConfig": {"ServiceIpv4Cidr": "172.20.0.0/16"},
            },
        ),
        "Cni": resource(
            "AWS::EKS::Addon",
            {"AddonName": "vpc-cni", "ConfigurationValues": json.dumps({"enableNetworkPolicy": str(enforced).lower()})},
        ),
        "Manifest": resource("Custom::AWSCDK-EKS-KubernetesResource", {"Manifest": json.dumps(manifests)}),
    }
    template |= resources or {}
    return deployment({name: each for name, each in template.items() if each}, stack="EksPlatformStack")
