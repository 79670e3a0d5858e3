"""WAF: what web ACLs filter, where they have to be, and what they log. Specification sections 1, 5 and 6."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from ...settings.topology import BACKEND
from ..lookups import attribute_values, in_every_case, same
from ..model import MISSING, Deployment, Pointer, Resource, as_list, text_of
from ..rule import Found, Rule, shown

_LB: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_MANAGED: Final = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet")

TYPES: Final = frozenset(("AWS::WAFv2::WebACL", "AWS::WAFv2::WebACLAssociation", "AWS::WAFv2::LoggingConfiguration"))
"""What these rules know."""


def _web_acl_rules(app: Deployment) -> Iterator[Found]:
    for acl in app.of("AWS::WAFv2::WebACL"):
        rules = [rule for rule in acl.items("Rules") if isinstance(rule, Mapping)]
        managed = {_managed_name(rule) for rule in rules if rule.get("OverrideAction") == {"None": {}}}
        for name in _MANAGED:
            if name not in managed:
                yield Found(
                    acl, f"without {name} that blocks", "the managed core and SQL-injection rules", "Rules", name
                )
        own = [rule for rule in rules if rule.get("Action") == {"Block": {}}]
        if not any(_filters_scripts(rule) for rule in own):
            yield Found(
                acl, "without cross-site scripting matches that block", "URI, query and body matched", "Rules", "XSS"
            )
        limit = app.settings.frontend.requests_per_minute
        if not any(_limits(rule, limit) for rule in own):
            allowed = f"{limit} requests in 60 seconds an address"
            yield Found(acl, "without that rate limit that blocks", allowed, "Rules", "Rate")
        blocked = set(app.settings.frontend.geo_block)
        if blocked and acl.get("Scope") == "CLOUDFRONT" and not any(_countries(rule) == blocked for rule in own):
            yield Found(acl, "without the geo rule", f"{', '.join(sorted(blocked))} blocked", "Rules", "Geo")
        for rule in rules:
            if _may_allow(rule):
                name = str(rule.get("Name"))
                yield Found(acl, f"rule {name} that allows, or can", "rules that block or count", "Rules", name)


def _may_allow(rule: Mapping[str, Any]) -> bool:
    """What allows ends the evaluation, wherever it stands: an action, an override, a group that nobody here read."""
    vendor = rule.get("Statement", {}).get("ManagedRuleGroupStatement", {}).get("VendorName", "AWS")
    return vendor != "AWS" or bool({"Allow", "RuleGroupReferenceStatement"} & set(_keys(rule)))


def _keys(node: Any) -> Iterator[str]:
    """Every key at any depth."""
    if isinstance(node, Mapping):
        yield from node
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from _keys(value)


def _managed_name(rule: Mapping[str, Any]) -> str:
    """The group, when all of it blocks, in its newest version."""
    statement = rule.get("Statement", {}).get("ManagedRuleGroupStatement", {})
    narrowed = bool({"ScopeDownStatement", "ExcludedRules", "Version"} & set(statement))
    loosened = [entry.get("Name") for entry in statement.get("RuleActionOverrides", [])]
    # The shop's largest upload is bounded by the application; the body rule would stop images at 8 kB.
    kept = set(loosened) <= {"SizeRestrictions_BODY"}
    return str(statement.get("Name", "")) if statement.get("VendorName") == "AWS" and kept and not narrowed else ""


def _filters_scripts(rule: Mapping[str, Any]) -> bool:
    statements = rule.get("Statement", {}).get("OrStatement", {}).get("Statements", [])
    matched = {
        field
        for entry in statements
        for field in entry.get("XssMatchStatement", {}).get("FieldToMatch", {})
        if {"URL_DECODE", "HTML_ENTITY_DECODE"}
        == {step.get("Type") for step in entry["XssMatchStatement"].get("TextTransformations", [])}
    }
    return {"UriPath", "AllQueryArguments", "Body"} <= matched


def _limits(rule: Mapping[str, Any], limit: int) -> bool:
    statement = rule.get("Statement", {}).get("RateBasedStatement", {})
    window = statement.get("EvaluationWindowSec", 300)
    whole = "ScopeDownStatement" not in statement and statement.get("AggregateKeyType") == "IP"
    return whole and str(window) == "60" and str(statement.get("Limit")) == str(limit)


def _countries(rule: Mapping[str, Any]) -> set[str]:
    """Those that it blocks by the address itself: a header, which `ForwardedIPConfig` reads, is anybody's to write."""
    statement = rule.get("Statement", {}).get("GeoMatchStatement", {})
    return set() if "ForwardedIPConfig" in statement else set(statement.get("CountryCodes", []))


