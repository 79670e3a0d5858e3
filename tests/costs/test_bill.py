"""Bills of whole stages: what the specification demands of them, and what a bill is made of."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from cloudmart_cdk.costs import prices, volumes
from cloudmart_cdk.costs.bill import CAPPED, Bill, bill
from cloudmart_cdk.costs.charge import UnpricedType
from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.policy.model import Deployment
from tests.costs.support import billed
from tests.matrix import MATRIX
from tests.policy.support import deployment, resource
from tests.support import synthesize


def _bill(context: Mapping[str, str]) -> Bill:
    made = synthesize(context)
    return bill(load(made.folder, made.settings), prices.load(), volumes.load())


def _with_valkey(context: Mapping[str, str]) -> Deployment:
    """Both options at once, without a synth of its own: the engine's name is all that the bill reads."""
    made = synthesize(context)
    stacks = [
        replace(
            stack, template=json.loads(json.dumps(stack.template).replace('"Engine": "redis"', '"Engine": "valkey"'))
        )
        for stack in load(made.folder, made.settings).stacks.values()
    ]
    return Deployment(stacks, made.settings)


_CLOUDWATCH = ("cloudwatch.alarm", "cloudwatch.composite")
_ALARMS = {"lab": 12.90, "dev": 13.80, "staging": 23.30, "prod": 23.90}
"""USD a month. A row more is a line more on the bill: change it here and in the README."""

_BY_THE_HOUR = {
    "VpcStack": (0.045, 2 * 0.045),
    "DataStack": (2 * 0.017 + 0.017, 2 * 0.068 + 4 * 0.068 + 0.03),
    "BackendAsgStack": (0.025 + 2 * 0.010, 0.025 + 2 * 0.010),
    "EksPlatformStack": (0.10 + 0.025 + 2 * 0.0416, 0.10 + 0.025 + 4 * 0.0416 + 2 * 0.0125),
}
"""USD of servers and gateways in lab and prod: by hand, from sections 1 and 8."""


@pytest.mark.parametrize("stage", _ALARMS)
def test_the_bill_of_the_alarms(stage: str) -> None:
    alarms = [item for item in _bill({"stage": stage}) if item.price_id in _CLOUDWATCH]
    assert Bill(tuple(alarms)).usd_month("course") == pytest.approx(_ALARMS[stage])


@pytest.mark.parametrize("stack", _BY_THE_HOUR)
def test_servers_and_gateways_by_hand(stack: str) -> None:
    for stage, expected in zip(("lab", "prod"), _BY_THE_HOUR[stack], strict=True):
        fixed = _bill({"stage": stage}).only(stacks=[stack], kinds=["fixed"])
        hourly = Bill(tuple(item for item in fixed if item.per == "hour"))
        assert hourly.usd_hour("course") == pytest.approx(expected)


def test_a_session_of_lab_costs_at_most_80_cents() -> None:
    """Specification section 8."""
    assert 0.30 < _bill({"stage": "lab"}).only(kinds=CAPPED).usd_session("course") <= 0.80


def test_a_month_of_prod_costs_at_most_975_and_900_with_graviton_and_valkey() -> None:
    """Specification section 8."""
    assert 900 < _bill({"stage": "prod"}).only(kinds=CAPPED).usd_month("course") <= 975
    leaner = bill(_with_valkey(MATRIX["Graviton in prod"]), prices.load(), volumes.load())
    assert leaner.only(kinds=CAPPED).usd_month("course") <= 900


def test_off_hours_save_servers_and_not_the_rest() -> None:
    dev = _bill({"stage": "dev"})
    share = {item.price_id: item.quantity for item in dev if item.per == "hour"}
    assert share["ec2.t3.micro"] == pytest.approx(60 / 168)
    assert share["ec2.t3.medium"] == pytest.approx(2 * 60 / 168)
    assert share["rds.db.t3.micro"] == pytest.approx(61.25 / 168)
    assert share["eks.cluster"] == share["elasticache.redis.cache.t3.micro"] == 1


