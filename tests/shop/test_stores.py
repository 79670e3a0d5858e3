"""Where the shop asks: a reader where there is one, a cluster where it is one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from cloudmart_cdk.assets.shop.shop import migrate
from localcloud.aws import Clients
from localcloud.engines import addresses, postgres
from localcloud.engines.postgres import Postgres
from localcloud.engines.redis import Redis
from localcloud.state import Cloud
from tests.shop.harness import Stage, eventually, running
from tests.shop.shelves import Shelf
from tests.stores import APP, OWNER, PASSWORD, SHOP, Stores


@pytest.fixture
def reader(stores: Stores, migrated_stage: Stage, tmp_path: Path) -> Iterator[Postgres]:
    """A server of its own; what it holds differs from the writer, which tells who was asked."""
    server = postgres.start(
        tmp_path / "reader",
        host=addresses.claim(),
        owner=OWNER,
        password=PASSWORD,
        database=Shelf(migrated_stage, stores).database,
        authority=stores.authority,
    )
    with psycopg.connect(server.superuser_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(SHOP)))
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                sql.Identifier(APP), sql.Literal(PASSWORD), sql.Identifier(SHOP)
            )
        )
        connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(SHOP)))
    yield server
    server.stop()


def connections(server: Postgres) -> int:
    """How many the shop holds there."""
    with psycopg.connect(server.superuser_dsn) as connection:
        [(count,)] = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cloudmart-shop'"
        )
        return int(count)


def test_reads_go_to_the_reader_and_orders_to_the_writer(
    shop_cloud: Cloud, shop_clients: Clients, stores: Stores, reader: Postgres, tmp_path: Path
) -> None:
    as_app = psycopg.conninfo.make_conninfo(
        stores.dsn(database=reader.database), host=reader.host, sslrootcert=str(reader.ca_file)
    )
    migrate.migrate(lambda: psycopg.connect(as_app))
    stage = Stage.of(
        shop_cloud,
        shop_clients,
        stores,
        database=reader.database,
        database__reader_host=reader.host,
        database__reader_pool="1",
    )
    with psycopg.connect(reader.superuser_dsn) as connection:
        connection.execute("UPDATE products SET name_en = 'asked the reader'")

    def asked(client: httpx.Client) -> str:
        name = client.get("/api/products/1").json()["name"]["en"]
        return "reader" if name == "asked the reader" else "writer"

    with running(stage, tmp_path, migrated=True) as shop, shop.client() as client:
        assert asked(client) == "reader"
        [product] = Shelf(stage, stores).add(1, stock=1, price=100)
        body = {"items": [{"product": product, "quantity": 1}]}
        order = client.post("/api/orders", json=body, headers={"Idempotency-Key": "reader-test"})
        assert order.status_code == 201
        assert client.get(order.headers["location"]).json() == order.json(), "what one has just written, one sees"
        assert connections(reader) == 1, "two to the writer, but one to the reader, as the parameters say"
        reader.kill()
        try:
            eventually(lambda: asked(client) == "writer")
            assert client.get("/api/products").status_code == 200
            eventually(lambda: client.get("/ready").status_code == 200)
        finally:
            reader.start()
        eventually(lambda: asked(client) == "reader")


def test_carts_live_in_a_cluster_too(
    shop_cloud: Cloud,
    shop_clients: Clients,
    migrated_stage: Stage,
    stores: Stores,
    redis_cluster: Redis,
    tmp_path: Path,
) -> None:
    database = Shelf(migrated_stage, stores).database
    clustered = Stage.of(
        shop_cloud,
        shop_clients,
        stores,
        database=database,
        cache__host=redis_cluster.host,
        cache__port=str(redis_cluster.port),
        cache__mode="cluster",
    )
    with running(clustered, tmp_path, migrated=True) as shop:
        for number in range(8):  # sessions of both shards
            with shop.client() as client:
                client.put("/api/cart/items/1", json={"quantity": number + 1})
                client.put("/api/cart/items/2", json={"quantity": 1})
                client.delete("/api/cart/items/2")
                assert client.get("/api/cart").json()["quantity"] == number + 1
        keys = [number_of_keys(redis_cluster, shard) for shard in range(2)]
        assert all(keys), "each shard has carts"
        with shop.client() as client, shop.client(patient=False) as hasty:
            eventually(lambda: client.get("/ready").status_code == 200)
            redis_cluster.kill()
            try:
                assert hasty.put("/api/cart/items/1", json={"quantity": 1}).status_code == 503
                assert client.get("/api/products").status_code == 200
            finally:
                redis_cluster.start()
            eventually(lambda: client.put("/api/cart/items/1", json={"quantity": 1}).status_code == 200)
            new = "another-token-of-sixteen-or-more"
            redis_cluster.set_tokens(new)
            clustered.rotate("cache/auth", new)
            for shard in range(2):
                with redis_cluster.owner_client(shard) as owner:
                    owner.client_kill_filter(_type="normal", skipme=True)
            assert client.get("/api/cart").json()["quantity"] == 1


def number_of_keys(cluster: Redis, shard: int) -> int:
    with cluster.owner_client(shard) as owner:
        return int(owner.dbsize())
