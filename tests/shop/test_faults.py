"""What happens when something goes away: the shop says so, serves what it can, and recovers by itself."""

import json
import threading
import uuid
from collections.abc import Iterator
from typing import Final

import httpx
import psycopg
import pytest
from psycopg import sql

from localcloud.aws import Clients
from localcloud.state import Cloud
from tests.shop.harness import Instance, Stage, eventually, running
from tests.shop.shelves import Shelf
from tests.stores import APP, CLONE, PASSWORD, TOKEN, Stores

REGULAR: Final = {"Cookie": f"session={'s' * 43}"}
"""A visitor who has been here before, so that their orders have to be looked up."""


@pytest.fixture(scope="module")
def own_stage(shop_cloud: Cloud, shop_clients: Clients, stores: Stores) -> Stage:
    return Stage.of(shop_cloud, shop_clients, stores)


@pytest.fixture(scope="module")
def own_shop(own_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with running(own_stage, tmp_path_factory.mktemp("own-shop")) as instance:
        yield instance


@pytest.fixture
def visitor(own_shop: Instance) -> Iterator[httpx.Client]:
    """Who sees every refusal."""
    with own_shop.client(patient=False) as client:
        yield client


@pytest.fixture
def patient(own_shop: Instance) -> Iterator[httpx.Client]:
    """Who comes back: for what is no matter of the fault."""
    with own_shop.client() as client:
        yield client


@pytest.fixture
def own_shelf(own_stage: Stage, stores: Stores) -> Shelf:
    return Shelf(own_stage, stores)


def buy(client: httpx.Client, product: int) -> httpx.Response:
    return client.post(
        "/api/orders",
        json={"items": [{"product": product, "quantity": 1}]},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )


def unavailable(answer: httpx.Response) -> bool:
    if answer.status_code == 503:
        assert answer.json()["type"] == "urn:cloudmart:problem:unavailable"
        assert int(answer.headers["retry-after"]) > 0
    return answer.status_code == 503


def checks(client: httpx.Client) -> dict[str, str]:
    answer = client.get("/ready").json()
    return {store: check["state"] for store, check in answer["checks"].items()}


def end_sessions(stores: Stores) -> None:
    with psycopg.connect(stores.postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'cloudmart_app%'")


def test_without_redis_products_are_shown_and_sold(
    visitor: httpx.Client, patient: httpx.Client, stores: Stores
) -> None:
    patient.put("/api/cart/items/1", json={"quantity": 1})
    visitor.cookies.update(patient.cookies)
    stores.redis.kill()
    try:
        assert unavailable(visitor.get("/api/cart"))
        assert unavailable(visitor.put("/api/cart/items/1", json={"quantity": 1}))
        assert patient.get("/api/products", params={"q": "mug"}).status_code == 200
        assert patient.get("/api/products/2").status_code == 200
        assert buy(patient, 2).status_code == 201
        assert patient.get("/api/orders").status_code == 200
        assert visitor.get("/health").status_code == 200
        assert visitor.get("/ready").status_code == 503
        assert checks(visitor) == {"database": "ok", "cache": "down"}
    finally:
        stores.redis.start()
    eventually(lambda: visitor.get("/ready").status_code == 200)
    assert patient.put("/api/cart/items/1", json={"quantity": 1}).status_code == 200


def test_without_its_database_the_shop_says_so_and_recovers(
    visitor: httpx.Client, patient: httpx.Client, stores: Stores
) -> None:
    assert patient.get("/api/products").status_code == 200
    stores.postgres.kill()
    try:
        eventually(lambda: unavailable(visitor.get("/api/products")))
        assert unavailable(visitor.get("/api/products/3"))
        assert unavailable(buy(visitor, 3))
        assert unavailable(visitor.get("/api/orders", headers=REGULAR))
        assert visitor.get("/health").status_code == 200
        assert checks(visitor) == {"database": "down", "cache": "ok"}
        assert unavailable(visitor.get("/api/products", params={"q": "nobody has asked for this"}))
    finally:
        stores.postgres.start()
    eventually(lambda: visitor.get("/ready").status_code == 200)
    assert buy(patient, 3).status_code == 201


def test_connections_that_were_cut_cost_no_request(visitor: httpx.Client, stores: Stores, own_shelf: Shelf) -> None:
    """As after a failover of the database, or when its proxy drops idle connections."""
    [product] = own_shelf.add(1, stock=10, price=100)
    for number in range(3):
        end_sessions(stores)
        assert visitor.get("/api/products", params={"q": f"cut {number}"}).status_code == 200
        assert buy(visitor, product).status_code == 201
    assert own_shelf.stock(product) == 7


def test_a_writer_that_was_demoted_is_left(
    visitor: httpx.Client, patient: httpx.Client, stores: Stores, own_shelf: Shelf
) -> None:
    """As after a failover that keeps connections: they lead to a server that only reads."""
    [product] = own_shelf.add(1, stock=2, price=100)
    demote = sql.SQL("ALTER DATABASE {} {} default_transaction_read_only {}")
    database = sql.Identifier(own_shelf.database)
    with psycopg.connect(stores.postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute(demote.format(database, sql.SQL("SET"), sql.SQL("= on")))
        end_sessions(stores)
        try:
            assert unavailable(buy(visitor, product))
        finally:
            connection.execute(demote.format(database, sql.SQL("RESET"), sql.SQL("")))
    assert buy(patient, product).status_code == 201
    assert own_shelf.stock(product) == 1


class Rotation:
    """The database's passwords, as the rotation function changes them."""

    def __init__(self, stage: Stage, stores: Stores) -> None:
        self._stage, self._stores = stage, stores

    def set_password(self, user: str, password: str) -> None:
        with psycopg.connect(self._stores.postgres.superuser_dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(password)))

    def publish(self, user: str, password: str) -> None:
        self._stage.rotate("database/app", json.dumps({"username": user, "password": password}))

    def users(self) -> set[str]:
        """Who is connected."""
        with psycopg.connect(self._stores.postgres.superuser_dsn, autocommit=True) as connection:
            rows = connection.execute("SELECT usename FROM pg_stat_activity WHERE application_name = 'cloudmart-shop'")
            return {row[0] for row in rows}


def test_a_rotated_password_costs_no_request(
    visitor: httpx.Client, own_shop: Instance, own_stage: Stage, stores: Stores
) -> None:
    """Buyers all the while; the user they came as is refused from one moment to the next."""
    rotation = Rotation(own_stage, stores)
    stop = threading.Event()
    answers: list[int] = []

    def keep_asking() -> None:
        with own_shop.client(patient=False) as client:
            while not stop.is_set():
                answers.append(client.get("/api/orders", headers=REGULAR).status_code)

    buyer = threading.Thread(target=keep_asking)
    buyer.start()
    try:
        rotation.set_password(CLONE, "second-password")
        rotation.publish(CLONE, "second-password")
        rotation.set_password(APP, "nobody-knows")
        end_sessions(stores)
        eventually(lambda: rotation.users() == {CLONE})
    finally:
        stop.set()
        buyer.join()
        rotation.set_password(APP, PASSWORD)
        rotation.set_password(CLONE, PASSWORD)
        rotation.publish(APP, PASSWORD)
    assert set(answers) == {200}
    assert visitor.get("/ready").status_code == 200


def test_a_password_that_does_not_work_yet_leaves_the_one_before(
    visitor: httpx.Client, own_stage: Stage, stores: Stores
) -> None:
    rotation = Rotation(own_stage, stores)
    # What the process holds works no more; what is current does not work either; the one before does.
    rotation.set_password(CLONE, "the-one-before")
    rotation.publish(CLONE, "the-one-before")
    rotation.publish(CLONE, "not-set-anywhere")
    rotation.set_password(APP, "nobody-knows")
    end_sessions(stores)
    try:
        eventually(lambda: visitor.get("/api/orders", headers=REGULAR).status_code == 200)
        assert rotation.users() == {CLONE}
    finally:
        for user in (APP, CLONE):
            rotation.set_password(user, PASSWORD)
        rotation.publish(APP, PASSWORD)
        end_sessions(stores)
    eventually(lambda: visitor.get("/ready").status_code == 200)


def test_a_rotated_token_of_redis_costs_no_request(visitor: httpx.Client, own_stage: Stage, stores: Stores) -> None:
    visitor.put("/api/cart/items/1", json={"quantity": 1})
    new = "another-token-of-sixteen-or-more"
    try:
        stores.redis.set_tokens(new)
        own_stage.rotate("cache/auth", new)
        with stores.redis.owner_client() as owner:
            owner.client_kill_filter(_type="normal", skipme=True)
        for _ in range(5):
            assert visitor.get("/api/cart").status_code == 200
    finally:
        stores.redis.set_tokens(TOKEN)
        own_stage.rotate("cache/auth", TOKEN)
