"""What carries messages and calls functions, in every stack: queues, event sources, event rules, schedules, tables.

Owns what holds for all of them, whoever made them: nothing waits for nobody, and nothing is given up unseen.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from localcloud.verify.table import Check
from localcloud.verify.view import Stack, View

_SUBSCRIPTION: Final = "AWS::SNS::Subscription"


def checks(view: View) -> Iterator[Check]:
    queues = {arn: (name, attributes) for name, arn, attributes in _queues(view)}
    yield from _queues_are_watched(queues)
    yield from _event_sources(view, set(queues))
    yield from _subscriptions(view, set(queues))
    yield from _rules(view)
    yield from _schedules(view)
    yield from _tables(view)


def _queues(view: View) -> Iterator[tuple[str, str, dict[str, str]]]:
    for stack, queue in view.all("AWS::SQS::Queue"):
        answer = view.client("sqs", stack.region).get_queue_attributes(
            QueueUrl=queue.physical_id, AttributeNames=["All"]
        )
        attributes: dict[str, str] = answer["Attributes"]
        arn = attributes["QueueArn"]
        yield f"{stack.id} queue {arn.rpartition(':')[2]}", arn, attributes


def _queues_are_watched(queues: dict[str, tuple[str, dict[str, str]]]) -> Iterator[Check]:
    """Each is encrypted, and has a dead-letter queue of the app or is one."""
    given_up = {arn: _dead_letters(attributes) for arn, (_, attributes) in queues.items()}
    for arn, (name, attributes) in queues.items():
        encrypted = bool(attributes.get("KmsMasterKeyId")) or attributes.get("SqsManagedSseEnabled") == "true"
        yield Check(f"{name} is encrypted", True, encrypted)
        is_one = arn in given_up.values()
        yield Check(f"{name} has a dead-letter queue, or is one", True, is_one or given_up[arn] in queues)


def _dead_letters(attributes: dict[str, str]) -> str:
    policy = json.loads(attributes.get("RedrivePolicy") or "{}")
    return str(policy.get("deadLetterTargetArn", ""))


def _event_sources(view: View, queues: set[str]) -> Iterator[Check]:
    for stack, mapping in view.all("AWS::Lambda::EventSourceMapping"):
        client = view.client("lambda", stack.region)
        found = client.get_event_source_mapping(UUID=mapping.physical_id)
        name = f"{stack.id} event source {mapping.logical_id}"
        yield Check(f"{name}, state", "Enabled", found["State"])
        yield Check(f"{name} reads a queue of the app", True, found["EventSourceArn"] in queues)
        functions = {function.physical_id for _, function in view.all("AWS::Lambda::Function")}
        called = found["FunctionArn"].rpartition(":function:")[2]
        yield Check(f"{name} calls a function of the app", True, called in functions)
        yield Check(f"{name}: one bad message is one", ["ReportBatchItemFailures"], found.get("FunctionResponseTypes"))


def _subscriptions(view: View, queues: set[str]) -> Iterator[Check]:
    """Of queues: a topic that writes into nothing looks like one that has nothing to say."""
    made = {subscription.physical_id: (stack, subscription) for stack, subscription in view.all(_SUBSCRIPTION)}
    for region in {stack.region for stack, _ in made.values()}:
        for page in view.client("sns", region).get_paginator("list_subscriptions").paginate():
            for found in page["Subscriptions"]:
                if found["SubscriptionArn"] in made and found["Protocol"] == "sqs":
                    stack, subscription = made[found["SubscriptionArn"]]
                    name = f"{stack.id} subscription {subscription.logical_id}"
                    yield Check(f"{name} writes into a queue of the app", True, found["Endpoint"] in queues)


def _rules(view: View) -> Iterator[Check]:
    for stack, rule in view.all("AWS::Events::Rule"):
        client, name = view.client("events", stack.region), _last(rule.physical_id)
        title = f"{stack.id} event rule {name}"
        yield Check(f"{title}, state", "ENABLED", client.describe_rule(Name=name)["State"])
        targets = client.list_targets_by_rule(Rule=name)["Targets"]
        yield Check(f"{title} has a target", True, bool(targets))


def _schedules(view: View) -> Iterator[Check]:
    """Hours are meant in Seoul's time."""
    for stack, schedule in view.all("AWS::Scheduler::Schedule"):
        found = _schedule(view, stack, schedule.physical_id)
        name = f"{stack.id} schedule {_last(schedule.physical_id)}"
        yield Check(f"{name}, state and zone", ("ENABLED", "Asia/Seoul"), found)


def _schedule(view: View, stack: Stack, physical_id: str) -> tuple[str, str]:
    answer: dict[str, Any] = view.client("scheduler", stack.region).get_schedule(Name=_last(physical_id))
    return answer["State"], answer["ScheduleExpressionTimezone"]


def _tables(view: View) -> Iterator[Check]:
    for stack, table in view.all("AWS::DynamoDB::Table"):
        client = view.client("dynamodb", stack.region)
        described = client.describe_table(TableName=table.physical_id)["Table"]
        name = f"{stack.id} table {table.physical_id}"
        yield Check(f"{name}, encryption", "ENABLED", (described.get("SSEDescription") or {}).get("Status", "none"))
        expiry = client.describe_time_to_live(TableName=table.physical_id)["TimeToLiveDescription"]
        yield Check(f"{name} forgets", "ENABLED", expiry["TimeToLiveStatus"])


def _last(identifier: str) -> str:
    """A name, from itself, a path or an ARN."""
    return identifier.rpartition("/")[2]
