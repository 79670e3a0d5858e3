"""A customer's visit to the shop: opens the page, looks at the products, fills a basket and empties it. Never buys.

Owns what a visit is and when it has failed. One file and the standard library, so that the runtime of CloudWatch
Synthetics adds nothing that a test has not run: a visit that returns has succeeded, one that raises has failed, and its
text is what the console shows. No order is placed, so stock and sales stay what customers make of them; the basket is
one a visit, empty again, and gone from the cache after its 7 days.

Environment: `SHOP_URL`, and `PARTS`, those of `page`, `catalogue` and `basket` that the shop has, by commas.
"""

import http.client
import http.cookiejar
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

PATIENCE_S: Final = 5.0
"""For one answer; a customer leaves before."""
CERTIFICATE_DAYS: Final = 14
"""Left at least. ACM renews 60 days before the end (ACM guide, "Managed certificate renewal"): fewer, and it cannot."""
USER_AGENT: Final = "CloudMart-canary/1 (synthetic customer; never buys)"


class VisitError(Exception):
    """What a customer would have met; one line."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    url: str
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises `VisitError` when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise _failed(self.url, f"{self.body[:60]!r}", "JSON") from None

    def expect(self, given: object, allowed: str, holds: bool) -> None:
        """Raises `VisitError` unless `holds`."""
        if not holds:
            raise _failed(self.url, str(given), allowed)


class Customer:
    """A new visitor with a basket of cookies. `url`: the shop's, with its last slash."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self._context),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            _NoRedirects(),
        )

    def ask(self, path: str, *, method: str = "GET", body: object = None) -> Answer:
        """One request. Raises `VisitError` for anything but an answer in time with status 200."""
        url = urljoin(self._url, path)
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*"} | ({"Content-Type": "application/json"} if body else {})
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=PATIENCE_S) as response:
                answer = Answer(url, response.status, response.headers, response.read())
        except urllib.error.HTTPError as refused:
            refused.close()
            trace = refused.headers.get("X-Trace-Id", "none")
            raise _failed(f"{method} {url}", f"status {refused.code}, trace {trace}", "status 200") from None
        except (OSError, http.client.HTTPException) as lost:
            reason = lost.reason if isinstance(lost, urllib.error.URLError) else lost
            raise _failed(
                f"{method} {url}", str(reason) or type(reason).__name__, f"an answer in {PATIENCE_S:g} s"
            ) from None
        answer.expect(f"status {answer.status}", "status 200", answer.status == 200)
        return answer

    def certificate_days(self) -> float | None:
        """How long the certificate is valid from now on; None without TLS."""
        parts = urlsplit(self._url)
        if parts.scheme != "https" or not parts.hostname:
            return None
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout=PATIENCE_S) as connection,
            self._context.wrap_socket(connection, server_hostname=parts.hostname) as tls,
        ):
            certificate = tls.getpeercert() or {}
        return (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86400


def page(customer: Customer) -> None:
    """The page, and the scripts and styles it cannot do without: a missing file is answered with the page itself."""
    days = customer.certificate_days()
    answer = customer.ask("")
    if days is not None:
        answer.expect(
            f"a certificate for {days:.0f} days more", f"{CERTIFICATE_DAYS} or more", days >= CERTIFICATE_DAYS
        )
        answer.expect("no HSTS", "the header", "Strict-Transport-Security" in answer.headers)
    kind = answer.headers.get_content_type()
    answer.expect(kind, "text/html", kind == "text/html")
    needed = _Needed()
    needed.feed(answer.body.decode("utf-8", "replace"))
    answer.expect("a page without a title", "a title", needed.titled)
    for path, wanted in needed.files:
        part = customer.ask(path)
        kind = part.headers.get_content_type()
        part.expect(kind, wanted, wanted in kind)
    config = customer.ask("config.json").json()
    answer.expect(
        f"config.json {config}", "an object with the API's path", isinstance(config, dict) and "api" in config
    )


def catalogue(customer: Customer) -> None:
    """The list, and one product of it by itself: database, cache and search."""
    first = _first_product(customer)
    product = customer.ask(f"api/products/{first['id']}")
    price = product.json().get("price")
    product.expect(f"price {price}", f"{first['price']}, as in the list", price == first["price"])


def basket(customer: Customer) -> None:
    """One product in, seen, and out again: the cart's store, and the session's cookie."""
    first = _first_product(customer)
    customer.ask(f"api/cart/items/{first['id']}", method="PUT", body={"quantity": 1})
    try:
        seen = customer.ask("api/cart")
        items = [item["product"]["id"] for item in seen.json()["items"]]
        seen.expect(f"a basket of {items}", f"one of {[first['id']]}", items == [first["id"]])
    finally:
        left = customer.ask("api/cart", method="DELETE")
    quantity = left.json().get("quantity")
    left.expect(f"a basket of {quantity}", "an empty one", quantity == 0)


PARTS: Final[dict[str, Callable[[Customer], None]]] = {"page": page, "catalogue": catalogue, "basket": basket}


def visit(url: str, parts: str) -> str:
    """The parts named, in order; what each took. Raises `VisitError` at the first that a customer would not pass."""
    customer, took = Customer(url), []
    for name in parts.split(","):
        began = time.monotonic()
        try:
            PARTS[name](customer)
        except VisitError as failed:
            raise VisitError(f"{name}: {failed}") from None
        except (AttributeError, KeyError, TypeError, IndexError) as unlike:
            raise VisitError(f"{name}: given an answer of another shape ({unlike!r}); allowed: API.md's") from None
        except OSError as lost:
            raise VisitError(f"{name}: given {lost}; allowed: a connection to {url}") from None
        took.append(f"{name} {(time.monotonic() - began) * 1000:.0f} ms")
    return ", ".join(took)


def handler(_event: object, _context: object) -> str:
    """Entry of CloudWatch Synthetics."""
    return visit(os.environ["SHOP_URL"], os.environ["PARTS"])


def _first_product(customer: Customer) -> dict[str, Any]:
    answer = customer.ask("api/products?limit=1")
    products = answer.json()["items"]
    answer.expect("no products", "one or more", bool(products))
    first: dict[str, Any] = products[0]
    return first


def _failed(what: str, given: str, allowed: str) -> VisitError:
    return VisitError(f"{what}: given {given}; allowed: {allowed}")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The address is the shop's own: one that leads elsewhere is not what customers are told."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class _Needed(HTMLParser):
    """`titled`; `files`: path and kind of what the page loads from its own host before it works."""

    def __init__(self) -> None:
        super().__init__()
        self.titled = False
        self.files: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.titled |= tag == "title"
        kind, path = "", None
        if tag == "script":
            kind, path = "javascript", given.get("src")
        elif tag == "link" and given.get("rel") == "stylesheet":
            kind, path = "css", given.get("href")
        if path and not urlsplit(path).netloc:
            self.files.append((path, kind))
