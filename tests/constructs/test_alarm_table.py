"""The alarm table against specification section 7, row by row, without a template."""

from itertools import chain
from typing import get_args

import pytest

from cloudmart_cdk.constructs.alarm_table import areas, database_alarms, distribution_alarms, group_alarms
from cloudmart_cdk.constructs.alarms import Alarm, Math, Metric, Severity, Silence
from cloudmart_cdk.constructs.watched import (
    Watched,
    WatchedCache,
    WatchedCluster,
    WatchedDatabase,
    WatchedGroups,
    WatchedLoadBalancer,
)
from tests.support import PROJECT

GROUPS = WatchedGroups(names={"blue": "b", "green": "g"}, minimum=2, off_hours=False)
EVERYTHING = Watched(
    shop=WatchedLoadBalancer(title="shop", full_name="app/shop/1", target_groups={"blue": "tg/b", "green": "tg/g"}),
    backend=GROUPS,
    tiketi=WatchedLoadBalancer(title="tiketi", full_name="app/tiketi/1", target_groups={"auth": "tg/a"}),
    cluster=WatchedCluster(name="cluster"),
    database=WatchedDatabase(id="db", max_connections=100, storage_gb=100, replica_ids=("db-1",), readers=True),
    cache=WatchedCache.of("group", shards=2, replicas=1),
    rotation="rotation",
)
AREAS = areas(EVERYTHING, latency_ms=200)
ROWS = {row.id: row for row in chain(*((*area.steering, *area.own) for area in AREAS), distribution_alarms("E1"))}

# id -> (metric, statistic, comparison, threshold in the metric's unit, seconds): specification section 7.
SPECIFIED = {
    "shop-blue-cpu": ("CPUUtilization", "Average", ">", 80, 300),
    "shop-green-cpu": ("CPUUtilization", "Average", ">", 80, 300),
    "database-cpu": ("CPUUtilization", "Average", ">", 80, 300),
    "replica1-cpu": ("CPUUtilization", "Average", ">", 80, 300),
    "cache1-cpu": ("CPUUtilization", "Average", ">", 80, 300),
    "nodes-cpu": ("node_cpu_utilization", "Average", ">", 80, 300),
    "shop-blue-memory": ("mem_used_percent", "Average", ">", 85, 300),
    "shop-green-memory": ("mem_used_percent", "Average", ">", 85, 300),
    "cache1-memory": ("DatabaseMemoryUsagePercentage", "Average", ">", 85, 300),
    "nodes-memory": ("node_memory_utilization", "Maximum", ">", 85, 300),
    "database-connections": ("DatabaseConnections", "Maximum", ">", 80, 300),
    "replica1-connections": ("DatabaseConnections", "Maximum", ">", 80, 300),
    "database-storage": ("FreeStorageSpace", "Minimum", "<", 10 * 1024**3, 300),
    "replica1-storage": ("FreeStorageSpace", "Minimum", "<", 10 * 1024**3, 300),
    "replica1-lag": ("ReplicaLag", "Average", ">", 30, 300),
    "shop-blue-unhealthy": ("UnHealthyHostCount", "Maximum", ">", 0, 60),
    "shop-green-unhealthy": ("UnHealthyHostCount", "Maximum", ">", 0, 60),
    "tiketi-auth-unhealthy": ("UnHealthyHostCount", "Maximum", ">", 0, 60),
    # math
    "shop-error-rate": ("HTTPCode_Target_5XX_Count", "Sum", ">", 5, 60),
    "tiketi-error-rate": ("HTTPCode_Target_5XX_Count", "Sum", ">", 5, 60),
    "cdn-error-rate": ("5xxErrorRate", "Average", ">", 5, 60),
    "shop-latency": ("TargetResponseTime", "p95", ">", 0.2, 300),
    "tiketi-latency": ("TargetResponseTime", "p95", ">", 0.2, 300),
    "shop-below-minimum": ("GroupInServiceInstances", "Minimum", ">", 0, 60),
    # ours: section 3 asks for the rotation, section 7 does not watch it
    "rotation-errors": ("Errors", "Sum", ">", 0, 300),
}


