"""How a pod hands its spans to the CloudWatch agent on its node, which sends them to X-Ray. Specification section 6.

Owns the address, the ports and the sampling, as plain data; the agent itself is `addons`'. Services call each other
with W3C's `traceparent`, so one trace spans auth -> event -> reservation -> payment -> notification, and queue ->
reservation. X-Ray takes W3C's trace ids as they are.
"""

from typing import Final

from .. import namespaces

GRPC_PORT: Final = 4317
HTTP_PORT: Final = 4318


EnvironmentVariable = dict[str, object]
"""One entry of a container's `env`, as Kubernetes spells it."""


def service_name(prefix: str, service: str) -> str:
    """What a service is called in traces: X-Ray makes services of one name one node, whatever the stage or the student
    that they are of. `prefix`: `<name>-<stage>`."""
    return f"{prefix}-{service}"


def environment(service: str, *, prefix: str, stage: str, percent: float) -> list[EnvironmentVariable]:
    """OpenTelemetry's own variables. `percent`: of the traces that a service begins; one that is under way goes on.

    The agent is on the host's network, so the node's address reaches the one on the same node: no name to resolve, no
    traffic between zones, and an `ipBlock` of the nodes' subnets says it in a network policy. Behind a Service's
    address it would not: the CNI judges a packet before kube-proxy translates it.
    """
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://$(NODE_IP):{HTTP_PORT}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        # The agent takes traces only: metrics are scraped, logs go by stdout.
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_PROPAGATORS": "tracecontext,baggage",
        "OTEL_RESOURCE_ATTRIBUTES": f"service.namespace={namespaces.SERVICES},deployment.environment.name={stage}",
        "OTEL_SERVICE_NAME": service_name(prefix, service),
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": f"{percent / 100:g}",
    }
    # The address first: Kubernetes fills `$(NODE_IP)` from what stands above.
    address: EnvironmentVariable = {"name": "NODE_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}
    return [address, *(dict[str, object](name=name, value=value) for name, value in variables.items())]
