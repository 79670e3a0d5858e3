"""What the controllers' Helm charts are told: values, as data.

Owns every key that we set; `tests/kubernetes/charts.json` lists the keys that each chart knows. Requests and replicas
are `settings.system_pods`. Does not import `aws_cdk`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from .. import labels, namespaces
from ..settings import catalogue, system_pods
from ..settings.catalogue import Chart

METRICS_API_PORT: Final = 10250
"""Pods' port of metrics APIs, which the API server calls. Of all ports its security group reaches 443, 10250 and
`eks.webhook_ports` on nodes and pods; those below 1024 are not for processes without root."""


_TOLERATIONS: Final = [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]
"""On a node that is lost a pod waits one minute to be made anew elsewhere, not Kubernetes' five: most are the only one
of their kind. New pods stay away from such a node by its other taint, NoSchedule."""

_POD_SECURITY: Final = {
    "runAsNonRoot": True,
    "runAsUser": 65534,
    "runAsGroup": 65534,
    "fsGroup": 65534,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_CONTAINER_SECURITY: Final = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}
_PRIORITY: Final = "system-cluster-critical"
"""Without room for all, a service's pod makes way for what would bring the next node."""


@dataclass(frozen=True)
class Site:
    """What values depend on."""

    cluster: str
    region: str
    vpc_id: str
    kubernetes: str
    """The cluster's version, e.g. 1.35."""
    webhook_port: int
    """Of the pods, where the API server calls their webhooks: one of `eks.webhook_ports`."""


def values(chart: Chart, site: Site) -> dict[str, Any]:
    """The values of one chart. Raises `KeyError` for a chart that is no controller."""
    return _VALUES[chart](site)


