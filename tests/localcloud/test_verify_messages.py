"""Read-back of what carries messages: a stack that is whole passes, and each fault is a check of its own."""

from typing import Any

import pytest

from cloudmart_cdk.settings import load_settings
from localcloud.aws import Clients
from localcloud.state import Cloud, State
from localcloud.verify import messages, monitoring
from localcloud.verify.view import View
from tests.localcloud.stacks import create
from tests.localcloud.templates import Template

pytestmark = pytest.mark.xdist_group("emulator")

_STACK = "test-lab-MonitoringStack"


def _att(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def _role(service: str) -> Template:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


_TEMPLATE: Template = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
        "GivenUp": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"RedrivePolicy": {"deadLetterTargetArn": _att("GivenUp"), "maxReceiveCount": 3}},
        },
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": _att("Queue")},
        },
        "Role": _role("lambda.amazonaws.com"),
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handle",
                "Role": _att("Role"),
                "Code": {"ZipFile": "def handle(event, context):\n    return {}\n"},
            },
        },
        "Source": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "EventSourceArn": _att("Queue"),
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["aws.ec2"]},
                "Targets": [
                    {
                        "Id": "topic",
                        "Arn": {"Ref": "Topic"},
                        "InputTransformer": {"InputPathsMap": {"what": "$.detail-type"}, "InputTemplate": '"<what>"'},
                    }
                ],
            },
        },
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "ScheduleExpression": "cron(0 9 ? * MON *)",
                "ScheduleExpressionTimezone": "Asia/Seoul",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": _att("Function"), "RoleArn": _att("Role")},
            },
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
                "SSESpecification": {"SSEEnabled": True},
            },
        },
    }
}


@pytest.fixture(scope="module")
def made(clients: Clients) -> dict[str, str]:
    return create(clients, _STACK, _TEMPLATE)


@pytest.fixture
def look(cloud: Cloud, state: State, made: dict[str, str]) -> View:
    return View(cloud, load_settings({"stage": "lab"}), ca_file=state.ca_file, objects_file=state.objects_file)


def _failed(view: View) -> set[str]:
    return {check.what for check in messages.checks(view) if not check.passed}


def test_a_whole_stack_passes(look: View) -> None:
    checks = list(messages.checks(look))
    assert [check.row() for check in checks if not check.passed] == []
    assert len(checks) == 14


def test_a_queue_without_a_dead_letter_queue_fails(look: View, clients: Clients, made: dict[str, str]) -> None:
    sqs, url = clients.client("sqs"), made["Queue"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    names = [made[name].rpartition("/")[2] for name in ("Queue", "GivenUp")]
    assert _failed(look) == {f"MonitoringStack queue {name} has a dead-letter queue, or is one" for name in names}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)


def test_a_mapping_that_is_off_fails(look: View, clients: Clients, made: dict[str, str]) -> None:
    functions = clients.client("lambda")
    functions.update_event_source_mapping(UUID=made["Source"], Enabled=False)
    assert _failed(look) == {"MonitoringStack event source Source, state"}
    functions.update_event_source_mapping(UUID=made["Source"], Enabled=True)


def test_a_rule_without_target_fails(look: View, clients: Clients, made: dict[str, str]) -> None:
    events, name = clients.client("events"), made["Rule"]
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    events.remove_targets(Rule=name, Ids=["topic"])
    assert _failed(look) == {f"MonitoringStack event rule {name} has a target"}
    events.put_targets(Rule=name, Targets=targets)


def test_a_rule_that_sends_the_bare_event_fails(look: View, clients: Clients, made: dict[str, str]) -> None:
    events, name = clients.client("events"), made["Rule"]
    (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
    assert [check.passed for check in monitoring._event_rules(look)] == [True]
    events.put_targets(Rule=name, Targets=[{"Id": target["Id"], "Arn": target["Arn"]}])
    assert [check.passed for check in monitoring._event_rules(look)] == [False]
    events.put_targets(Rule=name, Targets=[target])


@pytest.mark.parametrize(("wanted", "passes"), [("true", True), ("false", False)])
def test_a_report_comes_where_it_is_wanted_only(look: View, wanted: str, passes: bool) -> None:
    look.settings = load_settings({"stage": "lab", "monitoring.weekly_report": wanted})
    assert [check.passed for check in monitoring._weekly_report(look)] == [passes]


def test_a_table_that_forgets_nothing_fails(look: View, clients: Clients, made: dict[str, str]) -> None:
    dynamodb, name = clients.client("dynamodb"), made["Table"]
    for enabled in (False, True):
        expiry = {"AttributeName": "expires", "Enabled": enabled}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
        assert _failed(look) == (set() if enabled else {f"MonitoringStack table {name} forgets"})
