"""Family ALB and CDN, the rules that are functions: ways in, and what a way round them would look like.

One sample, with which every rule is content; a case changes one thing. Rows are tested with those of all families.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from cloudmart_cdk.policy.families import cdn, load_balancers
from tests.policy.kubernetes_samples import GONE, changed
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_LB = "AWS::ElasticLoadBalancingV2"
_DOMAIN: dict[str, Any] = {"domain__name": "shop.example.com", "domain__zone_id": "Z0123456789ABCDEFGHIJ"}
_NO_CDN: dict[str, Any] = {"skip": "FrontendCdnStack"}
_UNCACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
_WRITES = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]


def _join(*parts: Any) -> dict[str, Any]:
    return {"Fn::Join": ["", list(parts)]}


def _get(logical_id: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, attribute]}


def _if(yes: Any, no: Any) -> dict[str, Any]:
    return {"Fn::If": ["Maybe", yes, no]}


_VALUE = _join("{{resolve:secretsmanager:", {"Ref": "Secret"}, ":SecretString:::}}")
_BY_NAME = "{{resolve:secretsmanager:cloudmart-lab/origin-header:SecretString:::}}"
_REFUSE = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}
_FORWARD = {"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}
_TO_HTTPS = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
_TO_EVIL = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Host": "evil.example"}}
_PATHS = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}


def _header(*values: Any, name: str = "X-Origin-Verify", **more: Any) -> dict[str, Any]:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": list(values), **more}}


def _listener(protocol: Any, port: Any, *actions: Any) -> dict[str, Any]:
    balancer = {"LoadBalancerArn": {"Ref": "Lb"}, "Protocol": protocol, "Port": port}
    return resource(f"{_LB}::Listener", {**balancer, "DefaultActions": list(actions)})


def _rule(*actions: Any, conditions: Any = (), listener: Any = None) -> dict[str, Any]:
    of = {"ListenerArn": listener or {"Ref": "Listener"}, "Conditions": list(conditions)}
    return resource(f"{_LB}::ListenerRule", {**of, "Actions": list(actions)})


_ATTRIBUTES = {
    "access_logs.s3.enabled": "true",
    "access_logs.s3.bucket": {"Ref": "Logs"},
    "routing.http.drop_invalid_header_fields.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
}


def _attributes(changes: Mapping[str, Any], *more: tuple[Any, Any]) -> list[dict[str, Any]]:
    """Those of the sample, some of them changed or `GONE`, with others behind."""
    pairs = [(key, value) for key, value in {**_ATTRIBUTES, **changes}.items() if value is not GONE]
    return [{"Key": key, "Value": value} for key, value in (*pairs, *more)]


_TO_LB: dict[str, Any] = {
    "Id": "api",
    "DomainName": _get("Lb", "DNSName"),
    "CustomOriginConfig": {"OriginProtocolPolicy": "http-only", "OriginSSLProtocols": ["TLSv1.2"]},
    "OriginCustomHeaders": [{"HeaderName": "X-Origin-Verify", "HeaderValue": _BY_NAME}],
}
_TO_BUCKET = {
    "Id": "site",
    "DomainName": _get("Site", "RegionalDomainName"),
    "OriginAccessControlId": _get("Access", "Id"),
    "S3OriginConfig": {"OriginAccessIdentity": ""},
}
_CDN: dict[str, Any] = {
    "Origins": [_TO_BUCKET, _TO_LB],
    "DefaultCacheBehavior": {
        "TargetOriginId": "site",
        "CachePolicyId": _OPTIMIZED,
        "FunctionAssociations": [{"EventType": "viewer-request", "FunctionARN": _get("Router", "FunctionARN")}],
    },
    "CacheBehaviors": [
        {"PathPattern": "/api/*", "TargetOriginId": "api", "CachePolicyId": _UNCACHED, "AllowedMethods": _WRITES}
    ],
    "Logging": {"Bucket": _join({"Ref": "Logs"}, ".s3.ap-northeast-2.amazonaws.com")},
}
SAMPLE: dict[str, Any] = {
    "Logs": resource("AWS::S3::Bucket"),
    "Flow": resource("AWS::EC2::FlowLog", {"LogDestination": _get("Logs", "Arn")}),
    "Lb": resource(f"{_LB}::LoadBalancer", {"LoadBalancerAttributes": _attributes({})}),
    "Group": resource(f"{_LB}::TargetGroup"),
    "Secret": resource("AWS::SecretsManager::Secret", {"Name": "cloudmart-lab/origin-header"}),
    "Listener": _listener("HTTP", 80, _REFUSE),
    "Rule": _rule(_FORWARD, conditions=[_header(_VALUE)]),
    "Site": resource("AWS::S3::Bucket"),
    "Access": resource("AWS::CloudFront::OriginAccessControl"),
    "Router": resource("AWS::CloudFront::Function"),
    "Headers": resource("AWS::CloudFront::ResponseHeadersPolicy", {"ResponseHeadersPolicyConfig": {"Name": "x"}}),
    "Cdn": resource("AWS::CloudFront::Distribution", {"DistributionConfig": _CDN}),
}
_DIST = "Cdn.DistributionConfig"
_BY_TLS = {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}


def _sample(path: str, value: Any) -> dict[str, Any]:
    """The sample with one thing changed."""
    name, _, rest = path.partition(".")
    return changed(SAMPLE, f"{name}.Properties.{rest}" if rest else name, value)


def _home(rule: str) -> str:
    """Where the sample stands: log buckets are VpcStack's, everything else is the shop's."""
    return "VpcStack" if rule == "ALB-13" else "BackendAsgStack"


def breaks(rule: str, name: str, path: str, value: Any, says: str = "", **options: Any) -> Case:
    return bad(rule, name, _sample(path, value), says=says, **{"stack": _home(rule), **options})


def keeps(rule: str, name: str, path: str, value: Any, **options: Any) -> Case:
    return good(rule, name, _sample(path, value), **{"stack": _home(rule), **options})


def _through(name: str, *conditions: Any, finds: bool = True) -> Case:
    """A second rule of the shop's listener, which forwards."""
    make = breaks if finds else keeps
    return make("ALB-15", name, "Second", _rule(_FORWARD, conditions=conditions))