def _web_acls_in_place(app: Deployment) -> Iterator[Found]:
    if not app.settings.web_acls:
        return
    key = "waf.fail_open.enabled"
    for balancer in app.of(_LB):
        # The shop's is filtered at the CDN.
        guarded = in_every_case(app, "AWS::WAFv2::WebACLAssociation", partial(_guards, app, balancer))
        if balancer.stack != BACKEND and not guarded:
            yield Found(balancer, "without a web ACL", "a web ACL of this app on Tiketi's load balancer")
        for value in attribute_values(balancer, "LoadBalancerAttributes", key):
            if value is not MISSING and str(value).lower() != "false":
                allowed = "false: what cannot be filtered does not pass"
                yield Found(balancer, f"{key} {shown(value)}", allowed, "LoadBalancerAttributes", key)
    for cdn in app.of("AWS::CloudFront::Distribution"):
        value = cdn.get("DistributionConfig.WebACLId")
        if app.target(value, "AWS::WAFv2::WebACL") is None:
            yield Found(cdn, shown(value), "the web ACL of EdgeStack", "DistributionConfig.WebACLId")


def _guards(app: Deployment, balancer: Resource, link: Resource) -> bool:
    own = app.target(link.get("WebACLArn"), "AWS::WAFv2::WebACL") is not None
    return own and _is_about(app, balancer, link)


def _is_about(app: Deployment, resource: Resource, entry: Resource) -> bool:
    """Associations and logs name theirs alike."""
    return same(app.target(entry.get("ResourceArn")), resource)


def _web_acls_logged(app: Deployment) -> Iterator[Found]:
    type_ = "AWS::WAFv2::LoggingConfiguration"
    for acl in app.of("AWS::WAFv2::WebACL"):
        if not in_every_case(app, type_, partial(_is_about, app, acl)):
            yield Found(acl, "not logged", "a logging configuration")
    for entry in app.of(type_):
        yield from _logged(app, entry)


def _logged(app: Deployment, entry: Resource) -> Iterator[Found]:
    fields = [field for field in entry.items("RedactedFields") if isinstance(field, Mapping)]
    hidden = {str(field.get("SingleHeader", {}).get("Name")).lower() for field in fields}
    for name in ("authorization", "cookie"):
        if name not in hidden:
            yield Found(entry, f"{name} in clear", "authorization and cookie redacted", "RedactedFields", name)
    filters = [rule for rule in entry.items("LoggingFilter.Filters") if isinstance(rule, Mapping)]
    kept = [rule for rule in filters if rule.get("Behavior") == "KEEP"]
    dropped = {action for rule in filters if rule not in kept for action in _actions(rule)}
    kept_actions = {action for rule in kept if rule.get("Requirement") == "MEETS_ANY" for action in _actions(rule)}
    keeps = entry.get("LoggingFilter") is MISSING or entry.get("LoggingFilter.DefaultBehavior") == "KEEP"
    if not (keeps or "BLOCK" in kept_actions) or not dropped <= {"ALLOW"}:
        yield Found(entry, "blocked requests dropped", "at least BLOCK kept", "LoggingFilter")
    groups = entry.items("LogDestinationConfigs")
    if not groups or not all(_own_log_group(app, entry, text_of(value)) for value in groups):
        given = shown([text_of(value) for value in groups])
        yield Found(entry, given, "a log group of this app", "LogDestinationConfigs")


def _actions(rule: Mapping[str, Any]) -> set[Any]:
    """What a filter speaks of; None for what goes by a label."""
    return {condition.get("ActionCondition", {}).get("Action") for condition in as_list(rule.get("Conditions", []))}


def _own_log_group(app: Deployment, entry: Resource, arn: str) -> bool:
    account = app.settings.account or "${AWS::AccountId}"
    prefix = f"arn:aws:logs:{entry.region}:{account}:log-group:"
    return any(
        arn.removesuffix(":*")
        in (f"{prefix}{Pointer(g.stack, g.logical_id)}", str(Pointer(g.stack, g.logical_id, "Arn")))
        for g in app.of("AWS::Logs::LogGroup")
    )


RULES: Final = (
    Rule(
        "WAF-1",
        "A web ACL blocks by the managed core and SQL rules, cross-site scripting, rate and, where set, country",
        "Specification sections 5 and 6; Security Hub WAF.10.",
        "use constructs/web_acl.py as it is",
        _web_acl_rules,
    ),
    Rule(
        "WAF-2",
        "Where the stage has web ACLs, CloudFront and Tiketi's load balancer have one",
        "Specification sections 1, 5 and 6; Security Hub CloudFront.6, ELB.16.",
        "associate the web ACL",
        _web_acls_in_place,
    ),
    Rule(
        "WAF-3",
        "What a web ACL blocks is logged, without credentials",
        "Specification section 5: logged; Security Hub WAF.11.",
        "log to a group of this app, redact authorization and cookie",
        _web_acls_logged,
    ),
)
