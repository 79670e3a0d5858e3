"""The shop as a process of its own, started by its own `bin/start`, and a stage of settings and secrets for it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from localcloud.aws import Clients
from localcloud.state import Cloud
from tests.stores import APP, PASSWORD, TOKEN, Stores
from tests.support import PROJECT

SHOP: Final = PROJECT / "cloudmart_cdk" / "assets" / "shop"
_PATIENCE: Final = 60.0
"""Seconds after which something hangs."""
_TRIES: Final = 6


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a deploy has put into Parameter Store and Secrets Manager, under a name of its own."""

    name: str
    cloud: Cloud
    clients: Clients
    ca_file: str

    @classmethod
    def of(
        cls, cloud: Cloud, clients: Clients, stores: Stores, *, database: str | None = None, **parameters: str
    ) -> "Stage":
        """A stage whose shop uses `stores`, with an empty database unless one is given."""
        stage = cls(name=f"t{uuid.uuid4().hex[:8]}", cloud=cloud, clients=clients, ca_file=stores.ca_file)
        values = {
            "database/host": stores.postgres.host,
            "database/port": str(stores.postgres.port),
            "database/name": database or stores.new_database(),
            "database/shop-pool": "2",
            "cache/host": stores.redis.host,
            "cache/port": str(stores.redis.port),
            "cache/mode": "single",
            "images/bucket": "images",
            **{name.replace("__", "/").replace("_", "-"): value for name, value in parameters.items()},
        }
        stage.put(**values)
        secrets = clients.client("secretsmanager")
        login = json.dumps({"username": APP, "password": PASSWORD})
        secrets.create_secret(Name=f"{stage.secrets}database/app", SecretString=login)
        secrets.create_secret(Name=f"{stage.secrets}cache/auth", SecretString=TOKEN)
        return stage

    @property
    def parameters(self) -> str:
        return f"/cloudmart/{self.name}/"

    @property
    def secrets(self) -> str:
        return f"cloudmart-{self.name}/"

    def put(self, **values: str) -> None:
        for path, value in values.items():
            self.clients.client("ssm").put_parameter(
                Name=self.parameters + path, Value=value, Type="String", Overwrite=True
            )

    def rotate(self, secret: str, value: str) -> None:
        """A new version becomes AWSCURRENT, the one of before AWSPREVIOUS."""
        self.clients.client("secretsmanager").put_secret_value(SecretId=self.secrets + secret, SecretString=value)

    def environment(self, **more: str) -> dict[str, str]:
        """As the systemd unit's, and the emulator's address."""
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
        return kept | {
            "HOST": "127.0.0.1",
            "PORT": "0",
            "AWS_REGION": self.cloud.region,
            "CLOUDMART_PARAMETERS": self.parameters,
            "CLOUDMART_SECRETS": self.secrets,
            "CLOUDMART_CA_FILE": self.ca_file,
            "CLOUDMART_STAGE": "lab",
            "CLOUDMART_DRAIN_SECONDS": "3",
            "SHOP_PYTHON": sys.executable,
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": self.cloud.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": self.cloud.token,
            "AWS_EC2_METADATA_DISABLED": "true",
            **more,
        }


class _Patient(httpx.HTTPTransport):
    """Asks again, as `Retry-After` says, what may be asked twice: the shop gives a search or its cache one second,
    however slow the machine of the tests is."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for tries_left in reversed(range(_TRIES)):
            response = super().handle_request(request)
            if not (seconds := _again(request, response)) or not tries_left:
                break
            response.close()
            time.sleep(seconds)
        return response


class _PatientCrowd(httpx.AsyncHTTPTransport):
    """The same for many at once."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for tries_left in reversed(range(_TRIES)):
            response = await super().handle_async_request(request)
            if not (seconds := _again(request, response)) or not tries_left:
                break
            await response.aclose()
            await asyncio.sleep(seconds)
        return response


def _again(request: httpx.Request, response: httpx.Response) -> int:
    """After how many seconds; 0: what came is the answer."""
    repeatable = request.method != "POST" or "idempotency-key" in request.headers
    return int(response.headers.get("retry-after", 0)) if repeatable and response.status_code == 503 else 0


def browser(url: str, *, patient: bool = True) -> httpx.Client:
    """A `patient` one comes back when it is refused for the moment; others see each refusal."""
    transport = _Patient() if patient else httpx.HTTPTransport()
    return httpx.Client(base_url=url, timeout=_PATIENCE, trust_env=False, transport=transport)


def crowd(url: str) -> httpx.AsyncClient:
    """For many requests at once, each of them patient."""
    return httpx.AsyncClient(base_url=url, timeout=_PATIENCE, trust_env=False, transport=_PatientCrowd())


class Instance:
    """A running shop."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log
        self.url = ""

    @property
    def pid(self) -> int:
        return self.process.pid

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged; every line has to be JSON. The last one may be half written."""
        return [json.loads(line) for line in self._log.read_text().split("\n")[:-1]]

    def wait_until_listening(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            for line in self._log.read_text().split("\n")[:-1]:
                if '"listening"' in line:
                    self.url = f"http://127.0.0.1:{json.loads(line)['port']}"
                    return
            assert self.process.poll() is None, f"the shop ended: {self._log.read_text()}"
            time.sleep(0.02)
        raise AssertionError(f"the shop does not listen: {self._log.read_text()}")

    def client(self, *, patient: bool = True) -> httpx.Client:
        """A browser of its own."""
        return browser(self.url, patient=patient)

    def resident_megabytes(self) -> float:
        [line] = [row for row in Path(f"/proc/{self.pid}/status").read_text().splitlines() if row.startswith("VmRSS")]
        return int(line.split()[1]) / 1024

    def stop(self) -> int:
        """As systemd does; answers the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=_PATIENCE)


@contextmanager
def running(stage: Stage, folder: Path, *, migrated: bool = False, **environment: str) -> Iterator[Instance]:
    """The shop, listening; stopped afterwards. `migrated`: its database is known to be up to date."""
    command = [sys.executable, "-m", "shop"] if migrated else [str(SHOP / "bin" / "start")]
    log = folder / f"shop-{uuid.uuid4().hex[:8]}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            env=stage.environment(**environment),
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=SHOP if migrated else "/",
        )
    instance = Instance(process, log)
    try:
        instance.wait_until_listening()
        yield instance
    finally:
        instance.stop()


def run_module(module: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """`python -m shop.migrate` and the like, beside whatever else runs."""
    return subprocess.Popen(
        [sys.executable, "-m", module],
        env=dict(environment),
        cwd=SHOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def eventually(holds: Callable[[], bool], *, seconds: float = _PATIENCE) -> None:
    """Waits until it holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
