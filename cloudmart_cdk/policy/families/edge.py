"""ALB and CDN: what faces the internet, load balancers and CloudFront. Specification sections 4 to 6.

Owns protocols, origins and headers of the ways in. Who may reach a load balancer at all is the family SG, what a web
ACL filters the family WAF.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings import Settings
from ...settings.topology import BACKEND, FRONTEND
from ..model import MISSING, Deployment, Pointer, Resource, as_list, text_of
from ..rule import (
    ANYTHING,
    SET,
    YES,
    Found,
    Row,
    Rule,
    Test,
    at_least,
    equal,
    one_of,
    reference,
    rule_of,
    shown,
)
from .in_transit import log_buckets

_LB: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"
_LISTENER_RULE: Final = "AWS::ElasticLoadBalancingV2::ListenerRule"
_CDN: Final = "AWS::CloudFront::Distribution"
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

_HEADER: Final = "X-Origin-Verify"
_SECRET: Final = re.compile(r"\{\{resolve:secretsmanager:(\$\{[\w.]+\}|[\w/+=.@-]+):SecretString:[\w-]*::\}\}")
_ASIDE: Final = ("S3Origin", "CustomOrigin", "CNAMEs", "ContinuousDeploymentPolicyId")
"""Older ways to say where requests go, and by which name (CloudFormation, DistributionConfig); and a second one."""

TYPES: Final = frozenset(row.type for row in ROWS) | {
    _LB,
    _LISTENER_RULE,
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::Function",
    "AWS::CertificateManager::Certificate",
}
"""What these rules know."""


def attribute_values(resource: Resource, path: str, key: str) -> list[Any]:
    """Every value that a key has in a list of `{Key, Value}`, a key unknown until the deploy included."""
    entries = [entry for entry in resource.items(path) if isinstance(entry, Mapping)]
    named = [entry for entry in entries if entry.get("Key") == key or not isinstance(entry.get("Key"), str)]
    return [entry.get("Value", MISSING) for entry in named] or [MISSING]


def _attribute_rule(id_: str, key: str, allowed: tuple[str, ...], why: str) -> Rule:
    def check(app: Deployment) -> Iterator[Found]:
        for balancer in app.of(_LB):
            for value in attribute_values(balancer, "LoadBalancerAttributes", key):
                if str(value).lower() not in allowed:
                    yield Found(balancer, f"{key} {shown(value)}", " or ".join(allowed), "LoadBalancerAttributes")

    return Rule(id_, f"Load balancer: `{key}` is {' or '.join(allowed)}", why, f"set the attribute {key}", check)


def _exactly(value: Any, resource: Resource, *attributes: str, ending: str = "") -> bool:
    """Whether a value is a resource's attribute and nothing more: `${bucket}-2` is somebody else's bucket."""
    wanted = {f"{Pointer(resource.stack, resource.logical_id, attribute)}{ending}" for attribute in attributes}
    return text_of(value) in wanted


def _logs_to_own_bucket(app: Deployment) -> Iterator[Found]:
    own = log_buckets(app)
    for balancer in app.of(_LB):
        for value in attribute_values(balancer, "LoadBalancerAttributes", "access_logs.s3.bucket"):
            bucket = app.target(value, "AWS::S3::Bucket")
            if bucket is None or bucket not in own or not _exactly(value, bucket, ""):
                given = f"access_logs.s3.bucket {shown(value)}"
                yield Found(balancer, given, "the stage's log bucket", "LoadBalancerAttributes")
    for cdn in app.of(_CDN):
        value = cdn.get("DistributionConfig.Logging.Bucket")
        bucket = app.target(value, "AWS::S3::Bucket")
        if bucket is None or bucket not in own or not _address(value, bucket):
            yield Found(cdn, shown(value), "the stage's log bucket", "DistributionConfig.Logging.Bucket")


def _address(value: Any, bucket: Resource) -> bool:
    """Whether this is the host name of a bucket."""
    written = any(
        _exactly(value, bucket, "", ending=ending)
        for ending in (f".s3.{bucket.region}.amazonaws.com", ".s3.amazonaws.com")
    )
    return written or _exactly(value, bucket, "RegionalDomainName", "DomainName")


def _plain_listeners(app: Deployment) -> Iterator[Found]:
    domain = app.settings.domain is not None
    allowed = f"HTTPS 443, or HTTP 80{' that redirects to it' if domain else ''}"
    for listener in app.of(_LISTENER):
        protocol, port = listener.get("Protocol"), listener.get("Port")
        if (protocol, str(port)) not in (("HTTPS", "443"), ("HTTP", "80")):
            yield Found(listener, f"{shown(protocol)} {shown(port)}", allowed, "Protocol")
    for resource in app.of(_LISTENER, _LISTENER_RULE):
        plain = domain and _listener(app, resource).get("Protocol") == "HTTP"
        path = "DefaultActions" if resource.type == _LISTENER else "Actions"
        for number, action in enumerate(resource.items(path) or [MISSING]):
            to = _redirect(action)
            if plain and to.get("Protocol") != "HTTPS":
                yield Found(resource, "HTTP without a redirect to HTTPS", allowed, f"{path}.{number}")
            if to.get("Host", "#{host}") != "#{host}" or to.get("Protocol") == "HTTP":
                yield Found(resource, shown(to), "redirects to the same host, never to HTTP", f"{path}.{number}")


def _redirect(action: Any) -> Mapping[str, Any]:
    """Where an action redirects to; empty when it does something else."""
    if not isinstance(action, Mapping) or action.get("Type") != "redirect":
        return {}
    to = action.get("RedirectConfig")
    return to if isinstance(to, Mapping) else {"Host": to}


def _listener(app: Deployment, resource: Resource) -> Resource:
    """The listener of a rule; a listener itself. One that is not of this app is REF-2's."""
    return app.target(resource.get("ListenerArn"), _LISTENER) or resource


