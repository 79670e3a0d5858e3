"""WATCH: what watches is itself awake. Messages are read and kept, schedules come again, restores are rehearsed.

Owns what goes unnoticed when it is switched off, because nothing breaks. That alarms and events reach a topic is in
`delivery`; what an alarm watches, and its threshold, is held by the tests of the alarm table against section 7.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...settings.topology import DATA, EDGE_WATCH, MONITORING
from ..lookups import always, comes_again
from ..model import MISSING, Deployment, Resource, text_of
from ..rule import Found, Rule, shown
from ..statements import allowing
from .delivery import services_allowed
from .limits import whole

_QUEUE: Final = "AWS::SQS::Queue"
_KEPT_S: Final = 14 * 86400
"""SQS's most."""
_VISIBLE_AFTER: Final = 6
"""Lambda guide, "Configuring a queue to use with Lambda": times the function's timeout."""
_ON: Final = (MISSING, True, "true")
_SNS: Final = "sns.amazonaws.com"
_TO_ENCRYPT: Final = (("kms:Decrypt",), ("kms:GenerateDataKey", "kms:GenerateDataKey*"))
_START: Final = "arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution"


def _silenced(app: Deployment) -> Iterator[Found]:
    for page in app.of("AWS::CloudWatch::CompositeAlarm"):
        if page.get("ActionsSuppressor") is not MISSING:
            yield Found(page, shown(page.get("ActionsSuppressor")), "nothing", "ActionsSuppressor")


def _read_queues(app: Deployment) -> Iterator[Found]:
    """Queues that topics fill: who reads them, and where what nobody can use is kept."""
    filled: dict[tuple[str, str], Resource] = {}
    for subscription in app.of("AWS::SNS::Subscription"):
        queue = app.target(subscription.get("Endpoint"), _QUEUE)
        if queue is None:
            continue
        filled[queue.stack, queue.logical_id] = queue
        for name in ("FilterPolicy", "FilterPolicyScope"):
            if subscription.get(name) is not MISSING:
                yield Found(subscription, shown(subscription.get(name)), "nothing: every message is told", name)
        if subscription.get("RawMessageDelivery") not in (MISSING, False, "false"):
            allowed = "false: the envelope says which topic it was, and so whom it wakes"
            yield Found(subscription, shown(subscription.get("RawMessageDelivery")), allowed, "RawMessageDelivery")
        yield from _kept(app, subscription, queue)
    for queue in filled.values():
        yield from _kept(app, queue, queue)
        yield from _read(app, queue)
        key = app.target(queue.get("KmsMasterKeyId"), "AWS::KMS::Key")
        if key and not all(_SNS in services_allowed(key.get("KeyPolicy"), actions) for actions in _TO_ENCRYPT):
            yield Found(queue, f"{key.path}, which SNS may not use", "a key whose policy lets it", "KmsMasterKeyId")


def _kept(app: Deployment, sender: Resource, queue: Resource) -> Iterator[Found]:
    where = "RedrivePolicy.deadLetterTargetArn"
    failed = app.target(sender.get(where), _QUEUE)
    if failed is None or (failed.stack, failed.logical_id) == (queue.stack, queue.logical_id):
        yield Found(sender, shown(text_of(sender.get(where))), "a dead-letter queue of this app", where)
        return
    kept = whole(failed.get("MessageRetentionPeriod")) or 0
    if kept < _KEPT_S:
        yield Found(failed, f"{kept} s", f"{_KEPT_S} s: somebody may be away for a week", "MessageRetentionPeriod")


def _read(app: Deployment, queue: Resource) -> Iterator[Found]:
    sources = [
        source
        for source in app.of("AWS::Lambda::EventSourceMapping")
        if app.target(source.get("EventSourceArn"), _QUEUE) is queue and always(app, source)
    ]
    if not sources:
        yield Found(queue, "read by no function", "an event source mapping of this app")
    for source in sources:
        if source.get("Enabled") not in _ON:
            yield Found(source, shown(source.get("Enabled")), "true, or nothing", "Enabled")
        if "ReportBatchItemFailures" not in source.items("FunctionResponseTypes"):
            given, allowed = "a batch that fails as a whole", "ReportBatchItemFailures: else a message is told again"
            yield Found(source, given, allowed, "FunctionResponseTypes")
        function = app.target(source.get("FunctionName"), "AWS::Lambda::Function")
        least = _VISIBLE_AFTER * (whole(function.get("Timeout")) or 0) if function else 0
        if (whole(queue.get("VisibilityTimeout")) or 0) < least:
            given = shown(queue.get("VisibilityTimeout"))
            yield Found(queue, given, f"{least} s or more, six times the function's", "VisibilityTimeout")


def _topics_heard(app: Deployment) -> Iterator[Found]:
    for topic in app.of("AWS::SNS::Topic"):
        if topic.stack not in (MONITORING, EDGE_WATCH):
            continue
        queues = [
            subscription
            for subscription in app.of("AWS::SNS::Subscription")
            if app.target(subscription.get("TopicArn"), "AWS::SNS::Topic") is topic
            and _takes(app, app.target(subscription.get("Endpoint"), _QUEUE), topic)
            and always(app, subscription)
        ]
        if not queues:
            yield Found(topic, "heard by no queue", "a subscription of the notifier's queue, whose policy lets it in")


