"""A step of the end-to-end test: an alarm of the deployed stage reaches Slack and PagerDuty, which are here."""

import json
import time
from collections.abc import Callable
from typing import Any, Final

from cloudmart_cdk.constructs.notifier import QUEUE, SECRET
from cloudmart_cdk.settings.naming import Names
from localcloud.aws import Clients
from localcloud.state import Cloud
from tests.notifier.receiver import receiving

_PATIENCE_S: Final = 90
_NOBODY: Final = {"slack": {"url": ""}, "pagerduty": {"url": "", "routing_key": ""}}


def check_a_page_reaches_people(cloud: Cloud, clients: Clients, *, page: str) -> None:
    """`page`: id of a composite alarm. Rings it, reads what arrives, and lets it end; the addresses go again.

    The recovery is held in the queue for minutes, so that its message is not waited for: `test_notifications` does.
    """
    names = Names(cloud.name, cloud.stage)
    secrets, cloudwatch, sqs = (clients.client(service) for service in ("secretsmanager", "cloudwatch", "sqs"))

    def put(value: dict[str, Any]) -> None:
        secrets.put_secret_value(SecretId=names.secret(SECRET), SecretString=json.dumps(value))

    def ring(state: str) -> None:
        cloudwatch.set_alarm_state(AlarmName=names.of(page), StateValue=state, StateReason="a test of the channels")

    with receiving() as slack, receiving() as pagerduty:
        put({"slack": {"url": slack.url()}, "pagerduty": {"url": pagerduty.url("/v2/enqueue"), "routing_key": "k"}})
        ring("ALARM")
        _wait(lambda: slack.taken and pagerduty.taken)
        # Others may ring meanwhile; what is asked for is that this one is told, once, and to both.
        told = [json.dumps(post) for post in slack.taken if names.of(page) in json.dumps(post)]
        assert len(told) == 1, slack.taken
        assert "Runbook: `docs/runbook/paged.md`" in told[0]
        assert "a test of the channels" in told[0]
        (incident,) = [event for event in pagerduty.taken if event["dedup_key"].endswith(names.of(page))]
        assert incident["event_action"] == "trigger"
        ring("OK")
        queue = sqs.get_queue_url(QueueName=names.of(QUEUE))["QueueUrl"]
        delayed = "ApproximateNumberOfMessagesDelayed"
        _wait(lambda: int(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[delayed])["Attributes"][delayed]))
    put(_NOBODY)


def _wait(for_: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not for_():
        assert time.monotonic() < deadline, "nobody was told"
        time.sleep(0.2)