def _listens(name: str, *listener: Any, says: str = "", finds: bool = True, **options: Any) -> Case:
    """Protocol, port and actions of the shop's listener."""
    make = bad if finds else good
    resources = {**SAMPLE, "Listener": _listener(*listener)}
    return make("ALB-14", name, resources, stack="BackendAsgStack", **options, **({"says": says} if finds else {}))


def _bucket(name: str, says: str = "", **changes: Any) -> Case:
    """The first origin, spoilt."""
    return breaks("CDN-20", name, f"{_DIST}.Origins", [{**_TO_BUCKET, **changes}, _TO_LB], says)


def _server(name: str, says: str = "", context: Any = None, **changes: Any) -> Case:
    """The second origin, spoilt."""
    return breaks("CDN-20", name, f"{_DIST}.Origins", [_TO_BUCKET, {**_TO_LB, **changes}], says, **(context or {}))


def _behaves(name: str, path: str, origin: str, says: str = "", *, finds: bool = True, **more: Any) -> Case:
    """A behaviour before the others, cached unless it says otherwise."""
    first = {"PathPattern": path, "TargetOriginId": origin, "CachePolicyId": _OPTIMIZED, **more}
    cases = [first, *_CDN["CacheBehaviors"]]
    if not finds:
        return keeps("CDN-21", name, f"{_DIST}.CacheBehaviors", cases)
    return breaks("CDN-21", name, f"{_DIST}.CacheBehaviors", cases, says)


def _switch(rule: str, key: str, off: str) -> tuple[Case, ...]:
    """What holds for every attribute of a load balancer that has to be stated."""
    path = "Lb.LoadBalancerAttributes"
    on = _ATTRIBUTES[key]
    return (
        keeps(rule, f"{key} as it is", path, _attributes({})),
        keeps(rule, f"{key} twice alike", path, _attributes({}, (key, on))),
        breaks(rule, f"{key} {off}", path, _attributes({key: off}), f"{key} {off}"),
        breaks(rule, f"{key} not stated", path, _attributes({key: GONE}), f"{key} not set"),
        breaks(rule, f"{key} without a value", path, [{"Key": key}], f"{key} not set"),
        breaks(rule, f"{key} twice, good first", path, _attributes({}, (key, off)), f"{key} {off}"),
        breaks(rule, f"{key} from a parameter", path, _attributes({key: {"Ref": "Which"}}), "${Which}"),
        breaks(rule, f"{key} hidden in a condition", path, _attributes({key: _if(on, off)}), f"{key} {off}"),
        breaks(rule, f"{key} in one branch only", path, _if(_attributes({}), {"Ref": "AWS::NoValue"}), "not set"),
        breaks(
            rule, f"an attribute beside {key} named by a parameter", path, _attributes({}, ({"Ref": "Key"}, off)), off
        ),
        breaks(rule, "no attributes", path, GONE, "not set"),
    )


