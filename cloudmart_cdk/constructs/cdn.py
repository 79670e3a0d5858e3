"""The shop's front door: site bucket, CloudFront distribution, its policies. Specification section 5.

Owns how requests are routed, cached and answered. Does not own the images bucket (DataStack, whose policy
admits this account's distributions), the load balancer, the web ACL, or what the site consists of
(`site_publication`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..acknowledge import acknowledge
from .security_headers import security_headers
from .stage_owned import Lifecycle, private_bucket

API_PATHS: Final = "/api/*"
IMAGE_PATHS: Final = "/images/*"
_ROUTER: Final = Path(__file__).parents[1] / "assets" / "spa_router" / "router.js"
_CDN: Final = "cloudfront.amazonaws.com"


@dataclass(frozen=True)
class ApiOrigin:
    """Where `/api/*` goes. `headers`: added to each request, to prove that it came this way."""

    host: str
    https: bool
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CustomDomain:
    """A name of one's own and its certificate, which CloudFront takes from us-east-1 only."""

    name: str
    certificate: acm.ICertificate


class Cdn(Construct):
    """Attributes: `site_bucket`, `distribution`, `host` (the name that users see), `router_name` (of the function).

    The URL of a picture is `/` and its key, so only keys below `images/` of the images bucket are public.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        images: s3.IBucket,
        api: ApiOrigin,
        log_bucket: s3.IBucket,
        content_security_policy: str,
        web_acl_arn: str | None,
        domain: CustomDomain | None,
        lifecycle: Lifecycle,
    ) -> None:
        """`name`: prefix of names that are unique in the account, where CDK's own would clash between students."""
        super().__init__(scope, id)
        self.router_name = f"{name}-spa-router"
        self.site_bucket = private_bucket(
            self,
            "SiteBucket",
            lifecycle=lifecycle,
            log_bucket=log_bucket,
            log_prefix="site",
            # Yesterday's pages can be had back: an upload overwrites, and prunes what is no longer there.
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=cdk.Duration.days(30),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                )
            ],
        )
        headers = security_headers(self, name, content_security_policy)
        access = cloudfront.S3OriginAccessControl(self, "OriginAccess", origin_access_control_name=f"{name}-s3")

        def private(bucket: s3.IBucket) -> cloudfront.IOrigin:
            # Not `with_origin_access_control`: it would write the distribution into the bucket's policy, and
            # for a bucket of another stack that is a cycle (aws/aws-cdk#31462).
            return origins.S3BucketOrigin.with_bucket_defaults(
                bucket, origin_access_control_id=access.origin_access_control_id
            )

        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{name}: site, API and images",
            default_behavior=_behaviour(
                private(self.site_bucket),
                headers,
                cache=_site_cache(self, name),
                functions=[
                    cloudfront.FunctionAssociation(
                        function=cloudfront.Function(
                            self,
                            "Router",
                            function_name=self.router_name,
                            comment="Pages of the single-page application to index.html",
                            runtime=cloudfront.FunctionRuntime.JS_2_0,
                            code=cloudfront.FunctionCode.from_file(file_path=str(_ROUTER)),
                        ),
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                    )
                ],
            ),
            additional_behaviors={
                API_PATHS: _behaviour(
                    _api_origin(api),
                    headers,
                    cache=cloudfront.CachePolicy.CACHING_DISABLED,
                    methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    # Not the viewer's Host: with TLS, CloudFront asks the origin for a certificate of that name.
                    forward=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                ),
                IMAGE_PATHS: _behaviour(private(images), headers, cache=cloudfront.CachePolicy.CACHING_OPTIMIZED),
            },
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_200,  # includes Seoul; 100 does not
            log_bucket=log_bucket,
            log_file_prefix="cloudfront/",
            web_acl_id=web_acl_arn,
            domain_names=[domain.name] if domain else None,
            certificate=domain.certificate if domain else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if domain else None,
        )
        self.host = domain.name if domain else self.distribution.distribution_domain_name
        self._admit_distribution()
        self._acknowledge(api, web_acl_arn, domain)

    def _admit_distribution(self) -> None:
        """Read, and list: without the right to list, S3 answers 403 for a file that does not exist.

        Nobody can list through CloudFront: the router and the root object turn `/` into `index.html`.
        """
        stack = cdk.Stack.of(self)
        arn = stack.format_arn(
            service="cloudfront", region="", resource="distribution", resource_name=self.distribution.distribution_id
        )
        for actions, resource in (
            (["s3:GetObject"], self.site_bucket.arn_for_objects("*")),
            (["s3:ListBucket"], self.site_bucket.bucket_arn),
        ):
            self.site_bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(_CDN)],
                    actions=actions,
                    resources=[resource],
                    conditions={"StringEquals": {"aws:SourceArn": arn}},
                )
            )

    def _acknowledge(self, api: ApiOrigin, web_acl_arn: str | None, domain: CustomDomain | None) -> None:
        findings = {
            "AwsSolutions::AwsSolutions-CFR1": "The shop sells to the world; countries are blocked by the web ACL "
            "where the setting frontend.geo_block names any."
        }
        if not web_acl_arn:
            findings["AwsSolutions::AwsSolutions-CFR2"] = (
                "This stage holds nothing of value and runs for hours or by day; the setting web_acls adds the ACL "
                "(staging and prod have it)."
            )
        if not domain:
            findings["AwsSolutions::AwsSolutions-CFR4"] = (
                "Without a domain CloudFront's own certificate serves, whose protocol floor AWS sets; browsers "
                "negotiate TLS 1.2 or 1.3 with it, and the setting domain brings TLSv1.2_2021."
            )
        if not api.https:
            findings["AwsSolutions::AwsSolutions-CFR5"] = (
                "Without a domain the load balancer can have no certificate, so there is no TLS to prefer; its "
                "listener demands the origin's secret header and its group admits CloudFront's addresses only."
            )
        acknowledge(self.distribution, findings)


