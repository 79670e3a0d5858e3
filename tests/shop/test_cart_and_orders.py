"""A visitor fills a cart and buys."""

import base64
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloudmart_cdk.assets.shop.shop import orders
from tests.shop.harness import Instance, Stage, running
from tests.shop.shelves import Shelf


def buy(
    client: httpx.Client, items: dict[int, int], *, key: str | None = None, amount: int | None = None
) -> httpx.Response:
    body: dict[str, Any] = {"items": [{"product": id, "quantity": quantity} for id, quantity in items.items()]}
    if amount is not None:
        body["amount"] = amount
    return client.post("/api/orders", json=body, headers={"Idempotency-Key": key or str(uuid.uuid4())})


def kind(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"]).removeprefix("urn:cloudmart:problem:")


def test_a_cart_remembers_what_was_put_in(client: httpx.Client) -> None:
    assert client.get("/api/cart").json() == {"items": [], "quantity": 0, "amount": 0, "currency": "KRW"}
    assert not client.cookies
    client.put("/api/cart/items/5", json={"quantity": 2})
    client.put("/api/cart/items/3", json={"quantity": 1})
    answer = client.put("/api/cart/items/5", json={"quantity": 4})
    cart = client.get("/api/cart").json()
    assert cart == answer.json()
    assert [(item["product"]["id"], item["quantity"]) for item in cart["items"]] == [(3, 1), (5, 4)]
    assert cart["quantity"] == 5
    assert cart["amount"] == sum(item["product"]["price"] * item["quantity"] for item in cart["items"])
    assert client.delete("/api/cart/items/3").json()["quantity"] == 4
    assert client.delete("/api/cart/items/3").json()["quantity"] == 4
    assert client.delete("/api/cart").json()["items"] == []
    assert client.get("/api/cart").json()["items"] == []


def test_carts_are_apart(shop: Instance) -> None:
    with shop.client() as one, shop.client() as other:
        one.put("/api/cart/items/1", json={"quantity": 1})
        other.put("/api/cart/items/2", json={"quantity": 1})
        assert [item["product"]["id"] for item in one.get("/api/cart").json()["items"]] == [1]
        assert [item["product"]["id"] for item in other.get("/api/cart").json()["items"]] == [2]


def test_the_cookie_is_for_the_browser_alone(shop: Instance) -> None:
    with shop.client() as client:
        plain = client.put("/api/cart/items/1", json={"quantity": 1}).headers["set-cookie"]
        secure = client.put("/api/cart/items/1", json={"quantity": 1}, headers={"X-Forwarded-Proto": "https"}).headers[
            "set-cookie"
        ]
    for cookie in (plain, secure):
        assert {"HttpOnly", "SameSite=lax", "Path=/api"} <= set(cookie.split("; "))
        assert len(cookie.split(";")[0].removeprefix("session=")) == 43
    assert "Secure" not in plain
    assert "Secure" in secure


def test_behind_a_cdn_the_cookie_is_for_https_alone(migrated_stage: Stage, tmp_path: Path) -> None:
    """CloudFront speaks HTTP to the load balancer, which says so."""
    options = {"CLOUDMART_HTTPS": "true"}
    with running(migrated_stage, tmp_path, migrated=True, **options) as shop, shop.client() as client:
        overwritten = {"X-Forwarded-Proto": "http"}
        cart = client.put("/api/cart/items/1", json={"quantity": 1}, headers=overwritten)
        assert "Secure" in cart.headers["set-cookie"].split("; ")
        order = client.post(
            "/api/orders",
            json={"items": [{"product": 1, "quantity": 1}]},
            headers={**overwritten, "Idempotency-Key": str(uuid.uuid4())},
        )
        assert order.status_code == 201
        assert "Secure" in order.headers["set-cookie"].split("; ")


@pytest.mark.parametrize("cookie", ["", "x", "*" * 43, "x" * 42, "x" * 4000])
def test_a_cookie_that_is_none_of_ours_is_no_session(client: httpx.Client, cookie: str) -> None:
    headers = {"Cookie": f"session={cookie}"}
    answer = client.put("/api/cart/items/1", json={"quantity": 1}, headers=headers)
    assert answer.status_code == 200
    given = answer.headers["set-cookie"].split(";")[0].removeprefix("session=")
    assert len(given) == 43
    assert given != cookie


def test_a_cart_has_a_limit(client: httpx.Client, shelf: Shelf) -> None:
    for product in shelf.add(51, stock=1, price=10)[:50]:
        assert client.put(f"/api/cart/items/{product}", json={"quantity": 1}).status_code == 200
    assert kind(client.put("/api/cart/items/1", json={"quantity": 1})) == "cart-full"
    first = client.get("/api/cart").json()["items"][0]["product"]["id"]
    assert client.put(f"/api/cart/items/{first}", json={"quantity": 99}).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"quantity": 0}, {"quantity": 100}, {"quantity": "2"}, {"quantity": 1.5}, {"quantity": 1, "x": 1}, []]
)
def test_a_quantity_is_a_whole_number(client: httpx.Client, body: Any) -> None:
    assert kind(client.put("/api/cart/items/1", json=body)) == "invalid"


