"""EksPlatformStack: cluster, nodes, add-ons, registries and load balancer of Tiketi. Specification section 6."""

from aws_cdk import aws_s3 as s3
from constructs import Construct

from .. import namespaces
from ..constructs.addons import Addons
from ..constructs.alarms import Alarms
from ..constructs.alarms.rollout import platform_alarms
from ..constructs.backup import TAG as BACKUP_TAG
from ..constructs.cluster import Cluster
from ..constructs.controllers import Controllers
from ..constructs.events.table import CLUSTER_TAG
from ..constructs.firewall import Firewall
from ..constructs.log_groups import LogGroups
from ..constructs.network import Network
from ..constructs.node_groups import NodeGroups
from ..constructs.platform_load_balancer import PlatformLoadBalancer
from ..constructs.prometheus import Prometheus
from ..constructs.repositories import Repositories
from ..constructs.service_delivery import ServiceDelivery
from ..constructs.services import Services, ServicesNamespace
from ..constructs.watched import WatchedCluster
from ..constructs.web_acl import WebAcl
from ..security_groups import Group
from ..settings import Settings
from .base import CloudMartStack, stack_tags


class EksPlatformStack(CloudMartStack):
    """Needs VpcStack. Hands out what is watched."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        network: Network,
        firewall: Firewall,
        log_bucket: s3.IBucket,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, id, settings=settings, description="CloudMart: Tiketi platform on EKS")
        name = settings.names.of("tiketi")
        tags = stack_tags(settings, id)
        cluster = Cluster(
            self,
            "Control",
            name=name,
            version=settings.eks.version,
            vpc=network.vpc,
            subnets=network.private_subnets,
            security_group=firewall[Group.EKS_CONTROL_PLANE],
            kubectl_security_group=firewall[Group.KUBECTL],
            public_sources=[str(source) for source in settings.sources] if settings.eks.public_endpoint else [],
            admins=settings.eks.admins,
            developers=settings.eks.developers,
            service_cidr=str(settings.eks.service_cidr),
            log_groups=log_groups,
            lifecycle=self.lifecycle,
        )
        addons = Addons(
            self,
            "Addons",
            cluster=cluster.cluster,
            name=name,
            versions=settings.eks.addons,
            log_groups=log_groups,
            volume_tags={**tags, CLUSTER_TAG: name}
            | ({BACKUP_TAG: settings.names.prefix} if settings.backup.plan else {}),
        )
        node_groups = NodeGroups(
            self,
            "Nodes",
            cluster=cluster.cluster,
            name=name,
            version=settings.eks.version,
            on_demand=settings.eks.on_demand,
            spot=settings.eks.spot,
            subnet_ids={
                zone: subnet.subnet_id
                for zone, subnet in zip(settings.network.zones, network.private_subnets, strict=True)
            },
            security_group=firewall[Group.EKS_NODES],
            volume_gb=settings.eks.volume_gb,
            max_pods=settings.eks.max_pods,
            tags=tags,
        )
        addons.run_on(node_groups.groups)
        if settings.off_hours:
            node_groups.rest_at_night()

        repositories = Repositories(
            self,
            "Repositories",
            names={service: settings.names.repository(service) for service in settings.eks.services},
            keep=settings.keeps_data,
        )
        load_balancer = PlatformLoadBalancer(
            self,
            "Tiketi",
            name=name,
            vpc=network.vpc,
            subnets=network.public_subnets,
            security_group=firewall[Group.TIKETI_LOAD_BALANCER],
            log_bucket=log_bucket,
            services=settings.eks.services,
            domain=settings.domain,
            deletion_protection=settings.deletion_protection,
        )
        if settings.web_acls:
            load_balancer.put_behind(
                WebAcl(
                    self,
                    "WebAcl",
                    name=name,
                    protects="REGIONAL",
                    requests_per_minute=settings.frontend.requests_per_minute,
                    blocked_countries=[],
                    log_groups=log_groups,
                )
            )
        namespace = ServicesNamespace(self, "TiketiNamespace", settings=settings, cluster=cluster.cluster)
        # The first that kubectl does: minutes after EKS let it in, which takes some seconds to hold. And on the way out
        # the namespace's last pods end while there are nodes that end them. What runs in it waits for the add-ons.
        namespace.node.add_dependency(*node_groups.groups)
        controllers = Controllers(
            self,
            "Controllers",
            cluster=cluster.cluster,
            name=name,
            settings=settings,
            vpc_id=network.vpc.vpc_id,
            target_groups=load_balancer.target_group_arns,
            nodes=node_groups.groups,
            after=[addons, namespace],
        )
        if settings.eks.prometheus:
            Prometheus(
                self,
                "Prometheus",
                cluster=cluster.cluster,
                kubernetes=settings.eks.version,
                version=settings.eks.charts["kube-prometheus-stack"],
                services=settings.eks.services,
                service_cidr=settings.eks.service_cidr,
                latency_ms=settings.monitoring.latency_slo_ms,
                after=[*node_groups.groups, addons, namespace],
            )
        Services(
            self,
            "Services",
            settings=settings,
            cluster=cluster.cluster,
            routes=load_balancer.routes,
            repository_uris=repositories.uris,
            namespace=namespace,
            after=[controllers.load_balancer_controller, controllers.metrics, controllers.scaler],
        )
        ServiceDelivery(
            self,
            "Delivery",
            names=settings.names,
            services=settings.eks.services,
            routes=load_balancer.routes,
            github_repository=settings.eks.github_repository,
        )
        self.watched_cluster = WatchedCluster(
            name=name,
            namespace=namespaces.SERVICES,
            services=tuple(settings.eks.services),
            node_groups=tuple(group.attr_nodegroup_name for group in node_groups.groups),
        )
        self.watched_load_balancer = load_balancer.watched
        Alarms(
            self,
            "RolloutAlarms",
            rows=platform_alarms(
                self.watched_load_balancer, settings.eks.services, latency_ms=settings.monitoring.latency_slo_ms
            ),
            prefix=settings.names.prefix,
            runbook_url=settings.monitoring.runbook_url,
        )
