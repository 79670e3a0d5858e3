"""A stage for the rotation function: a real PostgreSQL, the emulator's Secrets Manager, the function's environment."""

import itertools
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
import psycopg
import pytest
from psycopg import sql

from cloudmart_cdk.assets.rotation import handler, versions
from localcloud.aws import Clients
from localcloud.engines import addresses, postgres
from localcloud.engines.certificates import Authority
from localcloud.engines.postgres import Postgres
from localcloud.state import Cloud
from tests.localcloud import conftest as localcloud_conftest

OWNER: Final = "cloudmart_owner"
APP, CLONE = "cloudmart_app", "cloudmart_app_clone"
SHOP: Final = "cloudmart_shop"
STEPS: Final = ("createSecret", "setSecret", "testSecret", "finishSecret")
FIRST_PASSWORD: Final = "Password-of-the-first-deploy-1234"
_NUMBERS: Final = itertools.count(1)

state, cloud, clients = localcloud_conftest.state, localcloud_conftest.cloud, localcloud_conftest.clients
"""Fixtures: an emulator of the module's own."""


class Remaining:
    """Lambda's context, of which the function asks one thing."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a deploy has made when the function is called for the first time."""

    server: Postgres
    secrets: Any
    """boto3's client of Secrets Manager."""
    owner: str
    app: str
    proxy: tuple[str, ...]
    """ARNs."""
    _runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def login(self, arn: str, stage: str = "AWSCURRENT") -> tuple[str, str]:
        value = json.loads(self.secrets.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"])
        return value["username"], value["password"]

    def step(self, name: str, arn: str, version: str) -> None:
        handler.handle({"Step": name, "SecretId": arn, "ClientRequestToken": version}, Remaining())

    def rotate(self, arn: str, *, version: str = "", steps: tuple[str, ...] = STEPS) -> str:
        """Runs the steps as Secrets Manager does; answers the version."""
        version = version or str(uuid.uuid4())
        for name in steps:
            self.step(name, arn, version)
        return version

    def prepare(self) -> None:
        handler._prepare()

    def connect(self, login: tuple[str, str]) -> psycopg.Connection[tuple[Any, ...]]:
        """As a program does: verified TLS."""
        user, password = login
        return psycopg.connect(
            host=self.server.host,
            port=self.server.port,
            dbname=self.server.database,
            user=user,
            password=password,
            sslmode="verify-full",
            sslrootcert=str(self.server.ca_file),
            connect_timeout=60,
            autocommit=True,
        )

    def accepts(self, login: tuple[str, str]) -> bool:
        try:
            self.connect(login).close()
        except psycopg.OperationalError as error:
            assert "password authentication failed" in str(error)  # noqa: PT017  (anything else is a fault)
            return False
        return True

    def superuser(self, *statements: str) -> None:
        with psycopg.connect(self.server.superuser_dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@pytest.fixture(scope="session")
def rotation_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("rotation-authority"))


@pytest.fixture(scope="session")
def rotation_server(tmp_path_factory: pytest.TempPathFactory, rotation_authority: Authority) -> Iterator[Postgres]:
    """Of these tests' own: they change the owner's password."""
    server = postgres.start(
        tmp_path_factory.mktemp("rotation") / "postgres",
        host=addresses.claim(),
        owner=OWNER,
        password=FIRST_PASSWORD,
        database="cloudmart",
        authority=rotation_authority,
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def fresh_clients(cloud: Cloud) -> None:
    """The function keeps its clients, and boto3 its credentials, as long as they live; each module has an emulator
    of its own, with a token of its own."""
    boto3.setup_default_session()
    versions.client.cache_clear()


@pytest.fixture
def aws(clients: Clients, cloud: Cloud, fresh_clients: None, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """The emulator, also for clients that find it by their environment, as the function's do."""
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_REGION": cloud.region,
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": cloud.token,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return clients


def _create(secrets: Any, path: str, value: str) -> str:
    return str(secrets.create_secret(Name=f"test-{next(_NUMBERS)}/{path}", SecretString=value)["ARN"])


def _new_login(secrets: Any, path: str, user: str, password: str, **more: str) -> str:
    return _create(secrets, path, json.dumps({"username": user, "password": password, **more}))


@pytest.fixture
def stage(aws: Clients, rotation_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The database as RDS hands it over, secrets as CloudFormation has made them; without a proxy."""
    secrets = aws.client("secretsmanager")
    app = _new_login(secrets, "database/app", APP, "First-password-of-the-app", host=rotation_server.host)
    stage = Stage(
        server=rotation_server,
        secrets=secrets,
        owner=_new_login(secrets, "database/owner", OWNER, FIRST_PASSWORD),
        app=app,
        proxy=(
            _new_login(secrets, "database/proxy/app", APP, "Proxy-password-one"),
            _new_login(secrets, "database/proxy/app-clone", CLONE, "Proxy-password-two"),
        ),
    )
    _forget_roles(rotation_server)
    for name, value in {
        "DATABASE_HOST": rotation_server.host,
        "DATABASE_PORT": str(rotation_server.port),
        "DATABASE_NAME": rotation_server.database,
        "OWNER_SECRET_ARN": stage.owner,
        "APP_SECRET_ARN": stage.app,
        "CACHE_GROUP": "none",
        "CACHE_HOST": "none",
        "CACHE_PORT": "1",
        "CACHE_SECRET_ARN": "arn:none",
        "CA_FILE": str(rotation_server.ca_file),
    }.items():
        monkeypatch.setenv(name, value)
    return stage


@pytest.fixture
def proxied(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage with RDS Proxy, as far as the function knows of it."""
    monkeypatch.setenv("PROXY_LOGIN_ARNS", ",".join(stage.proxy))
    return stage


def _forget_roles(server: Postgres) -> None:
    with psycopg.connect(server.superuser_dsn, autocommit=True) as connection:
        for role in (APP, CLONE, SHOP):
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(role)))
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(OWNER), sql.Literal(FIRST_PASSWORD))
        )
