"""Family WAF: web ACLs that block, stand where they have to, and log what they block."""

from typing import Any

import pytest

from cloudmart_cdk.policy.families import web_acls
from tests.policy.kubernetes_samples import GONE, changed
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_DECODED = [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "HTML_ENTITY_DECODE"}]
_ON: dict[str, Any] = {"web_acls": "true"}
_GEO: dict[str, Any] = {**_ON, "frontend__geo_block": "KP,IR"}


def _own(name: str, priority: int, statement: Any, action: str = "Block") -> dict[str, Any]:
    return {"Name": name, "Priority": priority, "Action": {action: {}}, "Statement": statement}


def _managed(name: str, priority: int, vendor: str = "AWS", override: str = "None", **more: Any) -> dict[str, Any]:
    group = {"ManagedRuleGroupStatement": {"VendorName": vendor, "Name": name, **more}}
    return {"Name": name, "Priority": priority, "OverrideAction": {override: {}}, "Statement": group}


def _xss(*fields: str, steps: Any = _DECODED) -> dict[str, Any]:
    match = [{"XssMatchStatement": {"FieldToMatch": {field: {}}, "TextTransformations": steps}} for field in fields]
    return {"OrStatement": {"Statements": match}}


def _rate(**changes: Any) -> dict[str, Any]:
    limit = {"AggregateKeyType": "IP", "EvaluationWindowSec": 60, "Limit": 1000, **changes}
    return {"RateBasedStatement": {key: value for key, value in limit.items() if value is not GONE}}


def _geo(*countries: str, **more: Any) -> dict[str, Any]:
    return _own("Geo", 4, {"GeoMatchStatement": {"CountryCodes": list(countries), **more}})


def _action(action: str) -> dict[str, Any]:
    return {"ActionCondition": {"Action": action}}


def _filter(behaviour: str, *conditions: Any, requirement: str = "MEETS_ANY") -> dict[str, Any]:
    return {"Behavior": behaviour, "Requirement": requirement, "Conditions": list(conditions)}


def _arn(*parts: Any, account: Any = None, region: str = "us-east-1") -> dict[str, Any]:
    account = account or {"Ref": "AWS::AccountId"}
    return {"Fn::Join": ["", [f"arn:aws:logs:{region}:", account, ":log-group:", *parts]]}


