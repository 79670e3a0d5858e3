"""BackendAsgStack: load balancer and two colours of instances. Specification section 4."""

from itertools import chain

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..acknowledge import acknowledge
from ..constructs.alarms import Alarms, alarm_name
from ..constructs.alarms.rollout import colour_alarms, rollout_alarms
from ..constructs.artefact import Artefact, Surroundings
from ..constructs.colour_group import ColourGroup, Placement
from ..constructs.colours import Colour, LiveColour
from ..constructs.delivery import Delivery, Releases
from ..constructs.firewall import Firewall
from ..constructs.fleet_care import PATCH_GROUP, FleetCare
from ..constructs.instance_role import InstanceRole
from ..constructs.log_groups import LogGroups
from ..constructs.network import Network
from ..constructs.secrets import Secrets
from ..constructs.watched import WatchedGroups, WatchedLoadBalancer
from ..constructs.web_tier import WebTier
from ..revision import Image, application
from ..security_groups import Group
from ..settings import Settings
from .base import CloudMartStack, stack_tags

ORIGIN_SECRET = "origin-header"


class BackendAsgStack(CloudMartStack):
    """Needs VpcStack and DataStack. Hands out `host_name`, `origin_secret_name`, and what is watched."""

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
        secrets: Secrets,
        data_key: kms.IKey,
        behind_cdn: bool,
    ) -> None:
        """`behind_cdn`: requests come through CloudFront and carry its secret header."""
        super().__init__(scope, id, settings=settings, description="CloudMart: shop load balancer and backend")
        names = settings.names
        self.origin_secret_name = names.secret(ORIGIN_SECRET)
        live = LiveColour(self, "Live")
        web = WebTier(
            self,
            "Web",
            name=names.of("shop"),
            vpc=network.vpc,
            subnets=network.public_subnets,
            security_group=firewall[Group.SHOP_LOAD_BALANCER],
            log_bucket=log_bucket,
            deletion_protection=settings.deletion_protection,
            live=live,
            origin_secret=self._origin_secret(data_key) if behind_cdn else None,
            domain=settings.domain,
        )
        self.host_name = web.host_name

        log_group = log_groups.make(self, "ApplicationLog")
        group_names = {colour: names.of(f"backend-{colour}") for colour in Colour}
        backend = application(settings.backend.application)
        application_name = names.of("backend")
        artefact = Artefact(
            self,
            "Artefact",
            application=backend,
            surroundings=Surroundings(
                stage=settings.stage,
                parameters=names.parameter(""),
                secrets=names.secret(""),
                https=behind_cdn or settings.domain is not None,
                trace_percent=settings.backend.trace_percent,
                log_group=log_group.log_group_name,
                application=application_name,
            ),
        )
        releases = Releases(
            self,
            "Releases",
            lifecycle=self.lifecycle,
            log_bucket=log_bucket,
            parameter=names.parameter("backend/releases-bucket"),
            state=names.parameter("backend/release"),
        )
        role = InstanceRole(
            self,
            "Instance",
            artefact_arns=artefact.arns,
            releases=releases.bucket,
            application=application_name,
            image=backend.repository if isinstance(backend, Image) else None,
            parameter_path=names.parameter(""),
            secrets=[secrets.database_app, secrets.cache_auth],
            key=data_key,
            log_group=log_group,
            group_names=list(group_names.values()),
        )
        fleet_tag = {PATCH_GROUP: names.of("backend")}
        groups = {
            colour: ColourGroup(
                self,
                colour.title(),
                colour=colour,
                group_name=name,
                settings=settings.backend,
                placement=Placement(
                    subnet_ids=[subnet.subnet_id for subnet in network.private_subnets],
                    security_group_id=firewall[Group.BACKEND].security_group_id,
                ),
                role=role,
                artefact=artefact,
                live=live,
                target_group=web.target_groups[colour],
                load_balancer_full_name=web.full_name,
                attached=web.attached,
                off_hours=settings.off_hours,
                tags=fleet_tag,
                volume_tags=stack_tags(settings, id),
            )
            for colour, name in group_names.items()
        }
        FleetCare(
            self,
            "Care",
            name=names.of("backend"),
            patch_group=fleet_tag[PATCH_GROUP],
            group_names=list(group_names.values()),
            window=settings.backend.patch_window,
            approve_after_days=settings.backend.patch_after_days,
        )

        self.watched_load_balancer = WatchedLoadBalancer(
            title="shop",
            full_name=web.full_name,
            target_groups={colour: group.attr_target_group_full_name for colour, group in web.target_groups.items()},
            certificate_arn=web.certificate_arn,
        )
        self.application_log = log_group.log_group_name
        self.watched_groups = WatchedGroups(
            names={str(colour): name for colour, name in group_names.items()},
            minimum=settings.backend.min,
            off_hours=settings.off_hours,
        )
        latency_ms = settings.monitoring.latency_slo_ms
        steering = {
            colour: list(colour_alarms(self.watched_load_balancer, colour, latency_ms=latency_ms)) for colour in Colour
        }
        alarms = Alarms(
            self,
            "RolloutAlarms",
            rows=[*rollout_alarms(self.watched_load_balancer, latency_ms=latency_ms), *chain(*steering.values())],
            prefix=names.prefix,
            runbook_url=settings.monitoring.runbook_url,
        )
        delivery = Delivery(
            self,
            "Delivery",
            application=application_name,
            groups=groups,
            target_groups=web.target_groups,
            alarms={colour: [alarm_name(names.prefix, row.id) for row in rows] for colour, rows in steering.items()},
        )
        delivery.node.add_dependency(alarms)
        cdk.CfnOutput(self, "DeliveryApplication", value=application_name, description="What CodeDeploy releases")
        cdk.CfnOutput(self, "ReleasesBucket", value=releases.bucket.bucket_name, description="Where releases are put")

    def _origin_secret(self, key: kms.IKey) -> secretsmanager.Secret:
        """What CloudFront shows the listener; FrontendCdnStack finds it by its name."""
        secret = secretsmanager.Secret(
            self,
            "OriginSecret",
            secret_name=self.origin_secret_name,
            description="Value of the header by which the shop's load balancer knows its own CDN",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=48, exclude_punctuation=True),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        acknowledge(
            secret,
            {
                "AwsSolutions::AwsSolutions-SMG4": "CloudFront and listener read it at deploy time only: a timer would "
                "lock the shop out between the two. An operator changes both, listener last."
            },
        )
        return secret
