"""IAM, continued: actions that end a store, a key, a backup or a watch, read secrets, lend keys, or start programs.

Owns the tables of such actions. A role that is taken over can do once, at night, what it may: so none of ours may end
what the stage lives of, though the action itself is known and its resource is named. What is granted by a pattern and
held by a condition is `conditional_grants`'.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..model import Deployment, text_of
from ..rule import Found, Rule, shown
from ..statements import allowing, named

_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "backup": ("DeleteBackupPlan", "DeleteBackupVault", "DeleteRecoveryPoint", "UpdateRecoveryPointLifecycle"),
    "cloudformation": ("DeleteStack",),
    "cloudtrail": ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"),
    "cloudwatch": ("DeleteAlarms", "DisableAlarmActions", "PutCompositeAlarm", "PutMetricAlarm", "SetAlarmState"),
    "dynamodb": ("DeleteBackup", "DeleteTable"),
    "ecr": ("DeleteRepository",),
    "eks": ("DeleteCluster",),
    "elasticache": ("DeleteReplicationGroup", "DeleteSnapshot"),
    "events": ("DeleteRule", "DisableRule", "RemoveTargets"),
    "kms": ("DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"),
    "logs": ("DeleteLogGroup", "DeleteLogStream", "PutRetentionPolicy"),
    "rds": (
        "DeleteDBCluster",
        "DeleteDBClusterSnapshot",
        "DeleteDBInstance",
        "DeleteDBInstanceAutomatedBackup",
        "DeleteDBSnapshot",
        "ModifyDBCluster",
        "ModifyDBInstance",
    ),
    "s3": ("DeleteBucket", "PutBucketPolicy", "PutLifecycleConfiguration"),
    "secretsmanager": ("DeleteSecret", "PutResourcePolicy"),
    "sns": ("DeleteTopic", "SetTopicAttributes", "Unsubscribe"),
    "sqs": ("DeleteQueue", "PurgeQueue", "SetQueueAttributes"),
    "ssm": ("DeleteDocument", "UpdateDocument", "UpdateDocumentDefaultVersion"),
}
_READS_SECRETS: Final = tuple(f"secretsmanager:{name}" for name in ("GetSecretValue", "PutSecretValue", "UpdateSecret"))
_STARTS: Final = (":document/", ":automation-definition/")
"""Kinds of what ssm:StartAutomationExecution starts; an execution, its third kind, has no name before it is."""
_SUFFIX: Final = re.compile(r"-\?{6}$")
"""What Secrets Manager adds to a name (its guide, "Secret ARN format")."""


def _ended(app: Deployment) -> Iterator[Found]:
    names = _physical_names(app)
    for statement in allowing(app, "identity"):
        for service, ending in _ENDS.items():
            if meant := statement.meant(*(f"{service}:{name}" for name in ending)):
                for resource in statement.values("resource"):
                    if not named(app, resource) or _ours(app, resource, names):
                        given = f"{', '.join(meant)} on {shown(text_of(resource))}, in {statement.name}"
                        allowed = "one stated thing that no template of this app makes"
                        yield Found(statement.resource, given, allowed, statement.where, meant[0])


def _physical_names(app: Deployment) -> frozenset[str]:
    """What the templates' own resources are called: `DBInstanceIdentifier`, `QueueName`, `Name` ..."""
    return frozenset(
        text_of(value).lower()
        for resource in app.resources
        for name, value in resource.properties.items()
        if name.endswith(("Name", "Identifier")) and isinstance(value, str)
    )


def _ours(app: Deployment, resource: Any, names: frozenset[str]) -> bool:
    last = re.split(r"[/:]", text_of(resource))[-1]
    return "${" in last or app.target(resource) is not None or last.lower() in names


def _secrets_read(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "identity"):
        meant = statement.meant(*_READS_SECRETS)
        for resource in statement.values("resource") if meant else ():
            if re.search(r"[*?]", _SUFFIX.sub("", text_of(resource))):
                given = f"{', '.join(meant)} on {shown(text_of(resource))}, in {statement.name}"
                yield Found(statement.resource, given, "secrets by reference or by whole names", statement.where)


def _documents_started(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "identity"):
        meant = statement.meant("ssm:StartAutomationExecution", "ssm:StartChangeRequestExecution")
        for resource in statement.values("resource") if meant else ():
            text = text_of(resource)
            kind = next((kind for kind in _STARTS if kind in text), "")
            if text == "*" or (kind and re.search(r"[*?]", text.partition(kind)[2])):
                given = f"{', '.join(meant)} on {shown(text)}, in {statement.name}"
                yield Found(statement.resource, given, "stated documents", statement.where)


def _keys_lent(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "identity"):
        lent = [
            text_of(value)
            for operator, key, values in statement.conditions()
            if (operator, key) == ("bool", "kms:grantisforawsresource")
            for value in values
        ]
        meant = statement.meant("kms:CreateGrant")
        if meant and lent != ["true"]:
            given = f"{', '.join(meant)} for anybody, in {statement.name}"
            yield Found(statement.resource, given, "Bool kms:GrantIsForAWSResource true", statement.where)


RULES: Final = (
    Rule(
        "IAM-15",
        "No role may end what keeps data, protects it or watches it",
        "IAM guide, 'Grant least privilege'; Well-Architected, REL09-BP02 (backups are out of reach of what they "
        "protect from). A restore drill deletes its copy, and must never be able to delete the original.",
        "name the one thing that the role itself made; leave the rest to CloudFormation and people",
        _ended,
    ),
    Rule(
        "IAM-16",
        "Secrets are read one by one, not by a pattern",
        "IAM guide, 'Grant least privilege'; Secrets Manager guide, 'Limit access': the owner's password stands beside "
        "the addresses of the notifications.",
        "name the secret; `-??????` at the end of its whole name stands for what Secrets Manager adds",
        _secrets_read,
    ),
    Rule(
        "IAM-17",
        "Who starts Automation documents starts stated ones",
        "Systems Manager guide, 'Setting up Automation': a document is a program, AWS's own among them, and its "
        "caller hands it a role.",
        "the document's ARN, and its automation definition",
        _documents_started,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-18",
        "Keys are lent to services of AWS only",
        "KMS guide, 'Using kms:GrantIsForAWSResource': who may make any grant hands the key to any account, past every "
        "policy.",
        "Condition Bool kms:GrantIsForAWSResource true",
        _keys_lent,
        acknowledgeable=False,
    ),
)
