"""SNS topics, one a severity, behind one customer-managed key.

Owns who may publish and who is told by e-mail. The key is the customer's because the AWS-managed one lets no
service publish: alarms would then fire and say nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct, IConstruct

from ..acknowledge import acknowledge
from .alarms import Severity
from .stage_owned import Lifecycle, stage_key


@dataclass(frozen=True)
class Publisher:
    """An AWS service that publishes, and what proves that it does so for this account."""

    service: str
    sources: str | None = None
    """ARN pattern of what publishes; `{region}` and `{account}` are filled in."""
    conditions: bool = True
    """False where the service sends no source with its calls to SNS and KMS."""


ALARMS: Final = Publisher("cloudwatch.amazonaws.com", "arn:aws:cloudwatch:{region}:{account}:alarm:*")
BUDGETS: Final = Publisher("budgets.amazonaws.com", "arn:aws:budgets::{account}:*")
COST_ANOMALIES: Final = Publisher("costalerts.amazonaws.com")
EVENTS: Final = Publisher("events.amazonaws.com", conditions=False)
"""EventBridge: KMS sees no source in its calls (SNS guide, "Key management"), so a condition would silence it. Rules
of other accounts deliver with a role, not as the service (EventBridge guide, "Cross-account targets")."""


class Topics(Construct):
    """`arns[severity]` for each severity in `publishers`; `key`: of the topics, and of their messages further on.

    `email`: is subscribed to all of them; empty: nobody is. `lifecycle`: of the key.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        prefix: str,
        publishers: Mapping[Severity, Iterable[Publisher]],
        email: str,
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        self._region, self._account = stack.region, stack.account
        everyone = {publisher.service: publisher for several in publishers.values() for publisher in several}
        key = stage_key(
            self,
            "Key",
            lifecycle=lifecycle,
            alias=f"{prefix}-topics",
            description="Alarm, budget and event messages",
            policy=iam.PolicyDocument.from_json(self._key_policy(everyone.values())),
        )
        _acknowledge_unbound(key, everyone.values())
        self.key: kms.IKey = key
        self.arns: dict[Severity, str] = {}
        for severity, allowed in publishers.items():
            topic = sns.CfnTopic(
                self,
                severity.title(),
                display_name=f"{prefix} {severity}",
                kms_master_key_id=key.key_arn,
            )
            arn = topic.ref
            if email:
                sns.CfnSubscription(self, f"{severity.title()}Email", topic_arn=arn, protocol="email", endpoint=email)
            policy = sns.CfnTopicPolicy(
                self, f"{severity.title()}Policy", topics=[arn], policy_document=self._topic_policy(arn, allowed)
            )
            _acknowledge_unbound(policy, allowed)
            cdk.CfnOutput(stack, f"{severity.title()}Topic", value=arn, description=f"SNS topic of {severity} messages")
            self.arns[severity] = arn

    def _conditions(self, publisher: Publisher) -> dict[str, Any]:
        if not publisher.conditions:
            return {}
        conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": self._account}}
        if publisher.sources:
            source = publisher.sources.format(region=self._region, account=self._account)
            conditions["ArnLike"] = {"aws:SourceArn": source}
        return {"Condition": conditions}

    def _key_policy(self, publishers: Iterable[Publisher]) -> dict[str, Any]:
        """In a key policy the resource `*` is the key itself."""
        administration = {
            "Sid": "AdministeredThroughIam",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{self._account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        publishing = [
            {
                "Sid": f"Publish{publisher.service.partition('.')[0].title()}",
                "Effect": "Allow",
                "Principal": {"Service": publisher.service},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                **self._conditions(publisher),
            }
            for publisher in publishers
        ]
        # SNS guide, "Subscribe an Amazon SQS queue to an encrypted topic". By pattern: the topics need the key first.
        delivering = {
            "Sid": "DeliverToQueues",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:{self._region}:{self._account}:*"}},
        }
        return {"Version": "2012-10-17", "Statement": [administration, *publishing, delivering]}

    def _topic_policy(self, arn: str, publishers: Iterable[Publisher]) -> dict[str, Any]:
        """Replaces SNS's default policy; people of this account publish and subscribe through IAM."""
        encrypted_only = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        allowed = [
            {
                "Sid": f"Publish{publisher.service.partition('.')[0].title()}",
                "Effect": "Allow",
                "Principal": {"Service": publisher.service},
                "Action": "sns:Publish",
                "Resource": arn,
                **self._conditions(publisher),
            }
            for publisher in publishers
        ]
        return {"Version": "2012-10-17", "Statement": [encrypted_only, *allowed]}


def _acknowledge_unbound(construct: IConstruct, publishers: Iterable[Publisher]) -> None:
    """Beside each policy that lets a service publish without naming the account it does so for."""
    unbound = [publisher.service for publisher in publishers if not publisher.conditions]
    if unbound:
        acknowledge(
            construct,
            {
                f"CloudMart::IAM-9[{service}]": "A condition would silence EventBridge: KMS sees no source in its "
                "calls (SNS guide, key management). Other accounts' rules come with a role, not as the service; it may "
                "not publish what wakes somebody, and on nothing else does anything act."
                for service in unbound
            },
        )
