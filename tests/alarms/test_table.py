"""The alarm table against specification section 7, row by row, without a template."""

from functools import partial
from itertools import chain
from typing import get_args

import pytest

from cloudmart_cdk.constructs.alarms import Alarm, Math, Metric, Severity, Silence
from cloudmart_cdk.constructs.alarms.backend import group_alarms
from cloudmart_cdk.constructs.alarms.database import database_alarms
from cloudmart_cdk.constructs.alarms.edge import edge_alarms
from cloudmart_cdk.constructs.alarms.operation import backup_alarms
from cloudmart_cdk.constructs.alarms.table import areas
from cloudmart_cdk.constructs.watched import (
    Watched,
    WatchedBackup,
    WatchedCache,
    WatchedCluster,
    WatchedDatabase,
    WatchedDistribution,
    WatchedGroups,
    WatchedLoadBalancer,
    WatchedNetwork,
    WatchedWebAcl,
    database_memory_mib,
)
from cloudmart_cdk.settings.catalogue import DATABASE
from tests.support import PROJECT
from tools.cloudwatch.metric_math import evaluate_all

GROUPS = WatchedGroups(names={"blue": "b", "green": "g"}, minimum=2, off_hours=False)
EVERYTHING = Watched(
    network=WatchedNetwork(nat_ids=("nat-1",)),
    shop=WatchedLoadBalancer(
        title="shop",
        full_name="app/shop/1",
        target_groups={"blue": "tg/b", "green": "tg/g"},
        certificate_arn="arn:shop",
    ),
    backend=GROUPS,
    tiketi=WatchedLoadBalancer(
        title="tiketi",
        full_name="app/tiketi/1",
        target_groups={"auth": "tg/a"},
        certificate_arn="arn:tiketi",
        web_acl=WatchedWebAcl(name="tiketi", region="ap-northeast-2"),
    ),
    cluster=WatchedCluster(name="cluster"),
    database=WatchedDatabase(
        id="db",
        max_connections=100,
        storage_gb=100,
        replica_ids=("db-1",),
        readers=True,
        memory_mib=4096,
        proxy="db-proxy",
    ),
    cache=WatchedCache.of("group", shards=2, replicas=1),
    rotation="rotation",
    backup=WatchedBackup(vault="backup"),
    restore_drill="cloudmart-prod",
)
CDN = WatchedDistribution(
    id="E1", url="https://shop/", router="router", web_acl=WatchedWebAcl(name="cdn"), certificate_arn="arn:cdn"
)
AREAS = areas(EVERYTHING, latency_ms=200, availability=99.9, burn_rates=True, bands=True)
without_options = partial(areas, latency_ms=200, availability=99.9, burn_rates=False, bands=False)
ROWS = {row.id: row for row in chain(*((*area.steering, *area.own) for area in AREAS), edge_alarms(CDN))}
TOGETHER = {composite.id: composite for area in AREAS for composite in area.together}

