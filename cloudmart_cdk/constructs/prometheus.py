"""Prometheus and Grafana in the cluster, an option of the stage (`eks.prometheus`). ADR 0021.

Owns the namespace `monitoring`, the chart's release and their order. What the chart is told is `prometheus_values`, who
talks to whom `prometheus_objects`, who may do what `prometheus_rights`, what is drawn `grafana_dashboards`. Alarms are
CloudWatch's.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Final, cast

from aws_cdk import aws_eks_v2 as eks
from constructs import Construct, IDependable

from .. import namespaces
from ..acknowledge import acknowledge
from ..settings.model import Service
from . import prometheus_objects as objects
from . import prometheus_rights as rights
from .closed_namespace import closed_namespace
from .grafana_dashboards import dashboards
from .helm_release import helm_release
from .prometheus_rights import OPERATOR
from .prometheus_values import values

_OPERATOR_RIGHTS: Final = {
    f"CloudMart::POD-30[Role/{namespaces.MONITORING}/{OPERATOR}/{rule}]": reason
    for rule, reason in (
        (2, "The operator makes Prometheus' StatefulSet out of its description; in this namespace only."),
        (
            3,
            "The operator keeps Prometheus' configuration in a Secret. In this namespace only, which holds no other "
            "but Helm's records; the chart's own role would be for every namespace.",
        ),
    )
}


class Prometheus(Construct):
    """Asks every service of the table for `/metrics`, and shows requests, latencies, errors, queue and payments."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: eks.Cluster,
        kubernetes: str,
        version: str,
        services: Mapping[str, Service],
        service_cidr: IPv4Network,
        latency_ms: int,
        after: Iterable[IDependable],
    ) -> None:
        """`kubernetes`: the cluster's version; `version`: the chart's. `service_cidr`: of Kubernetes' Services.
        `latency_ms`: the objective for p95.

        `after`: what has to be there first and outlive this: nodes, DNS, and the services' namespace, in which
        kube-state-metrics gets a Role.
        """
        super().__init__(scope, id)
        shown = dashboards(
            services,
            namespace=namespaces.SERVICES,
            latency_ms=latency_ms,
            queue_length=max(service.queue_length for service in services.values()),
        )
        ports = {name: service.port for name, service in services.items()}
        surroundings = eks.KubernetesManifest(
            self,
            "Surroundings",
            cluster=cast(eks.ICluster, cluster),
            manifest=[
                *closed_namespace(namespaces.MONITORING, version=kubernetes),
                *objects.policies(services=ports, service_cidr=service_cidr),
                *rights.roles(),
                objects.dashboards(shown),
            ],
        )
        acknowledge(surroundings, _OPERATOR_RIGHTS)
        for each in after:
            surroundings.node.add_dependency(each)
        release = helm_release(
            self,
            "Release",
            cluster=cast(eks.ICluster, cluster),
            chart="kube-prometheus-stack",
            version=version,
            namespace=namespaces.MONITORING,
            values=values(),
        )
        release.node.add_dependency(surroundings)
