"""The saved queries: they read as Logs Insights would read them, over fields that the lines really have."""

import re
from collections.abc import Mapping

import pytest

from cloudmart_cdk.constructs.saved_queries import Query, saved_queries, web_acl_queries
from cloudmart_cdk.constructs.watched import (
    Watched,
    WatchedCache,
    WatchedCluster,
    WatchedDatabase,
    WatchedLoadBalancer,
    WatchedWebAcl,
)
from tests.conftest import Synthesize
from tests.dashboards import log_samples
from tests.dashboards.insights import QueryError, read
from tests.support import Synthesized
from tools.dashboards.bodies import text

_ACL = WatchedWebAcl(name="shop-prod-tiketi", region="ap-northeast-2")
WATCHED = Watched(
    database=WatchedDatabase(id="shop-prod-db", max_connections=100, storage_gb=100, replica_ids=("shop-prod-db-r1",)),
    cache=WatchedCache.of("group", shards=0, replicas=0),
    cluster=WatchedCluster(name="shop-prod-tiketi"),
    tiketi=WatchedLoadBalancer(title="tiketi", full_name="app/x/1", target_groups={}, web_acl=_ACL),
)
QUERIES: Mapping[str, Query] = {
    query.name: query
    for query in (
        *saved_queries(
            WATCHED,
            prefix="shop-prod",
            application_log="shop",
            flow_log="flows",
            function_logs=["rotation", "notifier"],
        ),
        *web_acl_queries("cdn", WatchedWebAcl(name="shop-prod-cdn")),
    )
}


def lines(query: Query) -> tuple[str, ...]:
    group = query.groups[0]
    for ending, found in (
        ("shop", log_samples.shop()),
        ("flows", log_samples.FLOWS),
        ("rotation", log_samples.functions()),
        ("/postgresql", log_samples.POSTGRESQL),
        ("/slow", log_samples.REDIS),
        ("/cluster", log_samples.AUDIT),
        ("/performance", log_samples.PERFORMANCE),
        ("/host", log_samples.HOST),
    ):
        if group.endswith(ending):
            return found
    return log_samples.WAF if group.startswith("aws-waf-logs-") else log_samples.SERVICES


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_over_fields_that_its_lines_have(name: str) -> None:
    query = QUERIES[name]
    missing = read(query.saved).used - log_samples.fields(lines(query))
    assert not missing


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_says_what_it_is_for(name: str) -> None:
    first, second = QUERIES[name].saved.splitlines()[:2]
    assert re.fullmatch(r"# [A-Z].{30,110}[^.]", first)
    assert not second.startswith("#")
    assert len(QUERIES[name].saved) < 10_000  # CloudWatch Logs quotas


def _parsed(name: str) -> list[dict[str, str | None]]:
    """What the query's pattern finds, line by line."""
    (pattern,) = read(QUERIES[name].saved).patterns
    return [found.groupdict() for line in lines(QUERIES[name]) if (found := pattern.search(line))]


def test_slow_statements_are_found_in_postgresqls_lines() -> None:
    assert [(found["ms"], found["user"], found["statement"]) for found in _parsed("data/slow-statements")] == [
        ("812.551", "app", "SELECT name FROM products: no, 'text: with colon'"),
        ("1530.007", "app", "UPDATE carts SET items = $1 WHERE id = $2"),
    ]


def test_errors_and_lock_waits_are_found_in_postgresqls_lines() -> None:
    assert [found["severity"] for found in _parsed("data/database-errors")] == ["ERROR", "ERROR", "FATAL"]
    (wanted,) = re.findall(r"like /(.*)/", QUERIES["data/lock-waits"].text)
    waits = [found["text"] for found in _parsed("data/lock-waits") if re.search(wanted, found["text"] or "")]
    assert len(waits) == 3


def test_what_the_kernel_killed_is_found() -> None:
    assert [(found["whose"], found["program"]) for found in _parsed("eks/out-of-memory")] == [
        ("Memory cgroup", "node"),
        (None, "postgres"),
    ]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("fields @timestamp\n| pattern @message", "command 'pattern'"),
        ("fields avg(ms)", "function avg"),
        ("filter (status > 500", "parentheses"),
        ("fields ms\n| limit 0", "limit"),
        ("parse @message /(?<limit>x)/", "no command's"),
        ("parse @message", "parse"),
    ],
)
def test_the_reader_refuses_what_it_does_not_know(query: str, why: str) -> None:
    with pytest.raises(QueryError, match=re.escape(why)):
        read(query)


def test_only_of_what_is_there() -> None:
    assert saved_queries(Watched(), prefix="shop-lab") == []
    folders = {query.name.partition("/")[0] for query in saved_queries(Watched(), prefix="x", application_log="shop")}
    assert folders == {"shop"}


def _definitions(app: Synthesized) -> dict[str, list[str]]:
    """Name -> its log groups."""
    return {
        resource["Properties"]["Name"]: [text(group) for group in resource["Properties"]["LogGroupNames"]]
        for stack in app.templates
        for resource in app.resources(stack, "AWS::Logs::QueryDefinition").values()
    }


@pytest.mark.parametrize("stage", ["lab", "dev", "staging", "prod"])
def test_queries_are_saved_for_groups_that_the_stage_has(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    groups = {
        name
        for stack, template in app.templates.items()
        for id, resource in app.resources(stack, "AWS::Logs::LogGroup").items()
        for name in (id, text(resource["Properties"].get("LogGroupName", id)))
    }
    outputs = {
        name: text(output["Value"])
        for template in app.templates.values()
        for name, output in template.get("Outputs", {}).items()
    }
    saved = _definitions(app)
    assert {name.removeprefix(f"cloudmart-{stage}/").partition("/")[0] for name in saved} >= {"shop", "data", "eks"}
    for name, asked in saved.items():
        for group in asked:
            for output, value in outputs.items():
                group = group.replace(output, value)
            assert group in groups, f"{name}: {group}"