_BALANCER = "Lb.LoadBalancerAttributes"
_BUCKET_KEY = "access_logs.s3.bucket"
_LOGS = f"{_DIST}.Logging.Bucket"
_DEFAULT = f"{_DIST}.DefaultCacheBehavior"
_CORS = "Headers.ResponseHeadersPolicyConfig"
_DOWN = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTP"}}
_STAYS = {"Type": "redirect", "RedirectConfig": {"Path": "/new"}}
_UNKNOWN = {"Type": "redirect", "RedirectConfig": {"Ref": "Where"}}
_TLS_1_0 = {**_BY_TLS, "OriginSSLProtocols": ["TLSv1", "TLSv1.2"]}
_EDGE_CODE = [{"LambdaFunctionARN": "arn:aws:lambda:us-east-1:999999999999:function:x:1"}]
_STRANGER = "arn:aws:secretsmanager:us-east-1:999999999999:secret:x"

CASES = (
    *_switch("ALB-10", "routing.http.drop_invalid_header_fields.enabled", "false"),
    keeps("ALB-10", "a boolean", _BALANCER, _attributes({"routing.http.drop_invalid_header_fields.enabled": True})),
    *_switch("ALB-11", "access_logs.s3.enabled", "false"),
    keeps("ALB-11", "TRUE in capitals", _BALANCER, _attributes({"access_logs.s3.enabled": "TRUE"})),
    *_switch("ALB-12", "routing.http.desync_mitigation_mode", "monitor"),
    keeps("ALB-12", "strictest", _BALANCER, _attributes({"routing.http.desync_mitigation_mode": "strictest"})),
    *_switch("ALB-13", "access_logs.s3.bucket", "somebodys-bucket"),
    breaks("ALB-13", "another bucket of ours", _BALANCER, _attributes({_BUCKET_KEY: {"Ref": "Site"}}), "Site"),
    breaks(
        "ALB-13",
        "a bucket whose name begins like ours",
        _BALANCER,
        _attributes({_BUCKET_KEY: _join({"Ref": "Logs"}, "-2")}),
        "Logs}-2",
    ),
    breaks("ALB-13", "CloudFront into another bucket of ours", _LOGS, _get("Site", "RegionalDomainName"), "Site"),
    breaks("ALB-13", "CloudFront into a bucket by its name", _LOGS, "logs.s3.amazonaws.com"),
    breaks("ALB-13", "CloudFront's begins like ours", _LOGS, _join({"Ref": "Logs"}, "-2.s3.amazonaws.com")),
    breaks("ALB-13", "CloudFront into no bucket", f"{_DIST}.Logging", GONE, "not set"),
    breaks("ALB-13", "a second distribution without logs", "Cdn2", resource("AWS::CloudFront::Distribution")),
    keeps("ALB-13", "CloudFront by the bucket's own address", _LOGS, _get("Logs", "RegionalDomainName")),
    breaks("ALB-13", "a bucket of another stack", "Other", resource("AWS::S3::Bucket"), stack="DataStack"),
    _listens("HTTP 80 without a domain", "HTTP", 80, _FORWARD, finds=False),
    _listens("the port as text", "HTTP", "80", _REFUSE, finds=False),
    good("ALB-14", "HTTPS 443 and its rules", {**SAMPLE, "Listener": _listener("HTTPS", 443, _REFUSE)}, **_DOMAIN),
    good("ALB-14", "a redirect to HTTPS", {"Listener": _listener("HTTP", 80, _TO_HTTPS)}, **_DOMAIN),
    _listens("HTTP 8080", "HTTP", 8080, _REFUSE, says="HTTP 8080; allowed: HTTPS 443, or HTTP 80"),
    _listens("HTTPS 8443", "HTTPS", 8443, _REFUSE, says="HTTPS 8443"),
    _listens("TCP", "TCP", 443, _FORWARD, says="TCP 443"),
    _listens("a protocol from a parameter", {"Ref": "Protocol"}, 443, _REFUSE, says="${Protocol}"),
    _listens("a port of one branch", "HTTPS", _if(443, 8443), _REFUSE, says="8443"),
    breaks("ALB-14", "a second listener on another port", "Second", _listener("HTTP", 8080, _REFUSE), "8080"),
    breaks("ALB-14", "no protocol", "Listener.Protocol", GONE, "not set 80"),
    _listens("a refusal in clear, with a domain", "HTTP", 80, _REFUSE, says="without a redirect", **_DOMAIN),
    _listens("a forward in clear, with a domain", "HTTP", 80, _FORWARD, says="80 that redirects to it", **_DOMAIN),
    _listens("a redirect that stays in clear", "HTTP", 80, _STAYS, **_DOMAIN),
    _listens("a forward with a redirect beside it", "HTTP", 80, {**_TO_HTTPS, **_FORWARD}, **_DOMAIN),
    _listens("a redirect in one branch", "HTTP", 80, _if(_TO_HTTPS, _FORWARD), **_DOMAIN),
    _listens("no action", "HTTP", 80, **_DOMAIN),
    bad(
        "ALB-14",
        "a rule that forwards on the listener that redirects",
        {"Listener": _listener("HTTP", 80, _TO_HTTPS), "Rule": _rule(_FORWARD)},
        says="Actions.0",
        **_DOMAIN,
    ),
    _listens("a redirect to another host", "HTTPS", 443, _TO_EVIL, says="evil.example"),
    _listens("a redirect down to HTTP", "HTTPS", 443, _DOWN, says="never to HTTP"),
    _listens("a redirect that a parameter describes", "HTTPS", 443, _UNKNOWN, says="same host"),
    _listens("a redirect to another path", "HTTPS", 443, _STAYS, finds=False),
    breaks("ALB-14", "a rule that redirects to another host", "Rule.Actions", [_TO_EVIL], "evil.example"),
    keeps("ALB-15", "the header in front of every forward", "Rule", SAMPLE["Rule"]),
    breaks("ALB-15", "a default action", "Listener", _listener("HTTP", 80, _FORWARD), "forwarding by default"),
    keeps("ALB-15", "a default action without the CDN", "Listener", _listener("HTTP", 80, _FORWARD), **_NO_CDN),
    breaks("ALB-15", "a second listener that forwards", "Second", _listener("HTTPS", 443, _FORWARD)),
    breaks("ALB-15", "a default action of one branch", "Listener", _listener("HTTP", 80, _if(_REFUSE, _FORWARD))),
    breaks("ALB-15", "default actions from a parameter", "Listener.DefaultActions", {"Ref": "Actions"}),
    breaks("ALB-15", "an action without a type", "Listener", _listener("HTTP", 80, {"TargetGroupArn": "x"})),
    breaks("ALB-15", "a sign-in", "Listener", _listener("HTTP", 80, {"Type": "authenticate-oidc"}, _REFUSE)),
    _through("the header and a path", _header(_VALUE), _PATHS, finds=False),
    _through("the secret by its name", _header(_BY_NAME), finds=False),
    _through("no condition"),
    _through("another condition", _PATHS),
    _through("a literal value", _header("open-sesame")),
    _through("any value", _header("*")),
    _through("no value", _header()),
    _through("another value beside", _header(_VALUE, "*")),
    _through("a value of one branch", _header(_if(_VALUE, "*"))),
    _through("a value from a parameter", _header({"Ref": "Word"})),
    _through("another header", _header(_VALUE, name="User-Agent")),
    _through("a pattern beside the value", _header(_VALUE, RegexValues=[".*"])),
    _through("a pattern beside the header", {**_header(_VALUE), "RegexValues": [".*"]}),
    _through("another field", {**_header(_VALUE), "Field": "path-pattern"}),
    _through("a header from a parameter", {"Field": "http-header", "HttpHeaderConfig": {"Ref": "Header"}}),
    _through("conditions of one branch", _if(_header(_VALUE), _PATHS)),
    _through(
        "the secret and more", _header(_join("{{resolve:secretsmanager:", {"Ref": "Secret"}, ":SecretString:::}}*"))
    ),
    _through("a secret that nobody here has", _header("{{resolve:secretsmanager:mine:SecretString:::}}")),
    _through("somebody's secret", _header(f"{{{{resolve:secretsmanager:{_STRANGER}:SecretString:::}}}}")),
    _through("a plain parameter", _header("{{resolve:ssm:/mine}}")),
    keeps("ALB-15", "a rule that refuses", "Second", _rule(_REFUSE, conditions=[_PATHS])),
    keeps("ALB-15", "a rule that forwards without the CDN", "Second", _rule(_FORWARD), **_NO_CDN),
    good("ALB-15", "Tiketi's listener", {"L": _listener("HTTP", 80, _FORWARD)}, stack="EksPlatformStack"),
    keeps("CDN-20", "a bucket and a load balancer", f"{_DIST}.Origins", [_TO_BUCKET, _TO_LB]),
    keeps("CDN-20", "TLS without a domain", f"{_DIST}.Origins", [{**_TO_LB, "CustomOriginConfig": _BY_TLS}]),
    keeps(
        "CDN-20",
        "a bucket by its name and region",
        f"{_DIST}.Origins",
        [{**_TO_BUCKET, "DomainName": _join({"Ref": "Site"}, ".s3.ap-northeast-2.amazonaws.com")}],
    ),
    _bucket("a bucket by its literal name", "site.s3.amazonaws.com", DomainName="site.s3.amazonaws.com"),
    _bucket("a domain like a bucket's", "evil", DomainName=_join(_get("Site", "RegionalDomainName"), ".evil.example")),
    _bucket("a bucket whose name begins like ours", DomainName=_join({"Ref": "Site"}, "-2.s3.amazonaws.com")),
    _bucket("a website", "allowed: a bucket of this app", DomainName=_get("Site", "WebsiteURL")),
    _bucket("a bucket of one branch", "evil", DomainName=_if(_get("Site", "RegionalDomainName"), "evil.s3.x")),
    _bucket("no access control", "OriginAccessControlId is not set", OriginAccessControlId={"Ref": "AWS::NoValue"}),
    _bucket("somebody's access control", "E1; allowed: an origin access control", OriginAccessControlId="E1"),
    _bucket("an access identity", "an origin access identity", S3OriginConfig={"OriginAccessIdentity": "x/E1"}),
    _bucket("an origin in the VPC", DomainName="internal.example", VpcOriginConfig={"VpcOriginId": "vo-1"}),
    breaks("CDN-20", "origins from a parameter", f"{_DIST}.Origins", {"Ref": "Origins"}, "an origin"),
    _server(
        "the viewer's protocol", "match-viewer", CustomOriginConfig={**_BY_TLS, "OriginProtocolPolicy": "match-viewer"}
    ),
    _server("TLS 1.0", '["TLSv1", "TLSv1.2"]; allowed: ["TLSv1.2"]', CustomOriginConfig=_TLS_1_0),
    _server("protocols left to AWS", "is not set", CustomOriginConfig={"OriginProtocolPolicy": "https-only"}),
    _server("a protocol from a parameter", CustomOriginConfig={**_BY_TLS, "OriginProtocolPolicy": {"Ref": "P"}}),
    _server("a configuration from a parameter", CustomOriginConfig={"Ref": "Config"}),
    _server("another server", "evil.example; allowed: a load balancer of this app", DomainName="evil.example"),
    _server("a domain like the load balancer's", "evil", DomainName=_join(_get("Lb", "DNSName"), ".evil.example")),
    _server("a bucket as a server", DomainName=_get("Site", "RegionalDomainName")),
    _server("plain HTTP with a domain", "http-only; allowed: https-only", _DOMAIN),
    _server("another server with a domain", "evil", _DOMAIN, DomainName="evil.example", CustomOriginConfig=_BY_TLS),
    _server("no header", "X-Origin-Verify", OriginCustomHeaders=[]),
    _server("a literal header", OriginCustomHeaders=[{"HeaderName": "X-Origin-Verify", "HeaderValue": "sesame"}]),
    _server(
        "the secret of something else",
        OriginCustomHeaders=[
            {"HeaderName": "X-Origin-Verify", "HeaderValue": "{{resolve:secretsmanager:payment:SecretString:::}}"}
        ],
    ),
    breaks(
        "CDN-20",
        "a second distribution to somebody's bucket",
        "Cdn2",
        resource("AWS::CloudFront::Distribution", {"DistributionConfig": {"Origins": [{"DomainName": "evil.s3.x"}]}}),
        "evil.s3.x",
    ),
    breaks("CDN-20", "the older S3Origin", f"{_DIST}.S3Origin", {"DNSName": "evil.example"}, "evil.example"),
    breaks("CDN-20", "the older CustomOrigin", f"{_DIST}.CustomOrigin", {"DNSName": "evil.example"}, "evil.example"),
    breaks("CDN-20", "the older CNAMEs", f"{_DIST}.CNAMEs", ["shop.example.com"], "CNAMEs"),
    breaks("CDN-20", "another configuration for some", f"{_DIST}.ContinuousDeploymentPolicyId", "x"),
    _behaves("pictures cached", "/images/*", "site", finds=False),
    _behaves("another path of the load balancer, uncached", "/cart", "api", CachePolicyId=_UNCACHED, finds=False),
    _behaves("the API", "/api/*", "api", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad (CachingDisabled)"),
    _behaves("the API of another version", "/v2/api/*", "site"),
    _behaves("another path of the load balancer", "/cart", "api", "CacheBehaviors.0.CachePolicyId"),
    _behaves("what is written to", "/x", "site", AllowedMethods=_WRITES),
    _behaves("a group of origins", "/x", "both"),
    _behaves("the older way", "/x", "api", "not set", CachePolicyId={"Ref": "AWS::NoValue"}, ForwardedValues={}),
    _behaves("a policy from a parameter", "/x", "api", "${Policy}", CachePolicyId={"Ref": "Policy"}),
    _behaves("a policy of one branch", "/x", "api", _OPTIMIZED, CachePolicyId=_if(_UNCACHED, _OPTIMIZED)),
    breaks("CDN-21", "everything from the load balancer", f"{_DEFAULT}.TargetOriginId", "api", "DefaultCacheBehavior"),
    breaks("CDN-21", "behaviours from a parameter", f"{_DIST}.CacheBehaviors", {"Ref": "Behaviours"}),
    keeps("CDN-23", "a function of the stack", _DEFAULT, _CDN["DefaultCacheBehavior"]),
    breaks(
        "CDN-23",
        "somebody's function",
        f"{_DEFAULT}.FunctionAssociations",
        [{"FunctionARN": "arn:aws:cloudfront::999999999999:function/x"}],
        "function/x; allowed: a CloudFront Function of this app",
    ),
    breaks("CDN-23", "a Lambda at the edge", f"{_DEFAULT}.LambdaFunctionAssociations", _EDGE_CODE, "function:x:1"),
    breaks("CDN-23", "a log in real time", f"{_DEFAULT}.RealtimeLogConfigArn", "arn:x", "RealtimeLogConfigArn"),
    breaks("CDN-23", "cookies in logs", f"{_DIST}.Logging.IncludeCookies", True, "a cookie is a session"),
    keeps("CDN-23", "no cookies in logs", f"{_DIST}.Logging.IncludeCookies", "false"),
    breaks(
        "CDN-23",
        "every page of the web",
        f"{_CORS}.CorsConfig",
        {"AccessControlAllowOrigins": {"Items": ["https://shop.example.com", "*"]}},
        "Items.1 is *; allowed: stated origins",
    ),
    breaks(
        "CDN-23",
        "every page of the web by a header",
        f"{_CORS}.CustomHeadersConfig",
        {"Items": [{"Header": "access-control-allow-origin", "Value": "*"}]},
    ),
    keeps(
        "CDN-23",
        "a stated page",
        f"{_CORS}.CorsConfig",
        {"AccessControlAllowOrigins": {"Items": ["https://shop.example.com"]}},
    ),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


_FUNCTIONS = sorted(
    {rule.id for family in (load_balancers, cdn) for rule in family.RULES}
    - {row.id for family in (load_balancers, cdn) for row in family.ROWS}
)


@pytest.mark.parametrize("rule", _FUNCTIONS)
def test_every_function_has_a_case_that_it_finds_and_one_that_it_accepts(rule: str) -> None:
    assert {case.bad for case in CASES if case.rule == rule} == {True, False}


def _record(**changes: Any) -> dict[str, Any]:
    to_us = {"Name": "origin.shop.example.com.", "AliasTarget": {"DNSName": _get("Lb", "DNSName")}}
    return resource("AWS::Route53::RecordSet", {**to_us, **changes})


def test_with_a_domain_the_origin_is_a_name_all_of_whose_records_lead_to_the_load_balancer() -> None:
    origin = {**_TO_LB, "DomainName": "origin.shop.example.com", "CustomOriginConfig": _BY_TLS}
    sample = changed(SAMPLE, "Cdn.Properties.DistributionConfig.Origins", [origin])
    ours = {**sample, "Record": _record()}
    evil = _record(AliasTarget={"DNSName": "evil.example"})
    good("CDN-20", "ours", ours, stack="BackendAsgStack", **_DOMAIN).check()
    bad("CDN-20", "no record", sample, stack="BackendAsgStack", says="origin.shop", **_DOMAIN).check()
    bad("CDN-20", "another beside", {**ours, "Half": evil}, stack="BackendAsgStack", **_DOMAIN).check()


def test_a_rule_in_another_stack_is_the_shops_where_its_listener_is() -> None:
    outputs = {"ListenerRef": {"Value": {"Ref": "Listener"}}}
    over_there = {"StackName": "cloudmart-lab-BackendAsgStack", "OutputName": "ListenerRef"}
    sneaky = _rule(_FORWARD, conditions=[_PATHS], listener={"Fn::GetStackOutput": over_there})
    (finding,) = found(
        deployment(
            SAMPLE, stack="BackendAsgStack", template={"Outputs": outputs}, also={"FrontendCdnStack": {"R": sneaky}}
        ),
        "ALB-15",
    )
    assert finding.text == (
        "FrontendCdnStack/R (AWS::ElasticLoadBalancingV2::ListenerRule, FrontendCdnStack): Conditions is forwarding "
        "without the origin header; allowed: forwarding by rules on the origin header's secret only"
    )


def test_a_log_bucket_of_another_stack_is_known_by_its_output() -> None:
    logs = {name: SAMPLE[name] for name in ("Logs", "Flow")}
    balancer = changed(
        SAMPLE["Lb"],
        "Properties.LoadBalancerAttributes",
        _attributes(
            {_BUCKET_KEY: {"Fn::GetStackOutput": {"StackName": "cloudmart-lab-VpcStack", "OutputName": "LogsRef"}}}
        ),
    )
    for target, findings in (("Logs", 0), ("Flow", 1)):
        template = {"Outputs": {"LogsRef": {"Value": {"Ref": target}}}}
        app = deployment(logs, stack="VpcStack", template=template, also={"BackendAsgStack": {"Lb": balancer}})
        assert len(found(app, "ALB-13")) == findings


def test_an_old_policy_is_found_beside_a_good_one() -> None:
    new, old = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "ELBSecurityPolicy-2016-08"
    listeners = {
        policy: changed(_listener("HTTPS", 443, _REFUSE), "Properties.SslPolicy", policy) for policy in (new, old)
    }
    (finding,) = found(deployment(listeners, **_DOMAIN), "ALB-1")
    assert f"SslPolicy is {old}; allowed: " in finding.text
    assert new in finding.text


@pytest.mark.parametrize("certificate", ["AcmCertificateArn", "IamCertificateId"])
def test_tls_is_ours_to_state_with_a_certificate_whatever_the_name(certificate: str) -> None:
    old = {certificate: "x", "MinimumProtocolVersion": "TLSv1"}
    breaks("CDN-3", "an old protocol", f"{_DIST}.ViewerCertificate", old, "TLSv1").check()
    keeps("CDN-3", "CloudFront's", f"{_DIST}.ViewerCertificate", {"CloudFrontDefaultCertificate": True}).check()