# id -> (metric, statistic, comparison, threshold in the metric's unit, seconds, M of N): specification section 7, which
# has the figures but not M and N.
ONCE = (1, 1)
SPECIFIED = {
    "shop-blue-cpu": ("CPUUtilization", "Average", ">", 80, 300, ONCE),
    "shop-green-cpu": ("CPUUtilization", "Average", ">", 80, 300, ONCE),
    "database-cpu": ("CPUUtilization", "Average", ">", 80, 300, ONCE),
    "replica1-cpu": ("CPUUtilization", "Average", ">", 80, 300, ONCE),
    "cache1-cpu": ("CPUUtilization", "Average", ">", 80, 300, ONCE),
    "nodes-cpu": ("node_cpu_utilization", "Average", ">", 80, 300, ONCE),
    "shop-blue-memory": ("mem_used_percent", "Average", ">", 85, 300, ONCE),
    "shop-green-memory": ("mem_used_percent", "Average", ">", 85, 300, ONCE),
    "cache1-memory": ("DatabaseMemoryUsagePercentage", "Average", ">", 85, 300, ONCE),
    "nodes-memory": ("node_memory_utilization", "Maximum", ">", 85, 300, ONCE),
    "database-connections": ("DatabaseConnections", "Maximum", ">", 80, 300, ONCE),
    "replica1-connections": ("DatabaseConnections", "Maximum", ">", 80, 300, ONCE),
    "database-storage": ("FreeStorageSpace", "Minimum", "<", 10 * 1024**3, 300, ONCE),
    "replica1-storage": ("FreeStorageSpace", "Minimum", "<", 10 * 1024**3, 300, ONCE),
    "replica1-lag": ("ReplicaLag", "Average", ">", 30, 300, ONCE),
    "shop-blue-unhealthy": ("UnHealthyHostCount", "Maximum", ">", 0, 60, ONCE),
    "shop-green-unhealthy": ("UnHealthyHostCount", "Maximum", ">", 0, 60, ONCE),
    "tiketi-auth-unhealthy": ("UnHealthyHostCount", "Maximum", ">", 0, 60, ONCE),
    # math
    "shop-error-rate": ("HTTPCode_Target_5XX_Count", "Sum", ">", 5, 60, (2, 3)),
    "tiketi-error-rate": ("HTTPCode_Target_5XX_Count", "Sum", ">", 5, 60, (2, 3)),
    "cdn-error-rate": ("5xxErrorRate", "Average", ">", 5, 60, (2, 3)),
    "shop-latency": ("TargetResponseTime", "p95", ">", 0.2, 300, ONCE),
    "tiketi-latency": ("TargetResponseTime", "p95", ">", 0.2, 300, ONCE),
    "shop-below-minimum": ("GroupInServiceInstances", "Minimum", ">", 0, 60, (3, 3)),
}
# What section 7 does not name and an engineer at night would miss.
OURS = {
    "nat1-ports": ("ErrorPortAllocation", "Sum", ">", 0, 300, ONCE),
    "nat1-drops": ("PacketsDropCount", "Sum", ">", 0.01, 300, (3, 3)),
    **{
        f"{title}-{id}": figures
        for title in ("shop", "tiketi")
        for id, figures in {
            "rejected": ("RejectedConnectionCount", "Sum", ">", 0, 300, ONCE),
            "certificate": ("DaysToExpiry", "Minimum", "<", 30, 86_400, ONCE),
            "traffic": ("RequestCount", "Sum", "below band", 3, 300, (3, 3)),
            "budget-5m": ("HTTPCode_Target_5XX_Count", "Sum", ">", 14.4, 300, ONCE),
            "budget-1h": ("HTTPCode_Target_5XX_Count", "Sum", ">", 14.4, 3600, ONCE),
            "budget-30m": ("HTTPCode_Target_5XX_Count", "Sum", ">", 6, 1800, ONCE),
            "budget-6h": ("HTTPCode_Target_5XX_Count", "Sum", ">", 6, 21_600, ONCE),
            "budget-3d": ("HTTPCode_Target_5XX_Count", "Sum", ">", 1, 86_400, (3, 3)),
            "latency-3d": ("TargetResponseTime", "PR(:0.2)", ">", 5, 86_400, (3, 3)),
        }.items()
    },
    "shop-blue-disk": ("disk_used_percent", "Maximum", ">", 85, 300, ONCE),
    "shop-green-disk": ("disk_used_percent", "Maximum", ">", 85, 300, ONCE),
    "nodes-disk": ("node_filesystem_utilization", "Maximum", ">", 80, 300, ONCE),
    "nodes-failed": ("cluster_failed_node_count", "Maximum", ">", 0, 60, (5, 5)),
    "pods-pending": ("pod_status_pending", "Maximum", ">", 0, 60, (15, 15)),
    "pods-crashing": ("pod_container_status_waiting_reason_crash_loop_back_off", "Maximum", ">", 0, 60, (5, 15)),
    "queue-stuck": ("tiketi_admissions_total", "Sum", ">", 0, 60, (10, 10)),
    "payments-failing": ("tiketi_payments_total", "Sum", "<", 95, 300, (2, 3)),
    "tiketi-blocked": ("AllowedRequests", "Sum", ">", 20, 300, (3, 3)),
    "cdn-blocked": ("AllowedRequests", "Sum", ">", 20, 300, (3, 3)),
    "cdn-certificate": ("DaysToExpiry", "Minimum", "<", 30, 86_400, ONCE),
    "cdn-router": ("FunctionExecutionErrors", "Sum", ">", 5, 300, (1, 2)),
    "database-memory": ("FreeableMemory", "Average", "<", int(0.05 * 4096 * 1024**2), 300, (3, 3)),
    "replica1-memory": ("FreeableMemory", "Average", "<", int(0.05 * 4096 * 1024**2), 300, (3, 3)),
    "database-burst": ("EBSIOBalance%", "Minimum", "<", 10, 300, (3, 3)),
    "replica1-burst": ("EBSIOBalance%", "Minimum", "<", 10, 300, (3, 3)),
    "database-transactions": ("MaximumUsedTransactionIDs", "Maximum", ">", 1e9, 300, ONCE),
    "database-silent": ("CPUUtilization", "SampleCount", "<", 1, 60, (10, 10)),
    "proxy-unavailable": ("AvailabilityPercentage", "Average", "<", 50, 60, (3, 3)),
    "proxy-waits": ("DatabaseConnectionsBorrowLatency", "Average", ">", 100_000, 300, ONCE),
    "cache1-evictions": ("Evictions", "Sum", ">", 0, 300, (3, 3)),
    "cache1-lag": ("ReplicationLag", "Maximum", ">", 10, 300, ONCE),
    "cache1-silent": ("CPUUtilization", "SampleCount", "<", 1, 60, (10, 10)),
    "rotation-errors": ("Errors", "Sum", ">", 0, 300, ONCE),  # section 3 asks for the rotation
    "backup-failed": ("NumberOfBackupJobsFailed", "Sum", ">", 0, 3600, ONCE),
    "restore-drill-failed": ("Failed", "Sum", ">", 0, 300, ONCE),
    "restore-drill-overdue": ("DaysSinceDrill", "Maximum", ">", 35, 86_400, ONCE),
}


