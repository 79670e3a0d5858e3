"""What both public load balancers share: the balancer itself, target groups, TLS, redirect.

Owns the figures of specification sections 2, 4 and 6 that are the same for shop and Tiketi. Listeners, rules
and what is behind them are `web_tier`'s and `platform_load_balancer`'s.
"""

from collections.abc import Mapping
from typing import Final, Literal

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..security_groups import HTTP, HTTPS

TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.3 and 1.2, forward secrecy, post-quantum key exchange (ELB guide, "Security policies").

By name: the constants of `elbv2.SslPolicy` reach Python as their own names, not as AWS's.
"""

DEREGISTRATION_S: Final = 30
"""Seconds that requests in flight have when a target leaves."""


def public_load_balancer(
    scope: Construct,
    id: str,
    *,
    name: str,
    subnets: list[ec2.ISubnet],
    security_group: ec2.ISecurityGroup,
    log_bucket: s3.IBucket,
    log_prefix: str,
    deletion_protection: bool,
    idle_s: int = 60,
) -> elbv2.CfnLoadBalancer:
    """An internet-facing ALB that logs every request and drops malformed ones.

    The log bucket's own policy admits load balancers (`LogBucket`).
    """
    attributes = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": log_bucket.bucket_name,
        "access_logs.s3.prefix": f"alb/{log_prefix}",
        "deletion_protection.enabled": str(deletion_protection).lower(),
        "idle_timeout.timeout_seconds": str(idle_s),
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    return elbv2.CfnLoadBalancer(
        scope,
        id,
        name=name,
        type="application",
        scheme="internet-facing",
        subnets=[subnet.subnet_id for subnet in subnets],
        security_groups=[security_group.security_group_id],
        load_balancer_attributes=[
            elbv2.CfnLoadBalancer.LoadBalancerAttributeProperty(key=key, value=value)
            for key, value in attributes.items()
        ],
    )


def target_group(
    scope: Construct,
    id: str,
    *,
    vpc: ec2.IVpc,
    target_type: Literal["instance", "ip"],
    port: int,
    attributes: Mapping[str, str] | None = None,
) -> elbv2.CfnTargetGroup:
    """Health check `/health` every 30 s, timeout 5 s, healthy after 2, unhealthy after 3; deregistration 30 s."""
    all_attributes = {"deregistration_delay.timeout_seconds": str(DEREGISTRATION_S), **(attributes or {})}
    return elbv2.CfnTargetGroup(
        scope,
        id,
        vpc_id=vpc.vpc_id,
        target_type=target_type,
        protocol="HTTP",
        port=port,
        health_check_path="/health",
        health_check_interval_seconds=30,
        health_check_timeout_seconds=5,
        healthy_threshold_count=2,
        unhealthy_threshold_count=3,
        matcher=elbv2.CfnTargetGroup.MatcherProperty(http_code="200"),
        target_group_attributes=[
            elbv2.CfnTargetGroup.TargetGroupAttributeProperty(key=key, value=value)
            for key, value in all_attributes.items()
        ],
    )


def listener(
    scope: Construct,
    id: str,
    *,
    load_balancer: elbv2.CfnLoadBalancer,
    certificate_arn: str | None,
    default_action: elbv2.CfnListener.ActionProperty,
) -> elbv2.CfnListener:
    """HTTPS with TLS 1.2 or newer where there is a certificate, else HTTP."""
    tls = certificate_arn is not None
    return elbv2.CfnListener(
        scope,
        id,
        load_balancer_arn=load_balancer.ref,
        port=HTTPS if tls else HTTP,
        protocol="HTTPS" if tls else "HTTP",
        ssl_policy=TLS_POLICY if tls else None,
        certificates=[elbv2.CfnListener.CertificateProperty(certificate_arn=certificate_arn)] if tls else None,
        default_actions=[default_action],
    )


def redirect_to_https(scope: Construct, id: str, *, load_balancer: elbv2.CfnLoadBalancer) -> None:
    """A second listener that answers plain HTTP with 301."""
    elbv2.CfnListener(
        scope,
        id,
        load_balancer_arn=load_balancer.ref,
        port=HTTP,
        protocol="HTTP",
        default_actions=[
            elbv2.CfnListener.ActionProperty(
                type="redirect",
                redirect_config=elbv2.CfnListener.RedirectConfigProperty(
                    status_code="HTTP_301", protocol="HTTPS", port=str(HTTPS)
                ),
            )
        ],
    )
