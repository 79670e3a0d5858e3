"""The shop's load balancer: target group a colour, one weighted listener. Specification section 4.

Owns what stands between CloudFront (or stated sources) and the instances. The instances are in `colour_group`.
"""

from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..security_groups import BACKEND_PORT
from ..settings.model import Domain
from .colours import Colour, LiveColour
from .host_name import HostName
from .load_balancing import listener, public_load_balancer, redirect_to_https, target_group

ORIGIN_HEADER: Final = "X-Origin-Verify"
"""What CloudFront adds and the listener checks: the prefix list alone admits anyone's distribution."""


class WebTier(Construct):
    """Attributes: `full_name`, `host_name` (CloudFront's origin), `certificate_arn` (None: no domain), `target_groups`
    (colour -> L1), `attached`."""

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
        origin_secret: secretsmanager.ISecret | None,
        domain: Domain | None,
    ) -> None:
        """`origin_secret`: what requests must carry; None: no CDN in front, nothing is checked."""
        super().__init__(scope, id)
        balancer = public_load_balancer(
            self,
            "LoadBalancer",
            name=name,
            subnets=subnets,
            security_group=security_group,
            log_bucket=log_bucket,
            log_prefix="shop",
            deletion_protection=deletion_protection,
        )
        self.full_name = balancer.attr_load_balancer_full_name
        self.host_name = balancer.attr_dns_name
        self.certificate_arn: str | None = None
        if domain:
            # CloudFront meets it as its origin; without CloudFront it is what users type.
            label = "origin" if origin_secret else ""
            host = HostName(self, "HostName", domain=domain, label=label, load_balancer=balancer)
            self.host_name, self.certificate_arn = host.name, host.certificate_arn

        self.target_groups = {
            colour: target_group(self, colour.title(), vpc=vpc, target_type="instance", port=BACKEND_PORT)
            for colour in Colour
        }
        refuse = elbv2.CfnListener.ActionProperty(
            type="fixed-response",
            fixed_response_config=elbv2.CfnListener.FixedResponseConfigProperty(
                status_code="403", content_type="text/plain", message_body="This shop is served through its CDN."
            ),
        )
        forward = elbv2.CfnListener.ActionProperty(
            type="forward",
            forward_config=elbv2.CfnListener.ForwardConfigProperty(
                target_groups=[
                    elbv2.CfnListener.TargetGroupTupleProperty(target_group_arn=group.ref, weight=_weight(live, colour))
                    for colour, group in self.target_groups.items()
                ]
            ),
        )
        main = listener(
            self,
            "Listener",
            load_balancer=balancer,
            certificate_arn=self.certificate_arn,
            default_action=refuse if origin_secret else forward,
        )
        self.attached: list[cdk.CfnResource] = [main]
        """Exist before a target group counts requests (ALBRequestCountPerTarget needs an attached group)."""
        if origin_secret:
            self.attached.append(self._only_through_cdn(main, origin_secret, live))
        elif self.certificate_arn:
            redirect_to_https(self, "Redirect", load_balancer=balancer)

    def _only_through_cdn(
        self, main: elbv2.CfnListener, secret: secretsmanager.ISecret, live: LiveColour
    ) -> elbv2.CfnListenerRule:
        """Forward what carries the header; everything else meets the listener's 403."""
        header = secret.secret_value.unsafe_unwrap()  # a dynamic reference: the template holds no value
        return elbv2.CfnListenerRule(
            self,
            "ThroughCdn",
            listener_arn=main.ref,
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
                                target_group_arn=group.ref, weight=_weight(live, colour)
                            )
                            for colour, group in self.target_groups.items()
                        ]
                    ),
                )
            ],
        )


def _weight(live: LiveColour, colour: Colour) -> float:
    return cdk.Token.as_number(live.choice(colour, 100, 0))
