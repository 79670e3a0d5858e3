"""Logs Insights queries, saved as `<name>-<stage>/<folder>/<name>`, which CloudWatch's console lists as folders.

Owns what is asked of which log group; the first line of each says what it is for. Only for groups that the stage has.
Not asked here: what goes to S3 (access logs, CloudTrail), which Athena reads. Saved queries cost nothing; a run costs
0.005 USD a GB that it reads, so each is over groups of one kind, and time is chosen by who runs it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aws_cdk import aws_logs as logs
from constructs import Construct

from .watched import Watched, WatchedDatabase, WatchedWebAcl


@dataclass(frozen=True, kw_only=True)
class Query:
    name: str
    """`<folder>/<name>`."""
    purpose: str
    """A sentence, without its full stop."""
    text: str
    groups: tuple[str, ...]

    @property
    def saved(self) -> str:
        """As it is saved: its purpose first, as a comment."""
        return f"# {self.purpose}\n{self.text}"


class SavedQueries(Construct):
    """`prefix`: the stage's `<name>-<stage>`; the queries' folder."""

    def __init__(self, scope: Construct, id: str, *, prefix: str, queries: Iterable[Query]) -> None:
        super().__init__(scope, id)
        for query in queries:
            logs.CfnQueryDefinition(
                self,
                query.name.replace("/", "-"),
                name=f"{prefix}/{query.name}",
                query_string=query.saved,
                log_group_names=list(query.groups),
            )


def saved_queries(
    watched: Watched,
    *,
    prefix: str,
    application_log: str | None = None,
    flow_log: str | None = None,
    function_logs: Sequence[str] = (),
) -> list[Query]:
    """Of one stage, in its own region.

    Names of log groups that CloudFormation makes up are given; the others follow from what is watched.
    `application_log`: the shop's. `flow_log`: the VPC's. `function_logs`: of functions that write a JSON line with
    `level` (rotation, notifier, restore drill, weekly report).
    """
    found = []
    if application_log:
        found += _shop(application_log)
    if watched.database:
        found += _database(_database_logs(watched.database, prefix))
    if watched.cache:
        found.append(_cache(f"/aws/vendedlogs/elasticache/{prefix}-cache/slow"))
    if function_logs:
        found.append(_functions(tuple(function_logs)))
    if watched.cluster:
        found += _cluster(watched.cluster.name)
    if watched.tiketi and watched.tiketi.web_acl:
        found += web_acl_queries("eks", watched.tiketi.web_acl)
    if flow_log:
        found += _network(flow_log)
    return found


def web_acl_queries(folder: str, acl: WatchedWebAcl) -> list[Query]:
    """WAF's own log, which has what was blocked or counted. CloudFront's is in us-east-1, and so its queries."""
    return [
        Query(
            name=f"{folder}/blocked-requests",
            purpose="Which rule blocks whom, and where: an attack has few addresses, a wrong rule has many",
            text="""filter action = "BLOCK"
| stats count(*) as blocked, latest(@timestamp) as last
    by terminatingRuleId, httpRequest.clientIp, httpRequest.country, httpRequest.uri
| sort blocked desc
| limit 100""",
            groups=(f"aws-waf-logs-{acl.name}",),
        )
    ]


def _shop(group: str) -> list[Query]:
    return [
        Query(
            name="shop/failed-requests",
            purpose="Which requests fail with 5xx, since when, and whether it goes on",
            text="""filter logger = "shop.request" and status >= 500
| stats count(*) as failed, earliest(@timestamp) as since, latest(@timestamp) as last by method, route, status
| sort failed desc""",
            groups=(group,),
        ),
        Query(
            name="shop/errors",
            purpose="What the shop says went wrong, latest first; trace_id leads to X-Ray",
            text="""fields @timestamp, @logStream, level, logger, message, error, exception, trace_id
| filter level in ["warning", "error", "critical"]
| sort @timestamp desc
| limit 100""",
            groups=(group,),
        ),
        Query(
            name="shop/slowest-requests",
            purpose="The fifty slowest requests, each with its trace",
            text="""fields @timestamp, ms, method, route, path, status, trace_id, @logStream
| filter logger = "shop.request"
| sort ms desc
| limit 50""",
            groups=(group,),
        ),
        Query(
            name="shop/latency-by-route",
            purpose="Which route is slow: at p50 it always is, at p99 only now and then",
            text="""filter logger = "shop.request" and route != "/health"
| stats count(*) as requests, pct(ms, 50) as p50, pct(ms, 95) as p95, pct(ms, 99) as p99 by method, route
| sort p95 desc""",
            groups=(group,),
        ),
        Query(
            name="shop/by-instance",
            purpose="Whether one instance alone fails or is slow",
            text="""fields floor(status / 100) * 100 as answers
| filter logger = "shop.request" and route != "/health"
| stats count(*) as requests, pct(ms, 50) as p50, pct(ms, 95) as p95 by @logStream, answers
| sort answers desc, requests desc""",
            groups=(group,),
        ),
    ]


def _database_logs(database: WatchedDatabase, prefix: str) -> tuple[str, ...]:
    kind = "cluster" if database.aurora else "instance"
    replicas = range(1, len(database.replica_ids) + 1)
    servers = (f"{prefix}-db", *(f"{prefix}-db-r{number}" for number in replicas))
    return tuple(f"/aws/rds/{kind}/{server}/postgresql" for server in servers)


def _database(groups: tuple[str, ...]) -> list[Query]:
    # RDS begins a line with time:host(port):user@database:[process]:severity:
    who = r":(?<user>[^:@]*)@(?<database>[^:]*):\[(?<process>\d+)\]:"
    return [
        Query(
            name="data/slow-statements",
            purpose="Statements that took longer than 500 ms (log_min_duration_statement), slowest first",
            text=f"""parse @message /{who}LOG:\\s+duration: (?<ms>[\\d.]+) ms\\s+\\S[^:]*: (?<statement>.*)/
