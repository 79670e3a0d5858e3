"""EdgeStack: what CloudFront takes from us-east-1 only. Specification sections 1 and 5."""

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ..constructs.web_acl import WebAcl
from ..settings import Settings
from ..settings.topology import EDGE_REGION
from .base import CloudMartStack


class EdgeStack(CloudMartStack):
    """Needs nothing. Hands out `web_acl_arn` and `certificate`, each None where the stage has none."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(
            scope, id, settings=settings, region=EDGE_REGION, description="CloudMart: CloudFront's ACL and certificate"
        )
        self.web_acl_arn: str | None = None
        self.certificate: acm.ICertificate | None = None
        if settings.web_acls:
            self.web_acl_arn = WebAcl(
                self,
                "WebAcl",
                name=settings.names.of("cdn"),
                protects="CLOUDFRONT",
                requests_per_minute=settings.frontend.requests_per_minute,
                blocked_countries=settings.frontend.geo_block,
                log_groups=self.own_log_groups(settings, alias="edge-logs"),
            ).arn
        if settings.domain:
            zone = route53.HostedZone.from_hosted_zone_attributes(
                self, "Zone", hosted_zone_id=settings.domain.zone_id, zone_name=settings.domain.name
            )
            self.certificate = acm.Certificate(
                self,
                "Certificate",
                domain_name=settings.domain.name,
                validation=acm.CertificateValidation.from_dns(zone),
            )