def first_metric(row: Alarm) -> Metric:
    return row.watch if isinstance(row.watch, Metric) else next(iter(row.watch.terms.values()))


def expression(row: Alarm) -> str:
    assert isinstance(row.watch, Math)
    return row.watch.expression


def evaluate(row: Alarm, **values: float | None) -> float:
    """What CloudWatch makes of a row's expression, for one period; the few functions used are defined here.

    None: the metric has no data.
    """
    functions = {
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
        "FILL": lambda value, default: default if value is None else value,
    }
    terms = dict.fromkeys(row.watch.terms if isinstance(row.watch, Math) else ())
    result: float = eval(expression(row), {"__builtins__": {}}, functions | terms | values)
    return result


@pytest.mark.parametrize("alarm", SPECIFIED)
def test_row_has_the_figures_of_the_specification(alarm: str) -> None:
    row = ROWS[alarm]
    metric = first_metric(row)
    assert (metric.name, metric.statistic, row.fires, row.threshold, row.period_s) == SPECIFIED[alarm]
    assert row.datapoints == (1, 1)


def test_every_row_is_specified() -> None:
    other_cache_nodes = {f"cache{number}-{what}" for number in (2, 3, 4) for what in ("cpu", "memory")}
    assert ROWS.keys() == SPECIFIED.keys() | other_cache_nodes


def test_every_page_exists_and_says_what_to_do() -> None:
    pages = {row.page for row in ROWS.values()} | {area.page.page for area in AREAS if area.page}
    aurora = WatchedDatabase(id="db", aurora=True, readers=True, max_connections=100, storage_gb=20)
    pages |= {row.page for row in database_alarms(aurora)}
    for page in pages:
        text = (PROJECT / "docs" / "runbook" / f"{page}.md").read_text(encoding="utf-8")
        assert all(part in text for part in ("**Means.**", "**Look at**", "1. ", "2. ", "3. ", "**Over**")), page


def test_the_index_of_the_runbook_names_every_page() -> None:
    folder = PROJECT / "docs" / "runbook"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for page in folder.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name


def test_connections_are_in_proportion_on_smaller_classes() -> None:
    rows = {row.id: row for row in database_alarms(WatchedDatabase(id="db", max_connections=80, storage_gb=20))}
    assert rows["database-connections"].threshold == 64
    assert rows["database-storage"].threshold == 2 * 1024**3


def test_aurora_is_watched_as_a_cluster_without_storage_alarm() -> None:
    aurora = WatchedDatabase(id="db", aurora=True, max_connections=100, storage_gb=20, readers=True)
    rows = {row.id: row for row in database_alarms(aurora)}
    assert rows.keys() == {"database-cpu", "database-connections", "replica-lag"}
    assert all(first_metric(row).dimensions == {"DBClusterIdentifier": "db"} for row in rows.values())
    assert rows["replica-lag"].threshold == 30_000  # Aurora's lag is in milliseconds


def test_cache_nodes_are_named_as_elasticache_names_them() -> None:
    cluster = WatchedCache.of("g", shards=2, replicas=1)
    assert cluster.node_ids == (
        "g-0001-001",
        "g-0001-002",
        "g-0002-001",
        "g-0002-002",
    )
    assert WatchedCache.of("g", shards=0, replicas=0).node_ids == ("g-001",)


