"""A load balancer's name under the stage's domain: DNS record and certificate."""

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ..settings.model import Domain


class HostName(Construct):
    """`<label>.<domain>`, or the domain itself without a label. Attributes: `name`, `certificate_arn`."""

    def __init__(
        self, scope: Construct, id: str, *, domain: Domain, label: str, load_balancer: elbv2.CfnLoadBalancer
    ) -> None:
        super().__init__(scope, id)
        self.name = f"{label}.{domain.name}" if label else domain.name
        route53.CfnRecordSet(
            self,
            "Record",
            hosted_zone_id=domain.zone_id,
            name=self.name,
            type="A",
            alias_target=route53.CfnRecordSet.AliasTargetProperty(
                dns_name=load_balancer.attr_dns_name, hosted_zone_id=load_balancer.attr_canonical_hosted_zone_id
            ),
        )
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.name
        )
        self.certificate_arn = acm.Certificate(
            self, "Certificate", domain_name=self.name, validation=acm.CertificateValidation.from_dns(zone)
        ).certificate_arn