def _spread(labels: dict[str, str]) -> list[dict[str, Any]]:
    """Over zones and nodes where there are several; never a reason not to start."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _load_balancer_controller(site: Site) -> dict[str, Any]:
    """It binds pods to target groups that exist, and makes nothing: all else that it can do is off."""
    pod = system_pods.pod("aws-load-balancer-controller", "controller")
    return {
        "clusterName": site.cluster,
        # Stated, since pods do not reach the instance metadata.
        "region": site.region,
        "vpcId": site.vpc_id,
        "replicaCount": pod.replicas,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "topologySpreadConstraints": _spread({"app.kubernetes.io/name": "aws-load-balancer-controller"}),
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        "nodeSelector": labels.ON_DEMAND,
        "tolerations": _TOLERATIONS,
        "priorityClassName": _PRIORITY,
        "resources": system_pods.resources("aws-load-balancer-controller", "controller"),
        "podSecurityContext": _POD_SECURITY,
        "securityContext": _CONTAINER_SECURITY,
        "webhookBindPort": site.webhook_port,
        # A binding elsewhere could bring other pods into a service's target group.
        "watchNamespace": namespaces.SERVICES,
        # Kept over upgrades: a new certificate would reach the webhooks at once and the pods a minute later.
        "keepTLSSecret": True,
        # The webhook for all Services would make every Service of the cluster wait for this controller.
        "enableServiceMutatorWebhook": False,
        "webhookConfig": {"disableIngressValidation": True},
        "createIngressClassResource": False,
        "enableBackendSecurityGroup": False,
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        "controllerConfig": {
            "featureGates": {
                "EnableServiceController": False,
                "ALBGatewayAPI": False,
                "NLBGatewayAPI": False,
                "GatewayListenerSet": False,
            }
        },
    }


def _cluster_autoscaler(site: Site) -> dict[str, Any]:
    pod = system_pods.pod("cluster-autoscaler", "cluster-autoscaler")
    return {
        "fullnameOverride": "cluster-autoscaler",
        "cloudProvider": "aws",
        "awsRegion": site.region,
        # It simulates the scheduler of one Kubernetes version, whatever the chart's release ships.
        "image": {"tag": catalogue.AUTOSCALER[site.kubernetes]},
        # By the two tags that EKS puts on the scaling groups of its node groups.
        "autoDiscovery": {"clusterName": site.cluster},
        "replicaCount": pod.replicas,
        "nodeSelector": labels.ON_DEMAND,
        "tolerations": _TOLERATIONS,
        "priorityClassName": _PRIORITY,
        "resources": system_pods.resources("cluster-autoscaler", "cluster-autoscaler"),
        "securityContext": _POD_SECURITY,
        "containerSecurityContext": _CONTAINER_SECURITY,
        # EKS names a scaling group `eks-<node group>-<number>`, CloudFormation the node group by its logical id, and
        # `node_groups` begins that with what it buys. Spot first where a pod may go there, on-demand when there is none
        # or none is to be had: a group that failed rests for five minutes.
        "expanderPriorities": {"20": [".*Spot.*"], "10": [".*"]},
        "extraArgs": {
            "logtostderr": True,
            "stderrthreshold": "info",
            "v": 2,
            # A pending pod is seen after 10 s at most and a node asked for with the same look: specification, 30 s.
            "scan-interval": "10s",
            "scale-down-unneeded-time": "10m",
            "scale-down-delay-after-add": "10m",
            # A node joins in two minutes; after five its request counts as failed and another group is asked.
            "max-node-provision-time": "5m",
            "balance-similar-node-groups": True,
            # Ties of the priorities are settled by what is left over.
            "expander": "priority,least-waste",
            # An idle node is one without services: the pods that every node has do not keep it.
            "ignore-daemonsets-utilization": True,
            # Each of these would keep a node for good: all our pods have an emptyDir, and the add-ons in kube-system
            # have two replicas and a budget.
            "skip-nodes-with-local-storage": False,
            "skip-nodes-with-system-pods": False,
            "skip-nodes-with-custom-controller-pods": False,
        },
    }


def _metrics_server(_: Site) -> dict[str, Any]:
    pod = system_pods.pod("metrics-server", "metrics-server")
    return {
        "replicas": pod.replicas,
        "containerPort": METRICS_API_PORT,
        # The API server checks the certificate, which helm makes once and keeps over upgrades.
        "tls": {"type": "helm", "helm": {"lookup": True, "certDurationDays": 3650}},
        "apiService": {"insecureSkipTLSVerify": False},
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": _spread({"app.kubernetes.io/name": "metrics-server"}),
        "nodeSelector": labels.ON_DEMAND,
        "tolerations": _TOLERATIONS,
        "priorityClassName": _PRIORITY,
        "resources": system_pods.resources("metrics-server", "metrics-server"),
        "podSecurityContext": _POD_SECURITY,
    }


def _keda(site: Site) -> dict[str, Any]:
    """Operator, metrics API and admission webhooks; the chart calls the three differently from key to key."""
    pods = {name: system_pods.pod("keda", name) for name in ("operator", "metricServer", "webhooks")}
    return {
        "clusterName": site.cluster,
        # Rights in this namespace only, and no secret of it: the one trigger reads a metric without logging in.
        "watchNamespace": namespaces.SERVICES,
        "permissions": {"operator": {"restrict": {"secret": True}}, "metricServer": {"restrict": {"secret": True}}},
        "rbac": {"enabledCustomScaledRefKinds": False},
        # Deleted with the chart they would take every ScaledObject along, and wait for finalizers that nobody removes.
        "crds": {"install": True, "additionalAnnotations": {"helm.sh/resource-policy": "keep"}},
        "image": {"pullPolicy": "IfNotPresent"},
        "operator": {"replicaCount": pods["operator"].replicas},
        "metricsServer": {"replicaCount": pods["metricServer"].replicas},
        "webhooks": {"replicaCount": pods["webhooks"].replicas, "port": site.webhook_port},
        # Its own 6443 is not among the ports that the control plane reaches.
        "service": {"portHttpsTarget": METRICS_API_PORT},
        "podDisruptionBudget": {
            "operator": {"maxUnavailable": 1},
            "metricServer": {"maxUnavailable": 1},
            "webhooks": {"maxUnavailable": 1},
        },
        "nodeSelector": labels.ON_DEMAND,
        "tolerations": _TOLERATIONS,
        "priorityClassName": _PRIORITY,
        "resources": {name: system_pods.resources("keda", name) for name in pods},
        "podSecurityContext": dict.fromkeys(pods, _POD_SECURITY),
        "securityContext": dict.fromkeys(pods, _CONTAINER_SECURITY),
    }


def _vertical_pod_autoscaler(_: Site) -> dict[str, Any]:
    """The recommender alone: it writes what pods should request into its objects, and nobody acts on it."""
    pod = system_pods.pod("vertical-pod-autoscaler", "recommender")
    return {
        "admissionController": {"enabled": False},
        "updater": {"enabled": False},
        "recommender": {
            "replicas": pod.replicas,
            "podDisruptionBudget": {"enabled": True, "minAvailable": None, "maxUnavailable": 1},
            "nodeSelector": labels.ON_DEMAND,
            "tolerations": _TOLERATIONS,
            "resources": system_pods.resources("vertical-pod-autoscaler", "recommender"),
        },
        "podSecurityContext": _POD_SECURITY,
        "containerSecurityContext": _CONTAINER_SECURITY,
    }


_VALUES: Final[dict[Chart, Callable[[Site], dict[str, Any]]]] = {
    "aws-load-balancer-controller": _load_balancer_controller,
    "cluster-autoscaler": _cluster_autoscaler,
    "metrics-server": _metrics_server,
    "keda": _keda,
    "vertical-pod-autoscaler": _vertical_pod_autoscaler,
}
