"""What the stage costs: a monthly budget, and anomalies of a monitor that the account has. Specification section 7."""

import json
from collections.abc import Mapping
from typing import Final

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_ce as ce
from constructs import Construct

from .alarms import Severity

_NOTIFICATIONS: Final = (
    ("ACTUAL", 80, Severity.INFO),
    ("FORECASTED", 100, Severity.INFO),
    ("ACTUAL", 100, Severity.WARNING),
)
"""Kind of cost, percent of the budget, whom it concerns."""
_ANOMALY_SHARE: Final = 20
"""An anomaly is worth a message from one twentieth of the month's budget on."""


class CostWatch(Construct):
    """A budget, with messages at 80 and 100 % of actual and at 100 % of forecast cost.

    `limit_usd`: a month. `tags`: count only what carries all of them; they must be active as cost allocation
    tags, else the budget sees nothing. Empty: the whole account counts. `anomaly_monitor_arn`: of a cost anomaly
    monitor; empty: none.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        prefix: str,
        limit_usd: int,
        tags: Mapping[str, str],
        topics: Mapping[Severity, str],
        anomaly_monitor_arn: str,
    ) -> None:
        super().__init__(scope, id)
        budgets.CfnBudget(
            self,
            "Budget",
            # No name of ours: new notifications replace the budget, and two of one name cannot be.
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit_usd, unit="USD"),
                # All of the tags: the values of one plain filter would be alternatives. An expression names its metric.
                filter_expression=budgets.CfnBudget.ExpressionProperty(
                    and_=[
                        budgets.CfnBudget.ExpressionProperty(
                            tags=budgets.CfnBudget.TagValuesProperty(key=key, values=[value], match_options=["EQUALS"])
                        )
                        for key, value in tags.items()
                    ]
                )
                if tags
                else None,
                metrics=["UnblendedCost"] if tags else None,
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topics[severity])
                    ],
                )
                for kind, percent, severity in _NOTIFICATIONS
            ],
        )
        if anomaly_monitor_arn:
            ce.CfnAnomalySubscription(
                self,
                "Anomalies",
                subscription_name=f"{prefix}-anomalies",
                monitor_arn_list=[anomaly_monitor_arn],
                frequency="IMMEDIATE",  # the only one that SNS takes
                subscribers=[ce.CfnAnomalySubscription.SubscriberProperty(type="SNS", address=topics[Severity.INFO])],
                threshold_expression=json.dumps(
                    {
                        "Dimensions": {
                            "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                            "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
                            "Values": [str(max(1, limit_usd // _ANOMALY_SHARE))],
                        }
                    }
                ),
            )
