"""CDN: CloudFront, its origins, headers and caches. Specification section 5.

Owns what stands between a viewer and the origins. What a web ACL filters is the family WAF.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings import Settings
from ..model import MISSING, Deployment, Resource, as_list, text_of
from ..rule import ANYTHING, SET, YES, Found, Row, Rule, Test, at_least, equal, one_of, reference, rule_of, shown
from .load_balancers import LOAD_BALANCER, ORIGIN_HEADER, bucket_address, exactly, origin_secret

_CDN: Final = "AWS::CloudFront::Distribution"
_AT_EDGE: Final = ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")
_HEADERS: Final = "ResponseHeadersPolicyConfig.SecurityHeadersConfig"
_OWASP: Final = "OWASP Secure Headers; specification section 5."


def _own_name(cdn: Resource, _: Deployment) -> bool:
    """Whether it answers to a name of ours: with CloudFront's own AWS decides about TLS."""
    certificate = "ViewerCertificate.AcmCertificateArn", "ViewerCertificate.IamCertificateId"
    return any(cdn.get(f"DistributionConfig.{name}") is not MISSING for name in ("Aliases", *certificate))


def _in_web_acl_stage(settings: Settings) -> Test:
    return SET if settings.web_acls else ANYTHING


def _permissions_stated(items: Any) -> bool:
    """Whether the headers that CloudFront adds have a Permissions-Policy with something in it."""
    headers = [item for item in as_list(items) if isinstance(item, Mapping)]
    return any(item.get("Header") == "Permissions-Policy" and item.get("Value") for item in headers)


ROWS: Final = (
    Row(
        "CDN-1",
        "AWS::CloudFront::Distribution",
        "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy",
        one_of("redirect-to-https", "https-only"),
        "Specification section 5; Security Hub CloudFront.3.",
        acknowledgeable=False,
    ),
    Row(
        "CDN-2",
        "AWS::CloudFront::Distribution",
        "DistributionConfig.CacheBehaviors[].ViewerProtocolPolicy",
        one_of("redirect-to-https", "https-only"),
        "Specification section 5; Security Hub CloudFront.3.",
        when=lambda cdn, _: cdn.get("DistributionConfig.CacheBehaviors") is not MISSING,
        acknowledgeable=False,
    ),
    Row(
        "CDN-3",
        "AWS::CloudFront::Distribution",
        "DistributionConfig.ViewerCertificate.MinimumProtocolVersion",
        one_of(*_AT_EDGE),
        "Specification section 5: TLS 1.2 or newer where a domain is set. (With CloudFront's own name AWS decides.)",
        when=_own_name,
        acknowledgeable=False,
    ),
    Row(
        "CDN-4",
        "AWS::CloudFront::Distribution",
        "DistributionConfig.Logging.Bucket",
        SET,
        "Specification section 5; Security Hub CloudFront.5.",
        "pass the stage's log bucket",
    ),
    Row(
        "CDN-5",
        "AWS::CloudFront::Distribution",
        "DistributionConfig.WebACLId",
        _in_web_acl_stage,
        "Specification section 1: web ACLs are on in staging and prod; Security Hub CloudFront.6.",
        "pass the web ACL of EdgeStack",
    ),
    Row(
        "CDN-6",
        "AWS::CloudFront::Distribution",
        "DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId",
        reference("AWS::CloudFront::ResponseHeadersPolicy"),
        _OWASP,
    ),
    Row(
        "CDN-7",
        "AWS::CloudFront::Distribution",
        "DistributionConfig.CacheBehaviors[].ResponseHeadersPolicyId",
        reference("AWS::CloudFront::ResponseHeadersPolicy"),
        _OWASP,
        when=lambda cdn, _: cdn.get("DistributionConfig.CacheBehaviors") is not MISSING,
    ),
    Row(
        "CDN-8",
        "AWS::CloudFront::Distribution",
        "DistributionConfig.DefaultRootObject",
        SET,
        "Security Hub CloudFront.1: without one the bucket may list itself.",
    ),
    Row(
        "CDN-9",
        "AWS::CloudFront::OriginAccessControl",
        "OriginAccessControlConfig.SigningBehavior",
        equal("always"),
        "Specification section 5: private buckets; with never CloudFront asks without a signature.",
    ),
    Row(
        "CDN-10",
        "AWS::CloudFront::OriginAccessControl",
        "OriginAccessControlConfig.SigningProtocol",
        equal("sigv4"),
        "The one protocol that CloudFront has (CloudFront API reference).",
    ),
    Row(
        "CDN-11",
        "AWS::CloudFront::ResponseHeadersPolicy",
        f"{_HEADERS}.StrictTransportSecurity.AccessControlMaxAgeSec",
        at_least(31536000),
        f"{_OWASP} A year, in seconds.",
    ),
    Row("CDN-12", "AWS::CloudFront::ResponseHeadersPolicy", f"{_HEADERS}.ContentTypeOptions.Override", YES, _OWASP),
    Row(
        "CDN-13",
        "AWS::CloudFront::ResponseHeadersPolicy",
        f"{_HEADERS}.FrameOptions.FrameOption",
        one_of("DENY", "SAMEORIGIN"),
        _OWASP,
    ),
    Row(
        "CDN-14",
        "AWS::CloudFront::ResponseHeadersPolicy",
        f"{_HEADERS}.ReferrerPolicy.ReferrerPolicy",
        one_of("strict-origin-when-cross-origin", "same-origin", "strict-origin", "no-referrer"),
        _OWASP,
    ),
    Row(
        "CDN-22",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "ResponseHeadersPolicyConfig.CustomHeadersConfig.Items",
        Test("a Permissions-Policy", lambda given, _: _permissions_stated(given)),
        f"{_OWASP} Camera, microphone and place are nobody's business here.",
        "constructs/security_headers.py as it is",
    ),
    *(
        Row(
            f"CDN-{number}",
            "AWS::CloudFront::ResponseHeadersPolicy",
            f"{_HEADERS}.{name}.Override",
            YES,
            f"{_OWASP} An origin's own weaker header must not win.",
        )
        for number, name in enumerate(("StrictTransportSecurity", "FrameOptions", "ReferrerPolicy"), start=16)
    ),
    Row(
        "CDN-19",
        "AWS::CloudFront::OriginAccessControl",
        "OriginAccessControlConfig.OriginAccessControlOriginType",
        equal("s3"),
        "Signed for the service that the origin is (CloudFront API reference).",
    ),
    Row(
        "CDN-15",
        "AWS::CloudFront::ResponseHeadersPolicy",
        f"{_HEADERS}.ContentSecurityPolicy.ContentSecurityPolicy",
        lambda settings: equal(settings.frontend.content_security_policy),
        f"{_OWASP} The setting frontend.content_security_policy.",
    ),
)

