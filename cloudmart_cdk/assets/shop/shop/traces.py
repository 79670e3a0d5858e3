"""Trace ids and spans: OpenTelemetry, joined to what the load balancer (X-Ray) or a caller (W3C) began.

Owns propagation, and whether spans are made at all: only with an OTLP endpoint. Without one a request has its trace id,
for the logs, and nothing is recorded. The exporter works in a thread of its own with a bounded queue: a collector that
is away costs requests nothing.
"""

import random
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from . import VERSION
from .environment import Environment

FAREWELL: Final = 3.0
"""Seconds for the last spans at the end."""

_XRAY: Final = AwsXRayPropagator()
_W3C: Final = TraceContextTextMapPropagator()
_ROOT = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)")
_exporting = False
_adopted: ContextVar[int | None] = ContextVar("adopted_trace_id", default=None)


class _IdGenerator(RandomIdGenerator):
    """A load balancer that is no parent itself still names the trace: `Root` without `Parent`."""

    def generate_trace_id(self) -> int:
        return _adopted.get() or super().generate_trace_id()


def set_up(environment: Environment) -> TracerProvider | None:
    """Starts the export when there is an endpoint. Sampling is OpenTelemetry's own `OTEL_TRACES_SAMPLER`."""
    global _exporting
    if environment.traces is None:
        return None
    _exporting = True
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # 4 MB that most processes save

    resource = Resource.create(
        {
            "service.name": environment.service,
            "service.version": VERSION,
            "service.instance.id": environment.instance,
            "deployment.environment.name": environment.stage,
        }
    )
    provider = TracerProvider(resource=resource, id_generator=_IdGenerator(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=5)))
    trace.set_tracer_provider(provider)
    return provider


def finish(provider: TracerProvider) -> None:
    """Sends what is left, for as long as the end of a process may take on its account."""
    last = threading.Thread(target=provider.shutdown, daemon=True)
    last.start()
    last.join(FAREWELL)


_tracer = trace.get_tracer("cloudmart.shop", VERSION)


def parent(headers: Mapping[str, str]) -> tuple[Context, str]:
    """The context a request goes on with, and its trace id in 32 hexadecimal digits. W3C's header wins over X-Ray's."""
    context = Context()
    if "traceparent" in headers:
        context = _W3C.extract(dict(headers), context)
    elif "x-amzn-trace-id" in headers:
        value = headers["x-amzn-trace-id"]
        if "Parent=" in value:
            context = _XRAY.extract({"X-Amzn-Trace-Id": value}, context)
        elif root := _ROOT.search(value):
            _adopted.set(int(root[1] + root[2], 16))
    span = trace.get_current_span(context).get_span_context()
    if span.is_valid:
        return context, f"{span.trace_id:032x}"
    _adopted.set(adopted := _adopted.get() or random.getrandbits(128) or 1)
    return context, f"{adopted:032x}"


@contextmanager
def server_span(context: Context, attributes: Mapping[str, str]) -> Iterator[trace.Span]:
    """Around a request. Health checks, several a minute and instance, tell nothing and would cost like the others."""
    if not _exporting or attributes["url.path"] == "/health":
        yield trace.INVALID_SPAN
        return
    with _tracer.start_as_current_span(
        attributes["http.request.method"], context, trace.SpanKind.SERVER, attributes, record_exception=False
    ) as span:
        yield span


@contextmanager
def client_span(name: str, system: str, **attributes: str) -> Iterator[None]:
    """A span around a call to a store; nothing when this request is not recorded."""
    if not _exporting or not trace.get_current_span().is_recording():
        yield
        return
    with _tracer.start_as_current_span(
        name, kind=trace.SpanKind.CLIENT, attributes={"db.system.name": system, **attributes}
    ):
        yield