def test_a_bill_goes_by_stacks_kinds_and_time() -> None:
    whole = _bill({"stage": "prod"})
    assert whole.stacks == tuple(dict.fromkeys(item.stack for item in whole))
    parts = [whole.only(stacks=[stack], kinds=[kind]) for stack in whole.stacks for kind in (*CAPPED, "apart")]
    assert sum(map(len, parts)) == len(whole) > 200
    assert sum(part.usd_hour("seoul") for part in parts) == pytest.approx(whole.usd_hour("seoul"))
    assert whole.usd_month("course") == pytest.approx(730 * whole.usd_hour("course"))
    assert whole.usd_session("course") == pytest.approx(50 / 60 * whole.usd_hour("course"))


def test_what_is_in_virginia_is_billed_there() -> None:
    """By something that costs more in Seoul."""
    canary = {"C": resource("AWS::Synthetics::Canary", {"Schedule": {"Expression": "rate(5 minutes)"}})}
    home, edge = (billed(canary, region=region) for region in ("ap-northeast-2", "us-east-1"))
    assert edge.usd_hour("seoul") == edge.usd_hour("course") == home.usd_hour("course") < home.usd_hour("seoul")


def test_only_the_stage_counts_of_the_settings() -> None:
    """So that the templates of another commit can be billed with this one's prices."""
    made = synthesize({"stage": "prod"})
    plain = load(made.folder, made.settings)
    other = load(made.folder, made.settings.model_copy(update={"skip": ("EksPlatformStack",), "off_hours": True}))
    book, used = prices.load(), volumes.load()
    assert bill(other, book, used) == bill(plain, book, used)


def test_use_hangs_on_a_resource_of_its_stack() -> None:
    app = deployment({"N": resource("AWS::EC2::NatGateway")}, stack="VpcStack", stage="prod")
    usage = [item for item in bill(app, prices.load(), volumes.load()) if item.kind == "usage"]
    assert [(item.price_id, item.logical_id, item.per) for item in usage] == [("nat.gb", "N", "month")]
    elsewhere = deployment({"N": resource("AWS::EC2::NatGateway")}, stack="DataStack", stage="prod")
    assert not bill(elsewhere, prices.load(), volumes.load()).only(kinds=["usage"]).items


def test_a_lab_uses_by_the_session_and_holds_by_the_month() -> None:
    app = deployment(
        {"N": resource("AWS::EC2::NatGateway"), "R": resource("AWS::ECR::Repository")},
        stack="VpcStack",
        also={"EksPlatformStack": {"R": resource("AWS::ECR::Repository")}},
    )
    per = {item.price_id: item.per for item in bill(app, prices.load(), volumes.load()).only(kinds=["usage"])}
    assert per == {"nat.gb": "session", "ecr.storage": "month"}


def test_some_use_needs_a_property_too() -> None:
    def copies(*rules: Mapping[str, object]) -> bool:
        plan = resource("AWS::Backup::BackupPlan", {"BackupPlan": {"BackupPlanRule": list(rules)}})
        used = bill(deployment({"P": plan}, stage="prod"), prices.load(), volumes.load())
        return any(item.price_id == "backup.copy" for item in used)

    assert copies({}, {"CopyActions": [{}]})
    assert not copies({}, {})


@pytest.mark.parametrize(
    "told",
    [
        "#!/bin/bash\nexport TRACE_RATIO=0.5\nexport A=1\n",
        json.dumps([{"name": "OTEL_TRACES_SAMPLER_ARG", "value": "0.5"}]),
    ],
)
def test_a_trace_of_each_other_request_costs_fifty_times_that_of_one_in_a_hundred(told: str) -> None:
    """Traces of all requests are 260 USD a month of prod: they must not slip under the cap."""

    def traces(text: str) -> dict[str, float]:
        app = deployment(
            {"G": resource("AWS::XRay::Group", {"InsightsConfiguration": {"InsightsEnabled": True}})},
            stack="MonitoringStack",
            stage="prod",
            also={"EksPlatformStack": {"C": resource("AWS::EKS::Cluster", {"Told": text})}},
        )
        found = bill(app, prices.load(), volumes.load())
        return {item.price_id: item.quantity for item in found if item.price_id.startswith("xray.")}

    assert traces("") == {"xray.traces": 0.26, "xray.insights": 0.52}
    assert traces(told) == {"xray.traces": 13, "xray.insights": 26}


def test_a_type_without_a_price_is_an_error() -> None:
    app = deployment({"X": resource("AWS::Nobody::Knows")})
    with pytest.raises(UnpricedType, match="AWS::Nobody::Knows"):
        bill(app, prices.load(), volumes.load())
