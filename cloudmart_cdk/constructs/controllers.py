"""The cluster's controllers: load balancer controller, autoscaler, metrics-server, KEDA. Specification section 6.

Owns their namespace, rights and releases, and the order among these. What the charts are told is `chart_values`, whom
the pods may talk to `controller_policies`, what AWS lets them do `controller_rights`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct, IDependable

from .. import namespaces
from ..acknowledge import acknowledge
from ..settings.catalogue import Chart
from ..settings.model import Settings
from . import chart_values, controller_policies, controller_rights
from .closed_namespace import closed_namespace
from .controller_policies import Manifest
from .helm_release import helm_release
from .pod_identity import Statement, pod_role


class Controllers(Construct):
    """Attributes, for others to depend on: `namespace`, `load_balancer_controller`, `autoscaler`, `metrics`, `scaler`.

    TargetGroupBindings depend on `load_balancer_controller`, HPAs on `metrics`, ScaledObjects on `scaler` (KEDA): the
    controller has to be there before them, and to outlive them when they are deleted, or their finalizers stay.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: eks.Cluster,
        name: str,
        settings: Settings,
        vpc_id: str,
        target_groups: Sequence[str],
        nodes: Iterable[IDependable],
        after: Iterable[IDependable],
    ) -> None:
        """`name`: the cluster's. `target_groups`: ARNs of all that bindings may fill; no other is touched.

        `nodes`: what ends the namespace's last pods. `after`: what is there before the first pod here (the add-ons, DNS
        among them), and the services' namespace, in which KEDA's chart grants itself rights.
        """
        super().__init__(scope, id)
        self._after = list(after)
        # jsii leaves a member of the interface out of the class's stub.
        self._cluster = cast(eks.ICluster, cluster)
        self._versions = settings.eks.charts
        self._site = chart_values.Site(
            cluster=name,
            region=settings.region,
            vpc_id=vpc_id,
            kubernetes=settings.eks.version,
            webhook_port=settings.eks.webhook_ports[0],
        )
        stack, network = cdk.Stack.of(self), controller_policies.Surroundings.of(settings)
        self.namespace = self._manifest(
            "Namespace", closed_namespace(namespaces.CONTROLLERS, version=settings.eks.version)
        )
        # Not after the add-ons: namespace and policies are applied while those start.
        self.namespace.node.add_dependency(*nodes)
        self.load_balancer_controller = self._release(
            "aws-load-balancer-controller",
            controller_policies.load_balancer_controller(network),
            controller_rights.load_balancer_controller(target_groups),
            controller_rights.LOAD_BALANCER_CONTROLLER_REASONS,
        )
        rights = controller_rights.ClusterAutoscaler(
            cluster=name, partition=stack.partition, region=settings.region, account=stack.account
        )
        # As cdk-nag writes it.
        shown = replace(rights, account="<AWS::AccountId>") if cdk.Token.is_unresolved(stack.account) else rights
        self.autoscaler = self._release(
            "cluster-autoscaler",
            controller_policies.cluster_autoscaler(network),
            rights.statements(),
            shown.reasons(),
        )
        self.metrics = self._release("metrics-server", controller_policies.metrics_server(network))
        self.scaler = self._release("keda", controller_policies.keda(network))
        if settings.eks.vertical_recommendations:
            recommender = self._release("vertical-pod-autoscaler", controller_policies.vertical_pod_autoscaler(network))
            # It reads what pods use from the metrics API, and gives up without.
            recommender.node.add_dependency(self.metrics)
            self._manifest(
                "Recommendations", controller_policies.recommendations(list(settings.eks.services))
            ).node.add_dependency(recommender)

    def _manifest(self, id: str, manifest: list[Manifest]) -> eks.KubernetesManifest:
        """Applied, not created: CDK's function tries again after a timeout, and would find its own objects.

        Nothing is pruned: of kinds such as network policies kubectl prunes none.
        """
        return eks.KubernetesManifest(self, id, cluster=self._cluster, manifest=manifest, overwrite=True, prune=False)

    def _release(
        self,
        chart: Chart,
        policies: list[Manifest],
        statements: Sequence[Statement] = (),
        reasons: Mapping[str, str] | None = None,
    ) -> eks.HelmChart:
        """Policies and rights, then the chart; so that its first pod has both, and its last."""
        id = "".join(word.title() for word in chart.split("-"))
        release = helm_release(
            self,
            id,
            cluster=self._cluster,
            chart=chart,
            version=self._versions[chart],
            namespace=namespaces.CONTROLLERS,
            values=chart_values.values(chart, self._site),
        )
        # A manifest of their own, which goes with the controller.
        closed = self._manifest(f"{id}Policies", policies)
        closed.node.add_dependency(self.namespace)
        release.node.add_dependency(closed, *self._after)
        if statements:
            release.node.add_dependency(self._identity(f"{id}Role", chart, statements, reasons or {}))
        return release

    def _identity(
        self, id: str, service_account: str, statements: Sequence[Statement], reasons: Mapping[str, str]
    ) -> eks.CfnPodIdentityAssociation:
        """Rights for the service account, which chart and account are both named after."""
        role = pod_role(
            self,
            id,
            cluster_arn=self._cluster.cluster_arn,
            namespace=namespaces.CONTROLLERS,
            service_account=service_account,
            statements=statements,
        )
        acknowledge(role, reasons)
        return eks.CfnPodIdentityAssociation(
            self,
            f"{id}Association",
            cluster_name=self._cluster.cluster_name,
            namespace=namespaces.CONTROLLERS,
            service_account=service_account,
            role_arn=role.attr_arn,
        )