_UNCACHED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""CloudFront guide, managed cache policies: CachingDisabled."""
_ASIDE: Final = ("S3Origin", "CustomOrigin", "CNAMEs", "ContinuousDeploymentPolicyId")
TYPES: Final = frozenset(row.type for row in ROWS) | {
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::Function",
}
"""What these rules know."""


def _origins(app: Deployment) -> Iterator[Found]:
    for cdn in app.of(_CDN):
        for name in _ASIDE:
            value = cdn.get(f"DistributionConfig.{name}")
            if value is not MISSING:
                yield Found(cdn, shown(value), "nothing: Origins and Aliases are what rules read", name)
        for number, origin in enumerate(cdn.items("DistributionConfig.Origins")):
            where = f"DistributionConfig.Origins.{number}"
            if not isinstance(origin, Mapping):
                yield Found(cdn, shown(origin), "an origin", where)
            elif "CustomOriginConfig" in origin:
                yield from _custom_origin(app, cdn, origin, where)
            else:
                yield from _bucket_origin(app, cdn, origin, where)


def _bucket_origin(app: Deployment, cdn: Resource, origin: Mapping[str, Any], where: str) -> Iterator[Found]:
    name = origin.get("DomainName", MISSING)
    if not any(bucket_address(name, bucket) for bucket in app.of("AWS::S3::Bucket")):
        yield Found(cdn, shown(name), "a bucket of this app", f"{where}.DomainName")
    access = origin.get("OriginAccessControlId", MISSING)
    if app.target(access, "AWS::CloudFront::OriginAccessControl") is None:
        yield Found(cdn, shown(access), "an origin access control of this app", f"{where}.OriginAccessControlId")
    if isinstance(old := origin.get("S3OriginConfig", {}), Mapping) and old.get("OriginAccessIdentity"):
        yield Found(cdn, "an origin access identity", "origin access control", f"{where}.S3OriginConfig")


def _custom_origin(app: Deployment, cdn: Resource, origin: Mapping[str, Any], where: str) -> Iterator[Found]:
    config = origin["CustomOriginConfig"]
    config = config if isinstance(config, Mapping) else {}
    protocol = config.get("OriginProtocolPolicy", MISSING)
    name = origin.get("DomainName", MISSING)
    if not _names_balancer(app, name):
        yield Found(
            cdn, shown(name), "a load balancer of this app, or a record that leads to it", f"{where}.DomainName"
        )
    wanted = "http-only" if app.settings.domain is None else "https-only"
    if protocol not in (wanted, "https-only"):
        allowed = f"https-only{'' if app.settings.domain else ', or http-only while the stage has no domain'}"
        yield Found(cdn, shown(protocol), allowed, f"{where}.CustomOriginConfig.OriginProtocolPolicy")
    versions = config.get("OriginSSLProtocols", MISSING)
    if versions != ["TLSv1.2"]:
        yield Found(cdn, shown(versions), '["TLSv1.2"]', f"{where}.CustomOriginConfig.OriginSSLProtocols")
    headers = [entry for entry in as_list(origin.get("OriginCustomHeaders", [])) if isinstance(entry, Mapping)]
    ours = [entry.get("HeaderValue") for entry in headers if entry.get("HeaderName") == ORIGIN_HEADER]
    if not ours or not all(origin_secret(app, value) for value in ours):
        yield Found(cdn, "without the origin header", f"{ORIGIN_HEADER} with the secret's value", where)


def _names_balancer(app: Deployment, name: Any) -> bool:
    if any(exactly(name, balancer, "DNSName") for balancer in app.of(LOAD_BALANCER)):
        return True
    records = [
        record.get("AliasTarget.DNSName")
        for record in app.of("AWS::Route53::RecordSet")
        if text_of(record.get("Name")).rstrip(".") == text_of(name)
    ]
    return bool(records) and all(app.target(record, LOAD_BALANCER) for record in records)


def _behaviours(cdn: Resource) -> Iterator[tuple[str, Any]]:
    yield from cdn.at("DistributionConfig.DefaultCacheBehavior")
    for number, behaviour in enumerate(cdn.items("DistributionConfig.CacheBehaviors")):
        yield f"DistributionConfig.CacheBehaviors.{number}", behaviour


def _private_answers_uncached(app: Deployment) -> Iterator[Found]:
    """Whatever does not come out of a bucket may be one customer's own, whichever path leads to it."""
    for cdn in app.of(_CDN):
        origins = [origin for origin in cdn.items("DistributionConfig.Origins") if isinstance(origin, Mapping)]
        buckets = [origin.get("Id") for origin in origins if "CustomOriginConfig" not in origin]
        for where, given in _behaviours(cdn):
            behaviour = given if isinstance(given, Mapping) else {}
            methods = {str(method) for method in as_list(behaviour.get("AllowedMethods", []))}
            api = bool({"POST", "PUT", "PATCH", "DELETE"} & methods) or behaviour.get("TargetOriginId") not in buckets
            if (api or "/api" in str(behaviour.get("PathPattern"))) and behaviour.get("CachePolicyId") != _UNCACHED:
                policy = shown(behaviour.get("CachePolicyId", MISSING))
                yield Found(cdn, policy, f"{_UNCACHED} (CachingDisabled)", f"{where}.CachePolicyId")


