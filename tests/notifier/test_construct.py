"""The way of a message in the template: who may put in, who may take out, and what happens to what fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk.assets.notifier import memory
from cloudmart_cdk.assets.notifier.settings import Settings
from cloudmart_cdk.constructs import notifier
from cloudmart_cdk.constructs.notifier import notifier_alarms, words
from tests.notifier.template import NAMES, synthesize


class Stack:
    """The template, read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resources: dict[str, Any] = synthesize(folder)["Resources"]

    def of(self, type_: str) -> dict[str, dict[str, Any]]:
        return {id: each["Properties"] for id, each in self.resources.items() if each["Type"] == f"AWS::{type_}"}

    def one(self, type_: str) -> tuple[str, dict[str, Any]]:
        ((id, properties),) = self.of(type_).items()
        return id, properties

    def queue(self, name: str) -> tuple[str, dict[str, Any]]:
        return next((id, each) for id, each in self.of("SQS::Queue").items() if each["QueueName"] == NAMES.of(name))

    @property
    def statements(self) -> list[dict[str, Any]]:
        _, role = self.one("IAM::Role")
        found: list[dict[str, Any]] = role["Policies"][0]["PolicyDocument"]["Statement"]
        return found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(tmp_path_factory.mktemp("watch"))


def _att(id: str, name: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [id, name]}


def test_what_fails_is_tried_for_half_an_hour_and_then_kept_for_two_weeks(stack: Stack) -> None:
    failed, kept = stack.queue("notifications-failed")
    _, queue = stack.queue("notifications")
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": _att(failed), "maxReceiveCount": 8}
    assert (queue["MessageRetentionPeriod"], kept["MessageRetentionPeriod"]) == (14 * 86400, 14 * 86400)
    _, function = stack.one("Lambda::Function")
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_a_batch_gathers_and_fails_in_parts(stack: Stack) -> None:
    _, source = stack.one("Lambda::EventSourceMapping")
    assert source["MaximumBatchingWindowInSeconds"] == 20
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["EventSourceArn"] == _att(stack.queue("notifications")[0])


def test_every_topic_is_heard_and_what_it_cannot_deliver_is_kept(stack: Stack) -> None:
    subscriptions = list(stack.of("SNS::Subscription").values())
    assert {each["TopicArn"]["Ref"] for each in subscriptions} == set(stack.of("SNS::Topic"))
    for each in subscriptions:
        assert each["Endpoint"] == _att(stack.queue("notifications")[0])
        assert each["RedrivePolicy"] == {"deadLetterTargetArn": _att(stack.queue("notifications-failed")[0])}
        assert each["RawMessageDelivery"] is False, "the envelope says which topic it was"


def test_only_our_topics_put_in_and_only_over_tls(stack: Stack) -> None:
    policies = stack.of("SQS::QueuePolicy")
    topics = [{"Ref": id} for id in stack.of("SNS::Topic")]
    assert len(policies) == 2
    for policy in policies.values():
        deny, allow = policy["PolicyDocument"]["Statement"]
        assert (deny["Effect"], deny["Action"]) == ("Deny", "sqs:*")
        assert allow["Principal"] == {"Service": "sns.amazonaws.com"}
        assert allow["Action"] == "sqs:SendMessage"
        assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": topics}}


def test_all_that_is_kept_is_encrypted_with_the_topics_key(stack: Stack) -> None:
    (key,) = stack.of("KMS::Key")
    for queue in stack.of("SQS::Queue").values():
        assert queue["KmsMasterKeyId"] == _att(key)
    assert stack.one("SecretsManager::Secret")[1]["KmsKeyId"] == _att(key)
    assert stack.one("DynamoDB::Table")[1]["SSESpecification"]["KMSMasterKeyId"] == _att(key)


