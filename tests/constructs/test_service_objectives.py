"""Service level objectives: specification section 7's figures, over metrics that exist."""

from typing import Any

import pytest

from cloudmart_cdk.constructs.alarms.rollout import outcomes
from cloudmart_cdk.constructs.service_objectives import ServiceObjectives, objectives
from cloudmart_cdk.constructs.watched import WatchedLoadBalancer
from tests.constructs.stacks import resources

SHOP = WatchedLoadBalancer(title="shop", full_name="app/shop/1", target_groups={"blue": "targetgroup/b/1"})
ROWS = objectives(SHOP, availability=99.9, latency_ms=200)


def made(*, asleep: bool = False) -> dict[str, dict[str, Any]]:
    found = resources(
        lambda stack: ServiceObjectives(stack, "Objectives", rows=ROWS, prefix="cloudmart-prod", asleep=asleep),
        "AWS::ApplicationSignals::ServiceLevelObjective",
    )
    return {objective["Name"]: objective for objective in found}


@pytest.fixture(scope="module")
def slos() -> dict[str, dict[str, Any]]:
    return made()


def counted(slo: dict[str, Any]) -> dict[str, Any]:
    metric: dict[str, Any] = slo["RequestBasedSli"]["RequestBasedSliMetric"]
    return metric


def test_goals_are_the_specifications(slos: dict[str, dict[str, Any]]) -> None:
    goals = {name: slo["Goal"]["AttainmentGoal"] for name, slo in slos.items()}
    assert goals == {"cloudmart-prod-shop-availability": 99.9, "cloudmart-prod-shop-latency": 95}
    windows = [slo["Goal"]["Interval"]["RollingInterval"] for slo in slos.values()]
    assert windows == [{"Duration": 30, "DurationUnit": "DAY"}] * 2


def test_availability_counts_what_the_alarms_count(slos: dict[str, dict[str, Any]]) -> None:
    metric = counted(slos["cloudmart-prod-shop-availability"])
    known = {term.name for term in outcomes(SHOP).values()}
    queries = [*metric["TotalRequestCountMetric"], *metric["MonitoredRequestCountMetric"]["BadCountMetric"]]
    assert {query["MetricStat"]["Metric"]["MetricName"] for query in queries if "MetricStat" in query} == known


def test_latency_is_a_share_of_answers_so_p95(slos: dict[str, dict[str, Any]]) -> None:
    metric = counted(slos["cloudmart-prod-shop-latency"])
    ((total,), (good,)) = metric["TotalRequestCountMetric"], metric["MonitoredRequestCountMetric"]["GoodCountMetric"]
    assert (total["MetricStat"]["Stat"], good["MetricStat"]["Stat"]) == ("SampleCount", "TC(:0.2)")
    assert total["MetricStat"]["Metric"] == good["MetricStat"]["Metric"]
    assert good["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "LoadBalancer", "Value": "app/shop/1"}]


def test_a_count_is_one_series_over_metrics_that_it_uses(slos: dict[str, dict[str, Any]]) -> None:
    for slo in slos.values():
        metric = counted(slo)
        for queries in (metric["TotalRequestCountMetric"], *metric["MonitoredRequestCountMetric"].values()):
            (returned,) = [query for query in queries if query["ReturnData"]]
            terms = {query["Id"] for query in queries} - {returned["Id"]}
            assert all(term in returned["Expression"] for term in terms)
            assert len({query["MetricStat"]["Period"] for query in queries if "MetricStat" in query}) == 1


def test_counts_of_an_objective_can_be_asked_for_in_one_call(slos: dict[str, dict[str, Any]]) -> None:
    for slo in slos.values():
        metric = counted(slo)
        ids = [
            query["Id"]
            for queries in (metric["TotalRequestCountMetric"], *metric["MonitoredRequestCountMetric"].values())
            for query in queries
        ]
        assert len(ids) == len(set(ids))


def test_burn_rates_are_charted_over_the_alarms_windows(slos: dict[str, dict[str, Any]]) -> None:
    for slo in slos.values():
        windows = [burn["LookBackWindowMinutes"] for burn in slo["BurnRateConfigurations"]]
        assert windows == [5, 30, 60, 360, 4320]
        assert "ExclusionWindows" not in slo


def test_nights_and_weekends_do_not_count_where_the_stage_sleeps() -> None:
    """Seoul 20:00 to 08:00 is 11:00 to 23:00 UTC; Friday 11:00 and 60 hours is Sunday 23:00, Seoul's Monday 08:00."""
    for slo in made(asleep=True).values():
        windows = [
            (w["RecurrenceRule"]["Expression"], w["Window"]["Duration"], w["Window"]["DurationUnit"])
            for w in slo["ExclusionWindows"]
        ]
        assert windows == [("cron(0 11 ? * MON-THU *)", 12, "HOUR"), ("cron(0 11 ? * FRI *)", 60, "HOUR")]
