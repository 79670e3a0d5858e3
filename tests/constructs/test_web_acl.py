"""The web ACL against specification section 5, in both scopes."""

from typing import Any

import aws_cdk as cdk
import pytest

from cloudmart_cdk.constructs.log_groups import LogGroups
from cloudmart_cdk.constructs.web_acl import WebAcl

BASE_CAPACITY = 1500
"""What a web ACL's base price covers (AWS WAF pricing); more is refused beyond 5,000 and billed below."""


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(region="ap-northeast-2"))
    acl = WebAcl(
        stack,
        "WebAcl",
        name="team3-prod-tiketi",
        protects="REGIONAL",
        requests_per_minute=1000,
        blocked_countries=["KP"],
        log_groups=LogGroups(retention_days=30),
    )
    acl.protect("arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/tiketi/1")
    template = app.synth().get_stack_by_name("Stack").template
    return {resource["Type"]: resource for resource in template["Resources"].values()}


@pytest.fixture(scope="module")
def rules(resources: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in resources["AWS::WAFv2::WebACL"]["Properties"]["Rules"]}


def test_allows_by_default_in_the_scope_given(resources: dict[str, dict[str, Any]]) -> None:
    properties = resources["AWS::WAFv2::WebACL"]["Properties"]
    assert properties["DefaultAction"] == {"Allow": {}}
    assert properties["Scope"] == "REGIONAL"
    assert properties["VisibilityConfig"]["CloudWatchMetricsEnabled"] is True


def test_thousand_requests_a_minute_and_address(rules: dict[str, dict[str, Any]]) -> None:
    flood = rules["Flood"]
    assert flood["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP",
        "Limit": 1000,
        "EvaluationWindowSec": 60,
    }
    assert flood["Action"] == {"Block": {}}


@pytest.mark.parametrize(
    ("name", "group"), [("Core", "AWSManagedRulesCommonRuleSet"), ("SqlInjection", "AWSManagedRulesSQLiRuleSet")]
)
def test_managed_rules_block(rules: dict[str, dict[str, Any]], name: str, group: str) -> None:
    rule = rules[name]
    statement = rule["Statement"]["ManagedRuleGroupStatement"]
    assert (statement["VendorName"], statement["Name"]) == ("AWS", group)
    assert rule["OverrideAction"] == {"None": {}}
    assert "ExcludedRules" not in statement
    counted = [each["Name"] for each in statement.get("RuleActionOverrides", [])]
    assert counted == (["SizeRestrictions_BODY"] if name == "Core" else [])


def test_cross_site_scripting_is_blocked_wherever_a_request_carries_text(rules: dict[str, dict[str, Any]]) -> None:
    rule = rules["CrossSiteScripting"]
    assert rule["Action"] == {"Block": {}}
    matches = [each["XssMatchStatement"] for each in rule["Statement"]["OrStatement"]["Statements"]]
    assert [set(each["FieldToMatch"]) for each in matches] == [{"UriPath"}, {"AllQueryArguments"}, {"Body"}]
    for each in matches:
        decoding = sorted(each["TextTransformations"], key=lambda step: step["Priority"])
        assert [step["Type"] for step in decoding] == ["URL_DECODE", "HTML_ENTITY_DECODE"]


def test_countries(rules: dict[str, dict[str, Any]]) -> None:
    assert rules["Countries"]["Statement"]["GeoMatchStatement"]["CountryCodes"] == ["KP"]
    assert rules["Countries"]["Action"] == {"Block": {}}


def test_order_is_cheap_to_dear_and_unambiguous(rules: dict[str, dict[str, Any]]) -> None:
    by_priority = sorted(rules.values(), key=lambda rule: rule["Priority"])
    names = [rule["Name"] for rule in by_priority]
    assert names == ["Countries", "Flood", "CrossSiteScripting", "Core", "SqlInjection"]
    assert [rule["Priority"] for rule in by_priority] == list(range(len(rules)))


def test_stays_within_the_capacity_of_the_base_price(rules: dict[str, dict[str, Any]]) -> None:
    """Units per statement: AWS WAF developer guide, rule statements and managed rule groups."""

    def units(statement: dict[str, Any]) -> int:
        ((kind, body),) = statement.items()
        if kind == "OrStatement":
            return sum(units(each) for each in body["Statements"])
        if kind == "XssMatchStatement":
            return 40 + 10 * len(body["TextTransformations"]) + 10 * ("AllQueryArguments" in body["FieldToMatch"])
        if kind == "ManagedRuleGroupStatement":
            return {"AWSManagedRulesCommonRuleSet": 700, "AWSManagedRulesSQLiRuleSet": 200}[body["Name"]]
        return {"GeoMatchStatement": 1, "RateBasedStatement": 2}[kind]

    assert sum(units(rule["Statement"]) for rule in rules.values()) <= BASE_CAPACITY


def test_log_is_prescribed_by_name_kept_for_a_while_and_free_of_secrets(resources: dict[str, dict[str, Any]]) -> None:
    group = resources["AWS::Logs::LogGroup"]
    assert group["Properties"]["LogGroupName"] == "aws-waf-logs-team3-prod-tiketi"
    assert group["Properties"]["RetentionInDays"] == 30
    assert group.get("DeletionPolicy", "Delete") == "Delete"
    logging = resources["AWS::WAFv2::LoggingConfiguration"]["Properties"]
    redacted = {each["SingleHeader"]["Name"] for each in logging["RedactedFields"]}
    assert redacted == {"authorization", "cookie", "idempotency-key"}
    (destination,) = logging["LogDestinationConfigs"]
    assert not str(destination["Fn::Join"][1][-1]).endswith(":*"), "WAF takes the group's ARN without a star"


def test_log_keeps_what_was_blocked_or_counted(resources: dict[str, dict[str, Any]]) -> None:
    log_filter = resources["AWS::WAFv2::LoggingConfiguration"]["Properties"]["LoggingFilter"]
    assert log_filter["DefaultBehavior"] == "DROP"
    (keep,) = log_filter["Filters"]
    assert (keep["Behavior"], keep["Requirement"]) == ("KEEP", "MEETS_ANY")
    actions = {each["ActionCondition"]["Action"] for each in keep["Conditions"]}
    assert {"BLOCK", "COUNT"} <= actions
    assert "ALLOW" not in actions


def test_right_to_write_is_the_stacks_own_and_comes_first(resources: dict[str, dict[str, Any]]) -> None:
    policy = str(resources["AWS::Logs::ResourcePolicy"]["Properties"]["PolicyDocument"])
    assert "delivery.logs.amazonaws.com" in policy
    assert "aws:SourceAccount" in policy
    assert len(resources["AWS::WAFv2::LoggingConfiguration"]["DependsOn"]) == 1


def test_protects_a_load_balancer(resources: dict[str, dict[str, Any]]) -> None:
    association = resources["AWS::WAFv2::WebACLAssociation"]["Properties"]
    assert association["ResourceArn"].endswith("loadbalancer/app/tiketi/1")
    assert "Fn::GetAtt" in association["WebACLArn"]
