"""What the chart is told: nothing that outlives the stack, no password, no rights beyond two namespaces. ADR 0021."""

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from cloudmart_cdk import namespaces
from cloudmart_cdk.constructs import prometheus_objects as objects
from cloudmart_cdk.constructs.grafana_dashboards import DATA_SOURCE, KUBERNETES_METRICS
from cloudmart_cdk.constructs.prometheus_values import values
from cloudmart_cdk.constructs.services.names import object_labels
from cloudmart_cdk.service_releases import Track
from cloudmart_cdk.settings import system_pods

VALUES = values()
GRAFANA = VALUES["grafana"]
SPEC = VALUES["prometheus"]["prometheusSpec"]
PARTS: dict[str, dict[str, Any]] = {
    "operator": VALUES["prometheusOperator"],
    "config-reloader": VALUES["prometheusOperator"]["prometheusConfigReloader"],
    "prometheus": SPEC,
    "kube-state-metrics": VALUES["kube-state-metrics"],
    "grafana": GRAFANA,
}


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, f"{path}.{key}")
    elif isinstance(data, list):
        for value in data:
            yield from _leaves(value, path)
    else:
        yield path, data


def test_what_capacity_counts_is_what_pods_request() -> None:
    listed = system_pods.CHART_PODS["kube-prometheus-stack"]
    assert {pod.name for pod in listed} == PARTS.keys()
    for name, part in PARTS.items():
        assert part["resources"] == system_pods.resources("kube-prometheus-stack", name)
        assert "memory" in part["resources"]["limits"]


def test_no_pod_is_on_a_node_that_may_be_taken_back() -> None:
    for name in PARTS.keys() - {"config-reloader"}:
        assert PARTS[name]["nodeSelector"] == {"cloudmart.internal/capacity": "on-demand"}


def test_no_disk_is_claimed() -> None:
    """A claimed one is EBS's and can outlive the stack."""
    assert SPEC["storageSpec"].keys() == {"emptyDir"}
    assert not [path for path, _ in _leaves(VALUES) if re.search("volumeClaimTemplate|persistence", path)]


def test_history_fits_its_disk() -> None:
    kept = int(re.fullmatch(r"(\d+)GB", SPEC["retentionSize"])[1])  # type: ignore[index]
    limit = int(re.fullmatch(r"(\d+)Gi", SPEC["storageSpec"]["emptyDir"]["sizeLimit"])[1])  # type: ignore[index]
    assert kept < limit


def test_the_autoscaler_takes_other_nodes() -> None:
    """It passes over local storage (`chart_values`), so it would take this one after a sale, history and all."""
    assert SPEC["podMetadata"]["annotations"] == {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}


def test_there_is_no_password_and_nobody_to_log_in() -> None:
    assert not [path for path, _ in _leaves(VALUES) if "password" in path.lower()]
    assert GRAFANA["env"]["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    settings = GRAFANA["grafana.ini"]
    assert settings["auth"]["disable_login_form"] is True
    assert settings["auth.basic"]["enabled"] is False
    assert settings["auth.anonymous"] == {"enabled": True, "org_name": "Main Org.", "org_role": "Viewer"}


def test_the_chart_grants_nothing_in_the_whole_cluster() -> None:
    assert VALUES["global"]["rbac"]["create"] is False
    assert GRAFANA["rbac"]["create"] is False
    assert VALUES["kube-state-metrics"]["rbac"]["useClusterRole"] is False
    assert VALUES["kube-state-metrics"]["namespaces"] == [namespaces.SERVICES]
    assert VALUES["prometheusOperator"]["namespaces"] == {"releaseNamespace": True}


def test_nothing_is_made_outside_its_namespace_and_nothing_holds_up_a_destroy() -> None:
    operator = VALUES["prometheusOperator"]
    assert operator["kubeletService"]["enabled"] is False
    assert operator["admissionWebhooks"]["enabled"] is False
    assert operator["featureGates"] == {"StatusForConfigurationResources": False}


def test_pods_of_every_track_of_a_service_are_asked_and_told_apart() -> None:
    (monitor,) = VALUES["prometheus"]["additionalPodMonitors"]
    assert monitor["namespaceSelector"] == {"matchNames": [namespaces.SERVICES]}
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")
    for track in Track:
        labels = object_labels("auth", track)
        assert monitor["selector"]["matchLabels"].items() <= labels.items()
        discovered = {
            "__meta_kubernetes_pod_label_" + re.sub("[^a-zA-Z0-9]", "_", name): value for name, value in labels.items()
        }
        found = {rule["targetLabel"]: discovered[rule["sourceLabels"][0]] for rule in endpoint["relabelings"]}
        assert found == {"service": "auth", "track": track}


def test_the_stand_in_is_understood() -> None:
    """busybox' httpd names no type for the file `metrics`."""
    (monitor,) = VALUES["prometheus"]["additionalPodMonitors"]
    assert monitor["fallbackScrapeProtocol"] == "PrometheusText0.0.4"


def test_only_what_dashboards_show_is_collected_of_kubernetes() -> None:
    part = VALUES["kube-state-metrics"]
    assert part["metricAllowlist"] == list(KUBERNETES_METRICS)
    kinds = {"kube_deployment": "deployments", "kube_horizontalpodautoscaler": "horizontalpodautoscalers"}
    kinds |= {"kube_pod": "pods"}
    needed = {kind for prefix, kind in kinds.items() if any(name.startswith(prefix) for name in KUBERNETES_METRICS)}
    assert set(part["collectors"]) == needed


def test_grafana_finds_its_dashboards_and_its_source() -> None:
    ((mounted, name),) = GRAFANA["dashboardsConfigMaps"].items()
    assert name == objects.dashboards([])["metadata"]["name"]
    (provider,) = GRAFANA["dashboardProviders"]["dashboardproviders.yaml"]["providers"]
    assert PurePosixPath(provider["options"]["path"]) == PurePosixPath("/var/lib/grafana/dashboards", mounted)
    (source,) = GRAFANA["datasources"]["datasources.yaml"]["datasources"]
    assert source["uid"] == DATA_SOURCE
    assert source["url"] == f"http://{VALUES['fullnameOverride']}-prometheus:{VALUES['prometheus']['service']['port']}"


def test_grafana_calls_nobody_outside() -> None:
    settings = GRAFANA["grafana.ini"]
    assert set(settings["analytics"].values()) == {False}
    assert settings["plugins"]["preinstall_disabled"] is True
    assert settings["news"]["news_feed_enabled"] is False
    assert settings["snapshots"]["external_enabled"] is False


def test_values_are_plain_data() -> None:
    assert json.loads(json.dumps(VALUES)) == VALUES
    assert namespaces.MONITORING in json.dumps(SPEC["podMonitorNamespaceSelector"])
