"""Tiketi's load balancer: one listener, two target groups of pod addresses per service. Specification section 6.

Owned by the stack, so that a destroy leaves no load balancer that Kubernetes made. Pods are registered by the load
balancer controller through TargetGroupBindings, which are not here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..service_releases import SERVICE_TAG, TRACK_TAG, Track, shares, track_name
from ..settings.model import Domain, Service
from ..settings.service_names import pascal_case
from .host_name import HostName
from .load_balancing import listener, public_load_balancer, redirect_to_https, target_group
from .watched import WatchedLoadBalancer, WatchedWebAcl
from .web_acl import WebAcl

_IDLE_S: Final = 300
"""A WebSocket of queue may be silent between two movements of the queue; the load balancer's own 60 s would cut it."""
_STICKY_S: Final = 3600
"""A client that reconnects meets the pod that holds its place."""
_GROUP_STICKINESS: Final[Mapping[str, Any]] = {"Enabled": True, "DurationSeconds": 1}
"""ELB refuses sticky targets behind several groups unless the choice of the group is sticky too. That choice beats the
weights, so it is held for the shortest time there is: a way back reaches everybody at their next connection."""
_NOT_FOUND: Final = json.dumps({"error": "not found"})
_AT_REST: Final = shares(0)
"""Weights whenever no release is under way. A release moves them at the rule itself, and a deploy in its middle leaves
them: CloudFormation writes a rule only when its template changed. One that changes this very rule (path, priority,
stickiness) sends all to stable, which runs the old version until the release ends."""


@dataclass(frozen=True)
class Route:
    """How requests reach a service: the rule of its path, and a group of targets for each of two versions."""

    rule: elbv2.CfnListenerRule
    groups: Mapping[Track, elbv2.CfnTargetGroup]
    stickiness: Mapping[str, Any] | None
    """Of the choice between the groups, as ELB's API spells it (`TargetGroupStickinessConfig`); None: there is none."""


class PlatformLoadBalancer(Construct):
    """Attributes: `arn`, `full_name`, `routes` (service -> `Route`)."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        vpc: ec2.IVpc,
        subnets: list[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        log_bucket: s3.IBucket,
        services: Mapping[str, Service],
        domain: Domain | None,
        deletion_protection: bool,
    ) -> None:
        """With a `domain` HTTPS at `tiketi.<domain>` and a redirect, without one HTTP."""
        super().__init__(scope, id)
        balancer = public_load_balancer(
            self,
            "LoadBalancer",
            name=name,
            subnets=subnets,
            security_group=security_group,
            log_bucket=log_bucket,
            log_prefix="tiketi",
            deletion_protection=deletion_protection,
            idle_s=_IDLE_S,
        )
        self.arn = balancer.ref
        self.full_name = balancer.attr_load_balancer_full_name
        self._certificate_arn: str | None = None
        self._web_acl: WatchedWebAcl | None = None
        if domain:
            host = HostName(self, "HostName", domain=domain, label="tiketi", load_balancer=balancer)
            self._certificate_arn = host.certificate_arn
            redirect_to_https(self, "Redirect", load_balancer=balancer)
        main = listener(
            self,
            "Listener",
            load_balancer=balancer,
            certificate_arn=self._certificate_arn,
            default_action=elbv2.CfnListener.ActionProperty(
                type="fixed-response",
                fixed_response_config=elbv2.CfnListener.FixedResponseConfigProperty(
                    status_code="404", content_type="application/json", message_body=_NOT_FOUND
                ),
            ),
        )
        self.routes = {
            service: self._route(service, figures, vpc, main, priority)
            for priority, (service, figures) in enumerate(services.items(), start=1)
        }

    @property
    def target_group_arns(self) -> list[str]:
        """Of all services and both tracks."""
        return [group.ref for route in self.routes.values() for group in route.groups.values()]

    @property
    def watched(self) -> WatchedLoadBalancer:
        """Targets go by their track's name (`service_releases.track_name`)."""
        return WatchedLoadBalancer(
            title="tiketi",
            full_name=self.full_name,
            target_groups={
                track_name(service, track): group.attr_target_group_full_name
                for service, route in self.routes.items()
                for track, group in route.groups.items()
            },
            certificate_arn=self._certificate_arn,
            web_acl=self._web_acl,
        )

    def put_behind(self, acl: WebAcl) -> None:
        """Every request passes the web ACL first."""
        acl.protect(self.arn)
        self._web_acl = WatchedWebAcl(name=acl.name, region=cdk.Stack.of(self).region)

    def _target_group(self, service: str, track: Track, figures: Service, vpc: ec2.IVpc) -> elbv2.CfnTargetGroup:
        sticky = {
            "stickiness.enabled": "true",
            "stickiness.type": "lb_cookie",
            "stickiness.lb_cookie.duration_seconds": str(_STICKY_S),
        }
        group = target_group(
            self,
            f"{pascal_case(service)}{track.title() if track is Track.CANARY else ''}",
            vpc=vpc,
            target_type="ip",
            port=figures.port,
            attributes=sticky if figures.websocket else None,
        )
        # By these a release finds them, and a person who looks at the console.
        group.tags.set_tag(SERVICE_TAG, service)
        group.tags.set_tag(TRACK_TAG, track)
        return group

    def _route(self, service: str, figures: Service, vpc: ec2.IVpc, main: elbv2.CfnListener, priority: int) -> Route:
        groups = {track: self._target_group(service, track, figures, vpc) for track in Track}
        stickiness = _GROUP_STICKINESS if figures.websocket else None
        rule = elbv2.CfnListenerRule(
            self,
            f"{pascal_case(service)}Rule",
            listener_arn=main.ref,
            priority=priority,
            conditions=[
                elbv2.CfnListenerRule.RuleConditionProperty(
                    field="path-pattern",
                    # Not `/api/auth*`, which `/api/authority` would match.
                    path_pattern_config=elbv2.CfnListenerRule.PathPatternConfigProperty(
                        values=[figures.path, f"{figures.path}/*"]
                    ),
                )
            ],
            actions=[
                elbv2.CfnListenerRule.ActionProperty(
                    type="forward",
                    forward_config=elbv2.CfnListenerRule.ForwardConfigProperty(
                        target_groups=[
                            elbv2.CfnListenerRule.TargetGroupTupleProperty(
                                target_group_arn=groups[track].ref, weight=weight
                            )
                            for track, weight in _AT_REST.items()
                        ],
                        target_group_stickiness_config=elbv2.CfnListenerRule.TargetGroupStickinessConfigProperty(
                            enabled=stickiness["Enabled"], duration_seconds=stickiness["DurationSeconds"]
                        )
                        if stickiness
                        else None,
                    ),
                )
            ],
        )
        return Route(rule, groups, stickiness)
