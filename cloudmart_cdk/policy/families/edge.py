"""ALB and CDN: what faces the internet, load balancers and CloudFront. Specification sections 4 to 6.

Owns protocols, origins and headers of the ways in. Who may reach a load balancer at all is the family SG, what a web
ACL filters the family WAF.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings import Settings
from ...settings.topology import BACKEND, FRONTEND
from ..model import MISSING, Deployment, Resource, as_list, text_of
from ..rule import (
    ANYTHING,
    SET,
    YES,
    Found,
    Row,
    Rule,
    Test,
    at_least,
    attribute,
    equal,
    one_of,
    reference,
    rule_of,
    shown,
)
from .in_transit import log_buckets

_LB: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_MODERN: Final = (
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
)
"""ELB guide, security policies: those whose oldest protocol is TLS 1.2."""
_AT_EDGE: Final = ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")
_HEADERS: Final = "ResponseHeadersPolicyConfig.SecurityHeadersConfig"
_OWASP: Final = "OWASP Secure Headers; specification section 5."


def _https(resource: Resource, _: Deployment) -> bool:
    return resource.get("Protocol") not in ("HTTP", "TCP")


def _in_web_acl_stage(settings: Settings) -> Test:
    return SET if settings.web_acls else ANYTHING


def _permissions_stated(items: Any) -> bool:
    """Whether the headers that CloudFront adds have a Permissions-Policy with something in it."""
    headers = [item for item in as_list(items) if isinstance(item, Mapping)]
    return any(item.get("Header") == "Permissions-Policy" and item.get("Value") for item in headers)


ROWS: Final = (
    Row(
        "ALB-1",
        "AWS::ElasticLoadBalancingV2::Listener",
        "SslPolicy",
        one_of(*_MODERN),
        "Specification section 4: TLS 1.2 or newer; Security Hub ELB.17. Left out, AWS allows TLS 1.0.",
        "ssl_policy=SslPolicy.RECOMMENDED_TLS",
        when=_https,
        acknowledgeable=False,
    ),
    Row(
        "ALB-2",
        "AWS::ElasticLoadBalancingV2::Listener",
        "Certificates[].CertificateArn",
        SET,
        "Specification section 4: HTTPS where a domain is set.",
        when=_https,
    ),
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
        when=lambda cdn, _: cdn.get("DistributionConfig.Aliases") is not MISSING,
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
_ATTRIBUTES: Final[tuple[tuple[str, str, tuple[str, ...], str], ...]] = (
    (
        "ALB-10",
        "routing.http.drop_invalid_header_fields.enabled",
        ("true",),
        "Specification section 4; Security Hub ELB.4.",
    ),
    ("ALB-11", "access_logs.s3.enabled", ("true",), "Specification section 4; Security Hub ELB.5."),
    ("ALB-12", "routing.http.desync_mitigation_mode", ("defensive", "strictest"), "Security Hub ELB.12."),
)

TYPES: Final = frozenset(row.type for row in ROWS) | {
    _LB,
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::Function",
    "AWS::CertificateManager::Certificate",
}
"""What these rules know."""


def _attribute_rule(id_: str, key: str, allowed: tuple[str, ...], why: str) -> Rule:
    def check(app: Deployment) -> Iterator[Found]:
        for balancer in app.of(_LB):
            value = attribute(balancer, "LoadBalancerAttributes", key)
            if str(value).lower() not in allowed:
                yield Found(balancer, f"{key} {shown(value)}", " or ".join(allowed), "LoadBalancerAttributes")

    return Rule(id_, f"Load balancer: `{key}` is {' or '.join(allowed)}", why, f"set the attribute {key}", check)


def _logs_to_own_bucket(app: Deployment) -> Iterator[Found]:
    for balancer in app.of(_LB):
        value = attribute(balancer, "LoadBalancerAttributes", "access_logs.s3.bucket")
        if app.target(value, "AWS::S3::Bucket") is None:
            yield Found(
                balancer, f"access_logs.s3.bucket {shown(value)}", "the stage's log bucket", "LoadBalancerAttributes"
            )
    for cdn in app.of("AWS::CloudFront::Distribution"):
        value = cdn.get("DistributionConfig.Logging.Bucket")
        if app.target(value, "AWS::S3::Bucket") not in log_buckets(app):
            yield Found(cdn, shown(value), "the stage's log bucket", "DistributionConfig.Logging.Bucket")


def _plain_listeners(app: Deployment) -> Iterator[Found]:
    for listener in app.of("AWS::ElasticLoadBalancingV2::Listener"):
        actions = [action for action in listener.items("DefaultActions") if isinstance(action, Mapping)]
        redirects = bool(actions) and all(
            isinstance(to := action.get("RedirectConfig"), Mapping) and to.get("Protocol") == "HTTPS"
            for action in actions
        )
        port = listener.get("Port")
        match listener.get("Protocol"):
            case "HTTPS" if str(port) == "443":
                continue
            case "HTTP" if str(port) == "80" and (redirects or app.settings.domain is None):
                continue
        allowed = "HTTPS 443" + (", or HTTP 80" if app.settings.domain is None else ", or HTTP 80 that redirects to it")
        yield Found(listener, f"{shown(listener.get('Protocol'))} {shown(port)}", allowed, "Protocol")


def _only_through_the_cdn(app: Deployment) -> Iterator[Found]:
    """The shop's listener forwards what carries the secret header; the prefix list admits anybody's CDN."""
    if not app.settings.has(FRONTEND):
        return
    allowed = "forwarding by rules on the origin header's secret only"
    for listener in app.of("AWS::ElasticLoadBalancingV2::Listener"):
        if listener.stack == BACKEND and any(_forwards(action) for action in listener.items("DefaultActions")):
            yield Found(listener, "forwarding by default", allowed, "DefaultActions")
    for rule in app.of("AWS::ElasticLoadBalancingV2::ListenerRule"):
        if rule.stack != BACKEND or not any(_forwards(action) for action in rule.items("Actions")):
            continue
        secrets = [
            value
            for condition in rule.items("Conditions")
            if isinstance(condition, Mapping) and condition.get("Field") == "http-header"
            for value in as_list(condition.get("HttpHeaderConfig", {}).get("Values", []))
            if condition.get("HttpHeaderConfig", {}).get("HttpHeaderName") == "X-Origin-Verify"
        ]
        if not secrets or not all(text_of(value).startswith("{{resolve:secretsmanager:") for value in secrets):
            yield Found(rule, "forwarding without the origin header", allowed, "Conditions")


def _forwards(action: Any) -> bool:
    return not isinstance(action, Mapping) or action.get("Type") not in ("fixed-response", "redirect")


def _origins(app: Deployment) -> Iterator[Found]:
    for cdn in app.of("AWS::CloudFront::Distribution"):
        for number, origin in enumerate(cdn.items("DistributionConfig.Origins")):
            where = f"DistributionConfig.Origins.{number}"
            if not isinstance(origin, Mapping):
                yield Found(cdn, shown(origin), "an origin", where)
            elif "CustomOriginConfig" in origin:
                yield from _custom_origin(app, cdn, origin, where)
            else:
                yield from _bucket_origin(app, cdn, origin, where)


def _bucket_origin(app: Deployment, cdn: Resource, origin: Mapping[str, Any], where: str) -> Iterator[Found]:
    if app.target(origin.get("DomainName"), "AWS::S3::Bucket") is None:
        yield Found(cdn, shown(origin.get("DomainName", MISSING)), "a bucket of this app", f"{where}.DomainName")
    access = origin.get("OriginAccessControlId", MISSING)
    if app.target(access, "AWS::CloudFront::OriginAccessControl") is None:
        yield Found(cdn, shown(access), "an origin access control of this app", f"{where}.OriginAccessControlId")
    if isinstance(old := origin.get("S3OriginConfig", {}), Mapping) and old.get("OriginAccessIdentity"):
        yield Found(cdn, "an origin access identity", "origin access control", f"{where}.S3OriginConfig")


def _custom_origin(app: Deployment, cdn: Resource, origin: Mapping[str, Any], where: str) -> Iterator[Found]:
    config = origin["CustomOriginConfig"]
    config = config if isinstance(config, Mapping) else {}
    protocol = config.get("OriginProtocolPolicy", MISSING)
    to_balancer = app.target(origin.get("DomainName"), _LB) is not None
    if app.settings.domain is None and not to_balancer:
        given = shown(origin.get("DomainName", MISSING))
        yield Found(cdn, given, "a load balancer of this app", f"{where}.DomainName")
    wanted = "http-only" if app.settings.domain is None else "https-only"
    if protocol not in (wanted, "https-only"):
        allowed = f"https-only{'' if app.settings.domain else ', or http-only while the stage has no domain'}"
        yield Found(cdn, shown(protocol), allowed, f"{where}.CustomOriginConfig.OriginProtocolPolicy")
    versions = config.get("OriginSSLProtocols", MISSING)
    if versions != ["TLSv1.2"]:
        yield Found(cdn, shown(versions), '["TLSv1.2"]', f"{where}.CustomOriginConfig.OriginSSLProtocols")
    headers = [entry for entry in as_list(origin.get("OriginCustomHeaders", [])) if isinstance(entry, Mapping)]
    ours = [entry.get("HeaderValue") for entry in headers if entry.get("HeaderName") == "X-Origin-Verify"]
    if not ours or not all(text_of(value).startswith("{{resolve:secretsmanager:") for value in ours):
        yield Found(cdn, "without the origin header", "X-Origin-Verify with the secret's value", where)


def _private_answers_uncached(app: Deployment) -> Iterator[Found]:
    for cdn in app.of("AWS::CloudFront::Distribution"):
        path = "DistributionConfig.CacheBehaviors"
        for number, behaviour in enumerate(cdn.items(path)):
            writes = isinstance(behaviour, Mapping) and {"POST", "PUT", "PATCH", "DELETE"} & {
                str(method) for method in as_list(behaviour.get("AllowedMethods", []))
            }
            api = isinstance(behaviour, Mapping) and str(behaviour.get("PathPattern", "")).startswith("/api")
            if (writes or api) and behaviour.get("CachePolicyId") != _UNCACHED:
                given = shown(behaviour.get("CachePolicyId", MISSING))
                yield Found(cdn, given, f"{_UNCACHED} (CachingDisabled)", f"{path}.{number}.CachePolicyId")


RULES: Final = (
    *map(rule_of, ROWS),
    *(_attribute_rule(*entry) for entry in _ATTRIBUTES),
    Rule(
        "ALB-13",
        "Load balancers and CloudFront log to the stage's log bucket",
        "Specification sections 2 and 5: every stack writes to the log bucket, where retention is decided.",
        "pass network's log bucket",
        _logs_to_own_bucket,
    ),
    Rule(
        "ALB-14",
        "Listeners are HTTPS 443; HTTP 80 redirects where the stage has a domain",
        "Specification section 4; Security Hub ELB.1. Without a domain there is no certificate: CloudFront ends TLS.",
        "set a domain, or let the listener redirect",
        _plain_listeners,
        acknowledgeable=False,
    ),
    Rule(
        "ALB-15",
        "With the CDN, the shop's load balancer forwards only what carries the origin header",
        "Specification section 4: the prefix list admits anybody's distribution; the secret tells ours apart.",
        "keep the default action at 403 and the condition on the header in every forwarding rule",
        _only_through_the_cdn,
        acknowledgeable=False,
    ),
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
)