| filter ispresent(ms)
| display @timestamp, ms, user, statement, @logStream
| sort ms desc
| limit 50""",
            groups=groups,
        ),
        Query(
            name="data/database-errors",
            purpose="What PostgreSQL refuses, and to whom: FATAL with connection slots is the ceiling",
            text=f"""parse @message /{who}(?<severity>ERROR|FATAL|PANIC):\\s+(?<text>.*)/
| filter ispresent(severity)
| stats count(*) as times, latest(@timestamp) as last by severity, user, text
| sort times desc
| limit 100""",
            groups=groups,
        ),
        Query(
            name="data/lock-waits",
            purpose="Who waits for whose lock, and deadlocks: two releases at once, or a migration among customers",
            text=f"""parse @message /{who}(?<severity>\\w+):\\s+(?<text>.*)/
| filter text like /still waiting for|deadlock detected|due to lock timeout/
| display @timestamp, user, process, text
| sort @timestamp desc
| limit 100""",
            groups=groups,
        ),
    ]


def _cache(group: str) -> Query:
    return Query(
        name="data/redis-slow-log",
        purpose="Redis commands that took longer than 10 ms: while one runs, nobody else is served",
        text="""fields @timestamp, `Duration (us)` / 1000 as ms, Command, ClientAddress, CacheNodeId
| sort ms desc
| limit 50""",
        groups=(group,),
    )


def _functions(groups: tuple[str, ...]) -> Query:
    return Query(
        name="platform/function-failures",
        purpose="Which of our functions (rotation, notifier, ...) failed, timed out, or gave something up, and why",
        text="""fields @timestamp, @log, level, step, secret, message, errorMessage, record.status
| filter level in ["error", "warning", "ERROR", "CRITICAL"] or (type = "platform.report" and record.status != "success")
| sort @timestamp desc
| limit 100""",
        groups=groups,
    )


def _cluster(name: str) -> list[Query]:
    services, control_plane = (f"/aws/eks/tiketi/{name}",), (f"/aws/eks/{name}/cluster",)
    killed = r"(?<whose>Memory cgroup)? ?[Oo]ut of memory: Killed process \d+ \((?<program>[^)]+)\)"
    return [
        Query(
            name="eks/errors-by-service",
            purpose="Which service complains most, and its latest words",
            text="""filter log_processed.level in ["error", "critical", "fatal"]
| stats count(*) as errors, latest(log_processed.message) as last by kubernetes.container_name, kubernetes.pod_name
| sort errors desc""",
            groups=services,
        ),
        Query(
            name="eks/restarts",
            purpose="Which pods had containers that ended and were started again, by workload",
            text="""filter Type = "Pod" and pod_number_of_container_restarts > 0
| stats sum(pod_number_of_container_restarts) as restarts, latest(@timestamp) as last by Namespace, PodName
| sort restarts desc""",
            groups=(f"/aws/containerinsights/{name}/performance",),
        ),
        Query(
            name="eks/out-of-memory",
            purpose="What the kernel killed for want of memory: a container over its limit, or a node that is full",
            text=f"""parse @message /{killed}/
| filter ispresent(program)
| display @timestamp, whose, program, @logStream
| sort @timestamp desc
| limit 100""",
            groups=(f"/aws/containerinsights/{name}/host",),
        ),
        Query(
            name="eks/who-did-what",
            purpose="Every change that a person or a role made to the cluster (audit log), latest first",
            text="""fields @timestamp, user.username, verb, objectRef.namespace, objectRef.resource, objectRef.name,
    responseStatus.code, sourceIPs.0
| filter @logStream like /^kube-apiserver-audit/
    and verb in ["create", "update", "patch", "delete", "deletecollection"]
    and user.username not like /^(system|eks):/
| sort @timestamp desc
| limit 100""",
            groups=control_plane,
        ),
        Query(
            name="eks/refused-calls",
            purpose="Who asks the Kubernetes API for what it may not have: a missing right, or a curious pod",
            text="""filter @logStream like /^kube-apiserver-audit/ and responseStatus.code in [401, 403]
| stats count(*) as refused, latest(@timestamp) as last by user.username, verb, objectRef.resource, objectRef.namespace
| sort refused desc
| limit 100""",
            groups=control_plane,
        ),
    ]


def _network(group: str) -> list[Query]:
    return [
        Query(
            name="network/rejected",
            purpose="Connections that security groups or ACLs refuse: a rule is missing, or somebody tries doors",
            text="""filter action = "REJECT"
| stats count(*) as flows, sum(packets) as packets, latest(@timestamp) as last by srcAddr, dstAddr, dstPort, protocol
| sort flows desc
| limit 100""",
            groups=(group,),
        ),
        Query(
            name="network/most-bytes",
            purpose="Who sends most to whom: what the NAT gateway is paid for, and data that leaves",
            text="""filter action = "ACCEPT"
| stats sum(bytes) as sent by srcAddr, dstAddr
| sort sent desc
| limit 50""",
            groups=(group,),
        ),
    ]
