"""The way of a message from the stage's topics to Slack and PagerDuty: queue, function, memory, addresses.

Owns the queue and its dead-letter queue, the function with its rights and log, the table of what was told, and the
secret with the channels' addresses. What is told and how is the function's: `assets/notifier`. E-mail is SNS's own and
goes past all of this, so that it still tells when this fails (ADR 0022).

Each region has its own: when Seoul is gone, CloudFront's alarm in us-east-1 still pages.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..acknowledge import acknowledge
from ..settings.naming import Names
from .alarms import Alarm, Metric, Severity
from .function_archive import add_package, archive
from .functions import python_function
from .log_groups import LogGroups
from .roles import LOG_ACTIONS, allow, service_role

PACKAGE: Final = Path(__file__).parents[1] / "assets" / "notifier"
SECRET: Final = "notifications"
"""Path of the secret: `<name>-<stage>/notifications`."""
QUEUE: Final = "notifications"
FAILED: Final = "notifications-failed"
"""Ends of the queues' names, which people look up at 3 a.m."""
FUNCTION: Final = "notifier"
PAGE: Final = "notifications"
"""Of the runbook."""

BATCH_WINDOW_S: Final = 20
"""What breaks together arrives together; a page comes this much later."""
SETTLE_S: Final = 180
"""A recovery is told when it has lasted for so long, so that an alarm that comes and goes is one message."""
_BATCH: Final = 100
_SECONDS: Final = 60
_VISIBLE_AFTER_S: Final = 6 * _SECONDS + BATCH_WINDOW_S
"""Lambda guide, "Configuring a queue to use with Lambda": six times the function's, and the batching window."""
_TRIES: Final = 8
"""30 s after the first, then twice as long each time up to 8 minutes: half an hour in all."""
_KEPT_S: Final = 14 * 86400
"""SQS's most."""
_LATE_S: Final = 600
"""A held recovery waits three minutes; older messages cannot be delivered."""
_MINUTE: Final = 60
_KEY_ACTIONS: Final = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
"""What DynamoDB asks of whoever uses a table (its guide, "Authorizing use of your customer managed key"); SQS and
Secrets Manager ask for two of them."""
_ALARMS_REASON: Final = (
    "CloudWatch says nothing of composite alarms to whom it may not tell of all (API reference, DescribeAlarms), and "
    "pairs of burn windows are such; states and descriptions are no secret."
)
_TEMPLATE: Final = {
    "slack": {"url": ""},
    "pagerduty": {"url": "https://events.pagerduty.com/v2/enqueue", "routing_key": ""},
}
"""Of the secret, with empty addresses: nobody is told until a person puts some in. Never change it: Secrets Manager
would generate the value anew, and the addresses would be gone."""


