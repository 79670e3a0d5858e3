"""A stage for the bench: PostgreSQL, Redis, Parameter Store and Secrets Manager of its own, with a large catalogue."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString

import psycopg

from cloudmart_cdk.settings import load_settings
from localcloud import emulator, ports
from localcloud.aws import Clients
from localcloud.engines import addresses, postgres, redis
from localcloud.engines.certificates import Authority
from localcloud.state import Cloud, State
from tools.assembly import PROJECT

SHOP: Final = PROJECT / "cloudmart_cdk" / "assets" / "shop"
DATABASE: Final = "cloudmart"
PASSWORD: Final = "password-of-the-bench"
TOKEN: Final = "token-of-the-bench-itself"
_ROLES: Final[tuple[LiteralString, ...]] = (
    "CREATE ROLE cloudmart_shop NOLOGIN",
    "CREATE ROLE cloudmart_app LOGIN PASSWORD 'password-of-the-bench' IN ROLE cloudmart_shop",
    "ALTER ROLE cloudmart_app SET role = cloudmart_shop",
    "GRANT USAGE, CREATE ON SCHEMA public TO cloudmart_shop",
)
_FILL: Final[LiteralString] = """
    WITH words AS (SELECT %(ko_first)s::text[] AS ko1, %(ko_second)s::text[] AS ko2, %(en_first)s::text[] AS en1,
        %(en_second)s::text[] AS en2, ARRAY(SELECT id FROM categories ORDER BY id) AS categories)
    INSERT INTO products (category, name_ko, name_en, description_ko, description_en, price, stock, emoji, colour)
    SELECT categories[1 + n %% 6],
        ko1[1 + n %% cardinality(ko1)] || ' ' || ko2[1 + n / 7 %% cardinality(ko2)] || ' ' || n,
        en1[1 + n %% cardinality(en1)] || ' ' || en2[1 + n / 7 %% cardinality(en2)] || ' ' || n,
        repeat('설명입니다. ', 6), repeat('A description. ', 6), 1000 + n * 7919 %% 200000, 1000000, '📦', '#dddddd'
    FROM words, generate_series(1, %(count)s) AS n"""
CUSTOMERS: Final = 200
_KNOW: Final[LiteralString] = """
    INSERT INTO orders (id, session, key_hash, sessionless, fingerprint, amount)
    SELECT gen_random_uuid(), sha256(lpad(n::text, 43, '0')::bytea), int4send(n), false, '', 0
    FROM generate_series(0, %s - 1) AS n"""
WORDS: Final = {
    "ko_first": [
        "도자기",
        "무쇠",
        "나무",
        "유리",
        "리넨",
        "양모",
        "캔버스",
        "한지",
        "참깨",
        "유자",
        "보온",
        "접이식",
        "제주",
    ],
    "ko_second": [
        "머그컵",
        "프라이팬",
        "도마",
        "주전자",
        "쿠션",
        "화병",
        "램프",
        "만년필",
        "노트",
        "색연필",
        "가방",
        "모자",
    ],
    "en_first": [
        "Stoneware",
        "Iron",
        "Walnut",
        "Glass",
        "Linen",
        "Wool",
        "Canvas",
        "Paper",
        "Sesame",
        "Citron",
        "Folding",
    ],
    "en_second": [
        "mug",
        "skillet",
        "board",
        "teapot",
        "cushion",
        "vase",
        "lamp",
        "pen",
        "notebook",
        "bag",
        "scarf",
        "tent",
    ],
}


@dataclass(frozen=True, kw_only=True)
class BenchStage:
    """What a process of the shop needs to be told, and where its database is."""

    environment: Mapping[str, str]
    postgres: postgres.Postgres
    ca_file: Path

    @property
    def dsn(self) -> str:
        return (
            f"host={self.postgres.host} port={self.postgres.port} dbname={DATABASE} user=cloudmart_app"
            f" password={PASSWORD} sslmode=verify-full sslrootcert={self.ca_file}"
        )

    def fill(self, count: int) -> None:
        """So many products more, and statistics as autovacuum would make them."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            # An index is built at once many times faster than product by product.
            [index] = connection.execute("SELECT pg_get_indexdef('products_by_grams'::regclass)").fetchall()
            connection.execute("DROP INDEX products_by_grams")
            connection.execute(_FILL, {**WORDS, "count": count})
            # The sessions of the load: the shop takes none that it has not given.
            connection.execute(_KNOW, [CUSTOMERS])
            connection.execute(index[0])
            connection.execute("VACUUM ANALYZE products")


@contextmanager
def started(folder: Path) -> Iterator[BenchStage]:
    """All of it, stopped afterwards. One process may hold two connections, as in lab."""
    with ExitStack() as ends:
        authority = Authority(folder)
        server = postgres.start(
            folder / "postgres",
            host=addresses.claim(),
            owner="cloudmart_owner",
            password=PASSWORD,
            database=DATABASE,
            authority=authority,
        )
        ends.callback(server.stop)
        cache = redis.start(folder / "redis", host=addresses.claim(), password=TOKEN, authority=authority)
        ends.callback(cache.stop)
        with psycopg.connect(server.superuser_dsn, autocommit=True) as connection:
            for statement in _ROLES:
                connection.execute(statement)
        cloud = ends.enter_context(emulator.empty(State(folder / "cloud"), name="bench"))
        _publish(Clients(cloud), server, cache)
        yield BenchStage(environment=_environment(cloud, authority), postgres=server, ca_file=Path(authority.ca_file))


def _publish(clients: Clients, server: postgres.Postgres, cache: redis.Redis) -> None:
    parameters = {
        "database/host": server.host,
        "database/port": str(server.port),
        "database/name": DATABASE,
        "database/shop-pool": "2",
        "cache/host": cache.host,
        "cache/port": str(cache.port),
        "cache/mode": "single",
    }
    for path, value in parameters.items():
        clients.client("ssm").put_parameter(Name=f"/cloudmart/bench/{path}", Value=value, Type="String")
    secrets = clients.client("secretsmanager")
    login = json.dumps({"username": "cloudmart_app", "password": PASSWORD})
    secrets.create_secret(Name="cloudmart-bench/database/app", SecretString=login)
    secrets.create_secret(Name="cloudmart-bench/cache/auth", SecretString=TOKEN)


def _environment(cloud: Cloud, authority: Authority) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "AWS_REGION": cloud.region,
        "CLOUDMART_PARAMETERS": "/cloudmart/bench/",
        "CLOUDMART_SECRETS": "cloudmart-bench/",
        "CLOUDMART_CA_FILE": str(authority.ca_file),
        "SHOP_PYTHON": sys.executable,
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": cloud.token,
        "AWS_EC2_METADATA_DISABLED": "true",
        **traces(),
    }


def traces() -> dict[str, str]:
    """OpenTelemetry's settings of an instance, but a closed port for its agent: the exporter runs, and has its cost."""
    lines = (PROJECT / "cloudmart_cdk" / "assets" / "host" / "install.sh").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if line.startswith("OTEL_"))
    ratio = f"{load_settings({}).backend.trace_percent / 100:g}"
    return {name: value.replace("$TRACE_RATIO", ratio) for name, value in told.items()} | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{ports.free()}"
    }


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[tuple[int, int]]:
    """A server that listens on the PORT it is told; answers its process id and the port."""
    port = ports.free()
    with log.open("wb") as sink:
        server = subprocess.Popen(
            command, env={**environment, "PORT": str(port)}, cwd=SHOP, stdout=sink, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 60
        while not ports.answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server does not listen: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield server.pid, port
    finally:
        server.terminate()
        server.wait()