def _api_origin(api: ApiOrigin) -> cloudfront.IOrigin:
    return origins.HttpOrigin(
        api.host,
        protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
        if api.https
        else cloudfront.OriginProtocolPolicy.HTTP_ONLY,
        origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
        custom_headers=api.headers,
        read_timeout=cdk.Duration.seconds(30),
        # Below the load balancer's idle timeout of 60 s: the side that opens connections closes them.
        keepalive_timeout=cdk.Duration.seconds(30),
    )


def _behaviour(
    origin: cloudfront.IOrigin,
    headers: cloudfront.IResponseHeadersPolicy,
    *,
    cache: cloudfront.ICachePolicy,
    methods: cloudfront.AllowedMethods | None = None,
    forward: cloudfront.IOriginRequestPolicy | None = None,
    functions: list[cloudfront.FunctionAssociation] | None = None,
) -> cloudfront.BehaviorOptions:
    """What all behaviours share: HTTPS, security headers, compression where the cache policy knows encodings."""
    return cloudfront.BehaviorOptions(
        origin=origin,
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        allowed_methods=methods,
        cache_policy=cache,
        origin_request_policy=forward,
        response_headers_policy=headers,
        function_associations=functions,
        compress=True,
    )


def _site_cache(scope: Construct, name: str) -> cloudfront.CachePolicy:
    """Cache as the objects say: a year for hashed assets, never without asking for `index.html`.

    Not AWS's CachingOptimized, which keeps `no-cache` objects for a second; nor CachingDisabled, which
    neither compresses nor caches the assets.
    """
    return cloudfront.CachePolicy(
        scope,
        "SiteCache",
        cache_policy_name=f"{name}-site",
        comment="As the objects' Cache-Control says",
        min_ttl=cdk.Duration.seconds(0),
        default_ttl=cdk.Duration.seconds(0),
        max_ttl=cdk.Duration.days(365),
        enable_accept_encoding_gzip=True,
        enable_accept_encoding_brotli=True,
    )
