"""What the construct hands to the function: the plan, its rights, its schedule."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms

from cloudmart_cdk.assets.weekly_report.plan import Plan
from cloudmart_cdk.constructs.alarms.rollout import ERRORS, REQUESTS
from cloudmart_cdk.constructs.log_groups import LogGroups
from cloudmart_cdk.constructs.watched import WatchedLoadBalancer
from cloudmart_cdk.constructs.weekly_report import WeeklyReport, report_alarms
from tests.conftest import Synthesize

_SERVICES: Final = ("auth", "event", "queue", "reservation", "payment", "notification")
_ALL_BUT_MONITORING: Final = ("VpcStack", "DataStack", "BackendAsgStack", "FrontendCdnStack", "EksPlatformStack")
_PREFIX: Final = "cloudmart-korea-prod"
"""No longer one fits: S3's 63 characters, `Names.limits`."""
_LONGEST: Final = 4096
"""Bytes of a function's environment (Lambda guide, quotas)."""
_FULL_NAME: Final = f"app/{'x' * 32}/0123456789abcdef"
"""As long as a load balancer's name can be."""


@pytest.fixture(scope="module")
def assembly() -> Any:
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(region="ap-northeast-2", account="123456789012"))
    WeeklyReport(
        stack,
        "Report",
        prefix=_PREFIX,
        topic_arn=f"arn:aws:sns:ap-northeast-2:123456789012:{_PREFIX}-MonitoringStack-TopicsInfo-0123456789AB",
        topic_key=kms.Key(stack, "Key"),
        log_groups=LogGroups(retention_days=30),
        alarm_regions=["us-east-1"],
        balancers=[
            WatchedLoadBalancer(title=title, full_name=_FULL_NAME, target_groups={}) for title in ("shop", "tiketi")
        ],
        availability=99.9,
        latency_ms=200,
        budget_usd=1030,
        cost_tags={"Project": "CloudMart", "Stage": "prod"},
        patch_group=f"{_PREFIX}-backend",
        repositories=[f"{_PREFIX}/{name}" for name in _SERVICES],
        vault=f"{_PREFIX}-backup",
        domain="shop.example.com",
        drill=_PREFIX,
        stacks=[f"{_PREFIX}-{name}" for name in (*_ALL_BUT_MONITORING, "MonitoringStack")],
    )
    return app.synth()


def _one(assembly: Any, type_: str) -> dict[str, Any]:
    resources = assembly.get_stack_by_name("Stack").template["Resources"].values()
    (properties,) = [each["Properties"] for each in resources if each["Type"] == type_]
    assert isinstance(properties, dict)
    return properties


def test_the_plan_is_one_that_the_function_reads(assembly: Any) -> None:
    function = _one(assembly, "AWS::Lambda::Function")
    text = function["Environment"]["Variables"]["PLAN"]
    assert len(text) + len("PLAN") <= _LONGEST - 500, "room for some more services"
    plan = Plan.read(text)
    assert [each.title for each in plan.workloads] == ["shop", "tiketi"]
    shop = plan.workloads[0]
    assert (shop.errors, shop.requests) == (ERRORS, REQUESTS), "one home"
    assert shop.terms["p95"] == ("AWS/ApplicationELB", "TargetResponseTime", "p95")
    assert shop.dimensions == {"LoadBalancer": _FULL_NAME}
    assert plan.regions == ("ap-northeast-2", "us-east-1")
    assert plan.drill is not None


@pytest.mark.parametrize(
    ("stage", "context"),
    [
        ("prod", {}),
        ("staging", {}),
        ("lab", {"monitoring.weekly_report": "true", "skip": ",".join(_ALL_BUT_MONITORING)}),
    ],
    ids=["prod", "staging", "nothing else"],
)
def test_every_stage_s_plan_is_read(synthesized: Synthesize, stage: str, context: dict[str, str]) -> None:
    functions = synthesized(stage, **context).resources("MonitoringStack", "AWS::Lambda::Function").values()
    (variables,) = [
        function["Properties"]["Environment"]["Variables"]
        for function in functions
        if function["Properties"].get("FunctionName") == f"cloudmart-{stage}-weekly-report"
    ]
    plan = Plan.read(_text(variables["PLAN"]))
    settings = synthesized(stage, **context).settings
    assert (plan.drill is not None) == (settings.backup.drill and settings.has("DataStack"))
    assert bool(plan.patch_group) == settings.has("BackendAsgStack")
    assert bool(plan.repositories) == settings.has("EksPlatformStack")
    assert [workload.title for workload in plan.workloads] == [
        title for title, stack in (("shop", "BackendAsgStack"), ("tiketi", "EksPlatformStack")) if settings.has(stack)
    ]
    assert f"cloudmart-{stage}-MonitoringStack" in plan.stacks


def _text(value: Any) -> str:
    """What is known at the deploy only is `<value>`."""
    if isinstance(value, str):
        return value
    separator, parts = value["Fn::Join"]
    return str(separator).join(part if isinstance(part, str) else "<value>" for part in parts)


def test_people_call_it_by_name(assembly: Any) -> None:
    assert _one(assembly, "AWS::Lambda::Function")["FunctionName"] == f"{_PREFIX}-weekly-report"


def test_on_monday_morning_in_seoul(assembly: Any) -> None:
    schedule = _one(assembly, "AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == "cron(0 9 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == "Asia/Seoul"


def test_it_reads_what_it_reports_and_writes_one_topic(assembly: Any) -> None:
    """Every operation of the function, by the service's own prefix of actions, and nothing else."""
    template = assembly.get_stack_by_name("Stack").template["Resources"]
    (role,) = [each for id, each in template.items() if id.startswith("ReportRole")]
    (policy,) = role["Properties"]["Policies"]
    granted: dict[str, list[Any]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        for action in statement["Action"]:
            granted[action] = statement["Resource"]
    writes = {action for action in granted if not action.partition(":")[2].startswith(("Describe", "Get", "List"))}
    assert writes == {"sns:Publish", "kms:Decrypt", "kms:GenerateDataKey", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert granted["sns:Publish"] != ["*"]
    assert granted["ecr:DescribeImages"][0] == f"arn:aws:ecr:ap-northeast-2:123456789012:repository/{_PREFIX}/auth"
    assert not [action for action in granted if action.startswith("secretsmanager:Get")]


def test_the_archive_runs_with_nothing_of_ours_beside_it(assembly: Any) -> None:
    """As in Lambda: the package by itself, boto3 from the runtime."""
    (folder,) = [path for path in Path(assembly.directory).glob("asset.*") if path.is_dir()]
    assert not list(folder.rglob("__pycache__"))
    program = "import weekly_report.handler as handler; print(handler.__file__)"
    command = [sys.executable, "-B", "-c", program]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.stdout.strip() == str(folder / "weekly_report" / "handler.py"), run.stderr


def test_a_report_that_fails_is_an_alarm() -> None:
    (row,) = report_alarms("cloudmart-prod-weekly-report")
    assert (row.page, row.silence) == ("weekly-report", "notBreaching")
