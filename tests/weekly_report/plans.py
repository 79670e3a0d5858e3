"""A plan as the construct writes it, and a Monday."""

from datetime import UTC, datetime
from typing import Final

from cloudmart_cdk.assets.weekly_report.period import Period
from cloudmart_cdk.assets.weekly_report.plan import Drill, Plan, Workload
from cloudmart_cdk.constructs.alarms.rollout import ERRORS, REQUESTS, outcomes
from cloudmart_cdk.constructs.watched import WatchedLoadBalancer

MONDAY: Final = Period(datetime(2026, 11, 23, 0, 7, tzinfo=UTC))
"""Just after nine in Seoul."""
STAGE: Final = "cloudmart-prod"
DRILL: Final = Drill(namespace="CloudMart/Restore", dimensions={"Stage": STAGE})


def workload(title: str) -> Workload:
    balancer = WatchedLoadBalancer(title=title, full_name=f"app/{STAGE}-{title}/0123456789abcdef", target_groups={})
    where = {"LoadBalancer": balancer.full_name}
    terms = {id: (metric.namespace, metric.name, metric.statistic) for id, metric in outcomes(balancer).items()}
    terms["p95"] = ("AWS/ApplicationELB", "TargetResponseTime", "p95")
    return Workload(title=title, terms=terms, dimensions=where, errors=ERRORS, requests=REQUESTS, latency="p95")


FULL: Final = Plan(
    stage=STAGE,
    topic="arn:aws:sns:ap-northeast-2:000000000000:info",
    regions=("ap-northeast-2", "us-east-1"),
    availability=99.9,
    latency_ms=200,
    workloads=(workload("shop"), workload("tiketi")),
    budget_usd=1030,
    tags={"Project": "CloudMart", "Stage": "prod"},
    patch_group=f"{STAGE}-backend",
    repositories=(f"{STAGE}/auth", f"{STAGE}/event", f"{STAGE}/payment"),
    vault=STAGE,
    domain="shop.example",
    drill=DRILL,
    stacks=(f"{STAGE}-VpcStack", f"{STAGE}-DataStack"),
)
SPARSE: Final = Plan(
    stage="cloudmart-lab",
    topic="arn:aws:sns:ap-northeast-2:000000000000:info",
    regions=("ap-northeast-2",),
    availability=99.9,
    latency_ms=200,
    workloads=(workload("shop"),),
    budget_usd=20,
    tags={},
    patch_group="",
    repositories=(),
    vault="",
    domain="",
    drill=None,
    stacks=("cloudmart-lab-VpcStack",),
)
