"""Family WATCH: what goes unnoticed when it is switched off."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from tests.policy.support import Case, bad, each, good, resource

_START = "arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution"
_SCHEDULE = "AWS::Scheduler::Schedule"
_GONE = object()


def _arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


_NOTIFIER: Mapping[str, Mapping[str, Any]] = {
    "Topic": resource("AWS::SNS::Topic"),
    "Failed": resource("AWS::SQS::Queue", {"MessageRetentionPeriod": 1209600}),
    "Queue": resource(
        "AWS::SQS::Queue",
        {
            "KmsMasterKeyId": _arn("Key"),
            "VisibilityTimeout": 380,
            "RedrivePolicy": {"deadLetterTargetArn": _arn("Failed")},
        },
    ),
    "Key": resource(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sns.amazonaws.com"},
                        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                    }
                ]
            }
        },
    ),
    "Policy": resource(
        "AWS::SQS::QueuePolicy",
        {
            "Queues": [{"Ref": "Queue"}],
            "PolicyDocument": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sns.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Condition": {"ArnEquals": {"aws:SourceArn": [{"Ref": "Topic"}]}},
                    }
                ]
            },
        },
    ),
    "Function": resource("AWS::Lambda::Function", {"Timeout": 60}),
    "Subscription": resource(
        "AWS::SNS::Subscription",
        {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": "sqs",
            "Endpoint": _arn("Queue"),
            "RedrivePolicy": {"deadLetterTargetArn": _arn("Failed")},
        },
    ),
    "Source": resource(
        "AWS::Lambda::EventSourceMapping",
        {
            "EventSourceArn": _arn("Queue"),
            "FunctionName": {"Ref": "Function"},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        },
    ),
}


def _but(name: str, path: str = "", value: Any = _GONE) -> dict[str, Any]:
    """The notifier with one thing changed; without a path, a resource less."""
    spoilt: dict[str, Any] = deepcopy(dict(_NOTIFIER))
    if not path:
        del spoilt[name]
        return spoilt
    *parents, last = path.split(".")
    node = spoilt[name]["Properties"]
    for parent in parents:
        node = node[parent]
    if value is _GONE:
        del node[last]
    else:
        node[last] = value
    return spoilt


def _lost(name: str, *change: Any, says: str = "") -> Case:
    return bad("WATCH-2", name, _but(*change), says=says)


def _scheduled(name: str, *, finds: bool, expression: str = "rate(1 day)", **more: Any) -> Case:
    schedule = resource(_SCHEDULE, {"ScheduleExpression": expression, **more})
    return (bad if finds else good)("WATCH-4", name, {"S": schedule})


def _drill(api: str = "RestoreDBInstanceFromDBSnapshot", started: str = "drill", **inputs: Any) -> dict[str, Any]:
    step = {"name": "R", "action": "aws:executeAwsApi", "inputs": {"Service": "rds", "Api": api, **inputs}}
    content = {"mainSteps": [{"name": "Find", "action": "aws:branch"}, step]}
    target = {"Arn": _START, "Input": f'{{"DocumentName": "{started}"}}'}
    return {
        "D": resource("AWS::SSM::Document", {"Name": "drill", "Content": content}),
        "S": resource(_SCHEDULE, {"Target": target}),
    }


_PROD = {"stage": "prod"}
CASES = (
    good("WATCH-1", "a page", {"A": resource("AWS::CloudWatch::CompositeAlarm", {"AlarmRule": "ALARM(x)"})}),
    bad(
        "WATCH-1",
        "a page that another alarm silences",
        {"A": resource("AWS::CloudWatch::CompositeAlarm", {"ActionsSuppressor": "cloudmart-prod-patching"})},
        says="cloudmart-prod-patching",
    ),
    good("WATCH-2", "all of it", _NOTIFIER),
    good("WATCH-2", "a mapping that says it is on", _but("Source", "Enabled", "true")),
    good("WATCH-2", "a queue that no topic fills", {"Q": resource("AWS::SQS::Queue")}),
    _lost("a filter", "Subscription", "FilterPolicy", {"severity": ["x"]}, says="every message is told"),
    _lost("no envelope", "Subscription", "RawMessageDelivery", True, says="whom it wakes"),
    _lost("a key that SNS may not use", "Key", "KeyPolicy", {"Statement": []}, says="which SNS may not use"),
    _lost("undelivered messages are dropped", "Subscription", "RedrivePolicy"),
    _lost("no dead-letter queue", "Queue", "RedrivePolicy", says="a dead-letter queue of this app"),
    _lost("itself as dead-letter queue", "Queue", "RedrivePolicy.deadLetterTargetArn", _arn("Queue")),
    _lost("somebody else's", "Queue", "RedrivePolicy.deadLetterTargetArn", "arn:aws:sqs:us-east-1:999999999999:x"),
    _lost("kept for a minute", "Failed", "MessageRetentionPeriod", 60, says="60 s; allowed: 1209600 s"),
    _lost("kept for SQS's four days", "Failed", "MessageRetentionPeriod"),
    _lost("no reader", "Source", says="read by no function"),
    _lost("a reader of the dead-letter queue", "Source", "EventSourceArn", _arn("Failed")),
    _lost("a reader that is off", "Source", "Enabled", False, says="Enabled is false"),
    _lost("a reader that a parameter may switch off", "Source", "Enabled", {"Ref": "On"}),
    _lost("batches as a whole", "Source", "FunctionResponseTypes", says="ReportBatchItemFailures"),
    _lost("back before it was told", "Queue", "VisibilityTimeout", 359, says="360 s or more"),
    _lost("SQS's half minute", "Queue", "VisibilityTimeout"),
    bad("WATCH-2", "a reader that may not come", {**_NOTIFIER, "Source": {**_NOTIFIER["Source"], "Condition": "C"}}),
    good("WATCH-3", "a queue that hears", _NOTIFIER, stack="MonitoringStack"),
    good("WATCH-3", "a topic elsewhere", _but("Subscription"), stack="DataStack"),
    bad("WATCH-3", "a topic that nobody hears", _but("Subscription"), stack="EdgeWatchStack", says="heard by no queue"),
    bad("WATCH-3", "a queue that lets nobody in", _but("Policy"), stack="MonitoringStack"),
    bad("WATCH-3", "mail only", _but("Subscription", "Endpoint", "a@example.com"), stack="MonitoringStack"),
    _scheduled("a rate", finds=False),
    _scheduled("days", finds=False, expression="cron(0 9 ? * MON *)", State="ENABLED"),
    _scheduled("off", finds=True, State="DISABLED"),
    _scheduled("ended", finds=True, EndDate="2020-01-01T00:00:00Z"),
    _scheduled("begins some day", finds=True, StartDate="2099-01-01T00:00:00Z"),
    _scheduled("once", finds=True, expression="at(2026-12-24T00:00:00)"),
    _scheduled("a year", finds=True, expression="cron(0 9 ? * MON 2026)"),
    _scheduled("whenever", finds=True, expression=""),
    good("WATCH-5", "a restore by schedule", _drill(), **_PROD),
    good("WATCH-5", "none where the setting says so", {}, stage="lab"),
    good("WATCH-5", "none without DataStack", {}, stack="VpcStack", **_PROD),
    bad("WATCH-5", "none at all", {}, says="by itself; allowed: one in stage prod", **_PROD),
    bad("WATCH-5", "a document that nothing starts", {"D": _drill()["D"]}, **_PROD),
    bad("WATCH-5", "a schedule of another document", _drill(started="other"), **_PROD),
    bad("WATCH-5", "a document that restores nothing", _drill("DeleteDBInstance"), **_PROD),
    good("WATCH-6", "a private copy", _drill(PubliclyAccessible=False)),
    good("WATCH-6", "a deletion", _drill("DeleteDBInstance")),
    bad("WATCH-6", "a public copy", _drill(PubliclyAccessible=True), says="RestoreDBInstanceFromDBSnapshot with true"),
    bad("WATCH-6", "nothing said", _drill("RestoreDBInstanceToPointInTime")),
    bad("WATCH-6", "what a parameter says", _drill("ModifyDBInstance", PubliclyAccessible="{{ Public }}")),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()
