"""Tiketi's business metrics in CloudWatch: queue length, admissions, payments. Specification section 7, ADR 0021.

Owns which metrics of the services' `/metrics` become CloudWatch's, under which names and dimensions, and how the
CloudWatch agent is told: a pipeline of OpenTelemetry beside its own, as plain data. The agent is there already, one on
every node (`addons`); each asks the pods of its own node, so nothing is counted twice, no pod is added and no network
policy opened: the VPC CNI lets a node reach its own pods. Does not import `aws_cdk`.

A custom metric costs 0.30 USD a month (four are 1.20), their lines in the log some 0.10: what a service may add to
that is bounded here, not by its labels.
"""

from typing import Any, Final

from .. import labels

NAMESPACE: Final = "Tiketi"
CLUSTER: Final = "ClusterName"
"""Dimension of all of them: stages and students share an account. The value is the cluster's name."""

QUEUE_LENGTH: Final = "tiketi_queue_length"
"""Who waits, in all queues together. Every pod of queue says the same, so `Maximum`."""
ADMISSIONS: Final = "tiketi_admissions_total"
"""People let in since the value before, of each pod: `Sum`; divided by the period it is a rate."""
PAYMENTS: Final = "tiketi_payments_total"
"""Payments since the value before, of each pod, with `OUTCOME`: `Sum`."""
OUTCOME: Final = "outcome"
SUCCEEDED: Final = "ok"
FAILED: Final = "failed"

PERIOD_S: Final = 60
"""Between two values. The finest that is kept at a custom metric's plain price."""

_METRICS_OF: Final = {"payment": (PAYMENTS,), "queue": (ADMISSIONS, QUEUE_LENGTH)}
"""Service -> what it is asked for; docs/eks.md, "What a service has to do". Stand-ins say the queue's length in all
services: only queue's counts."""

_SERVICE: Final = "Service"
_POD: Final = "PodName"
_NAME: Final = "tiketi"
"""Of the pipeline and its parts, beside those that the add-on makes (`cw_k8s_ci_v0_...`)."""
_SERIES: Final = 100
"""Of one pod, of the metrics that are kept. An answer with more is refused: a counter with a label for each event or
user would be a line each in the log, every minute."""

Component = dict[str, Any]
"""A part of OpenTelemetry's configuration, as its YAML has it."""


def pipeline(*, cluster: str, region: str, log_group: str, namespace: str) -> Component:
    """The key `otelConfig` of the add-on's agent. `log_group`: takes the lines from which CloudWatch makes the metrics
    (embedded metric format), kept for looking up what a single pod said. `namespace`: Kubernetes', of the services.

    No dollar sign but in `${env:...}`: the agent expands any.
    """
    receiver, processor, exporter = f"prometheus/{_NAME}", f"filter/{_NAME}", f"awsemf/{_NAME}"
    return {
        "receivers": {receiver: {"config": {"scrape_configs": [_scrape(cluster, namespace)]}}},
        # Prometheus adds `up` and four more to every scrape, after all relabelling.
        "processors": {processor: {"metrics": {"include": {"match_type": "strict", "metric_names": _names()}}}},
        "exporters": {exporter: _exporter(region, log_group)},
        "service": {
            "pipelines": {
                f"metrics/{_NAME}": {"receivers": [receiver], "processors": [processor], "exporters": [exporter]}
            }
        },
    }


def _names() -> list[str]:
    return sorted(name for names in _METRICS_OF.values() for name in names)


def _scrape(cluster: str, namespace: str) -> Component:
    return {
        "job_name": _NAME,
        "scrape_interval": f"{PERIOD_S}s",
        "scrape_timeout": "10s",
        # The stand-in's web server does not say of what type a file is, and Prometheus 3 then refuses it.
        "fallback_scrape_protocol": "PrometheusText0.0.4",
        "sample_limit": _SERIES,
        "kubernetes_sd_configs": [
            {
                "role": "pod",
                "namespaces": {"names": [namespace]},
                # Chosen by the API server, so that an agent hears of a handful of pods, not of the namespace's.
                "selectors": [
                    {
                        "role": "pod",
                        "label": f"{labels.NAME} in ({','.join(sorted(_METRICS_OF))})",
                        # The chart gives every agent its node's name.
                        "field": "spec.nodeName=${env:K8S_NODE_NAME}",
                    }
                ],
            }
        ],
        "relabel_configs": [
            _keep(["__meta_kubernetes_pod_container_port_name"], "http"),
            {"source_labels": [labels.discovered(labels.NAME)], "target_label": _SERVICE},
            # The agent tells one pod's counter from another's by labels alone, and takes differences of each.
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": _POD},
            {"target_label": CLUSTER, "replacement": cluster},
        ],
        "metric_relabel_configs": [_keep([_SERVICE, "__name__", OUTCOME], "|".join(_wanted()))],
    }


def _wanted() -> list[str]:
    """Service, metric and outcome of what is kept. Outcomes by name: each one that a service made up would be a metric
    more on the bill."""
    return [
        f"{service};{metric};{f'({SUCCEEDED}|{FAILED})' if metric == PAYMENTS else ''}"
        for service, metrics in _METRICS_OF.items()
        for metric in metrics
    ]


def _keep(sources: list[str], regex: str) -> Component:
    """Prometheus joins the sources with `;` and matches the whole of it."""
    return {"action": "keep", "source_labels": sources, "regex": regex}


def _exporter(region: str, log_group: str) -> Component:
    return {
        "region": region,
        "namespace": NAMESPACE,
        # The stack's; the agent may not make any.
        "log_group_name": log_group,
        "log_stream_name": "${env:K8S_NODE_NAME}",
        # Its default adds metrics without any dimension, and some with the collector's own name.
        "dimension_rollup_option": "NoDimensionRollup",
        # A counter's first value is where differences begin: the agent may be new, rather than the pod.
        "retain_initial_value_of_delta_metric": False,
        "metric_declarations": [
            {"dimensions": [[CLUSTER]], "metric_name_selectors": [ADMISSIONS, QUEUE_LENGTH]},
            {"dimensions": [[CLUSTER, OUTCOME]], "metric_name_selectors": [PAYMENTS]},
        ],
    }