@pytest.mark.parametrize(
    ("target5xx", "elb5xx", "elb503", "requests", "fires"),
    [
        (None, None, None, 100, False),  # nothing failed: the metrics are absent
        (6, None, None, 100, True),
        (5, None, None, 100, False),  # exactly 5 %
        (1, None, None, 2, False),  # one failed request of two is no outage
        (None, 10, 10, None, True),  # nobody healthy: refused requests are not in RequestCount
        (None, 3, None, 100, False),
        (3, 3, None, 100, True),  # target's and load balancer's own errors together
    ],
)
def test_error_rate(
    target5xx: float | None, elb5xx: float | None, elb503: float | None, requests: float | None, fires: bool
) -> None:
    values = {"target5xx": target5xx, "elb5xx": elb5xx, "elb503": elb503, "requests": requests}
    row = ROWS["shop-error-rate"]
    assert (evaluate(row, **values) > row.threshold) is fires


@pytest.mark.parametrize(
    ("rate", "requests", "fires"), [(100, 2, False), (6, 1000, True), (5, 1000, False), (50, 20, True)]
)
def test_error_rate_of_the_cdn(rate: float, requests: float, fires: bool) -> None:
    row = ROWS["cdn-error-rate"]
    assert (evaluate(row, rate=rate, requests=requests) > row.threshold) is fires


@pytest.mark.parametrize(("p95", "answers", "fires"), [(0.3, 100, True), (0.3, 3, False), (0.1, 100, False)])
def test_latency_needs_enough_answers(p95: float, answers: float, fires: bool) -> None:
    row = ROWS["shop-latency"]
    assert (evaluate(row, p95=p95, answers=answers) > row.threshold) is fires


@pytest.mark.parametrize(
    ("blue", "green", "fires"),
    [(2, 0, False), (0, 2, False), (1, 1, False), (2, None, False), (1, 0, True), (None, None, True)],
)
def test_below_minimum_counts_both_colours(blue: float | None, green: float | None, fires: bool) -> None:
    row = ROWS["shop-below-minimum"]
    assert (evaluate(row, serving0=blue, serving1=green) > row.threshold) is fires


@pytest.mark.parametrize(
    ("wanted", "serving", "fires"),
    [(0, 0, False), (1, 0, True), (1, 1, False)],  # night; morning without an instance; day
)
def test_off_hours_at_zero_are_no_alarm(wanted: float, serving: float, fires: bool) -> None:
    groups = WatchedGroups(names={"blue": "b", "green": "g"}, minimum=1, off_hours=True)
    row = {row.id: row for row in group_alarms(groups)}["shop-below-minimum"]
    assert (evaluate(row, wanted0=wanted, serving0=serving) > row.threshold) is fires
    assert row.datapoints == (10, 10), "the morning's first instance takes minutes"


def test_an_idle_colour_is_silent_not_broken() -> None:
    for row in ROWS.values():
        if row.id.startswith(("shop-green", "shop-blue")):
            assert row.silence == "notBreaching", row.id
        assert row.silence in get_args(Silence)


def test_a_function_that_does_not_run_has_not_failed() -> None:
    row = ROWS["rotation-errors"]
    assert (row.silence, row.severity, row.page) == ("notBreaching", Severity.WARNING, "rotation")
    assert row.watch == Metric("AWS/Lambda", "Errors", "Sum", {"FunctionName": "rotation"})


def test_areas_page_for_critical_rows_only() -> None:
    pages = {area.title: area.page for area in AREAS}
    assert {title: page and page.alarms for title, page in pages.items()} == {
        "shop": ("shop-error-rate", "shop-latency", "shop-below-minimum"),
        "tiketi": ("tiketi-error-rate", "tiketi-latency"),
        "data": ("database-storage", "replica1-storage"),
    }
    assert all(ROWS[alarm].severity is Severity.CRITICAL for page in pages.values() if page for alarm in page.alarms)


def test_what_is_left_out_is_not_watched() -> None:
    assert areas(Watched(), latency_ms=200) == []
    assert [area.title for area in areas(Watched(cache=EVERYTHING.cache), latency_ms=200)] == ["data"]
    assert areas(Watched(cache=EVERYTHING.cache), latency_ms=200)[0].page is None