def test_only_what_is_sold_goes_into_a_cart(client: httpx.Client) -> None:
    assert kind(client.put("/api/cart/items/2147483647", json={"quantity": 1})) == "not-found"
    assert client.put("/api/cart/items/0", json={"quantity": 1}).status_code == 422


def test_buying_takes_stock_and_empties_the_cart(client: httpx.Client, shelf: Shelf) -> None:
    one, two, kept = shelf.add(3, stock=10, price=1500)
    for product in (one, two, kept):
        client.put(f"/api/cart/items/{product}", json={"quantity": 3})
    answer = buy(client, {two: 3, one: 3}, amount=9000)
    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/orders/{order['id']}"
    assert [(item["product"], item["quantity"], item["amount"]) for item in order["items"]] == [
        (one, 3, 4500),
        (two, 3, 4500),
    ]
    assert order["amount"] == 9000
    assert [shelf.stock(product) for product in (one, two, kept)] == [7, 7, 10]
    assert [item["product"]["id"] for item in client.get("/api/cart").json()["items"]] == [kept]
    assert client.get(f"/api/orders/{order['id']}").json() == order
    assert client.get("/api/orders").json() == {"items": [order], "next": None}


def test_all_or_nothing(client: httpx.Client, shelf: Shelf) -> None:
    [plenty] = shelf.add(1, stock=10, price=100)
    [scarce] = shelf.add(1, stock=2, price=100)
    answer = buy(client, {plenty: 1, scarce: 3})
    assert (answer.status_code, kind(answer)) == (409, "out-of-stock")
    assert answer.json()["items"] == [{"product": scarce, "requested": 3, "available": 2}]
    assert (shelf.stock(plenty), shelf.stock(scarce)) == (10, 2)
    assert client.get("/api/orders").json()["items"] == []


def test_the_price_is_the_one_that_was_seen(client: httpx.Client, shelf: Shelf) -> None:
    [product] = shelf.add(1, stock=5, price=1000)
    answer = buy(client, {product: 2}, amount=1900)
    assert (kind(answer), answer.json()["amount"]) == ("price-changed", 2000)
    assert shelf.stock(product) == 5
    assert buy(client, {product: 2}, amount=2000).status_code == 201


def test_what_is_gone_is_not_sold(client: httpx.Client) -> None:
    answer = buy(client, {1: 1, 2147483647: 1})
    assert (kind(answer), answer.json()["items"]) == ("product-gone", [{"product": 2147483647}])


