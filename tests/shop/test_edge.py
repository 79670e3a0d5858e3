"""What every answer has in common: headers, problems, limits, trace ids, a line in the log."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.shop.harness import Instance, Stage, eventually, running
from tools.bench_shop.stage import traces


def problem(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["trace_id"] == answer.headers["x-trace-id"]
    assert document["title"]
    assert document["detail"]
    return str(document["type"]).removeprefix("urn:cloudmart:problem:")


def test_nothing_here(client: httpx.Client) -> None:
    for path in ("/", "/api", "/api/", "/api/products/", "/api/nothing", "/docs", "/openapi.json"):
        answer = client.get(path)
        assert (answer.status_code, problem(answer)) == (404, "not-found")
        assert answer.json()["instance"] == path


def test_another_method(client: httpx.Client) -> None:
    answer = client.delete("/api/products")
    assert (answer.status_code, problem(answer), answer.headers["allow"]) == (405, "method-not-allowed", "GET")


def test_another_media_type(client: httpx.Client) -> None:
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}):
        answer = client.put("/api/cart/items/1", content=b'{"quantity": 1}', headers=headers)
        assert (answer.status_code, problem(answer)) == (415, "unsupported-media-type")
    answer = client.put(
        "/api/cart/items/1", content=b'{"quantity": 1}', headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"quantity": NaN}', b"[" * 60000])
def test_a_body_that_is_no_json(client: httpx.Client, body: bytes) -> None:
    answer = client.put("/api/cart/items/1", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert problem(answer) == "invalid"


def test_a_body_that_is_too_large(client: httpx.Client) -> None:
    def in_pieces() -> Iterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    headers = {"Content-Type": "application/json", "Idempotency-Key": "too-large-1"}
    for content in (b" " * 70_000, in_pieces()):
        answer = client.post("/api/orders", content=content, headers=headers)
        assert (answer.status_code, problem(answer)) == (413, "too-large")


def test_security_headers_are_on_every_answer(client: httpx.Client) -> None:
    for path in ("/health", "/api/products", "/api/cart", "/nothing"):
        headers = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers
        assert not [name for name in headers if name.startswith("access-control-")]


def test_what_is_personal_is_kept_nowhere(client: httpx.Client) -> None:
    client.put("/api/cart/items/1", json={"quantity": 1})
    for path in ("/api/cart", "/api/orders", "/health", "/ready"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_head_is_get_without_a_body(client: httpx.Client) -> None:
    for path in ("/health", "/api/products", "/nothing"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-length"] == get.headers["content-length"]


TRACE = "5759e988bd862e3fe1be46a994272793"
XRAY = f"1-{TRACE[:8]}-{TRACE[8:]}"


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-53995c3f42cd8ad8-01"},
        {"X-Amzn-Trace-Id": f"Root={XRAY}"},
        {"X-Amzn-Trace-Id": f"Self=1-67891234-12456789abcdef012345678;Root={XRAY}"},
        {"X-Amzn-Trace-Id": f"Root={XRAY};Parent=53995c3f42cd8ad8;Sampled=1"},
    ],
)
def test_a_trace_goes_on(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.get("/health", headers=headers).headers["x-trace-id"] == TRACE


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": "00-zz-53995c3f42cd8ad8-01"},
        {"traceparent": f"00-{'0' * 32}-53995c3f42cd8ad8-01"},
        {"X-Amzn-Trace-Id": "Root=nonsense"},
        {"X-Amzn-Trace-Id": "Root=nonsense;Parent=nonsense;Sampled=1"},
        {"X-Amzn-Trace-Id": f"Root=1-{'0' * 8}-{'0' * 24}"},
    ],
)
def test_a_trace_begins_here(client: httpx.Client, headers: dict[str, str]) -> None:
    ids = {client.get("/health", headers=headers).headers["x-trace-id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", id) and int(id, 16) for id in ids)


def test_a_request_is_one_line_without_secrets(shop: Instance, client: httpx.Client) -> None:
    client.put("/api/cart/items/1", json={"quantity": 1})
    answer = client.get("/api/orders/11111111-1111-1111-1111-111111111111", params={"private": "query"})
    trace = answer.headers["x-trace-id"]
    eventually(lambda: any(line.get("trace_id") == trace for line in shop.lines()))
    [line] = [line for line in shop.lines() if line.get("trace_id") == trace]
    assert line["message"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/orders/{id}", 404)
    assert 0 <= line["ms"] < 10_000
    everything = json.dumps(shop.lines())
    assert client.cookies["session"] not in everything
    assert "private" not in everything


def test_alive_and_ready(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    eventually(lambda: client.get("/ready").status_code == 200)
    assert client.get("/ready").json() == {
        "status": "ready",
        "checks": {"database": {"state": "ok"}, "cache": {"state": "ok"}},
    }
    health = client.get("/api/health").json()
    assert health["instance"]
    assert (health["status"], health["version"], health["stage"]) == ("ok", "1.0.0", "lab")


def test_a_process_is_small(migrated_stage: Stage, tmp_path: Path) -> None:
    """Specification: under 150 MB, with a margin for what a day brings; a t3.micro has one GiB. Traced as there."""
    with running(migrated_stage, tmp_path, migrated=True, **traces()) as shop, shop.client() as client:
        for number in range(300):
            client.get("/api/products", params={"q": f"nothing {number}"})
        # Of those one in a hundred is traced; of these each is.
        for _ in range(50):
            client.get("/api/products/1", headers={"traceparent": f"00-{'ab' * 16}-53995c3f42cd8ad8-01"})
        assert shop.resident_megabytes() < 140
