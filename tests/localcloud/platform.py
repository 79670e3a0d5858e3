"""EksPlatformStack's way with a service, in small: two tracks, weights of a rule, image parameters, manifests."""

import json
import re
from typing import Any, Final

from tests.localcloud.templates import Template

NAMESPACE: Final = "shows"
PORT: Final = 3901
STAND_IN: Final = "public.example.com/busybox:1@sha256:" + "0" * 64
_REPOSITORY: Final = "111111111111.dkr.ecr.ap-northeast-2.amazonaws.com/test/seats"
_MANIFEST: Final = "Custom::AWSCDK-EKS-KubernetesResource"
CLUSTER: Final = "test-platform"
PRUNE: Final = "aws.cdk.eks/prune-shared"


def image(ending: str) -> str:
    """An image of the service by digest, of which the ending is given."""
    return f"{_REPOSITORY}@sha256:{ending.rjust(64, 'a')}"


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def deployment(name: str, track: str, *, replicas: int | None = None) -> dict[str, Any]:
    """A Deployment as a manifest has it; `@Image@` stands for a token."""
    labels = {"app.kubernetes.io/name": "seats", "cloudmart.internal/track": track}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            **({"replicas": replicas} if replicas is not None else {}),
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": [
                        {"name": "seats", "image": "@Image@", "ports": [{"name": "http", "containerPort": PORT}]}
                    ]
                },
            },
        },
    }


def scaler(name: str, minimum: int) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": minimum,
            "maxReplicas": 5,
        },
    }


def service(name: str, track: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "selector": {"app.kubernetes.io/name": "seats", "cloudmart.internal/track": track},
            "ports": [{"name": "http", "port": PORT, "targetPort": "http"}],
        },
    }


def binding(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "elbv2.k8s.aws/v1beta1",
        "kind": "TargetGroupBinding",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"serviceRef": {"name": name, "port": PORT}, "targetGroupARN": "@Group@", "targetType": "ip"},
    }


def namespace() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def config(name: str, *, pruned: bool = False) -> dict[str, Any]:
    labels = {"labels": {PRUNE: ""}} if pruned else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": NAMESPACE, **labels},
        "data": {"a": "b"},
    }


def manifest(
    *objects: dict[str, Any], tokens: dict[str, Any] | None = None, after: tuple[str, ...] = (), **more: Any
) -> Template:
    """The custom resource; `@name@` in the objects' text becomes the token of that name, as CDK joins them."""
    text: Any = json.dumps(list(objects))
    if tokens:
        parts = re.split(f"@({'|'.join(tokens)})@", text)
        text = {"Fn::Join": ["", [tokens[part] if number % 2 else part for number, part in enumerate(parts)]]}
    resource: Template = {
        "Type": _MANIFEST,
        "Properties": {"ServiceToken": "arn:aws:lambda:none", "ClusterName": CLUSTER, "Manifest": text, **more},
    }
    return resource | ({"DependsOn": list(after)} if after else {})


def chart(name: str, *, release: str = "", values: dict[str, Any] | None = None) -> Template:
    return {
        "Type": "Custom::AWSCDK-EKS-HelmChart",
        "Properties": {
            "ClusterName": CLUSTER,
            "Release": release or name,
            "Chart": name,
            "Version": "1.2.3",
            "Repository": "https://charts.example.com",
            "Namespace": "kube-system",
            "CreateNamespace": False,
            "Values": json.dumps(values or {}),
        },
    }


def cluster() -> Template:
    return {
        "Type": "AWS::EKS::Cluster",
        "Properties": {
            "Name": CLUSTER,
            "Version": "1.35",
            "RoleArn": "arn:aws:iam::111111111111:role/x",
            "ResourcesVpcConfig": {"SubnetIds": []},
            "KubernetesNetworkConfig": {"ServiceIpv4Cidr": "172.20.0.0/16"},
        },
    }


def _balancing() -> Template:
    def group(delay: int) -> Template:
        return {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "Port": PORT,
                "Protocol": "HTTP",
                "TargetType": "ip",
                "HealthCheckPath": "/health",
                "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}],
            },
        }

    weights = [{"TargetGroupArn": _ref("Stable"), "Weight": 100}, {"TargetGroupArn": _ref("Canary"), "Weight": 0}]
    return {
        "Alb": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Name": "test-platform"}},
        "Stable": group(30),
        "Canary": group(30),
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": _ref("Alb"),
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
            },
        },
        "Rule": {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Properties": {
                "ListenerArn": _ref("Listener"),
                "Priority": 1,
                "Conditions": [
                    {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/seats", "/api/seats/*"]}}
                ],
                "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
            },
        },
    }


def platform(*, minimum: int = 2) -> Template:
    """The whole template."""
    placeholder = {"Fn::Equals": [_ref("SeatsImage"), STAND_IN]}
    stable = {"Fn::If": ["Placeholder", STAND_IN, _ref("SeatsImage")]}
    return {
        "Parameters": {
            "SeatsImage": {
                "Type": "String",
                "Default": STAND_IN,
                "AllowedPattern": f"{STAND_IN}|{_REPOSITORY}@sha256:[0-9a-f]{{64}}",
            },
            "SeatsCanaryImage": {
                "Type": "String",
                "Default": "",
                "AllowedPattern": f"|{_REPOSITORY}@sha256:[0-9a-f]{{64}}",
            },
        },
        "Conditions": {
            "Placeholder": placeholder,
            "HasCanary": {"Fn::Not": [{"Fn::Equals": [_ref("SeatsCanaryImage"), ""]}]},
        },
        "Resources": {
            "Cluster": cluster(),
            **_balancing(),
            "Controller": chart("aws-load-balancer-controller", values={"replicaCount": 2})
            | {"DependsOn": ["Cluster"]},
            "Space": manifest(namespace(), after=("Cluster",)),
            "Bindings": manifest(
                service("seats", "stable"),
                binding("seats"),
                tokens={"Group": _ref("Stable")},
                after=("Space", "Controller"),
            ),
            "CanaryBindings": manifest(
                service("seats-canary", "canary"),
                binding("seats-canary"),
                tokens={"Group": _ref("Canary")},
                after=("Space", "Controller"),
            ),
            "Seats": manifest(deployment("seats", "stable"), tokens={"Image": stable}, after=("Bindings",)),
            "Scaler": manifest(scaler("seats", minimum), after=("Seats",)),
            "SeatsCanary": manifest(
                deployment("seats-canary", "canary", replicas=1),
                tokens={"Image": _ref("SeatsCanaryImage")},
                after=("CanaryBindings",),
            )
            | {"Condition": "HasCanary"},
        },
    }
