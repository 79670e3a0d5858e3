"""A web ACL and its log, for CloudFront (us-east-1) or a load balancer. Specification sections 5 and 6.

Owns the rules, the log group and the right to write into it. What is protected is somebody else's: a
distribution names `arn`, a load balancer is handed to `protect`.
"""

from collections.abc import Sequence
from typing import Final, Literal

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from .log_groups import LogGroups

_Rule = wafv2.CfnWebACL.RuleProperty
_Statement = wafv2.CfnWebACL.StatementProperty
_RuleAction = wafv2.CfnWebACL.RuleActionProperty

_SECRET_HEADERS: Final = ("authorization", "cookie", "idempotency-key")
_LOGGED: Final = ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")
_DECODING: Final = ("URL_DECODE", "HTML_ENTITY_DECODE")
_BLOCK: Final = _RuleAction(block={})


class WebAcl(Construct):
    """Allow by default; block stated countries, floods, and what the managed rules know.

    Capacity: geo 1, rate 2, cross-site scripting at most 190, core 700, SQL injection 200: below the 1,500
    that the base price covers (AWS WAF developer guide, "web ACL capacity units").

    Attributes: `arn`, `name` (its metrics' as well).
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        protects: Literal["CLOUDFRONT", "REGIONAL"],
        requests_per_minute: int,
        blocked_countries: Sequence[str],
        log_groups: LogGroups,
    ) -> None:
        """`requests_per_minute`: per address. `blocked_countries`: ISO 3166 codes; none: no such rule."""
        super().__init__(scope, id)
        self.name = name
        rules = [
            *([self._countries(blocked_countries)] if blocked_countries else []),
            self._flood(requests_per_minute),
            self._cross_site_scripting(),
            # Bodies above 8 KB are ordinary here (pictures): counted, not blocked. All other core rules block.
            self._managed("Core", "AWSManagedRulesCommonRuleSet", counted=["SizeRestrictions_BODY"]),
            self._managed("SqlInjection", "AWSManagedRulesSQLiRuleSet"),
        ]
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            name=name,
            scope=protects,
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible(name),
            rules=[
                _Rule(
                    name=rule.name,
                    priority=priority,
                    statement=rule.statement,
                    action=rule.action,
                    override_action=rule.override_action,
                    visibility_config=rule.visibility_config,
                )
                for priority, rule in enumerate(rules)
            ],
        )
        self.arn = acl.attr_arn
        self._log(name, log_groups)

    def protect(self, load_balancer_arn: str) -> None:
        """Put a load balancer of this region behind the ACL."""
        wafv2.CfnWebACLAssociation(self, "Association", resource_arn=load_balancer_arn, web_acl_arn=self.arn)

    def _countries(self, codes: Sequence[str]) -> _Rule:
        return _own(
            "Countries",
            _Statement(geo_match_statement=wafv2.CfnWebACL.GeoMatchStatementProperty(country_codes=list(codes))),
        )

    def _flood(self, requests_per_minute: int) -> _Rule:
        """Ahead of the managed rules: a flood is refused at the price of a counter."""
        return _own(
            "Flood",
            _Statement(
                rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP", limit=requests_per_minute, evaluation_window_sec=60
                )
            ),
        )

    def _cross_site_scripting(self) -> _Rule:
        """Ours beside the core set's own: that set's default version is AWS's to change, this rule is not."""
        places: list[wafv2.CfnWebACL.FieldToMatchProperty] = [
            wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}),
            wafv2.CfnWebACL.FieldToMatchProperty(all_query_arguments={}),
            # What is longer than WAF inspects is matched in its first part.
            wafv2.CfnWebACL.FieldToMatchProperty(body=wafv2.CfnWebACL.BodyProperty(oversize_handling="CONTINUE")),
        ]
        decoding = [
            wafv2.CfnWebACL.TextTransformationProperty(priority=order, type=kind)
            for order, kind in enumerate(_DECODING)
        ]
        return _own(
            "CrossSiteScripting",
            _Statement(
                or_statement=wafv2.CfnWebACL.OrStatementProperty(
                    statements=[
                        _Statement(
                            xss_match_statement=wafv2.CfnWebACL.XssMatchStatementProperty(
                                field_to_match=place, text_transformations=decoding
                            )
                        )
                        for place in places
                    ]
                )
            ),
        )

    def _managed(self, name: str, group: str, *, counted: Sequence[str] = ()) -> _Rule:
        count = _RuleAction(count={})
        return _Rule(
            name=name,
            priority=0,
            statement=_Statement(
                managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                    vendor_name="AWS",
                    name=group,
                    rule_action_overrides=[
                        wafv2.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count) for rule in counted
                    ]
                    or None,
                )
            ),
            override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
            visibility_config=_visible(name),
        )

    def _log(self, name: str, log_groups: LogGroups) -> None:
        """What was blocked or counted; what was allowed is in the access logs, at a twentieth of the price.

        WAF demands the group's prefix. The policy is ours: left out, WAF writes an account-wide one that no
        stack owns.
        """
        group = log_groups.make_resource(self, "LogGroup", name=f"aws-waf-logs-{name}")
        stack = cdk.Stack.of(self)
        # Not the attribute `Arn`, which ends in ":*".
        group_arn = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=group.ref,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        may_write = logs.CfnResourcePolicy(
            self,
            "LogPolicy",
            policy_name=f"aws-waf-logs-{name}",
            policy_document=stack.to_json_string(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "delivery.logs.amazonaws.com"},
                            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                            "Resource": f"{group_arn}:log-stream:*",
                            "Condition": {"StringEquals": {"aws:SourceAccount": stack.account}},
                        }
                    ],
                }
            ),
        )
        logging = wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.arn,
            log_destination_configs=[group_arn],
            # JSON in CloudFormation's eyes, so spelled as CloudFormation spells it.
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": action}} for action in _LOGGED],
                    }
                ],
            },
            redacted_fields=[
                wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": header})
                for header in _SECRET_HEADERS
            ],
        )
        logging.add_resource_dependency(may_write)


def _own(name: str, statement: _Statement) -> _Rule:
    """A blocking rule of this project."""
    return _Rule(name=name, priority=0, statement=statement, action=_BLOCK, visibility_config=_visible(name))


def _visible(metric: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        metric_name=metric, cloud_watch_metrics_enabled=True, sampled_requests_enabled=True
    )