def test_a_request_sent_again_buys_once(client: httpx.Client, shelf: Shelf) -> None:
    [one] = shelf.add(1, stock=1, price=100)
    [two] = shelf.add(1, stock=5, price=100)
    key = str(uuid.uuid4())
    first = buy(client, {one: 1, two: 2}, key=key)
    again = buy(client, {two: 2, one: 1}, key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (shelf.stock(one), shelf.stock(two)) == (0, 3)


def test_a_first_purchase_whose_answer_was_lost_buys_once(shop: Instance, shelf: Shelf) -> None:
    """The client never saw the cookie: the key alone has to find the order."""
    [product] = shelf.add(1, stock=5, price=100)
    key = str(uuid.uuid4())
    with shop.client() as lost, shop.client() as again, shop.client() as stranger:
        first, second = buy(lost, {product: 1}, key=key), buy(again, {product: 1}, key=key)
        assert first.json() == second.json()
        assert second.headers["idempotency-replayed"] == "true"
        assert shelf.stock(product) == 4
        assert again.get("/api/orders").json()["items"] == [first.json()]
        assert lost.cookies["session"] != again.cookies["session"], "the key opens no session"
        assert kind(buy(stranger, {product: 2}, key=key)) == "idempotency-key-reused"
        # A short key may be guessed: two clients with the same one are two customers.
        assert buy(stranger, {product: 1}, key="short-key").json() != buy(lost, {product: 1}, key="short-key").json()
        assert stranger.cookies["session"] != lost.cookies["session"]


def test_a_lost_first_purchase_follows_a_client_who_went_on(shop: Instance, shelf: Shelf) -> None:
    [product] = shelf.add(1, stock=5, price=100)
    key = str(uuid.uuid4())
    with shop.client() as lost, shop.client() as again:
        first = buy(lost, {product: 1}, key=key)
        again.put("/api/cart/items/1", json={"quantity": 1})
        session = again.cookies["session"]
        assert buy(again, {product: 1}, key=key).json() == first.json()
        assert again.cookies["session"] == session
        assert again.get("/api/orders").json()["items"] == [first.json()]
    assert shelf.stock(product) == 4


def test_a_key_gives_no_more_than_its_purchase(shop: Instance, shelf: Shelf) -> None:
    """Whoever has read the key in somebody's log."""
    [product] = shelf.add(1, stock=9, price=100)
    key, old = str(uuid.uuid4()), str(uuid.uuid4())
    with shop.client() as customer, shop.client() as reader:
        first = buy(customer, {product: 1}, key=key).json()
        second = buy(customer, {product: 2}).json()
        replay = buy(reader, {product: 1}, key=key)
        assert replay.json() == first
        assert "set-cookie" not in replay.headers, "this session is in use, so its cookie has arrived"
        assert reader.get("/api/orders").json()["items"] == []
        assert customer.get("/api/orders").json()["items"] == [second, first]
    with shop.client() as customer, shop.client() as reader:
        first = buy(customer, {product: 1}, key=old).json()
        shelf.make_older(first["id"], seconds=orders.MOVABLE)
        assert "set-cookie" not in buy(reader, {product: 1}, key=old).headers
        assert [order["id"] for order in customer.get("/api/orders").json()["items"]] == [first["id"]]


def test_what_the_table_of_orders_holds_opens_nothing(shop: Instance, shelf: Shelf) -> None:
    [product] = shelf.add(1, stock=9, price=100)
    key = str(uuid.uuid4())
    with shop.client() as customer, shop.client() as reader:
        order = buy(customer, {product: 1}, key=key)
        row = shelf.order(order.json()["id"])
        assert key not in str(row)
        assert customer.cookies["session"] not in str(row)
        cookies = [base64.urlsafe_b64encode(value).decode().rstrip("=") for value in (row["session"], row["key_hash"])]
        for cookie in cookies:
            assert reader.get("/api/orders", headers={"Cookie": f"session={cookie}"}).json()["items"] == []
        for learnt in (row["key_hash"].hex(), row["session"].hex()):
            reader.cookies.clear()
            assert buy(reader, {product: 1}, key=learnt).json()["id"] != order.json()["id"]


@pytest.mark.parametrize("buying", [False, True])
def test_a_session_that_the_shop_has_not_given_is_not_taken(shop: Instance, shelf: Shelf, buying: bool) -> None:
    [product] = shelf.add(1, stock=9, price=100)
    planted = uuid.uuid4().hex + "x" * 11
    with shop.client() as victim, shop.client() as planter:
        for client in (victim, planter):
            client.cookies.set("session", planted, path="/api")
        if buying:
            assert buy(victim, {product: 1}).status_code == 201
        else:
            assert victim.put(f"/api/cart/items/{product}", json={"quantity": 1}).json()["quantity"] == 1
        assert planter.get("/api/cart").json()["items"] == []
        assert planter.get("/api/orders").json()["items"] == []


def test_of_two_sessions_neither_is_taken(shop: Instance, client: httpx.Client) -> None:
    with shop.client() as one, shop.client() as two:
        for each in (one, two):
            each.put("/api/cart/items/1", json={"quantity": 1})
        both = [one.cookies["session"], two.cookies["session"]]
    headers = {"Cookie": "; ".join(f"session={token}" for token in both)}
    assert client.get("/api/cart", headers=headers).json()["items"] == []
    answer = client.put("/api/cart/items/2", json={"quantity": 1}, headers=headers)
    assert [item["product"]["id"] for item in answer.json()["items"]] == [2]
    assert answer.cookies["session"] not in both


def test_a_session_outlives_its_cart(client: httpx.Client, shelf: Shelf) -> None:
    client.put("/api/cart/items/1", json={"quantity": 1})
    session = client.cookies["session"]
    for path in ("/api/cart/items/1", "/api/cart"):
        client.delete(path)
        client.put("/api/cart/items/1", json={"quantity": 1})
        assert client.cookies["session"] == session
    [product] = shelf.add(1, stock=1, price=100)
    client.delete("/api/cart")
    assert buy(client, {product: 1}).status_code == 201
    assert client.cookies["session"] == session


def test_a_key_is_for_one_purchase(shop: Instance, client: httpx.Client, shelf: Shelf) -> None:
    [product] = shelf.add(1, stock=9, price=100)
    key = str(uuid.uuid4())
    client.put("/api/cart/items/1", json={"quantity": 1})
    buy(client, {product: 1}, key=key)
    for answer in (buy(client, {product: 2}, key=key), buy(client, {product: 1}, key=key, amount=100)):
        assert (answer.status_code, kind(answer)) == (422, "idempotency-key-reused")
    assert kind(buy(client, {2147483647: 1}, key=key)) == "idempotency-key-reused"
    with shop.client() as somebody_else:
        somebody_else.put("/api/cart/items/1", json={"quantity": 1})
        assert buy(somebody_else, {product: 1}, key=key).status_code == 201
    assert shelf.stock(product) == 7


def test_a_refused_purchase_may_be_tried_again_with_its_key(client: httpx.Client, shelf: Shelf) -> None:
    [product] = shelf.add(1, stock=0, price=100)
    key = str(uuid.uuid4())
    assert kind(buy(client, {product: 1}, key=key)) == "out-of-stock"
    shelf.restock(product, 1)
    assert buy(client, {product: 1}, key=key).status_code == 201


@pytest.mark.parametrize("key", [None, "short", "x" * 129, "with space", "ümläut-key"])
def test_a_purchase_needs_a_key(client: httpx.Client, key: str | None) -> None:
    headers = {} if key is None else {b"Idempotency-Key": key.encode("latin-1")}
    answer = client.post("/api/orders", json={"items": [{"product": 1, "quantity": 1}]}, headers=headers)
    assert (answer.status_code, kind(answer)) == (422, "invalid")
    assert answer.json()["errors"][0]["at"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [{"product": 1}]},
        {"items": [{"product": 1, "quantity": 0}]},
        {"items": [{"product": "1", "quantity": 1}]},
        {"items": [{"product": 2**31, "quantity": 1}]},
        {"items": [{"product": 1, "quantity": 1}, {"product": 1, "quantity": 1}]},
        {"items": [{"product": id, "quantity": 1} for id in range(1, 52)]},
        {"items": [{"product": 1, "quantity": 1}], "amount": -1},
        {"items": [{"product": 1, "quantity": 1}], "discount": 100},
    ],
)
def test_a_purchase_is_well_formed(client: httpx.Client, body: Any) -> None:
    answer = client.post("/api/orders", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert (answer.status_code, kind(answer)) == (422, "invalid")


def test_orders_are_their_sessions_own(shop: Instance, client: httpx.Client, shelf: Shelf) -> None:
    [product] = shelf.add(1, stock=9, price=100)
    id = buy(client, {product: 1}).json()["id"]
    with shop.client() as stranger:
        buy(stranger, {product: 1})
        assert kind(stranger.get(f"/api/orders/{id}")) == "not-found"
        assert [order["id"] for order in stranger.get("/api/orders").json()["items"]] != [id]
    with shop.client() as nobody:
        assert kind(nobody.get(f"/api/orders/{id}")) == "not-found"
        assert nobody.get("/api/orders").json() == {"items": [], "next": None}
    assert client.get("/api/orders/no-uuid").status_code == 422


def test_orders_have_pages_newest_first(client: httpx.Client, shelf: Shelf) -> None:
    [product] = shelf.add(1, stock=9, price=100)
    ids = [buy(client, {product: 1}).json()["id"] for _ in range(5)]
    walked: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/api/orders", params={"limit": 2, **cursor}).json()
        walked += [order["id"] for order in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert walked == ids[::-1]