def test_sns_may_use_the_key_for_our_topics(stack: Stack) -> None:
    _, key = stack.one("KMS::Key")
    (statement,) = [each for each in key["KeyPolicy"]["Statement"] if each["Sid"] == "DeliverToQueues"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    source = json.dumps(statement["Condition"]["ArnLike"]["aws:SourceArn"])
    assert '{"Ref": "AWS::AccountId"}' in source


def test_the_function_may_do_what_it_does_and_no_more(stack: Stack) -> None:
    secret, _ = stack.one("SecretsManager::Secret")
    table, _ = stack.one("DynamoDB::Table")
    queue, failed = (stack.queue(name)[0] for name in ("notifications", "notifications-failed"))
    allowed = {json.dumps(each["Resource"]): each["Action"] for each in stack.statements}
    assert allowed[json.dumps(_att(failed))] == ["sqs:SendMessage"]
    assert allowed[json.dumps({"Ref": secret})] == ["secretsmanager:GetSecretValue"]
    assert allowed[json.dumps(_att(table))] == ["dynamodb:UpdateItem"]
    assert set(allowed[json.dumps(_att(queue))]) >= {"sqs:ReceiveMessage", "sqs:DeleteMessage"}
    (key,) = [each for each in stack.statements if "kms:Decrypt" in each["Action"]]
    assert "kms:ViaService" in key["Condition"]["StringEquals"]
    assert not [action for action in key["Action"] if "*" in action or "Grant" in action]
    assert len(stack.statements) == 7


def test_only_of_alarms_the_function_may_ask_at_large(stack: Stack) -> None:
    """Of composite alarms CloudWatch tells nobody whose right is bound to names."""
    assert [each["Action"] for each in stack.statements if each["Resource"] == "*"] == [["cloudwatch:DescribeAlarms"]]


def test_the_table_is_the_one_that_the_function_writes(stack: Stack) -> None:
    _, table = stack.one("DynamoDB::Table")
    assert table["KeySchema"] == [{"AttributeName": memory.KEY, "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": memory.EXPIRES, "Enabled": True}


def test_the_secret_is_a_shape_without_a_value(stack: Stack) -> None:
    _, secret = stack.one("SecretsManager::Secret")
    assert secret["Name"] == "cloudmart-lab/notifications"
    assert "SecretString" not in secret
    assert json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]) == {
        "slack": {"url": ""},
        "pagerduty": {"url": "https://events.pagerduty.com/v2/enqueue", "routing_key": ""},
    }


def test_the_function_understands_its_environment(stack: Stack) -> None:
    _, function = stack.one("Lambda::Function")
    variables = {
        key: value if isinstance(value, str) else '{"a": "b"}'
        for key, value in function["Environment"]["Variables"].items()
    }
    settings = Settings.of(variables)
    assert settings.prefix == "cloudmart-lab"
    assert settings.settle == 180
    for name in variables:
        with pytest.raises(ValueError, match=f"no {name}; allowed"):
            Settings.of({key: value for key, value in variables.items() if key != name})


def test_the_archive_holds_the_package_and_nothing_else(stack: Stack) -> None:
    (asset,) = [folder for folder in stack.folder.glob("asset.*") if folder.is_dir()]
    files = {str(file.relative_to(asset)) for file in asset.rglob("*") if file.is_file()}
    assert files == {f"notifier/{file.name}" for file in notifier.PACKAGE.glob("*.py")}
    _, function = stack.one("Lambda::Function")
    assert function["Handler"] == "notifier.handler.handle"


def test_its_own_alarms_watch_the_queues_and_function_by_name(stack: Stack) -> None:
    rows = {row.id: row for row in notifier_alarms(NAMES)}
    _, function = stack.one("Lambda::Function")
    dimensions = {id: getattr(row.watch, "dimensions", {}) for id, row in rows.items()}
    assert dimensions == {
        "notifier-failed": {"QueueName": stack.queue("notifications-failed")[1]["QueueName"]},
        "notifier-late": {"QueueName": stack.queue("notifications")[1]["QueueName"]},
        "notifier-errors": {"FunctionName": function["FunctionName"]},
    }
    assert rows["notifier-late"].threshold > notifier.SETTLE_S + notifier.BATCH_WINDOW_S, "a held recovery is not late"
    assert next(notifier_alarms(NAMES, id="edge-notifier")).id == "edge-notifier-failed"


def test_areas_are_known_by_how_their_alarms_are_called() -> None:
    areas = {"shop": ["shop-latency", "backend-cpu"], "data": ["cache1-cpu", "cache2-cpu", "database-cpu"]}
    assert words(areas) == {"backend": "shop", "cache": "data", "database": "data"}
    assert words({"shop": ["nodes-cpu"], "tiketi": ["nodes-memory"]}) == {}, "of two: neither's"
