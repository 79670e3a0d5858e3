"""Lines as they stand in each log group: of our own programs what they write here and now, of AWS's services what
their guides show.

Owns the lines alone. `fields`: the names under which Logs Insights finds their values.
"""

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from functools import cache
from typing import Any, Final

from cloudmart_cdk.assets.notifier.logs import log as notifier_log
from cloudmart_cdk.assets.rotation import handler as rotation
from tests.support import PROJECT

EVERYWHERE: Final = frozenset({"@timestamp", "@message", "@log", "@logStream"})

_SHOP: Final = """
import asyncio, logging
from shop import logs
logs.set_up()
async def request():
    log = logs.RequestLog()
    log.request(method="GET", route="/api/products", path="/api/products", status=503, ms=812.5, trace_id="1-a-b")
    log.write()
asyncio.run(request())
logs.trace_id.set("1-a-b")
try:
    raise OSError("gone")
except OSError as error:
    logs.event(logging.getLogger("shop.database"), "reader is away", level=logging.ERROR, error=str(error))
    logging.getLogger("shop").exception("not expected")
"""


@cache
def shop() -> tuple[str, ...]:
    """What the shop's own logger writes for a request, an event and an exception."""
    done = subprocess.run(
        [sys.executable, "-c", _SHOP],
        cwd=PROJECT / "cloudmart_cdk" / "assets" / "shop",
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(done.stdout.splitlines())


@cache
def functions() -> tuple[str, ...]:
    """Rotation and notifier by their own loggers, and what Lambda says at the end of a run ("JSON log format")."""
    written = io.StringIO()
    with redirect_stdout(written):
        rotation._log("error", step="setSecret", secret="cloudmart-prod/database/app", message="refused")
        notifier_log("warning", "Slack answers 429")
    report = {
        "time": "2026-11-20T07:00:00Z",
        "type": "platform.report",
        "record": {"requestId": "1", "status": "timeout"},
    }
    thrown = {"timestamp": "2026-11-20T07:00:00Z", "level": "ERROR", "errorMessage": "refused", "message": "refused"}
    return (*written.getvalue().splitlines(), json.dumps(report), json.dumps(thrown))


_WHO: Final = "2026-11-20 06:30:01 UTC:10.0.10.7(41234):app@cloudmart:[873]:"
POSTGRESQL: Final = (
    f"{_WHO}LOG:  duration: 812.551 ms  statement: SELECT name FROM products: no, 'text: with colon'",
    f"{_WHO}LOG:  duration: 1530.007 ms  execute <unnamed>: UPDATE carts SET items = $1 WHERE id = $2",
    f"{_WHO}ERROR:  canceling statement due to lock timeout",
    f"{_WHO}ERROR:  deadlock detected",
    f"{_WHO}LOG:  process 873 still waiting for ShareLock on transaction 812 after 1000.061 ms",
    "2026-11-20 06:30:02 UTC:10.0.10.7(41240):app@cloudmart:[874]:FATAL:  remaining connection slots are reserved for "
    "roles with the SUPERUSER attribute",
    "2026-11-20 06:30:03 UTC::@:[512]:LOG:  checkpoint complete: wrote 81 buffers (0.5%)",
)
"""RDS's `log_line_prefix`, `%t:%r:%u@%d:[%p]:`."""

REDIS: Final = (
    json.dumps(
        {
            "CacheClusterId": "cloudmart-prod-cache-0001-001",
            "CacheNodeId": "0001",
            "Id": 4,
            "Timestamp": 1795155000,
            "Duration (us)": 18211,
            "Command": "KEYS * ... (1 more arguments)",
            "ClientAddress": "10.0.10.7:41234",
            "ClientName": "",
        }
    ),
)
"""ElastiCache guide, "Log delivery", slow log as JSON."""

_CONTAINER: Final = {"kubernetes": {"container_name": "auth", "pod_name": "auth-7c9-x", "namespace_name": "tiketi"}}
SERVICES: Final = (
    json.dumps({"log_processed": {"level": "error", "message": "gateway does not answer"}, **_CONTAINER}),
    json.dumps({"log": "plain text", **_CONTAINER}),
)
"""As `constructs.container_logs` has Fluent Bit write them."""
PERFORMANCE: Final = (
    json.dumps(
        {
            "Type": "Pod",
            "ClusterName": "cloudmart-prod-tiketi",
            "Namespace": "tiketi",
            "PodName": "auth",
            "pod_number_of_container_restarts": 1,
        }
    ),
)
"""Container Insights guide, "Relevant fields in performance log events for Amazon EKS"."""
HOST: Final = (
    json.dumps(
        {"message": "Memory cgroup out of memory: Killed process 8123 (node) total-vm:912384kB", "host": "ip-10"}
    ),
    json.dumps({"message": "Out of memory: Killed process 99 (postgres) total-vm:1kB", "host": "ip-10"}),
    json.dumps({"message": "audit: rate limit exceeded", "host": "ip-10"}),
)
AUDIT: Final = (
    json.dumps(
        {
            "kind": "Event",
            "verb": "delete",
            "user": {"username": "arn:aws:sts::123456789012:assumed-role/Admin/eve"},
            "sourceIPs": ["203.0.113.7"],
            "objectRef": {"resource": "pods", "namespace": "tiketi", "name": "auth-7c9-x"},
            "responseStatus": {"code": 200},
        }
    ),
)
"""Kubernetes, `audit.k8s.io/v1`."""
FLOWS: Final = (
    json.dumps(
        {
            "version": 2,
            "accountId": "1",
            "interfaceId": "eni-1",
            "srcAddr": "10.0.10.7",
            "dstAddr": "10.0.20.9",
            "srcPort": 41234,
            "dstPort": 5432,
            "protocol": 6,
            "packets": 4,
            "bytes": 240,
            "action": "REJECT",
        }
    ),
)
"""Logs Insights finds these by itself in flow logs (its guide, "Supported logs and discovered fields")."""
WAF: Final = (
    json.dumps(
        {
            "action": "BLOCK",
            "terminatingRuleId": "RequestsPerMinute",
            "httpRequest": {"clientIp": "203.0.113.7", "country": "KR", "uri": "/api/products"},
        }
    ),
)
"""AWS WAF guide, "Log fields for web ACL traffic"."""


def fields(lines: tuple[str, ...]) -> set[str]:
    """Names as Logs Insights spells them, `user.username`, `sourceIPs.0`."""
    found = set(EVERYWHERE)
    for line in lines:
        if line.startswith("{"):
            found |= set(_flat(json.loads(line)))
    return found


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, list):
            inner = dict(enumerate(inner))
        if isinstance(inner, dict):
            yield from _flat({str(name): each for name, each in inner.items()}, f"{before}{key}.")
        else:
            yield f"{before}{key}"
