"""The shop's load balancer: target group a colour, one weighted listener. Specification section 4.

Owns what stands between CloudFront (or stated sources) and the instances. The instances are in `colour_group`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..security_groups import BACKEND_PORT, HTTP, HTTPS
from ..settings.model import Domain
from .colours import Colour, LiveColour

ORIGIN_HEADER: Final = "X-Origin-Verify"
"""What CloudFront adds and the listener checks: the prefix list alone admits anyone's distribution."""


@dataclass(frozen=True)
class HealthCheck:
    """Specification sections 4 and 6: path `/health`, every 30 s, timeout 5 s, healthy after 2, unhealthy after 3."""

    path: str = "/health"
    interval_s: int = 30
    timeout_s: int = 5
    healthy: int = 2
    unhealthy: int = 3
    deregistration_s: int = 30


class WebTier(Construct):
    """Internet-facing load balancer. Attributes: `load_balancer`, `target_groups` (colour -> L1), `listener`."""

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
        deletion_protection: bool,
        live: LiveColour,
        origin_secret_name: str | None,
        domain: Domain | None,
    ) -> None:
        """`origin_secret_name`: the secret that requests must carry; None: no CDN in front, nothing is checked."""
        super().__init__(scope, id)
        self.load_balancer = elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            load_balancer_name=name,
            vpc=vpc,
            internet_facing=True,
            vpc_subnets=ec2.SubnetSelection(subnets=subnets),
            security_group=security_group,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.DEFENSIVE,
            deletion_protection=deletion_protection,
        )
        access_logs(self.load_balancer, log_bucket, "shop")
        self.target_groups = {colour: self._target_group(colour, vpc) for colour in Colour}
        forward = self._weighted(self.target_groups, live)
        refuse = elbv2.CfnListener.ActionProperty(
            type="fixed-response",
            fixed_response_config=elbv2.CfnListener.FixedResponseConfigProperty(
                status_code="403", content_type="text/plain", message_body="This shop is served through its CDN."
            ),
        )
        # CloudFront meets it as its origin; without CloudFront it is what users type.
        record = "origin" if origin_secret_name else ""
        certificate = self._certificate(domain, record) if domain else None
        self.listener = elbv2.CfnListener(
            self,
            "Listener",
            load_balancer_arn=self.load_balancer.load_balancer_arn,
            port=HTTPS if certificate else HTTP,
            protocol="HTTPS" if certificate else "HTTP",
            ssl_policy=elbv2.SslPolicy.RECOMMENDED_TLS.value if certificate else None,
            certificates=[elbv2.CfnListener.CertificateProperty(certificate_arn=certificate.certificate_arn)]
            if certificate
            else None,
            default_actions=[refuse if origin_secret_name else forward],
        )
        self.attached: list[cdk.CfnResource] = [self.listener]
        """Exist before a target group counts requests (ALBRequestCountPerTarget needs an attached group)."""
        if origin_secret_name:
            self.attached.append(self._only_through_cdn(origin_secret_name, live))
        elif certificate:
            self._redirect_to_https()

    def _target_group(self, colour: Colour, vpc: ec2.IVpc) -> elbv2.CfnTargetGroup:
        check = HealthCheck()
        return elbv2.CfnTargetGroup(
            self,
            colour.title(),
            vpc_id=vpc.vpc_id,
            target_type="instance",
            protocol="HTTP",
            port=BACKEND_PORT,
            health_check_path=check.path,
            health_check_interval_seconds=check.interval_s,
            health_check_timeout_seconds=check.timeout_s,
            healthy_threshold_count=check.healthy,
            unhealthy_threshold_count=check.unhealthy,
            matcher=elbv2.CfnTargetGroup.MatcherProperty(http_code="200"),
            target_group_attributes=[
                elbv2.CfnTargetGroup.TargetGroupAttributeProperty(
                    key="deregistration_delay.timeout_seconds", value=str(check.deregistration_s)
                )
            ],
        )

    def _weighted(
        self, groups: Mapping[Colour, elbv2.CfnTargetGroup], live: LiveColour
    ) -> elbv2.CfnListener.ActionProperty:
        return elbv2.CfnListener.ActionProperty(
            type="forward",
            forward_config=elbv2.CfnListener.ForwardConfigProperty(
                target_groups=[
                    elbv2.CfnListener.TargetGroupTupleProperty(
                        target_group_arn=group.ref, weight=cdk.Token.as_number(live.choice(colour, 100, 0))
                    )
                    for colour, group in groups.items()
                ]
            ),
        )

    def _only_through_cdn(self, secret_name: str, live: LiveColour) -> elbv2.CfnListenerRule:
        """Forward what carries the header; everything else meets the listener's 403."""
        header = cdk.SecretValue.secrets_manager(secret_name).unsafe_unwrap()  # a dynamic reference, by name
        return elbv2.CfnListenerRule(
            self,
            "ThroughCdn",
            listener_arn=self.listener.ref,
            priority=10,
            conditions=[
                elbv2.CfnListenerRule.RuleConditionProperty(
                    field="http-header",
                    http_header_config=elbv2.CfnListenerRule.HttpHeaderConfigProperty(
                        http_header_name=ORIGIN_HEADER, values=[header]
                    ),
                )
            ],
            actions=[
                elbv2.CfnListenerRule.ActionProperty(
                    type="forward",
                    forward_config=elbv2.CfnListenerRule.ForwardConfigProperty(
                        target_groups=[
                            elbv2.CfnListenerRule.TargetGroupTupleProperty(
                                target_group_arn=group.ref, weight=cdk.Token.as_number(live.choice(colour, 100, 0))
                            )
                            for colour, group in self.target_groups.items()
                        ]
                    ),
                )
            ],
        )

    def _certificate(self, domain: Domain, record: str) -> acm.Certificate:
        """DNS record and certificate of the load balancer: `<record>.<domain>`, or the domain itself."""
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.name
        )
        route53.ARecord(
            self,
            "Record",
            zone=zone,
            record_name=record or None,
            target=route53.RecordTarget.from_alias(targets.LoadBalancerTarget(self.load_balancer)),
        )
        return acm.Certificate(
            self,
            "Certificate",
            domain_name=f"{record}.{domain.name}" if record else domain.name,
            validation=acm.CertificateValidation.from_dns(zone),
        )

    def _redirect_to_https(self) -> None:
        elbv2.CfnListener(
            self,
            "Redirect",
            load_balancer_arn=self.load_balancer.load_balancer_arn,
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


def access_logs(load_balancer: elbv2.ApplicationLoadBalancer, bucket: s3.IBucket, prefix: str) -> None:
    """Log every request into the stage's log bucket, whose policy already admits load balancers."""
    load_balancer.set_attribute("access_logs.s3.enabled", "true")
    load_balancer.set_attribute("access_logs.s3.bucket", bucket.bucket_name)
    load_balancer.set_attribute("access_logs.s3.prefix", f"alb/{prefix}")