def first_metric(row: Alarm) -> Metric:
    return row.watch if isinstance(row.watch, Metric) else next(iter(row.watch.terms.values()))


def expression(row: Alarm) -> str:
    assert isinstance(row.watch, Math)
    return row.watch.expression


def evaluate(row: Alarm, **values: float | None) -> float:
    """What CloudWatch makes of a row's expression, for one period. None: the metric has no data."""
    terms = dict.fromkeys(row.watch.terms if isinstance(row.watch, Math) else ())
    ((value,),) = evaluate_all(
        expression(row), {term: [point] for term, point in (terms | values).items()}, row.period_s
    )
    assert value is not None
    return value


@pytest.mark.parametrize("alarm", SPECIFIED | OURS)
def test_row_has_its_figures(alarm: str) -> None:
    row = ROWS[alarm]
    metric = first_metric(row)
    figures = (metric.name, metric.statistic, row.fires, row.threshold, row.period_s, row.datapoints)
    assert figures == (SPECIFIED | OURS)[alarm]


def test_every_row_is_listed() -> None:
    watched = ("cpu", "memory", "evictions", "lag", "silent")
    other_cache_nodes = {f"cache{number}-{what}" for number in (2, 3, 4) for what in watched}
    assert ROWS.keys() == SPECIFIED.keys() | OURS.keys() | other_cache_nodes


