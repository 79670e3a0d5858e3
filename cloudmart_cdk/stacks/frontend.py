"""FrontendCdnStack: the site and the CDN in front of everything. Specification section 5."""

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..constructs.cdn import ApiOrigin, Cdn, CustomDomain
from ..constructs.log_groups import LogGroups
from ..constructs.site_publication import SitePublication
from ..constructs.watched import WatchedDistribution, WatchedWebAcl
from ..constructs.web_tier import ORIGIN_HEADER
from ..settings import Settings
from ..settings.model import Domain
from ..settings.naming import Names
from ..site_folder import site_folder
from .base import CloudMartStack


class FrontendCdnStack(CloudMartStack):
    """Needs VpcStack, DataStack, BackendAsgStack, and EdgeStack when there is one. Hands out `distribution`, and what
    is watched."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        log_bucket: s3.IBucket,
        log_groups: LogGroups,
        images: s3.IBucket,
        api_host: str,
        origin_secret_name: str,
        web_acl_arn: str | None,
        certificate: acm.ICertificate | None,
    ) -> None:
        """`api_host`: the load balancer's name; with a domain, the one that its certificate bears."""
        super().__init__(scope, id, settings=settings, description="CloudMart: site and CDN")
        domain = settings.domain
        # A dynamic reference: the template names the secret, CloudFormation puts its value into the distribution.
        secret = cdk.SecretValue.secrets_manager(origin_secret_name).unsafe_unwrap()
        cdn = Cdn(
            self,
            "Cdn",
            name=settings.names.prefix,
            images=images,
            api=ApiOrigin(
                host=api_host,
                https=domain is not None,
                headers={ORIGIN_HEADER: secret},
            ),
            log_bucket=log_bucket,
            content_security_policy=settings.frontend.content_security_policy,
            web_acl_arn=web_acl_arn,
            domain=CustomDomain(domain.name, certificate) if domain and certificate else None,
            lifecycle=self.lifecycle,
        )
        self.distribution = cdn.distribution
        self.watched_distribution = WatchedDistribution(
            id=cdn.distribution.distribution_id,
            url=f"https://{cdn.host}/",
            router=cdn.router_name,
            web_acl=WatchedWebAcl(name=settings.names.of("cdn")) if web_acl_arn else None,
            certificate_arn=self._handed_on(certificate, settings.names) if certificate else None,
            additional_metrics=settings.monitoring.watch_cdn,
        )
        if settings.monitoring.watch_cdn:
            self._measure_more(cdn.distribution.distribution_id)
        SitePublication(
            self,
            "Site",
            folder=site_folder(settings.frontend.dist),
            config={"stage": settings.stage, "region": settings.region, "api": "/api"},
            bucket=cdn.site_bucket,
            distribution=cdn.distribution,
            log_groups=log_groups,
        )
        if domain:
            self._name_it(domain)
        ssm.CfnParameter(
            self,
            "SiteBucketParameter",
            type="String",
            name=settings.names.parameter("site/bucket"),
            value=cdn.site_bucket.bucket_name,
        )
        cdk.CfnOutput(self, "ShopUrl", value=f"https://{cdn.host}/")
        cdk.CfnOutput(self, "DistributionId", value=cdn.distribution.distribution_id)
        cdk.CfnOutput(self, "SiteBucketName", value=cdn.site_bucket.bucket_name)

    def _measure_more(self, distribution_id: str) -> None:
        """Cache hits, the origin's latency, a rate for each status: eight metrics, 2.40 USD a month."""
        subscription = cloudfront.CfnMonitoringSubscription
        subscription(
            self,
            "AdditionalMetrics",
            distribution_id=distribution_id,
            monitoring_subscription=subscription.MonitoringSubscriptionProperty(
                realtime_metrics_subscription_config=subscription.RealtimeMetricsSubscriptionConfigProperty(
                    realtime_metrics_subscription_status="Enabled"
                )
            ),
        )

    def _handed_on(self, certificate: acm.ICertificate, names: Names) -> str:
        """EdgeStack's certificate as an attribute of this stack: who watches the CDN needs no other."""
        parameter = ssm.CfnParameter(
            self,
            "CertificateParameter",
            type="String",
            name=names.parameter("site/certificate"),
            value=certificate.certificate_arn,
        )
        return parameter.attr_value

    def _name_it(self, domain: Domain) -> None:
        """The domain's own name, over IPv4 and IPv6."""
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.name
        )
        target = route53.RecordTarget.from_alias(targets.CloudFrontTarget(self.distribution))
        route53.ARecord(self, "Ipv4", zone=zone, target=target)
        route53.AaaaRecord(self, "Ipv6", zone=zone, target=target)
