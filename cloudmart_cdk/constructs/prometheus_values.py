"""What the chart kube-prometheus-stack is told: values, as data. ADR 0021.

Owns every key that we set. Requests and limits are `settings.system_pods`, dashboards `grafana_dashboards`. Does not
import `aws_cdk`. Alarms stay in CloudWatch: no Alertmanager, no rules, no admission webhook. Nodes are Container
Insights': no node exporter, no kubelet.
"""

from typing import Any, Final

from .. import labels, namespaces
from ..settings import system_pods
from ..settings.catalogue import Chart
from .grafana_dashboards import DATA_SOURCE, KUBERNETES_METRICS

Values = dict[str, Any]

PART_LABEL: Final = "app.kubernetes.io/part-of"
"""Every service's pods carry it with the namespace's name."""

PROMETHEUS_PORT: Final = 9090
STATE_METRICS_PORT: Final = 8080
NAMES: Final = "tiketi"
"""The chart's objects are called `tiketi-prometheus`, `tiketi-operator`; Grafana is `grafana`."""

DASHBOARDS: Final = "tiketi-dashboards"
"""The ConfigMap with the dashboards' files; Grafana reads it again when it changes."""

_CHART: Final[Chart] = "kube-prometheus-stack"
_SCRAPE_SECONDS: Final = 30
_HISTORY_DAYS: Final = 3
_HISTORY_GB: Final = 2
_PROVIDER: Final = "tiketi"
_FOLDER: Final = "/var/lib/grafana/dashboards"


def values() -> Values:
    """The chart's values."""
    return {
        "fullnameOverride": NAMES,
        # Rights are ours (`prometheus_rights`).
        "global": {"rbac": {"create": False}},
        "alertmanager": {"enabled": False},
        "defaultRules": {"create": False},
        "nodeExporter": {"enabled": False},
        # EKS shows neither scheduler nor etcd; the others' figures are in Container Insights.
        **{
            part: {"enabled": False}
            for part in (
                "coreDns",
                "kubeApiServer",
                "kubeControllerManager",
                "kubeDns",
                "kubeEtcd",
                "kubeProxy",
                "kubeScheduler",
                "kubelet",
            )
        },
        "prometheusOperator": _operator(),
        "prometheus": _prometheus(),
        "kube-state-metrics": _state_metrics(),
        "grafana": _grafana(),
    }


def _resources(part: str) -> dict[str, dict[str, str]]:
    return system_pods.resources(_CHART, part)


def _operator() -> Values:
    return {
        "resources": _resources("operator"),
        "nodeSelector": labels.ON_DEMAND,
        # What the webhook would refuse is written by this project, and tested.
        "admissionWebhooks": {"enabled": False},
        "tls": {"enabled": False},
        # Sees its own namespace only.
        "namespaces": {"releaseNamespace": True},
        # Else it writes a Service of the kubelets into kube-system, which no uninstall takes away.
        "kubeletService": {"enabled": False},
        "kubeletEndpointsEnabled": False,
        "serviceMonitor": {"selfMonitor": False},
        # Off is the default today. On it puts a finalizer on Prometheus that only the operator takes off, and helm
        # removes both at once: the namespace, and with it a destroy, would stick.
        "featureGates": {"StatusForConfigurationResources": False},
        "prometheusConfigReloader": {"resources": _resources("config-reloader")},
    }