class Notifier(Construct):
    """`topics`: severity -> ARN, in this region. `key`: theirs. `areas`: title -> ids of its alarms. `settle_s`,
    `batch_window_s`: seconds."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        topics: Mapping[Severity, str],
        key: kms.IKey,
        areas: Mapping[str, Iterable[str]],
        log_groups: LogGroups,
        settle_s: int = SETTLE_S,
        batch_window_s: int = BATCH_WINDOW_S,
    ) -> None:
        super().__init__(scope, id)
        self._names, self._key = names, key
        self._log_group = log_groups.make_resource(self, "LogGroup")
        self.log_group_name = self._log_group.ref
        failed = self._queue("Failed", FAILED)
        queue = self._queue(
            "Queue",
            QUEUE,
            visibility_timeout=_VISIBLE_AFTER_S,
            redrive_policy={"deadLetterTargetArn": failed.attr_arn, "maxReceiveCount": _TRIES},
        )
        subscribable = [
            self._queue_policy("FailedPolicy", failed, topics.values()),
            self._queue_policy("QueuePolicy", queue, topics.values()),
        ]
        secret = self._secret()
        table = self._table()
        role = self._role(queue=queue, failed=failed, secret=secret, table=table)
        function = python_function(
            self,
            "Function",
            name=names.of(FUNCTION),
            description="Tells Slack and PagerDuty what the topics say",
            code=archive(self, "Code", partial(add_package, PACKAGE)),
            handler=f"{PACKAGE.name}.handler.handle",
            role=role,
            log_group=self._log_group,
            seconds=_SECONDS,
            variables={
                "AREAS": json.dumps(words(areas), sort_keys=True),
                "FAILED_URL": failed.ref,
                "PREFIX": names.prefix,
                "QUEUE_URL": queue.ref,
                "SECRET_ARN": secret.ref,
                "SETTLE_SECONDS": str(settle_s),
                "TABLE": table.ref,
                "TOPICS": cdk.Stack.of(self).to_json_string({arn: str(severity) for severity, arn in topics.items()}),
            },
        )
        lambda_.CfnEventSourceMapping(
            self,
            "Source",
            function_name=function.ref,
            event_source_arn=queue.attr_arn,
            batch_size=_BATCH,
            maximum_batching_window_in_seconds=batch_window_s,
            function_response_types=["ReportBatchItemFailures"],
            # The fewest that Lambda allows; more would only part what breaks together.
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=2),
        )
        for severity, topic in topics.items():
            subscription = sns.CfnSubscription(
                self,
                f"{severity.title()}Subscription",
                topic_arn=topic,
                protocol="sqs",
                endpoint=queue.attr_arn,
                # Not raw: the envelope says which topic it was, and what the message is known by.
                raw_message_delivery=False,
                redrive_policy={"deadLetterTargetArn": failed.attr_arn},
            )
            for policy in subscribable:
                subscription.add_resource_dependency(policy)

    def _queue(self, id: str, name: str, **options: Any) -> sqs.CfnQueue:
        queue = sqs.CfnQueue(
            self,
            id,
            queue_name=self._names.of(name),
            kms_master_key_id=self._key.key_arn,
            message_retention_period=_KEPT_S,
            **options,
        )
        queue.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        return queue

    def _queue_policy(self, id: str, queue: sqs.CfnQueue, topics: Iterable[str]) -> sqs.CfnQueuePolicy:
        """Our topics put in, over TLS; who takes out is IAM's. The topics put into the dead-letter queue, too, what
        they cannot deliver."""
        return sqs.CfnQueuePolicy(
            self,
            id,
            queues=[queue.ref],
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "TlsOnly",
                        "Effect": "Deny",
                        "Principal": {"AWS": "*"},
                        "Action": "sqs:*",
                        "Resource": queue.attr_arn,
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                    {
                        "Sid": "OurTopics",
                        "Effect": "Allow",
                        "Principal": {"Service": "sns.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": queue.attr_arn,
                        "Condition": {"ArnEquals": {"aws:SourceArn": list(topics)}},
                    },
                ],
            },
        )

    def _secret(self) -> secretsmanager.CfnSecret:
        secret = secretsmanager.CfnSecret(
            self,
            "Addresses",
            name=self._names.secret(SECRET),
            description="Addresses of Slack (slack.url) and PagerDuty (pagerduty.routing_key); empty ones are not used",
            kms_key_id=self._key.key_arn,
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template=json.dumps(_TEMPLATE),
                # Secrets Manager insists on generating something; nothing reads it.
                generate_string_key="unused",
                password_length=32,
                exclude_punctuation=True,
            ),
        )
        secret.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        acknowledge(
            secret,
            {
                "AwsSolutions::AwsSolutions-SMG4": "Slack and PagerDuty issue the addresses: a person puts a new one "
                "in, and the function reads it within minutes."
            },
        )
        return secret

    def _table(self) -> dynamodb.CfnTable:
        table = dynamodb.CfnTable(
            self,
            "Told",
            key_schema=[dynamodb.CfnTable.KeySchemaProperty(attribute_name="subject", key_type="HASH")],
            attribute_definitions=[
                dynamodb.CfnTable.AttributeDefinitionProperty(attribute_name="subject", attribute_type="S")
            ],
            billing_mode="PAY_PER_REQUEST",
            time_to_live_specification=dynamodb.CfnTable.TimeToLiveSpecificationProperty(
                attribute_name="expires", enabled=True
            ),
            sse_specification=dynamodb.CfnTable.SSESpecificationProperty(
                sse_enabled=True, sse_type="KMS", kms_master_key_id=self._key.key_arn
            ),
            point_in_time_recovery_specification=dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
                point_in_time_recovery_enabled=True
            ),
        )
        table.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        return table

    def _role(
        self,
        *,
        queue: sqs.CfnQueue,
        failed: sqs.CfnQueue,
        secret: secretsmanager.CfnSecret,
        table: dynamodb.CfnTable,
    ) -> iam.CfnRole:
        region = cdk.Stack.of(self).region
        receive = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility", "SendMessage")
        through = [f"{service}.{region}.amazonaws.com" for service in ("dynamodb", "secretsmanager", "sqs")]
        statements = [
            allow([f"sqs:{action}" for action in receive], queue.attr_arn),
            allow(["sqs:SendMessage"], failed.attr_arn),
            allow(["secretsmanager:GetSecretValue"], secret.ref),
            allow(["dynamodb:UpdateItem"], table.attr_arn),
            allow(
                [f"kms:{action}" for action in _KEY_ACTIONS],
                self._key.key_arn,
                {"StringEquals": {"kms:ViaService": through}},
            ),
            allow(["cloudwatch:DescribeAlarms"], "*"),
            allow(LOG_ACTIONS, self._log_group.attr_arn),
        ]
        role = service_role(
            self,
            "Role",
            description="Tells Slack and PagerDuty what the topics say",
            service="lambda.amazonaws.com",
            policy="Notifier",
            statements=statements,
        )
        acknowledge(
            role,
            {
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": _ALARMS_REASON,
                "CloudMart::IAM-2[cloudwatch:DescribeAlarms]": _ALARMS_REASON,
            },
        )
        return role


def words(areas: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """How ids of alarms begin -> the area; those that begin with their area's own name need no entry.

    A word of two areas is left out: it is an area of its own then.
    """
    found: dict[str, set[str]] = {}
    for area, ids in areas.items():
        for id in ids:
            if word := re.match(r"[a-z]+", id):
                found.setdefault(word[0], set()).add(area)
    return {word: min(owners) for word, owners in sorted(found.items()) if len(owners) == 1 and word not in owners}


def notifier_alarms(names: Names, *, id: str = "notifier") -> Iterator[Alarm]:
    """Of the notifier itself, in the region it is in. They have to reach people by another way than it: by e-mail.

    `id`: how their ids begin.
    """
    failed, queue = ({"QueueName": names.of(each)} for each in (FAILED, QUEUE))
    yield Alarm(
        id=f"{id}-failed",
        broke="Messages to Slack or PagerDuty were given up and wait in the dead-letter queue",
        watch=Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", failed),
        threshold=0,
        period_s=_MINUTE,
        severity=Severity.CRITICAL,
        # SQS says nothing of a queue that nobody has used for six hours.
        silence="notBreaching",
        page=PAGE,
    )
    yield Alarm(
        id=f"{id}-late",
        broke=f"A message to Slack or PagerDuty has waited for more than {_LATE_S // 60} minutes",
        watch=Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", queue),
        threshold=_LATE_S,
        period_s=_MINUTE,
        severity=Severity.CRITICAL,
        silence="notBreaching",
        page=PAGE,
    )
    yield Alarm(
        id=f"{id}-errors",
        broke="The function that tells Slack and PagerDuty fails",
        watch=Metric("AWS/Lambda", "Errors", "Sum", {"FunctionName": names.of(FUNCTION)}),
        threshold=0,
        period_s=_MINUTE,
        datapoints=(2, 5),
        severity=Severity.WARNING,
        silence="notBreaching",
        page=PAGE,
    )
