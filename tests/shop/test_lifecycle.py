"""From the first request to the last: traces leave, a collector that is gone costs nothing, the end is graceful."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from alembic.script import ScriptDirectory
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cloudmart_cdk.assets.shop.shop import migrate
from cloudmart_cdk.assets.shop.shop.__main__ import AGAIN
from cloudmart_cdk.assets.shop.shop.database import NEWEST
from localcloud.aws import Clients
from localcloud.state import Cloud
from tests.shop.harness import Instance, Stage, eventually, running
from tests.shop.shelves import Shelf
from tests.stores import APP, Stores

TRACE = "5759e988bd862e3fe1be46a994272793"


@dataclass
class Collector:
    """Takes OTLP over HTTP, as the one on an instance does."""

    server: ThreadingHTTPServer
    spans: list[Any] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def of(self, trace: str) -> list[Any]:
        return [span for span in self.spans if span.trace_id.hex() == trace]


@pytest.fixture
def collector() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = ExportTraceServiceRequest()
            request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
            for found in request.resource_spans:
                taken.resources.append({a.key: a.value.string_value for a in found.resource.attributes})
                for scope in found.scope_spans:
                    taken.spans += scope.spans
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken = Collector(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield taken
    server.shutdown()
    server.server_close()
    thread.join()


def test_spans_of_a_request_are_one_trace(migrated_stage: Stage, collector: Collector, tmp_path: Path) -> None:
    options = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_SERVICE_NAME": "cloudmart-lab-shop",
    }
    with running(migrated_stage, tmp_path, migrated=True, **options) as shop, shop.client(patient=False) as client:
        root = f"Root=1-{TRACE[:8]}-{TRACE[8:]}"
        client.put("/api/cart/items/1", json={"quantity": 1}, headers={"X-Amzn-Trace-Id": root})
        eventually(lambda: any(span.name == "PUT /api/cart/items/{product}" for span in collector.of(TRACE)))
        spans = {span.name: span for span in collector.of(TRACE)}
        server = spans["PUT /api/cart/items/{product}"]
        attributes = {a.key: a.value.string_value or a.value.int_value for a in server.attributes}
        assert attributes["http.route"] == "/api/cart/items/{product}"
        assert attributes["http.response.status_code"] == 200
        assert len([span for span in collector.of(TRACE) if span.kind == span.SPAN_KIND_SERVER]) == 1
        for name in ("products.some", "cart.put", "cart.read"):
            assert spans[name].parent_span_id == server.span_id
        assert collector.resources[0]["service.name"] == "cloudmart-lab-shop"

        sampled_out = {"traceparent": f"00-{'ab' * 16}-53995c3f42cd8ad8-00"}
        client.get("/api/products", headers=sampled_out)
        checked = {"traceparent": f"00-{'ef' * 16}-53995c3f42cd8ad8-01"}
        client.get("/health", headers=checked)
        joined = {"traceparent": f"00-{'cd' * 16}-53995c3f42cd8ad8-01"}
        client.get("/api/products", headers=joined)
        eventually(lambda: bool(collector.of("cd" * 16)))
        assert collector.of("cd" * 16)[0].parent_span_id.hex() == "53995c3f42cd8ad8"
        assert not collector.of("ab" * 16)
        assert not collector.of("ef" * 16), "health checks cost nothing"
    assert shop.process.returncode == 0


def test_a_collector_that_is_gone_costs_nothing(migrated_stage: Stage, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never says a word
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        with running(migrated_stage, tmp_path, migrated=True, **options) as shop:
            with shop.client() as client:
                for _ in range(50):
                    assert client.get("/api/products").status_code == 200
            assert shop.stop() == 0
        assert len([line for line in shop.lines() if line["logger"].startswith("opentelemetry")]) <= 1


@pytest.fixture
def locked(migrated_stage: Stage, stores: Stores, shelf: Shelf) -> Iterator[tuple[int, psycopg.Connection[Any]]]:
    """A product that nobody can buy until the connection commits."""
    [product] = shelf.add(1, stock=1, price=100)
    with psycopg.connect(stores.dsn(database=shelf.database)) as connection:
        connection.execute("SELECT FROM products WHERE id = %s FOR UPDATE", [product])
        yield product, connection


def test_the_end_is_graceful(
    migrated_stage: Stage, stores: Stores, shelf: Shelf, locked: tuple[int, psycopg.Connection[Any]], tmp_path: Path
) -> None:
    product, lock = locked
    answers: list[httpx.Response] = []

    def buy(shop: Instance) -> None:
        body = {"items": [{"product": product, "quantity": 1}]}
        with shop.client() as client:
            answers.append(client.post("/api/orders", json=body, headers={"Idempotency-Key": "in-flight-1"}))

    # The drain is over a second after the last request, or when its longest time is up: that is no matter here.
    with running(migrated_stage, tmp_path, migrated=True, CLOUDMART_DRAIN_SECONDS="25") as shop:
        buyer = threading.Thread(target=buy, args=[shop])
        buyer.start()
        with shop.client() as client:
            eventually(lambda: waiting(stores) == 1)
            shop.process.terminate()
            eventually(lambda: any(line["message"] == "draining" for line in shop.lines()))
            # Alive, and new requests are served still; their connections are not kept.
            answer = client.get("/health")
            assert (answer.status_code, answer.headers["connection"]) == (200, "close")
            assert client.get("/api/products").status_code == 200
            lock.commit()
            buyer.join()
            assert shop.process.wait(timeout=60) == 0
    assert [answer.status_code for answer in answers] == [201]
    assert shelf.stock(product) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{shop.url}/health", trust_env=False)


def waiting(stores: Stores) -> int:
    """How many of the shop's statements wait for a lock."""
    with psycopg.connect(stores.postgres.superuser_dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'cloudmart_app%' AND wait_event_type = 'Lock'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_database_of_an_older_schema_is_left_and_migrated_at_the_next_start(
    shop_cloud: Cloud, shop_clients: Clients, stores: Stores, tmp_path: Path
) -> None:
    """A dump of before was moved in under a running shop: systemd starts it again, and a start migrates."""
    database = stores.new_database()
    stage = Stage.of(shop_cloud, shop_clients, stores, database=database)
    body, key = (
        {"items": [{"product": 1, "quantity": 1}]},
        {"Idempotency-Key": "older-0123456789abcdef0123456789abcdef"},
    )
    with running(stage, tmp_path) as shop, shop.client(patient=False) as client:
        assert client.post("/api/orders", json=body, headers=key).status_code == 201
        with psycopg.connect(stores.dsn(APP, database=database), autocommit=True) as connection:
            connection.execute("DROP OWNED BY CURRENT_USER CASCADE")
        stores.grant(database)
        assert client.post("/api/orders", json=body, headers=key).status_code == 503
        assert shop.process.wait(timeout=60) == AGAIN
    with running(stage, tmp_path) as shop, shop.client() as client:
        assert client.post("/api/orders", json=body, headers=key).status_code == 201


def test_the_newest_migration_is_the_one_that_is_named_so() -> None:
    assert ScriptDirectory(str(migrate.MIGRATIONS)).get_current_head() == NEWEST
