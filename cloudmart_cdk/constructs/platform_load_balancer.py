"""Tiketi's load balancer: one listener, a target group of pod addresses per service. Specification section 6.

Owned by the stack, so that a destroy leaves no load balancer that Kubernetes made. Pods are registered by the load
balancer controller through TargetGroupBindings, which are not here.
"""

import json
from collections.abc import Mapping
from typing import Final

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..settings.model import Domain, Service
from .host_name import HostName
from .load_balancing import listener, public_load_balancer, redirect_to_https, target_group
from .web_acl import WebAcl

_IDLE_S: Final = 300
"""A WebSocket of queue may be silent between two movements of the queue; the load balancer's own 60 s would cut it."""
_STICKY_S: Final = 3600
"""A client that reconnects meets the pod that holds its place."""
_NOT_FOUND: Final = json.dumps({"error": "not found"})


class PlatformLoadBalancer(Construct):
    """Attributes: `arn`, `full_name`, `target_groups` (service -> L1)."""

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
        self.target_groups = {
            service: self._target_group(service, figures, vpc) for service, figures in services.items()
        }
        certificate_arn = None
        if domain:
            host = HostName(self, "HostName", domain=domain, label="tiketi", load_balancer=balancer)
            certificate_arn = host.certificate_arn
            redirect_to_https(self, "Redirect", load_balancer=balancer)
        main = listener(
            self,
            "Listener",
            load_balancer=balancer,
            certificate_arn=certificate_arn,
            default_action=elbv2.CfnListener.ActionProperty(
                type="fixed-response",
                fixed_response_config=elbv2.CfnListener.FixedResponseConfigProperty(
                    status_code="404", content_type="application/json", message_body=_NOT_FOUND
                ),
            ),
        )
        for priority, (service, figures) in enumerate(services.items(), start=1):
            self._route(service, figures.path, main, priority)

    def put_behind(self, acl: WebAcl) -> None:
        """Every request passes the web ACL first."""
        acl.protect(self.arn)

    def _target_group(self, service: str, figures: Service, vpc: ec2.IVpc) -> elbv2.CfnTargetGroup:
        sticky = {
            "stickiness.enabled": "true",
            "stickiness.type": "lb_cookie",
            "stickiness.lb_cookie.duration_seconds": str(_STICKY_S),
        }
        return target_group(
            self,
            service.title(),
            vpc=vpc,
            target_type="ip",
            port=figures.port,
            attributes=sticky if figures.websocket else None,
        )

    def _route(self, service: str, path: str, main: elbv2.CfnListener, priority: int) -> None:
        elbv2.CfnListenerRule(
            self,
            f"{service.title()}Rule",
            listener_arn=main.ref,
            priority=priority,
            conditions=[
                elbv2.CfnListenerRule.RuleConditionProperty(
                    field="path-pattern",
                    # Not `/api/auth*`, which `/api/authority` would match.
                    path_pattern_config=elbv2.CfnListenerRule.PathPatternConfigProperty(values=[path, f"{path}/*"]),
                )
            ],
            actions=[
                elbv2.CfnListenerRule.ActionProperty(type="forward", target_group_arn=self.target_groups[service].ref)
            ],
        )
