"""Whatever many buyers do at the same moment: nothing is sold twice, nothing is lost, no key buys two things."""

import asyncio
import uuid
from collections import Counter
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shop.harness import Instance, crowd
from tests.shop.shelves import Shelf

CHEAPLY: Final = settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def all_at_once(shop: Instance, purchases: list[tuple[str, str, dict[int, int]]]) -> list[httpx.Response]:
    """Each purchase is a session, a key, and product to quantity."""

    async def buy(client: httpx.AsyncClient, session: str, key: str, items: dict[int, int]) -> httpx.Response:
        return await client.post(
            "/api/orders",
            json={"items": [{"product": id, "quantity": quantity} for id, quantity in items.items()]},
            headers={"Idempotency-Key": key, "Cookie": f"session={session}"},
        )

    async def everybody() -> list[httpx.Response]:
        async with crowd(shop.url) as client:
            return list(await asyncio.gather(*(buy(client, *purchase) for purchase in purchases)))

    return asyncio.run(everybody())


@pytest.fixture(scope="module")
def sessions(shop: Instance) -> list[str]:
    """Of customers who have a cart: the shop takes no others."""
    found = []
    for _ in range(24):
        with shop.client() as client:
            client.put("/api/cart/items/1", json={"quantity": 1})
            found.append(client.cookies["session"])
    return found


def test_the_last_item_has_one_buyer(shop: Instance, shelf: Shelf, sessions: list[str]) -> None:
    for _ in range(5):
        [product] = shelf.add(1, stock=1, price=1000)
        answers = all_at_once(shop, [(one, str(uuid.uuid4()), {product: 1}) for one in sessions])
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 23}
        assert (shelf.stock(product), shelf.sold(product)) == (0, 1)


@CHEAPLY
@given(
    stocks=st.lists(st.integers(0, 12), min_size=1, max_size=4),
    baskets=st.lists(
        st.dictionaries(st.integers(0, 3), st.integers(1, 5), min_size=1, max_size=4), min_size=1, max_size=16
    ),
)
def test_sold_and_left_are_what_there_was(
    shop: Instance, shelf: Shelf, sessions: list[str], stocks: list[int], baskets: list[dict[int, int]]
) -> None:
    products = [shelf.add(1, stock=stock, price=100)[0] for stock in stocks]
    # In any order of products: two buyers of the same two must not wait for each other in a circle.
    purchases = [
        (sessions[n], str(uuid.uuid4()), {products[at % len(products)]: quantity for at, quantity in basket.items()})
        for n, basket in enumerate(baskets)
    ]
    answers = all_at_once(shop, purchases)
    bought: Counter[int] = Counter()
    for (_, _, items), answer in zip(purchases, answers, strict=True):
        if answer.status_code == 201:
            bought.update(items)
        else:
            assert answer.json()["type"] == "urn:cloudmart:problem:out-of-stock"
    for product, stock in zip(products, stocks, strict=True):
        assert shelf.stock(product) >= 0
        assert shelf.sold(product) == bought[product]
        assert shelf.stock(product) + bought[product] == stock
    for (_, _, items), answer in zip(purchases, answers, strict=True):
        if answer.status_code == 409:
            # Stock only shrinks: what was refused could not be had at the end either.
            assert any(shelf.stock(product) < quantity for product, quantity in items.items())


@CHEAPLY
@given(requests=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 2)), min_size=2, max_size=16))
def test_a_key_buys_one_thing_once(
    shop: Instance, shelf: Shelf, sessions: list[str], requests: list[tuple[int, int, int]]
) -> None:
    [product] = shelf.add(1, stock=1000, price=100)
    keys = [str(uuid.uuid4()) for _ in range(3)]
    answers = all_at_once(shop, [(sessions[s], keys[k], {product: quantity}) for s, k, quantity in requests])
    winners: dict[tuple[int, int], dict[str, Any]] = {}
    for (s, k, _), answer in zip(requests, answers, strict=True):
        if answer.status_code == 201:
            assert winners.setdefault((s, k), answer.json()) == answer.json()
    for (s, k, quantity), answer in zip(requests, answers, strict=True):
        same = winners[s, k]["items"][0]["quantity"] == quantity
        assert answer.status_code == (201 if same else 422)
    first = [answer for answer in answers if answer.status_code == 201 and "idempotency-replayed" not in answer.headers]
    assert len(first) == len(winners)
    assert 1000 - shelf.stock(product) == sum(order["items"][0]["quantity"] for order in winners.values())
