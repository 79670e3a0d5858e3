"""WAF: what web ACLs filter, where they have to be, and what they log. Specification sections 1, 5 and 6."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings.topology import BACKEND
from ..model import MISSING, Deployment, Pointer, Resource, as_list
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
        allowing = [rule for rule in rules if "Allow" in (rule.get("Action") or {})]
        for rule in allowing:
            yield Found(
                acl, f"rule {rule.get('Name')} that allows", "rules that block or count", "Rules", str(rule.get("Name"))
            )


def _managed_name(rule: Mapping[str, Any]) -> str:
    statement = rule.get("Statement", {}).get("ManagedRuleGroupStatement", {})
    narrowed = "ScopeDownStatement" in statement or "ExcludedRules" in statement
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
        <= {step.get("Type") for step in entry["XssMatchStatement"].get("TextTransformations", [])}
    }
    return {"UriPath", "AllQueryArguments", "Body"} <= matched


def _limits(rule: Mapping[str, Any], limit: int) -> bool:
    statement = rule.get("Statement", {}).get("RateBasedStatement", {})
    window = statement.get("EvaluationWindowSec", 300)
    whole = "ScopeDownStatement" not in statement and statement.get("AggregateKeyType") == "IP"
    return whole and str(window) == "60" and str(statement.get("Limit")) == str(limit)


def _countries(rule: Mapping[str, Any]) -> set[str]:
    return set(rule.get("Statement", {}).get("GeoMatchStatement", {}).get("CountryCodes", []))


def _web_acls_in_place(app: Deployment) -> Iterator[Found]:
    if not app.settings.web_acls:
        return
    guarded = [
        app.target(link.get("ResourceArn")) for link in app.of("AWS::WAFv2::WebACLAssociation") if _own_acl(app, link)
    ]
    for balancer in app.of(_LB):
        # The shop's is filtered at the CDN.
        if balancer.stack != BACKEND and balancer not in guarded:
            yield Found(balancer, "without a web ACL", "a web ACL of this app on Tiketi's load balancer")
    for cdn in app.of("AWS::CloudFront::Distribution"):
        value = cdn.get("DistributionConfig.WebACLId")
        if app.target(value, "AWS::WAFv2::WebACL") is None:
            yield Found(cdn, shown(value), "the web ACL of EdgeStack", "DistributionConfig.WebACLId")


def _own_acl(app: Deployment, link: Resource) -> bool:
    return app.target(link.get("WebACLArn"), "AWS::WAFv2::WebACL") is not None


def _web_acls_logged(app: Deployment) -> Iterator[Found]:
    logging = {
        (target.stack, target.logical_id): entry
        for entry in app.of("AWS::WAFv2::LoggingConfiguration")
        if (target := app.target(entry.get("ResourceArn"), "AWS::WAFv2::WebACL"))
    }
    for acl in app.of("AWS::WAFv2::WebACL"):
        entry = logging.get((acl.stack, acl.logical_id))
        if entry is None:
            yield Found(acl, "not logged", "a logging configuration")
            continue
        hidden = {
            field.get("SingleHeader", {}).get("Name")
            for field in entry.items("RedactedFields")
            if isinstance(field, Mapping)
        }
        for name in ("authorization", "cookie"):
            if name not in hidden:
                yield Found(entry, f"{name} in clear", "authorization and cookie redacted", "RedactedFields", name)
        kept = {
            action.get("ActionCondition", {}).get("Action")
            for rule in entry.items("LoggingFilter.Filters")
            if isinstance(rule, Mapping) and rule.get("Behavior") == "KEEP" and rule.get("Requirement") == "MEETS_ANY"
            for action in as_list(rule.get("Conditions", []))
        }
        drops = entry.get("LoggingFilter.DefaultBehavior") != "KEEP" and entry.get("LoggingFilter") is not MISSING
        if drops and "BLOCK" not in kept:
            yield Found(entry, "blocked requests dropped", "at least BLOCK kept", "LoggingFilter")
        groups = [str(value) for value in entry.items("LogDestinationConfigs")]
        if not any(
            str(Pointer(g.stack, g.logical_id)) in text for text in groups for g in app.of("AWS::Logs::LogGroup")
        ):
            yield Found(entry, shown(groups), "a log group of this app", "LogDestinationConfigs")


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
