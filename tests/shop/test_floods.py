"""What a client may cost: searches leave a connection to who buys, and a request that is none does not stay."""

import asyncio
import socket
import uuid
from collections import Counter
from contextlib import ExitStack

import httpx
import pytest

from cloudmart_cdk.assets.shop.shop import connections, search
from cloudmart_cdk.assets.shop.shop.api import kept
from tests.shop.harness import Instance, eventually
from tests.shop.shelves import Shelf


def test_who_buys_is_served_while_many_search(shop: Instance, shelf: Shelf) -> None:
    """Each search would take all of the time that it may, and no two are the same."""
    [product] = shelf.add(1, stock=20, price=100)

    async def scene() -> tuple[list[httpx.Response], list[httpx.Response]]:
        searched: list[httpx.Response] = []
        async with httpx.AsyncClient(base_url=shop.url, trust_env=False, timeout=30) as flood:

            async def ask() -> None:
                while True:
                    searched.append(await flood.get("/api/products", params={"q": uuid.uuid4().hex}))
                    await asyncio.sleep(0.1)  # the machine's two processors are no part of this

            askers = [asyncio.create_task(ask()) for _ in range(80)]
            bought = []
            for _ in range(5):
                await asyncio.sleep(0.4)
                async with httpx.AsyncClient(base_url=shop.url, trust_env=False, timeout=30) as buyer:
                    body = {"items": [{"product": product, "quantity": 1}]}
                    headers = {"Idempotency-Key": str(uuid.uuid4())}
                    bought.append(await buyer.post("/api/orders", json=body, headers=headers))
            for asker in askers:
                asker.cancel()
            await asyncio.gather(*askers, return_exceptions=True)
        return bought, searched

    with shelf.slow_search(0.2):
        bought, searched = asyncio.run(scene())
    # What the askers left is still in the queue; a search that has had its turn has had it after all of that.
    with shop.client(patient=False) as later:
        eventually(lambda: later.get("/api/products", params={"q": uuid.uuid4().hex}).status_code == 200)
    assert [answer.status_code for answer in bought] == [201] * 5
    assert Counter(answer.status_code for answer in searched)[503] > 0, "it was a flood"
    for answer in searched:
        assert answer.status_code == 200 or int(answer.headers["retry-after"]) > 0


def test_a_query_has_few_words(client: httpx.Client) -> None:
    most = " ".join(f"w{number}" for number in range(search.MOST))
    assert client.get("/api/products", params={"q": f"  {most} W0 "}).status_code == 200, "one word twice is one"
    answer = client.get("/api/products", params={"q": most + " more"})
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, "q")


@pytest.mark.parametrize(
    "spelling",
    [
        b"q=+Mug++cup",
        b"q=cup%20mug&limit=024",
        b"limit=24&q=mug+cup+mug",
        b"q=x&q=mug+cup&sort=newest",
        b"q=mug%20%20CUP",
    ],
)
def test_spellings_of_a_question_are_one(spelling: bytes) -> None:
    assert kept.meaning("/api/products", spelling) == kept.meaning("/api/products", b"q=mug+cup")


@pytest.mark.parametrize("other", [b"q=mug", b"q=mug+cup&limit=23", b"q=mug+cup&sort=name_ko", b"q=mug+cup&nonsense=1"])
def test_other_questions_are_others(other: bytes) -> None:
    assert kept.meaning("/api/products", other) != kept.meaning("/api/products", b"q=mug+cup")


def test_the_query_of_an_address_that_has_none_is_nothing() -> None:
    assert kept.meaning("/api/products/1", b"x=1") == kept.meaning("/api/products/1", b"x=2")


def connect(shop: Instance) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(shop.url.rpartition(":")[2])))
    connection.settimeout(30)
    return connection


def pour(connection: socket.socket, piece: bytes, times: int) -> bool:
    """Whether the server took it all."""
    try:
        for _ in range(times):
            connection.sendall(piece)
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /health HTTP/1.1\r\nhost: shop\r\nx: ",
        b"GET /",
        b"\r\n" * 8,
        b"PUT /api/cart/items/1 HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n"
        b"\r\n1\r\n{\r\n0\r\nx: ",
    ],
    ids=["header", "address", "blank lines", "trailer"],
)
def test_a_head_without_end_is_not_kept(shop: Instance, beginning: bytes) -> None:
    before = shop.resident_megabytes()
    filling = b"\r\n" * 32768 if beginning.startswith(b"\r") else b"x" * 65536
    with connect(shop) as connection:
        connection.sendall(beginning)
        assert not pour(connection, filling, 1600), "100 MB"
    assert shop.resident_megabytes() < before + 5


def test_headers_have_a_size(client: httpx.Client) -> None:
    answer = client.get("/api/cart", headers={f"x-{number}": "x" * 1024 for number in range(33)})
    assert answer.status_code == 431
    assert client.get("/api/cart", headers={f"x-{number}": "x" * 1024 for number in range(30)}).status_code == 200


def test_half_a_request_does_not_stay(shop: Instance) -> None:
    with connect(shop) as half, connect(shop) as idle:
        half.sendall(b"GET /health HTTP/1.1\r\n")
        assert half.recv(1) == b""
        assert answered(idle), "a load balancer's connection waits for its first request"


def answered(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: shop\r\n\r\n")
        return connection.recv(12) == b"HTTP/1.1 200"
    except ConnectionError:
        return False


def answered_anew(shop: Instance) -> bool:
    with connect(shop) as connection:
        return answered(connection)


def test_connections_are_bounded(shop: Instance) -> None:
    with ExitStack() as ends:
        for _ in range(connections.CONNECTIONS):
            ends.enter_context(connect(shop))
        with connect(shop) as one_more:
            assert not answered(one_more)
    eventually(lambda: answered_anew(shop))