def _only_through_the_cdn(app: Deployment) -> Iterator[Found]:
    """The shop's listener forwards what carries the secret header; the prefix list admits anybody's CDN."""
    if not app.settings.has(FRONTEND):
        return
    allowed = "forwarding by rules on the origin header's secret only"
    for listener in app.of(_LISTENER):
        if _of_the_shop(app, listener) and any(_forwards(action) for action in listener.items("DefaultActions")):
            yield Found(listener, "forwarding by default", allowed, "DefaultActions")
    for rule in app.of(_LISTENER_RULE):
        forwards = any(_forwards(action) for action in rule.items("Actions"))
        if forwards and _of_the_shop(app, rule) and not any(_asks(app, c) for c in rule.items("Conditions")):
            yield Found(rule, "forwarding without the origin header", allowed, "Conditions")


def _of_the_shop(app: Deployment, resource: Resource) -> bool:
    """Whatever stack a listener or rule is in, its load balancer tells."""
    listener = _listener(app, resource)
    balancer = app.target(listener.get("LoadBalancerArn"), _LB) or listener
    return BACKEND in (resource.stack, listener.stack, balancer.stack)


def _forwards(action: Any) -> bool:
    return not isinstance(action, Mapping) or action.get("Type") not in ("fixed-response", "redirect")


def _asks(app: Deployment, condition: Any) -> bool:
    """Whether a condition holds for the secret only. Values are alternatives, and so are `RegexValues` beside them."""
    if not isinstance(condition, Mapping) or set(condition) != {"Field", "HttpHeaderConfig"}:
        return False
    header = condition["HttpHeaderConfig"]
    if not isinstance(header, Mapping) or set(header) != {"HttpHeaderName", "Values"}:
        return False
    values = as_list(header["Values"])
    named = condition["Field"] == "http-header" and header["HttpHeaderName"] == _HEADER
    return named and bool(values) and all(_secret(app, value) for value in values)


def _secret(app: Deployment, value: Any) -> bool:
    """Whether this is the value of a secret of the shop's stack, which knows no other than the header's."""
    name = _SECRET.fullmatch(text_of(value))
    return name is not None and any(
        name[1] in (str(Pointer(secret.stack, secret.logical_id)), secret.get("Name"))
        for secret in app.of("AWS::SecretsManager::Secret")
        if secret.stack == BACKEND
    )


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
    bucket = app.target(name, "AWS::S3::Bucket")
    if bucket is None or not _address(name, bucket):
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
    ours = [entry.get("HeaderValue") for entry in headers if entry.get("HeaderName") == _HEADER]
    if not ours or not all(_secret(app, value) for value in ours):
        yield Found(cdn, "without the origin header", f"{_HEADER} with the secret's value", where)


def _names_balancer(app: Deployment, name: Any) -> bool:
    balancer = app.target(name, _LB)
    if balancer:
        return _exactly(name, balancer, "DNSName")
    records = [
        record.get("AliasTarget.DNSName")
        for record in app.of("AWS::Route53::RecordSet")
        if text_of(record.get("Name")).rstrip(".") == text_of(name)
    ]
    return bool(records) and all(app.target(record, _LB) for record in records)


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
        for where, value in policy.at("ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowOrigins.Items[]"):
            if value is not MISSING and (not isinstance(value, str) or "*" in value):
                yield Found(policy, shown(value), "stated origins", where)


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
        "Listeners are HTTPS 443; HTTP 80 redirects where the stage has a domain, and nothing to another host",
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
    Rule(
        "CDN-23",
        "Nobody else looks into what passes CloudFront: no code of others, no cookies in logs, no sharing with any origin",
        "CloudFront guide, edge functions and logs; OWASP, cross-origin resource sharing. It passes in clear there.",
        "CloudFront Functions of the stack; name the origins that may read",
        _no_stranger_on_the_way,
    ),
)