_COUNTED = [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
_RULES: dict[str, dict[str, Any]] = {
    "Flood": _own("Flood", 0, _rate()),
    "Scripts": _own("Scripts", 1, _xss("UriPath", "AllQueryArguments", "Body")),
    "Core": _managed("AWSManagedRulesCommonRuleSet", 2, RuleActionOverrides=_COUNTED),
    "Sql": _managed("AWSManagedRulesSQLiRuleSet", 3),
}
_KEPT = [_filter("KEEP", _action("BLOCK"), _action("COUNT"))]
SAMPLE: dict[str, Any] = {
    "Acl": resource("AWS::WAFv2::WebACL", {"Scope": "CLOUDFRONT", "Rules": list(_RULES.values())}),
    "Group": resource("AWS::Logs::LogGroup"),
    "Log": resource(
        "AWS::WAFv2::LoggingConfiguration",
        {
            "ResourceArn": {"Fn::GetAtt": ["Acl", "Arn"]},
            "LogDestinationConfigs": [_arn({"Ref": "Group"})],
            "RedactedFields": [{"SingleHeader": {"Name": name}} for name in ("authorization", "cookie")],
            "LoggingFilter": {"DefaultBehavior": "DROP", "Filters": _KEPT},
        },
    ),
    "Lb": resource("AWS::ElasticLoadBalancingV2::LoadBalancer"),
    "Link": resource(
        "AWS::WAFv2::WebACLAssociation",
        {"ResourceArn": {"Ref": "Lb"}, "WebACLArn": {"Fn::GetAtt": ["Acl", "Arn"]}},
    ),
    "Cdn": resource(
        "AWS::CloudFront::Distribution", {"DistributionConfig": {"WebACLId": {"Fn::GetAtt": ["Acl", "Arn"]}}}
    ),
}
_HOME: dict[str, Any] = {"stack": "EksPlatformStack", "region": "us-east-1", **_ON}


def breaks(rule: str, name: str, path: str, value: Any, says: str = "", **options: Any) -> Case:
    logical_id, _, rest = path.partition(".")
    resources = changed(SAMPLE, f"{logical_id}.Properties.{rest}" if rest else logical_id, value)
    return bad(rule, name, resources, says=says, **{**_HOME, **options})


def keeps(rule: str, name: str, path: str, value: Any, **options: Any) -> Case:
    logical_id, _, rest = path.partition(".")
    resources = changed(SAMPLE, f"{logical_id}.Properties.{rest}" if rest else logical_id, value)
    return good(rule, name, resources, **{**_HOME, **options})


def _rules(name: str, says: str = "", *more: Any, options: Any = None, **changes: Any) -> Case:
    """The sample's rules, some changed or `GONE`, and others behind."""
    rules = [rule for rule in {**_RULES, **changes}.values() if rule is not GONE]
    return breaks("WAF-1", name, "Acl.Rules", [*rules, *more], says, **(options or {}))


def _filters(name: str, behaviour: Any, *filters: Any, finds: bool = True) -> Case:
    says = "blocked requests dropped; allowed: at least BLOCK kept" if finds else ""
    value = {"DefaultBehavior": behaviour, "Filters": list(filters)}
    if finds:
        return breaks("WAF-3", name, "Log.LoggingFilter", value, says)
    return keeps("WAF-3", name, "Log.LoggingFilter", value)


_NO_RATE, _NO_XSS = "without that rate limit", "without cross-site scripting"
_NO_CORE, _NO_SQL = "without AWSManagedRulesCommonRuleSet", "without AWSManagedRulesSQLiRuleSet"
_CORE, _SQL = "AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"
_LETS_BODIES_IN = [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Allow": {}}}]
_LETS_HOSTS_IN = [{"Name": "HostingProviderIPList", "ActionToUse": {"Allow": {}}}]
_NOBODY = {"ByteMatchStatement": {"SearchString": "never"}}
_BY_HEADER = {"HeaderName": "X-Forwarded-For", "FallbackBehavior": "NO_MATCH"}
_FIELDS = ("UriPath", "AllQueryArguments", "Body")
_IF_RULES = {"Fn::If": ["Maybe", list(_RULES.values()), [_RULES["Flood"]]]}
_LABEL = {"LabelNameCondition": {"LabelName": "awswaf:managed:x"}}
_OTHERS_ARN = "arn:aws:wafv2:us-east-1:999999999999:global/webacl/x/1"

CASES = (
    keeps("WAF-1", "core, SQL, scripts and rate", "Acl", SAMPLE["Acl"]),
    keeps("WAF-1", "a rule that counts beside", "Acl.Rules", [*_RULES.values(), _own("New", 9, _rate(), "Count")]),
    keeps("WAF-1", "another group of AWS's", "Acl.Rules", [*_RULES.values(), _managed("AWSManagedRulesBotSet", 9)]),
    keeps("WAF-1", "the limit as text", "Acl.Rules", [*_RULES.values(), _own("Text", 9, _rate(Limit="1000"))]),
    keeps("WAF-1", "a limit of the settings", "Acl", SAMPLE["Acl"], frontend__requests_per_minute="1000"),
    _rules("another limit of the settings", _NO_RATE, options={"frontend__requests_per_minute": "500"}),
    breaks("WAF-1", "no rules", "Acl.Rules", GONE, _NO_CORE),
    breaks("WAF-1", "rules from a parameter", "Acl.Rules", {"Ref": "Rules"}, _NO_CORE),
    breaks("WAF-1", "rules of one branch", "Acl.Rules", _IF_RULES, _NO_SQL),
    breaks("WAF-1", "a second web ACL without rules", "Acl2", resource("AWS::WAFv2::WebACL"), "Acl2"),
    _rules("no core rules", _NO_CORE, Core=GONE),
    _rules("core rules that count", _NO_CORE, Core=_managed(_CORE, 2, override="Count")),
    _rules("core rules of another vendor", _NO_CORE, Core=_managed(_CORE, 2, vendor="Mine")),
    _rules("core rules for some requests", _NO_CORE, Core=_managed(_CORE, 2, ScopeDownStatement=_NOBODY)),
    _rules("core rules less some", _NO_CORE, Core=_managed(_CORE, 2, ExcludedRules=[{"Name": "NoUserAgent_HEADER"}])),
    _rules(
        "core rules, another of them counted",
        _NO_CORE,
        Core=_managed(_CORE, 2, RuleActionOverrides=[{"Name": "GenericLFI_BODY", "ActionToUse": {"Count": {}}}]),
    ),
    _rules("SQL rules of an old version", _NO_SQL, Sql=_managed(_SQL, 3, Version="Version_1.0")),
    _rules("SQL rules by another name", _NO_SQL, Sql=_managed("AWSManagedRulesSQLi", 3)),
    _rules("scripts that are counted", _NO_XSS, Scripts=_own("Scripts", 1, _xss(*_FIELDS), "Count")),
    _rules("scripts in the address only", _NO_XSS, Scripts=_own("Scripts", 1, _xss("UriPath"))),
    _rules("scripts as they are written", _NO_XSS, Scripts=_own("Scripts", 1, _xss(*_FIELDS, steps=_DECODED[:1]))),
    _rules(
        "scripts after a hash",
        _NO_XSS,
        Scripts=_own("Scripts", 1, _xss(*_FIELDS, steps=[*_DECODED, {"Priority": 2, "Type": "MD5"}])),
    ),
    _rules(
        "scripts, but not always", _NO_XSS, Scripts=_own("S", 1, {"AndStatement": {"Statements": [_xss(*_FIELDS)]}})
    ),
    _rules("no rate", _NO_RATE, Flood=GONE),
    _rules("a rate that is counted", _NO_RATE, Flood=_own("Flood", 0, _rate(), "Count")),
    _rules("a higher rate", "1000 requests in 60 seconds an address", Flood=_own("Flood", 0, _rate(Limit=10000))),
    _rules("AWS's window of five minutes", _NO_RATE, Flood=_own("Flood", 0, _rate(EvaluationWindowSec=GONE))),
    _rules("a window of ten minutes", _NO_RATE, Flood=_own("Flood", 0, _rate(EvaluationWindowSec=600))),
    _rules("a rate of some requests", _NO_RATE, Flood=_own("Flood", 0, _rate(ScopeDownStatement=_NOBODY))),
    _rules("a rate by a header", _NO_RATE, Flood=_own("Flood", 0, _rate(AggregateKeyType="FORWARDED_IP"))),
    _rules("a rate from a parameter", _NO_RATE, Flood=_own("Flood", 0, _rate(Limit={"Ref": "Limit"}))),
    _rules("a rule before all that allows", "rule Friends that allows", _own("Friends", -1, _rate(), "Allow")),
    _rules("a rule behind all that allows", "rule Friends that allows", _own("Friends", 99, _rate(), "Allow")),
    _rules("a large body that is allowed", "allows", Core=_managed(_CORE, 2, RuleActionOverrides=_LETS_BODIES_IN)),
    _rules("hosts that are allowed", "allows", _managed("AWSManagedRulesAnon", 9, RuleActionOverrides=_LETS_HOSTS_IN)),
    _rules("a group of another vendor", "rules that block or count", _managed("Theirs", 9, vendor="Theirs")),
    _rules(
        "a group of rules by its ARN",
        "rule Elsewhere that allows, or can",
        {"Name": "Elsewhere", "Priority": 9, "Statement": {"RuleGroupReferenceStatement": {"Arn": "arn:x"}}},
    ),
    _rules("no countries", "without the geo rule; allowed: IR, KP blocked", options=_GEO),
    _rules("one country", "without the geo rule", _geo("KP"), options=_GEO),
    _rules("countries by a header", "geo rule", _geo("KP", "IR", ForwardedIPConfig=_BY_HEADER), options=_GEO),
    keeps("WAF-1", "the countries of the settings", "Acl.Rules", [*_RULES.values(), _geo("IR", "KP")], **_GEO),
    keeps("WAF-1", "no country on a load balancer", "Acl.Scope", "REGIONAL", **_GEO),
    keeps("WAF-2", "a web ACL on both", "Acl", SAMPLE["Acl"]),
    breaks("WAF-2", "Tiketi's without one", "Link", GONE, "without a web ACL"),
    keeps("WAF-2", "Tiketi's without one where there are none", "Link", GONE, web_acls="false"),
    keeps("WAF-2", "the shop's, filtered at the CDN", "Link", GONE, stack="BackendAsgStack"),
    breaks("WAF-2", "a web ACL on something else", "Link.ResourceArn", "arn:x", "without a web ACL"),
    breaks("WAF-2", "somebody's web ACL", "Link.WebACLArn", _OTHERS_ARN, "a web ACL of this app"),
    breaks("WAF-2", "a web ACL from a parameter", "Link.WebACLArn", {"Ref": "Acl2"}),
    breaks("WAF-2", "a link that may not come", "Link", {**SAMPLE["Link"], "Condition": "Maybe"}),
    breaks("WAF-2", "a link of one branch", "Link.ResourceArn", {"Fn::If": ["Maybe", {"Ref": "Lb"}, "arn:x"]}),
    breaks("WAF-2", "a second load balancer", "Lb2", SAMPLE["Lb"], "Lb2"),
    breaks("WAF-2", "CloudFront without one", "Cdn.DistributionConfig.WebACLId", GONE, "WebACLId is not set"),
    breaks("WAF-2", "CloudFront with somebody's", "Cdn.DistributionConfig.WebACLId", _OTHERS_ARN, "999999999999"),
    breaks("WAF-2", "a second distribution", "Cdn2", resource("AWS::CloudFront::Distribution"), "Cdn2"),
    breaks(
        "WAF-2",
        "CloudFront with one in one branch",
        "Cdn.DistributionConfig.WebACLId",
        {"Fn::If": ["Maybe", {"Fn::GetAtt": ["Acl", "Arn"]}, {"Ref": "AWS::NoValue"}]},
        "the web ACL of EdgeStack",
    ),
    keeps(
        "WAF-2",
        "a load balancer with two outcomes",
        "Lb.Name",
        {"Fn::If": ["Maybe", "a", "b"]},
    ),
    breaks(
        "WAF-2",
        "requests that pass while the filter is away",
        "Lb.LoadBalancerAttributes",
        [{"Key": "waf.fail_open.enabled", "Value": "true"}],
        "waf.fail_open.enabled true; allowed: false",
    ),
    keeps(
        "WAF-2",
        "requests that wait for the filter",
        "Lb.LoadBalancerAttributes",
        [{"Key": "waf.fail_open.enabled", "Value": "false"}],
    ),
    keeps("WAF-3", "what is blocked and counted", "Log", SAMPLE["Log"]),
    keeps("WAF-3", "everything", "Log.LoggingFilter", GONE),
    keeps("WAF-3", "the group's own ARN", "Log.LogDestinationConfigs", [{"Fn::GetAtt": ["Group", "Arn"]}]),
    keeps("WAF-3", "the ARN's long form", "Log.LogDestinationConfigs", [_arn({"Ref": "Group"}, ":*")]),
    keeps(
        "WAF-3",
        "headers in capitals",
        "Log.RedactedFields",
        [{"SingleHeader": {"Name": name}} for name in ("Authorization", "Cookie", "X-Token")],
    ),
    breaks("WAF-3", "no logs", "Log", GONE, "not logged"),
    breaks("WAF-3", "logs that may not come", "Log", {**SAMPLE["Log"], "Condition": "Maybe"}, "not logged"),
    breaks("WAF-3", "logs of one branch", "Log.ResourceArn", {"Fn::If": ["M", {"Ref": "Acl"}, "x"]}, "not logged"),
    breaks("WAF-3", "logs of somebody's web ACL", "Log.ResourceArn", _OTHERS_ARN, "not logged"),
    breaks(
        "WAF-3", "cookies in clear", "Log.RedactedFields", [{"SingleHeader": {"Name": "authorization"}}], "cookie in"
    ),
    breaks("WAF-3", "everything in clear", "Log.RedactedFields", GONE, "authorization in clear"),
    breaks("WAF-3", "fields from a parameter", "Log.RedactedFields", {"Ref": "Fields"}, "authorization in clear"),
    bad(
        "WAF-3",
        "a second configuration, in clear",
        {"First": changed(SAMPLE["Log"], "Properties.RedactedFields", []), **SAMPLE},
        says="First",
        **_HOME,
    ),
    _filters("what is blocked, the rest dropped", "DROP", _filter("KEEP", _action("BLOCK")), finds=False),
    _filters("all but what is allowed", "KEEP", _filter("DROP", _action("ALLOW")), finds=False),
    _filters("all", "KEEP", finds=False),
    _filters("nothing", "DROP"),
    _filters("what is counted", "DROP", _filter("KEEP", _action("COUNT"))),
    _filters("what has every one of them", "DROP", _filter("KEEP", _action("BLOCK"), _LABEL, requirement="MEETS_ALL")),
    _filters("all but what is blocked", "KEEP", _filter("DROP", _action("BLOCK"))),
    _filters("what is blocked, dropped before", "DROP", _filter("DROP", _action("BLOCK")), *_KEPT),
    _filters("all but what has a label", "KEEP", _filter("DROP", _LABEL)),
    _filters("what a parameter says", {"Ref": "Behaviour"}),
    breaks("WAF-3", "a filter from a parameter", "Log.LoggingFilter", {"Ref": "Filter"}, "blocked requests dropped"),
    breaks("WAF-3", "nowhere", "Log.LogDestinationConfigs", GONE, "a log group of this app"),
    breaks("WAF-3", "a group by its ARN", "Log.LogDestinationConfigs", [_arn("aws-waf-logs-x")], "aws-waf-logs-x"),
    breaks("WAF-3", "another account", "Log.LogDestinationConfigs", [_arn({"Ref": "Group"}, account="999999999999")]),
    breaks("WAF-3", "another region", "Log.LogDestinationConfigs", [_arn({"Ref": "Group"}, region="eu-west-1")]),
    breaks("WAF-3", "a name that begins like ours", "Log.LogDestinationConfigs", [_arn({"Ref": "Group"}, "-2")]),
    breaks("WAF-3", "a second place", "Log.LogDestinationConfigs", [_arn({"Ref": "Group"}), "arn:aws:s3:::evil"]),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", [rule.id for rule in web_acls.RULES])
def test_every_rule_has_a_case_that_it_finds_and_one_that_it_accepts(rule: str) -> None:
    assert {case.bad for case in CASES if case.rule == rule} == {True, False}


def test_a_web_acl_of_another_stack_is_known_by_its_output() -> None:
    of_edge = {"StackName": "cloudmart-lab-EdgeStack", "Region": "us-east-1", "OutputName": "AclArn"}
    cdn = changed(SAMPLE["Cdn"], "Properties.DistributionConfig.WebACLId", {"Fn::GetStackOutput": of_edge})
    for target, findings in (("Acl", 0), ("Group", 1)):
        outputs = {"AclArn": {"Value": {"Fn::GetAtt": [target, "Arn"]}}}
        app = deployment(
            {name: SAMPLE[name] for name in ("Acl", "Group", "Log")},
            stack="EdgeStack",
            region="us-east-1",
            template={"Outputs": outputs},
            also={"FrontendCdnStack": {"Cdn": cdn}},
            **_ON,
        )
        assert len(found(app, "WAF-2")) == findings


def test_every_missing_filter_is_a_finding_of_its_own() -> None:
    app = deployment({"Acl": changed(SAMPLE["Acl"], "Properties.Rules", [])}, **_HOME)
    assert [finding.id for finding in found(app, "WAF-1")] == [f"WAF-1[{of}]" for of in (_CORE, _SQL, "XSS", "Rate")]
