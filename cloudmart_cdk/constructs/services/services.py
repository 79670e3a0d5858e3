"""All services of the table, and the namespace that they share. Specification section 6."""

from collections.abc import Iterable, Mapping

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct, IDependable

from ...settings import Settings
from ...settings.service_names import pascal_case
from ..platform_load_balancer import Route
from .manifest import manifest
from .namespace import QUOTA, namespace
from .network_policies import DEFAULT_DENY
from .service import Service
from .stand_in import CONFIG_MAP


class ServicesNamespace(Construct):
    """There before the charts, in which KEDA's grants itself rights, and gone after them. Attribute: `resource`."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, cluster: eks.Cluster) -> None:
        super().__init__(scope, id)
        objects = [namespace(settings), DEFAULT_DENY, QUOTA, CONFIG_MAP]
        self.resource: cdk.CfnResource = manifest(
            self,
            "Objects",
            cluster=cluster,
            objects=objects,
            # Its end would wait for the bindings in it (`Service`).
            left_to_cluster=settings.off_hours,
        )


class Services(Construct):
    """Attribute: `services` (name -> `Service`)."""

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
        self.services: Mapping[str, Service] = {
            name: Service(
                self,
                pascal_case(name),
                name=name,
                settings=settings,
                cluster=cluster,
                route=routes[name],
                repository_uri=repository_uris[name],
                after=[namespace.resource],
            )
            for name in settings.eks.services
        }
        controllers = list(after)
        for service in self.services.values():
            service.entry.node.add_dependency(*controllers)