def _takes(app: Deployment, queue: Resource | None, topic: Resource) -> bool:
    """Whether a queue's policy names the topic."""
    return queue is not None and any(
        app.target(value, "AWS::SNS::Topic") is topic
        for statement in allowing(app, "resource")
        if any(app.target(each, _QUEUE) is queue for each in statement.resource.items("Queues"))
        for key, values in statement.positive()
        if key == "aws:sourcearn"
        for value in values
    )


def _schedules_on(app: Deployment) -> Iterator[Found]:
    for schedule in app.of("AWS::Scheduler::Schedule"):
        if schedule.get("State") not in (MISSING, "ENABLED"):
            yield Found(schedule, shown(schedule.get("State")), "ENABLED", "State")
        for name in ("StartDate", "EndDate"):
            if schedule.get(name) is not MISSING:
                yield Found(schedule, shown(schedule.get(name)), "nothing: it goes on", name)
        if not comes_again(schedule.get("ScheduleExpression")):
            given = shown(schedule.get("ScheduleExpression"))
            yield Found(schedule, given, "rate(...), or cron(... *)", "ScheduleExpression")


def _rehearsed(app: Deployment) -> Iterator[Found]:
    if not app.settings.backup.drill or DATA not in app.stacks:
        return
    started = {
        document.logical_id
        for document in app.of("AWS::SSM::Document")
        for schedule in app.of("AWS::Scheduler::Schedule")
        if document.stack == schedule.stack == DATA and schedule.get("Target.Arn") == _START
        if _restores(document) and f'"{text_of(document.get("Name"))}"' in text_of(schedule.get("Target.Input"))
    }
    if not started:
        place = Resource(DATA, "", "AWS::CloudFormation::Template", {}, DATA, app.settings.region)
        yield Found(place, "without a restore that comes by itself", f"one in stage {app.settings.stage}")


def _restores(document: Resource) -> bool:
    return any(api.startswith("RestoreDBInstance") for api, _ in _calls(document))


def _calls(document: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Of RDS, by the document's steps: which call, with what."""
    for step in document.items("Content.mainSteps"):
        inputs = step.get("inputs") if isinstance(step, Mapping) else None
        if isinstance(inputs, Mapping) and inputs.get("Service") == "rds":
            yield text_of(inputs.get("Api")), inputs


def _private_copies(app: Deployment) -> Iterator[Found]:
    for document in app.of("AWS::SSM::Document"):
        for api, inputs in _calls(document):
            if api.startswith(("CreateDB", "ModifyDB", "RestoreDB")) and inputs.get("PubliclyAccessible") is not False:
                given = shown(inputs.get("PubliclyAccessible", MISSING))
                yield Found(document, f"{api} with {given}", "PubliclyAccessible false", "Content.mainSteps", api)


RULES: Final = (
    Rule(
        "WATCH-1",
        "No page is silenced by another alarm",
        "CloudWatch guide, composite alarms, action suppression: while the other one is on, nobody is called.",
        "count the alarm in the rule of the page",
        _silenced,
        acknowledgeable=False,
    ),
    Rule(
        "WATCH-2",
        "Whatever a topic puts into a queue is read, unfiltered, and kept for two weeks when it cannot be told",
        "Specification section 7: by a function to Slack or PagerDuty. SQS guide, dead-letter queues; Lambda guide, "
        "'Configuring a queue to use with Lambda'. A mapping that is off, or a filter, looks like a quiet night.",
        "constructs/notifier.py as it is",
        _read_queues,
    ),
    Rule(
        "WATCH-3",
        "Every topic of messages is heard by the queue that goes to Slack and PagerDuty",
        "Specification section 7: one topic a severity, to e-mail and through a function to Slack or PagerDuty.",
        "hand the topic to Notifier(topics=...)",
        _topics_heard,
    ),
    Rule(
        "WATCH-4",
        "What is scheduled is on, and comes again",
        "EventBridge Scheduler guide, schedule types: `at(...)` comes once, and a schedule that is off or has ended "
        "stays in the template. Nights, restore drills and reports would end with no word.",
        "leave out State, StartDate and EndDate; rate(...) or cron(...) of every year",
        _schedules_on,
    ),
    Rule(
        "WATCH-5",
        "A stage whose settings say so rehearses its restore by a schedule",
        "Specification section 3, targets of AWS Backup: a backup that was never restored is a hope.",
        "RestoreDrill in DataStack, as settings.backup.drill says",
        _rehearsed,
    ),
    Rule(
        "WATCH-6",
        "No document makes a database that the internet can reach",
        "CIS AWS Foundations 2.2.3; Security Hub RDS.2: what a document restores is in no template.",
        "PubliclyAccessible: false in the step",
        _private_copies,
        acknowledgeable=False,
    ),
)
