"""One Tiketi service as it ought to be, object by object, and ways to spoil it.

Owns the sample. All rules of POD are content with it; a case changes one thing.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from tests.policy.support import resource

GONE: Final = object()
"""In place of a value: the key is left out."""

Object = Mapping[str, Any]
APP: Final = "spec.template.spec.containers.0"
POD: Final = "spec.template.spec"


def an_object(kind: str, name: str, namespace: str | None = "tiketi", **parts: Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **parts}


def container(name: str = "app") -> dict[str, Any]:
    probe = {"httpGet": {"path": "/health", "port": 3001}, "periodSeconds": 30}
    return {
        "name": name,
        "image": "${AWS::AccountId}.dkr.ecr.ap-northeast-2.amazonaws.com/cloudmart-lab/auth:1.4.2",
        "ports": [{"containerPort": 3001}],
        "env": [{"name": "JWT_SECRET_NAME", "value": "cloudmart-lab/jwt"}, {"name": "LOG_LEVEL", "value": "info"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "0.5", "memory": "512Mi"}},
        "readinessProbe": probe,
        "livenessProbe": probe,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


_POD: Final = {
    "serviceAccountName": "auth",
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [container()],
    "volumes": [{"name": "scratch", "emptyDir": {}}],
}
DEPLOYMENT: Final = an_object(
    "Deployment",
    "auth",
    spec={"selector": {"matchLabels": {"app": "auth"}}, "template": {"metadata": {"labels": {}}, "spec": _POD}},
)
CRON_JOB: Final = an_object(
    "CronJob", "sweep", spec={"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": _POD}}}}
)
NAMESPACE: Final = an_object("Namespace", "tiketi", None)
NAMESPACE["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": "restricted"}
DENY: Final = an_object("NetworkPolicy", "deny", spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
_HTTPS: Final = {
    "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "100.64.0.0/10"]}}],
    "ports": [{"protocol": "TCP", "port": 443}],
}
POLICY: Final = an_object(
    "NetworkPolicy",
    "auth",
    spec={
        "podSelector": {"matchLabels": {"app": "auth"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [{"ipBlock": {"cidr": "10.0.1.0/24"}}, {"podSelector": {"matchLabels": {"app": "queue"}}}],
                "ports": [{"protocol": "TCP", "port": 3001}],
            }
        ],
        "egress": [
            _HTTPS,
            {
                "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
                "ports": [{"protocol": "UDP", "port": 53}],
            },
        ],
    },
)
ROLE: Final = an_object("Role", "reader", rules=[{"apiGroups": [""], "resources": ["endpoints"], "verbs": ["get"]}])
BINDING: Final = an_object(
    "RoleBinding",
    "reader",
    roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
    subjects=[{"kind": "ServiceAccount", "name": "watcher", "namespace": "tiketi"}],
)
SERVICE: Final = an_object("Service", "auth", spec={"selector": {"app": "auth"}, "ports": [{"port": 3001}]})
CONFIG: Final = an_object("ConfigMap", "auth", data={"DB_SECRET_NAME": "cloudmart-lab/database", "level": "info"})
ACCOUNT: Final = an_object("ServiceAccount", "auth")
CLAIM: Final = an_object("PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]})
NOTHING: Final = dict.fromkeys(
    ("services.loadbalancers", "services.nodeports", "count/jobs.batch", "count/cronjobs.batch"), "0"
)
QUOTA: Final = an_object("ResourceQuota", "no-doors", spec={"hard": NOTHING})
ALL: Final = (NAMESPACE, DENY, QUOTA, DEPLOYMENT, CRON_JOB, POLICY, ROLE, BINDING, SERVICE, CONFIG, ACCOUNT, CLAIM)

REPOSITORY: Final = resource(
    "AWS::ECR::Repository", {"RepositoryName": "cloudmart-lab/auth", "ImageTagMutability": "IMMUTABLE"}
)
BINDING_OF_TARGETS: Final = resource(
    "Custom::AWSCDK-EKS-KubernetesResource",
    {
        "Manifest": {
            "Fn::Join": [
                "",
                [
                    '[{"kind": "TargetGroupBinding", "metadata": {"name": "auth", "namespace": "tiketi"}, '
                    '"spec": {"targetType": "ip", "targetGroupARN": "',
                    {"Ref": "Group"},
                    '", "vpc": "',
                    {"Fn::GetAtt": ["Vpc", "VpcId"]},
                    '"}}]',
                ],
            ]
        }
    },
)
CHART: Final = {
    "Chart": "metrics-server",
    "Repository": "https://kubernetes-sigs.github.io/metrics-server",
    "Version": "3.13.1",
    "Namespace": "tiketi",
    "Values": json.dumps({"replicas": 2, "apiService": {"insecureSkipTLSVerify": False}, "existingSecret": "tls"}),
}


def chart(**changes: Any) -> dict[str, Any]:
    properties = {key: value for key, value in {**CHART, **changes}.items() if value is not GONE}
    return resource("Custom::AWSCDK-EKS-HelmChart", properties)


def manifest(*objects: Any, **more: Any) -> dict[str, Any]:
    """As CDK writes it: JSON text of a list."""
    return resource("Custom::AWSCDK-EKS-KubernetesResource", {"Manifest": json.dumps(objects), **more})


def changed(sample: Object, path: str, value: Any) -> dict[str, Any]:
    """A copy with one value at a dotted path (numbers for list elements) put in, or left out if `GONE`."""
    copy = deepcopy(dict(sample))
    *parents, last = path.split(".")
    node: Any = copy
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    return copy


def cluster_of(*objects: Any) -> dict[str, Any]:
    """A whole service in a template: the objects given in place of those of the same kind and name."""
    given = {(each["kind"], each["metadata"]["name"]) for each in objects}
    others = [each for each in ALL if (each["kind"], each["metadata"]["name"]) not in given]
    return {
        "Repository": REPOSITORY,
        "Group": resource("AWS::ElasticLoadBalancingV2::TargetGroup"),
        "Vpc": resource("AWS::EC2::VPC"),
        "Targets": BINDING_OF_TARGETS,
        "Chart": chart(),
        "Service": manifest(*others, *objects),
    }
