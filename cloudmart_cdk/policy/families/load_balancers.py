"""ALB: load balancers, the way in from the internet. Specification sections 4 to 6.

Owns their protocols, attributes and rules. Who may reach one at all is the family SG, what a web ACL filters the family
WAF, what CloudFront does before it the family CDN.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings.topology import BACKEND, FRONTEND, VPC
from ..lookups import attribute_values, log_buckets
from ..model import MISSING, Deployment, Pointer, Resource, as_list, text_of
from ..rule import SET, Found, Row, Rule, one_of, rule_of, shown

LOAD_BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
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


def _https(resource: Resource, _: Deployment) -> bool:
    return resource.get("Protocol") not in ("HTTP", "TCP")


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
)

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

ORIGIN_HEADER: Final = "X-Origin-Verify"
_SECRET: Final = re.compile(r"\{\{resolve:secretsmanager:(\$\{[\w.]+\}|[\w/+=.@-]+):SecretString:[\w-]*::\}\}")

TYPES: Final = frozenset(row.type for row in ROWS) | {
    LOAD_BALANCER,
    _LISTENER_RULE,
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::CertificateManager::Certificate",
}
"""What these rules know."""


def _attribute_rule(id_: str, key: str, allowed: tuple[str, ...], why: str) -> Rule:
    def check(app: Deployment) -> Iterator[Found]:
        for balancer in app.of(LOAD_BALANCER):
            for value in attribute_values(balancer, "LoadBalancerAttributes", key):
                if str(value).lower() not in allowed:
                    yield Found(balancer, f"{key} {shown(value)}", " or ".join(allowed), "LoadBalancerAttributes")

    return Rule(id_, f"Load balancer: `{key}` is {' or '.join(allowed)}", why, f"set the attribute {key}", check)


def exactly(value: Any, resource: Resource, *attributes: str, ending: str = "") -> bool:
    """Whether a value is a resource's attribute and nothing more: `${bucket}-2` is somebody else's bucket."""
    wanted = {f"{Pointer(resource.stack, resource.logical_id, attribute)}{ending}" for attribute in attributes}
    return text_of(value) in wanted


def _logs_to_own_bucket(app: Deployment) -> Iterator[Found]:
    own = [bucket for bucket in log_buckets(app) if bucket.stack == VPC]
    for balancer in app.of(LOAD_BALANCER):
        for value in attribute_values(balancer, "LoadBalancerAttributes", "access_logs.s3.bucket"):
            if not any(exactly(value, bucket, "") for bucket in own):
                given = f"access_logs.s3.bucket {shown(value)}"
                yield Found(balancer, given, "the stage's log bucket", "LoadBalancerAttributes")
    for cdn in app.of(_CDN):
        value = cdn.get("DistributionConfig.Logging.Bucket")
        if not any(bucket_address(value, bucket) for bucket in own):
            yield Found(cdn, shown(value), "the stage's log bucket", "DistributionConfig.Logging.Bucket")


def bucket_address(value: Any, bucket: Resource) -> bool:
    """Whether this is the host name of a bucket."""
    written = any(
        exactly(value, bucket, "", ending=ending)
        for ending in (f".s3.{bucket.region}.amazonaws.com", ".s3.amazonaws.com")
    )
    return written or exactly(value, bucket, "RegionalDomainName", "DomainName")


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
    balancer = app.target(listener.get("LoadBalancerArn"), LOAD_BALANCER) or listener
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
    named = condition["Field"] == "http-header" and header["HttpHeaderName"] == ORIGIN_HEADER
    return named and bool(values) and all(origin_secret(app, value) for value in values)


def origin_secret(app: Deployment, value: Any) -> bool:
    """Whether this is the value of a secret of the shop's stack, which knows no other than the header's."""
    name = _SECRET.fullmatch(text_of(value))
    return name is not None and any(
        name[1] in (str(Pointer(secret.stack, secret.logical_id)), secret.get("Name"))
        for secret in app.of("AWS::SecretsManager::Secret")
        if secret.stack == BACKEND
    )


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
)
