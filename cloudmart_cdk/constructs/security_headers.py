"""The security headers that CloudFront adds to every answer. Specification section 5."""

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct


def security_headers(scope: Construct, name: str, content_security_policy: str) -> cloudfront.ResponseHeadersPolicy:
    """`name`: prefix of the policy's name, which is unique in the account."""
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "SecurityHeaders",
        response_headers_policy_name=f"{name}-security",
        comment="Security headers of the shop",
        security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
            # An API may answer with a stricter policy of its own; S3 never sends one.
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=content_security_policy, override=False
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            frame_options=cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.DENY, override=True
            ),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN, override=True
            ),
            # Without subdomains: other names in the zone may be others', and a year cannot be taken back.
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=cdk.Duration.days(365), include_subdomains=False, override=True
            ),
        ),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(
                    header="Permissions-Policy", value="camera=(), microphone=(), geolocation=()", override=False
                )
            ]
        ),
    )