def test_every_page_exists() -> None:
    """What it has to say is `tests/runbook`'s."""
    pages = {row.page for row in ROWS.values()} | {composite.page for composite in TOGETHER.values()}
    pages |= {area.page.page for area in AREAS if area.page}
    aurora = WatchedDatabase(id="db", aurora=True, readers=True, max_connections=100, storage_gb=20)
    pages |= {row.page for row in database_alarms(aurora)}
    assert {page for page in pages if not (PROJECT / "docs" / "runbook" / f"{page}.md").exists()} == set()


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
    assert rows.keys() == {
        "database-cpu",
        "database-connections",
        "database-transactions",
        "database-silent",
        "replica-lag",
    }
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
        "network": None,
        "shop": (
            "shop-error-rate",
            "shop-latency",
            "shop-traffic",
            "shop-below-minimum",
            "shop-budget-fast",
            "shop-budget-slow",
        ),
        "tiketi": (
            "tiketi-error-rate",
            "tiketi-latency",
            "tiketi-traffic",
            "queue-stuck",
            "payments-failing",
            "tiketi-budget-fast",
            "tiketi-budget-slow",
        ),
        "data": ("database-storage", "replica1-storage", "database-silent", "proxy-unavailable"),
    }
    critical = (ROWS | TOGETHER).values()
    counted = {alarm for page in pages.values() if page for alarm in page.alarms} | {"cdn-error-rate"}
    assert {row.id for row in critical if row.severity is Severity.CRITICAL} == counted


def test_what_is_left_out_is_not_watched() -> None:
    assert without_options(Watched()) == []
    assert [area.title for area in without_options(Watched(cache=EVERYTHING.cache))] == ["data"]
    assert without_options(Watched(cache=EVERYTHING.cache))[0].page is None
    off = without_options(EVERYTHING)
    assert not any(area.together for area in off)
    plain = {row.id for area in off for row in area.own}
    assert not {id for id in plain if "budget" in id or "3d" in id or "traffic" in id}, "settings that are off"


def test_a_cache_without_replica_pages_and_does_not_lag() -> None:
    (area,) = without_options(Watched(cache=WatchedCache.of("g", shards=0, replicas=0)))
    assert area.page is not None
    assert area.page.alarms == ("cache1-silent",)
    assert "cache1-lag" not in {row.id for row in area.own}


def test_a_database_asleep_is_not_missed() -> None:
    rows = database_alarms(WatchedDatabase(id="db", max_connections=80, storage_gb=20, off_hours=True))
    assert "database-silent" not in {row.id for row in rows}


def test_copies_of_backups_are_watched_where_there_are_any() -> None:
    (row,) = backup_alarms(WatchedBackup(vault="v", copies=True))
    (plain,) = backup_alarms(WatchedBackup(vault="v"))
    assert isinstance(row.watch, Math)
    assert isinstance(plain.watch, Math)
    assert row.watch.terms.keys() - plain.watch.terms.keys() == {"uncopied"}
    assert evaluate(row, failed=None, aborted=None, expired=None, uncopied=1) == 1


@pytest.mark.parametrize("instance_class", DATABASE)
def test_every_database_class_has_its_memory(instance_class: str) -> None:
    assert database_memory_mib(instance_class) in {1024, 2048, 4096, 8192, 16_384}
    assert database_memory_mib("db.r7g.large") == 16_384


def test_budget_alarms_speak_in_pairs() -> None:
    """Both windows of a pair have one burn rate; by themselves they tell nobody."""
    for composite in TOGETHER.values():
        windows = [ROWS[id] for id in composite.alarms]
        assert len({row.threshold for row in windows}) == 1, composite.id
        assert len({row.period_s for row in windows}) == 2, composite.id
        assert not any(row.reports for row in windows)
    in_pairs = {id for composite in TOGETHER.values() for id in composite.alarms}
    assert {row.id for row in ROWS.values() if not row.reports} == in_pairs


@pytest.mark.parametrize(
    ("target5xx", "requests", "burn"),
    [(100, 10_000, 10), (10, 10_000, 1), (4, 10, 0), (None, 10_000, 0), (None, None, 0)],
)
def test_burn_rate(target5xx: float | None, requests: float | None, burn: float) -> None:
    found = evaluate(ROWS["shop-budget-1h"], target5xx=target5xx, elb5xx=None, elb503=None, requests=requests)
    assert found == pytest.approx(burn)


def test_burn_rates_follow_the_objective() -> None:
    strict = areas(EVERYTHING, latency_ms=200, availability=99.99, burn_rates=True, bands=False)
    row = next(row for area in strict for row in area.own if row.id == "shop-budget-1h")
    assert evaluate(row, target5xx=100, requests=10_000) == pytest.approx(100)