def _prometheus() -> Values:
    own = {"matchLabels": {"kubernetes.io/metadata.name": namespaces.MONITORING}}
    return {
        "serviceMonitor": {"selfMonitor": False},
        "service": {"port": PROMETHEUS_PORT},
        "prometheusSpec": {
            "replicas": 1,
            "resources": _resources("prometheus"),
            "nodeSelector": labels.ON_DEMAND,
            # After a sale nodes go: another than this one, or the sale's history goes with it.
            "podMetadata": {"annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}},
            "scrapeInterval": f"{_SCRAPE_SECONDS}s",
            "evaluationInterval": f"{_SCRAPE_SECONDS}s",
            # On the node's own disk: a claimed one would be EBS's, and whether its driver deletes it before the driver
            # itself is deleted is a race. What has to last is in CloudWatch.
            "retention": f"{_HISTORY_DAYS}d",
            "retentionSize": f"{_HISTORY_GB}GB",
            "storageSpec": {"emptyDir": {"sizeLimit": f"{_HISTORY_GB + 1}Gi"}},
            "podMonitorNamespaceSelector": own,
            "serviceMonitorNamespaceSelector": own,
            "ruleNamespaceSelector": own,
            # Not by Endpoints, which Kubernetes deprecates.
            "serviceDiscoveryRole": "EndpointSlice",
            # No monitor may name a file of Prometheus' own container, such as its token, as a credential to send.
            "arbitraryFSAccessThroughSMs": {"deny": True},
        },
        "additionalPodMonitors": [_services_monitor()],
    }


def _services_monitor() -> Values:
    """Both tracks of every service, by labels that say which."""
    return {
        "name": "services",
        "namespaceSelector": {"matchNames": [namespaces.SERVICES]},
        "selector": {"matchLabels": {PART_LABEL: namespaces.SERVICES}},
        # The stand-in's web server does not say of what type a file is, and Prometheus 3 then refuses it.
        "fallbackScrapeProtocol": "PrometheusText0.0.4",
        # Of one pod. A label with a user's or a ticket's number would fill memory: then the pod is `up == 0` instead.
        "sampleLimit": 5000,
        "podMetricsEndpoints": [
            {
                "port": "http",
                "path": "/metrics",
                "relabelings": [
                    {"sourceLabels": [labels.discovered(labels.NAME)], "targetLabel": "service"},
                    {"sourceLabels": [labels.discovered(labels.TRACK)], "targetLabel": "track"},
                ],
            }
        ],
    }


def _state_metrics() -> Values:
    return {
        "resources": _resources("kube-state-metrics"),
        "nodeSelector": labels.ON_DEMAND,
        # May read three kinds of objects of one namespace, by a Role there.
        "rbac": {"useClusterRole": False},
        "namespaces": [namespaces.SERVICES],
        "collectors": ["deployments", "horizontalpodautoscalers", "pods"],
        "metricAllowlist": list(KUBERNETES_METRICS),
    }


def _grafana() -> Values:
    """Whoever may forward a port in this namespace may look; nobody can log in, so there is no password."""
    return {
        "fullnameOverride": "grafana",
        "resources": _resources("grafana"),
        "nodeSelector": labels.ON_DEMAND,
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "extraEmptyDirMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        # Dashboards and data source are files: no sidecar that reads ConfigMaps and Secrets of the whole cluster.
        "sidecar": {"dashboards": {"enabled": False}, "datasources": {"enabled": False}},
        "defaultDashboardsEnabled": False,
        "rbac": {"create": False},
        "automountServiceAccountToken": False,
        "serviceMonitor": {"enabled": False},
        "testFramework": {"enabled": False},
        # The chart makes no Secret then, and Grafana no administrator.
        "env": {"GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": "true"},
        "grafana.ini": {
            "auth": {"disable_login_form": True},
            # The organization that is there without an administrator; by any other name all end at a login form.
            "auth.anonymous": {"enabled": True, "org_name": "Main Org.", "org_role": "Viewer"},
            "auth.basic": {"enabled": False},
            "unified_alerting": {"enabled": False},
            # It calls nobody outside; its network policy would not let it.
            "analytics": {"check_for_updates": False, "check_for_plugin_updates": False, "reporting_enabled": False},
            "news": {"news_feed_enabled": False},
            "plugins": {"preinstall_disabled": True},
            "snapshots": {"external_enabled": False},
        },
        "datasources": {"datasources.yaml": {"apiVersion": 1, "datasources": [_data_source()]}},
        "dashboardProviders": {"dashboardproviders.yaml": {"apiVersion": 1, "providers": [_provider()]}},
        # By name and not in these values: the chart would add a container that downloads dashboards.
        "dashboardsConfigMaps": {_PROVIDER: DASHBOARDS},
    }


def _data_source() -> Values:
    return {
        "name": "Prometheus",
        "uid": DATA_SOURCE,
        "type": "prometheus",
        "access": "proxy",
        "isDefault": True,
        "url": f"http://{NAMES}-prometheus:{PROMETHEUS_PORT}",
        "jsonData": {"timeInterval": f"{_SCRAPE_SECONDS}s"},
    }


def _provider() -> Values:
    return {
        "name": _PROVIDER,
        "folder": "Tiketi",
        "type": "file",
        "disableDeletion": True,
        "editable": False,
        "options": {"path": f"{_FOLDER}/{_PROVIDER}"},
    }
