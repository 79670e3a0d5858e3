"""A stack of topics, a notifier and two alarms, for tests of the construct and for the local cloud."""

import json
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk

from cloudmart_cdk.constructs.alarms import Alarm, Alarms, Metric, Page, Pages, Severity
from cloudmart_cdk.constructs.log_groups import LogGroups
from cloudmart_cdk.constructs.notifier import Notifier, notifier_alarms
from cloudmart_cdk.constructs.stage_owned import Lifecycle
from cloudmart_cdk.constructs.topics import ALARMS, BUDGETS, EVENTS, Topics
from cloudmart_cdk.settings.naming import Names
from tests.support import feature_flags

NAMES: Final = Names("cloudmart", "lab")
RUNBOOK: Final = "https://runbook.example"
ALARM: Final = Alarm(
    id="shop-latency",
    broke="The shop is slow",
    watch=Metric("AWS/ApplicationELB", "TargetResponseTime", "Average", {"LoadBalancer": "app/shop/1"}),
    threshold=0.2,
    period_s=60,
    severity=Severity.CRITICAL,
    silence="notBreaching",
    page="latency",
)
PAGE: Final = Page(id="page-shop", broke="Critical in shop", page="paged", alarms=(ALARM.id,))


def synthesize(folder: Path, *, settle_s: int = 180, batch_window_s: int = 20) -> dict[str, Any]:
    """The template; the function's code is in `folder`, as the assets' manifest says."""
    app = cdk.App(context=feature_flags(), outdir=str(folder), builtin_cloud_formation_validation=False)
    stack = cdk.Stack(
        app,
        "Watch",
        env=cdk.Environment(region="ap-northeast-2"),
        synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    topics = Topics(
        stack,
        "Topics",
        prefix=NAMES.prefix,
        publishers={Severity.CRITICAL: [ALARMS], Severity.WARNING: [ALARMS, BUDGETS], Severity.INFO: [EVENTS]},
        email="",
        lifecycle=Lifecycle(keep=False, deletion_protection=False),
    )
    Notifier(
        stack,
        "Notifier",
        names=NAMES,
        topics=topics.arns,
        key=topics.key,
        areas={"shop": [ALARM.id]},
        log_groups=LogGroups(retention_days=7),
        settle_s=settle_s,
        batch_window_s=batch_window_s,
    )
    alarms = Alarms(
        stack,
        "Alarms",
        rows=[ALARM, *notifier_alarms(NAMES)],
        prefix=NAMES.prefix,
        runbook_url=RUNBOOK,
        report_to=topics.arns[Severity.WARNING],
    )
    Pages(
        stack,
        "Pages",
        pages=[PAGE],
        alarms=alarms,
        prefix=NAMES.prefix,
        runbook_url=RUNBOOK,
        page_to=topics.arns[Severity.CRITICAL],
    )
    app.synth()
    template: dict[str, Any] = json.loads((folder / "Watch.template.json").read_text(encoding="utf-8"))
    return template