def _no_stranger_on_the_way(app: Deployment) -> Iterator[Found]:
    for cdn in app.of(_CDN):
        if cdn.get("DistributionConfig.Logging.IncludeCookies") not in (MISSING, False, "false"):
            yield Found(cdn, "on", "off: a cookie is a session", "DistributionConfig.Logging.IncludeCookies")
        for where, behaviour in _behaviours(cdn):
            if not isinstance(behaviour, Mapping):
                continue
            for name in ("LambdaFunctionAssociations", "RealtimeLogConfigArn"):
                if behaviour.get(name):
                    yield Found(cdn, shown(behaviour[name]), "nothing", f"{where}.{name}")
            for entry in as_list(behaviour.get("FunctionAssociations", [])):
                code = entry.get("FunctionARN", MISSING) if isinstance(entry, Mapping) else entry
                if app.target(code, "AWS::CloudFront::Function") is None:
                    yield Found(cdn, shown(code), "a CloudFront Function of this app", f"{where}.FunctionAssociations")
    for policy in app.of("AWS::CloudFront::ResponseHeadersPolicy"):
        origins = list(policy.at("ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowOrigins.Items[]"))
        for where, header in policy.at("ResponseHeadersPolicyConfig.CustomHeadersConfig.Items[]"):
            if isinstance(header, Mapping) and str(header.get("Header")).lower() == "access-control-allow-origin":
                origins.append((where, header.get("Value")))
        for where, value in origins:
            if value is not MISSING and (not isinstance(value, str) or "*" in value):
                yield Found(policy, shown(value), "stated origins", where)


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "CDN-20",
        "CloudFront reaches buckets with origin access control, load balancers with the origin header and by TLS 1.2",
        "Specification sections 4 and 5; Security Hub CloudFront.9, CloudFront.10, CloudFront.13. Without a domain the "
        "way from CloudFront to the load balancer is HTTP, since no certificate can name it.",
        "use the constructs' origins; set a domain for https-only",
        _origins,
        acknowledgeable=False,
    ),
    Rule(
        "CDN-21",
        "Answers of the API are not cached",
        "Specification section 5. A cached cart is another customer's cart.",
        "CachePolicy.CACHING_DISABLED on /api/*",
        _private_answers_uncached,
    ),
    Rule(
        "CDN-23",
        "Nobody else looks into what passes CloudFront: no code of others, no cookies in logs, no sharing with anybody",
        "CloudFront guide, edge functions and logs; OWASP, cross-origin resource sharing. It passes in clear there.",
        "CloudFront Functions of the stack; name the origins that may read",
        _no_stranger_on_the_way,
    ),
)
