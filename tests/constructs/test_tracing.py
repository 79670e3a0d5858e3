"""The way of a span from a pod to X-Ray."""

from cloudmart_cdk.constructs import tracing


def _values(percent: float = 1) -> dict[str, object]:
    return {
        str(entry["name"]): entry.get("value")
        for entry in tracing.environment("auth", prefix="team3-prod", stage="prod", percent=percent)
    }


def test_spans_go_to_the_agent_on_the_pods_own_node() -> None:
    first, *others = tracing.environment("auth", prefix="team3-prod", stage="prod", percent=1)
    assert first == {"name": "NODE_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}
    assert {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://$(NODE_IP):4318"} in others


def test_callers_decide_and_else_the_percentage() -> None:
    assert _values()["OTEL_TRACES_SAMPLER"] == "parentbased_traceidratio"
    assert [_values(percent)["OTEL_TRACES_SAMPLER_ARG"] for percent in (0, 0.5, 1, 100)] == ["0", "0.005", "0.01", "1"]


def test_a_trace_goes_on_by_w3cs_header() -> None:
    assert str(_values()["OTEL_PROPAGATORS"]).split(",") == ["tracecontext", "baggage"]


def test_services_of_two_stages_are_two_nodes_of_x_rays_map() -> None:
    assert _values()["OTEL_SERVICE_NAME"] == tracing.service_name("team3-prod", "auth") == "team3-prod-auth"


def test_only_traces_are_exported() -> None:
    assert (_values()["OTEL_METRICS_EXPORTER"], _values()["OTEL_LOGS_EXPORTER"]) == ("none", "none")


def test_every_value_is_text_as_kubernetes_wants_it() -> None:
    assert all(isinstance(value, str) for name, value in _values().items() if name != "NODE_IP")
