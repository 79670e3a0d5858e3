"""Customers of the shop, as many as wanted, buying all the time through the address that a browser opens.

They do what the page does: one idempotency key a purchase, and the same request again when no answer came or the answer
was 502, 503 or 504. Own no expectation; a test asks how it went.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

_AGAIN: Final = frozenset({502, 503, 504})
_SOLD_OUT: Final = "urn:cloudmart:problem:out-of-stock"
_PATIENCE_S: Final = 30.0
"""How long a customer tries for one purchase: longer than any fault here lasts, or it is a failure."""


@dataclass
class Diary:
    """What the customers met. Counts are purchases; `failures` says what was wrong with each that failed."""

    bought: int = 0
    retried: int = 0
    failures: list[str] = field(default_factory=list)
    statuses: dict[int | str, int] = field(default_factory=dict)
    """Answers (or names of errors) -> how often, retries included."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, what: int | str) -> None:
        with self._lock:
            self.statuses[what] = self.statuses.get(what, 0) + 1

    def add(self, *, failure: str | None, retried: bool) -> None:
        with self._lock:
            self.bought += failure is None
            self.retried += retried
            if failure is not None:
                self.failures.append(failure)


@contextmanager
def buying(shop: str, *, customers: int = 4, pause_s: float = 0.02) -> Iterator[Diary]:
    """Customers who buy until the block ends; each ends the purchase it is in."""
    diary, closing = Diary(), threading.Event()
    threads = [
        threading.Thread(target=_customer, args=(shop, diary, closing, pause_s), daemon=True) for _ in range(customers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield diary
    finally:
        closing.set()
        for thread in threads:
            thread.join(timeout=2 * _PATIENCE_S)


def wait_for(diary: Diary, *, purchases: int, seconds: float = 60.0) -> None:
    """Until so many more purchases have ended, well or not."""
    wanted = diary.bought + len(diary.failures) + purchases
    deadline = time.monotonic() + seconds
    while diary.bought + len(diary.failures) < wanted:
        assert time.monotonic() < deadline, diary
        time.sleep(0.02)


def _customer(shop: str, diary: Diary, closing: threading.Event, pause_s: float) -> None:
    with httpx.Client(base_url=shop, timeout=15, trust_env=False) as client:
        products: list[int] = []
        while not closing.is_set():
            products = products or _products(client, diary, closing)
            if products:
                product = products.pop(0)
                if _purchase(client, diary, product):
                    products.append(product)
            closing.wait(pause_s)


def _products(client: httpx.Client, diary: Diary, closing: threading.Event) -> list[int]:
    while not closing.is_set():
        answer = _ask(client, diary, "GET", "api/products?limit=100")
        if answer is not None and answer.status_code == 200:
            # The well-stocked half: a customer's luck is no matter of these tests.
            items = sorted(answer.json()["items"], key=lambda item: -item["stock"])
            return [item["id"] for item in items[: len(items) // 2]]
        time.sleep(0.2)
    return []


def _purchase(client: httpx.Client, diary: Diary, product: int) -> bool:
    """Whether there may be more of it: on a slow machine a test is long enough to sell out."""
    key, began, tries = uuid.uuid4().hex, time.monotonic(), 0
    while True:
        tries += 1
        body = {"items": [{"product": product, "quantity": 1}]}
        answer = _ask(client, diary, "POST", "api/orders", json=body, headers={"Idempotency-Key": key})
        if answer is not None and answer.status_code not in _AGAIN | {429}:
            break
        if time.monotonic() - began > _PATIENCE_S:
            diary.add(failure=f"no answer in {_PATIENCE_S} s", retried=True)
            return True
        if answer is not None and answer.status_code == 429:
            client.cookies.clear()  # another customer: one alone may not buy so often
        time.sleep(0.1)
    if answer.status_code == 409 and _SOLD_OUT in answer.text:
        return False
    sold = answer.status_code == 201
    diary.add(failure=None if sold else f"{answer.status_code}: {answer.text[:200]}", retried=tries > 1)
    return True


def _ask(client: httpx.Client, diary: Diary, method: str, path: str, **options: object) -> httpx.Response | None:
    try:
        answer = client.request(method, path, **options)  # type: ignore[arg-type]  # httpx's own
    except httpx.TransportError as error:
        diary.answered(type(error).__name__)
        return None
    diary.answered(answer.status_code)
    return answer
