"""All services of the table, and the namespace that they share. Specification section 6."""

from collections.abc import Iterable, Mapping
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct, IDependable

from ... import namespaces
from ...settings import Settings
from ...settings.service_names import pascal_case
from ..closed_namespace import closed_namespace
from ..platform_load_balancer import Route
from .manifest import manifest
from .service import Service
from .stand_in import CONFIG_MAP

_LABELS: Final = {
    "app.kubernetes.io/part-of": namespaces.SERVICES,
    # Pods are ready when the load balancer, too, calls them healthy: no rollout goes on before.
    "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
}


class ServicesNamespace(Construct):
    """There before the charts, in which KEDA's grants itself rights, and gone after them. Attribute: `resource`."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, cluster: eks.Cluster) -> None:
        super().__init__(scope, id)
        closed = closed_namespace(namespaces.SERVICES, version=settings.eks.version, labels=_LABELS)
        self.resource: cdk.CfnResource = manifest(
            self,
            "Objects",
            cluster=cluster,
            objects=[*closed, CONFIG_MAP],
            # Its end would wait for the bindings in it (`Service`).
            left_to_cluster=settings.off_hours,
        )


class Services(Construct):
    """All of them, after what has to outlive them."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        cluster: eks.Cluster,
        routes: Mapping[str, Route],
        repository_uris: Mapping[str, str],
        namespace: ServicesNamespace,
        after: Iterable[IDependable],
    ) -> None:
        """`after`: controllers and add-ons, alive until the last service is gone: the load balancer controller takes
        its finalizers off the bindings, KEDA off its scaled objects."""
        super().__init__(scope, id)
        controllers = list(after)
        for name in settings.eks.services:
            service = Service(
                self,
                pascal_case(name),
                name=name,
                settings=settings,
                cluster=cluster,
                route=routes[name],
                repository_uri=repository_uris[name],
                after=[namespace.resource],
            )
            service.entry.node.add_dependency(*controllers)
