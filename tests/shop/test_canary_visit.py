"""The synthetic customer in the real shop, behind the real site: it passes what customers pass, and no more."""

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme

from cloudmart_cdk.assets.canary import visit
from tests.shop.front import Fault, Reply, front
from tests.shop.harness import Instance

EVERYTHING = "page,catalogue,basket"
CALM = 30.0
"""Seconds: the machine may be busy, and only the test that is about it waits for less."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "PATIENCE_S", CALM)


def instead(path: str, reply: Reply, method: str = "GET") -> Fault:
    return lambda asked, where: reply if (asked, where) == (method, path) else None


def json_reply(text: str) -> Reply:
    return Reply(body=text.encode(), headers={"Content-Type": "application/json"})


def test_a_visit_passes_and_says_what_each_part_took(shop: Instance) -> None:
    with front(shop.url) as served:
        said = visit.visit(served.url, EVERYTHING)
    assert [part.split()[0] for part in said.split(", ")] == ["page", "catalogue", "basket"]
    assert served.agents == {visit.USER_AGENT}, "it can be told from customers"


def test_a_visit_buys_nothing_and_leaves_an_empty_basket(shop: Instance, client: httpx.Client) -> None:
    stock = {item["id"]: item["stock"] for item in client.get("/api/products").json()["items"]}
    with front(shop.url) as served:
        visit.visit(served.url, EVERYTHING)
    assert not [path for _, path in served.asked if "orders" in path]
    puts = [path for method, path in served.asked if method == "PUT"]
    assert served.asked[-1] == ("DELETE", "/api/cart")
    assert len(puts) == 1
    after = client.get("/api/products").json()["items"]
    assert {item["id"]: item["stock"] for item in after} == stock


def test_synthetics_entry_takes_its_orders_from_the_environment(
    shop: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with front(shop.url) as served:
        monkeypatch.setenv("SHOP_URL", served.url)
        monkeypatch.setenv("PARTS", "page")
        assert visit.handler({}, None).startswith("page ")
        assert not [path for _, path in served.asked if path.startswith("/api/")]


HTML, PROBLEM = {"Content-Type": "text/html"}, {"Content-Type": "application/problem+json", "X-Trace-Id": "ab" * 16}
FAULTS = {
    "the page is gone": (instead("/", Reply(404)), "page: GET .*/: given status 404"),
    "the page leads elsewhere": (instead("/", Reply(302, headers={"Location": "https://example.com/"})), "status 302"),
    "the page is an object": (instead("/", json_reply("{}")), "given application/json; allowed: text/html"),
    "the page is empty": (instead("/", Reply(body=b"<p>It works!", headers=HTML)), "without a title"),
    "a script was not uploaded": (
        instead("/assets/app.js", Reply(body=b"<!doctype html>", headers=HTML)),
        "app.js: given text/html; allowed: javascript",
    ),
    "the styles are forbidden": (instead("/assets/base.css", Reply(403)), "base.css: given status 403"),
    "config.json is a page": (instead("/config.json", Reply(body=b"<!doctype", headers=HTML)), "allowed: JSON"),
    "the database is away": (
        instead("/api/products", Reply(503, b"{}", PROBLEM)),
        f"catalogue: GET .*given status 503, trace {'ab' * 16}",
    ),
    "there is nothing to buy": (instead("/api/products", json_reply('{"items": []}')), "given no products"),
    "another product costs something else": (
        lambda _method, path: json_reply('{"price": -1}') if path.startswith("/api/products/") else None,
        "given price -1",
    ),
    "the API is somebody else's": (instead("/api/products", json_reply("[]")), "catalogue: given an answer of another"),
    "the cache is away": (
        lambda method, _path: Reply(503, b"{}", PROBLEM) if method == "PUT" else None,
        "basket: PUT .*given status 503",
    ),
    "baskets are forgotten": (instead("/api/cart", json_reply('{"items": []}')), r"given a basket of \[\]"),
    "baskets stay full": (instead("/api/cart", json_reply('{"quantity": 1}'), "DELETE"), "given a basket of 1"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_customer_would_meet_fails_the_visit(shop: Instance, fault: str) -> None:
    what, text = FAULTS[fault]
    with front(shop.url, fault=what) as served, pytest.raises(visit.VisitError, match=text) as failed:
        visit.visit(served.url, EVERYTHING)
    assert "\n" not in str(failed.value)


def test_a_basket_is_emptied_whatever_was_seen_in_it(shop: Instance) -> None:
    fault = instead("/api/cart", json_reply('{"items": []}'))
    with front(shop.url, fault=fault) as served, pytest.raises(visit.VisitError):
        visit.visit(served.url, "basket")
    assert served.asked[-1] == ("DELETE", "/api/cart")


def test_a_shop_that_is_slow_is_left(shop: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "PATIENCE_S", 0.2)

    def slow(_method: str, path: str) -> Reply | None:
        if path == "/config.json":
            time.sleep(1)
        return None

    with front(shop.url, fault=slow) as served, pytest.raises(visit.VisitError, match=r"allowed: an answer in 0\.2 s"):
        visit.visit(served.url, "page")


def test_a_shop_that_is_not_there_is_said_so() -> None:
    with front("http://127.0.0.1:9") as served:
        url = served.url
    with pytest.raises(visit.VisitError, match=r"page: GET .* refused"):
        visit.visit(url, "page")


Certify = Callable[..., Path]


@pytest.fixture
def certify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certify:
    """`certify(days=90)`: a certificate of an authority that this process trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv(ssl.get_default_verify_paths().openssl_cafile_env, str(tmp_path / "ca.pem"))

    def of(*, days: float, host: str = "127.0.0.1") -> Path:
        made = authority.issue_cert(host, not_after=datetime.now(UTC) + timedelta(days=days))
        made.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
        return tmp_path / "server.pem"

    return of


def test_a_visit_over_tls_keeps_its_secure_cookie(shop: Instance, certify: Certify) -> None:
    with front(shop.url, certificate=certify(days=90)) as served:
        visit.visit(served.url, EVERYTHING)


def test_a_certificate_about_to_end_fails_the_visit(shop: Instance, certify: Certify) -> None:
    given = "certificate for 10 days more; allowed: 14 or more"
    with front(shop.url, certificate=certify(days=10)) as served, pytest.raises(visit.VisitError, match=given):
        visit.visit(served.url, "page")


@pytest.mark.parametrize("wrong", ["expired", "of another host", "of a stranger"])
def test_a_certificate_that_browsers_refuse_fails_the_visit(
    shop: Instance, certify: Certify, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certify(days=-1) if wrong == "expired" else certify(days=90, host="shop.example.com")
    if wrong == "of a stranger":
        certificate = certify(days=90)
        monkeypatch.delenv(ssl.get_default_verify_paths().openssl_cafile_env)
    with front(shop.url, certificate=certificate) as served, pytest.raises(visit.VisitError, match=r"(?i)certificate"):
        visit.visit(served.url, "page")


def test_a_shop_without_hsts_fails_the_visit(shop: Instance, certify: Certify) -> None:
    bare = front(shop.url, certificate=certify(days=90), hsts=False)
    with bare as served, pytest.raises(visit.VisitError, match="no HSTS"):
        visit.visit(served.url, "page")
