"""Metrics that pages ask for: those that our alarms watch, and the documented ones listed here.

CloudWatch answers a misspelt name with nothing, which at night reads like "all is quiet"; no model knows the names.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from .aws_cli import Call
from .names import Names

_DOCUMENTED: Final[dict[str, frozenset[str]]] = {
    # Application Load Balancer guide, "CloudWatch metrics for your Application Load Balancer"
    "AWS/ApplicationELB": frozenset(
        {
            *("ActiveConnectionCount", "ConsumedLCUs", "HTTPCode_ELB_502_Count", "HTTPCode_ELB_503_Count"),
            *("HTTPCode_ELB_504_Count", "HTTPCode_ELB_5XX_Count", "NewConnectionCount", "TargetResponseTime"),
        }
    ),
    # CloudFront guide, "Types of metrics"
    "AWS/CloudFront": frozenset({"4xxErrorRate", "FunctionComputeUtilization"}),
    # EC2 guide, "CPU credit metrics"
    "AWS/EC2": frozenset({"CPUCreditBalance"}),
    # ElastiCache guide, "Metrics for Valkey and Redis OSS", "Host-level metrics"
    "AWS/ElastiCache": frozenset(
        {
            *("BytesUsedForCache", "CurrItems", "CurrVolatileItems", "EngineCPUUtilization", "NetworkBytesOut"),
            *("Reclaimed", "SaveInProgress"),
        }
    ),
    # VPC guide, "Monitor NAT gateways"
    "AWS/NATGateway": frozenset({"ActiveConnectionCount", "BytesOutToDestination"}),
    # RDS guide, "Amazon CloudWatch metrics for Amazon RDS", "Monitoring RDS Proxy metrics"
    "AWS/RDS": frozenset(
        {
            *("CPUCreditBalance", "DiskQueueDepth", "ReadIOPS", "SwapUsage", "WriteIOPS", "EBSByteBalance%"),
            *("ClientConnections", "DatabaseConnectionsCurrentlySessionPinned", "EBSIOBalance%", "QueryRequests"),
        }
    ),
}


def faults(call: Call, names: Names) -> Iterator[str]:
    """Metrics that nobody publishes."""
    if call.operation not in ("GetMetricStatistics", "ListMetrics") or "MetricName" not in call.parameters:
        return
    namespace, name = call.parameters.get("Namespace", ""), call.parameters["MetricName"]
    known = {metric for space, metric in names.metrics if space == namespace} | _DOCUMENTED.get(namespace, frozenset())
    if name not in known:
        near = ", ".join(get_close_matches(name, known, n=3, cutoff=0.3)) or "none of this namespace"
        yield f"{namespace}: given {name}; allowed: what an alarm watches or tools/runbook/metrics.py lists: {near}"
