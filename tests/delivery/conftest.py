"""A shop of two colours in an emulator of the tests' own, its backend's processes real."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from cloudmart_cdk.revision import Folder, assemble, pack
from localcloud import emulator, environment
from localcloud.aws import Clients
from localcloud.state import Cloud, State
from tests.delivery import applications, template
from tests.delivery.shop import Shop
from tests.localcloud.stacks import create

_ASSETS = "test-assets"
_ARTEFACT = f"s3://{_ASSETS}/zero.zip"


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[State, Cloud]]:
    """A running emulator with nothing in it."""
    state = State(tmp_path_factory.mktemp("delivery"))
    # A version that never answers is given up sooner than in a cloud that people use.
    with (
        mock.patch.dict(os.environ, {"LOCALCLOUD_VALIDATE_SECONDS": "6"}),
        emulator.empty(state, name="test") as cloud,
    ):
        yield state, cloud


@pytest.fixture(scope="package")
def deployed(cloud: tuple[State, Cloud], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The stack, with version `zero` on two instances of blue."""
    state, running = cloud
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        clients = Clients(running)
        s3 = clients.client("s3")
        where = {"LocationConstraint": running.region}
        s3.create_bucket(Bucket=_ASSETS, CreateBucketConfiguration=where)
        s3.put_object(Bucket=_ASSETS, Key="zero.zip", Body=_revision(tmp_path_factory.mktemp("zero")))
        create(clients, template.STACK, template.backend(_ARTEFACT))
        shop = Shop(state, running, clients)
        shop.until_healthy("blue", 2)
        yield shop


@pytest.fixture
def shop(deployed: Shop) -> Iterator[Shop]:
    """The same, at rest: one colour live and filled, the other empty, alarms quiet, nothing to be continued."""
    deployed.rest()
    yield deployed
    deployed.end_runs()


@pytest.fixture
def artefact() -> str:
    """What the template names: version `zero`."""
    return _ARTEFACT


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A folder for an application, not yet there."""
    return tmp_path / "application"


def _revision(folder: Path) -> bytes:
    made, archive = folder / "revision", folder / "revision.zip"
    made.mkdir()
    assemble(Folder(applications.write(folder / "app", "zero")), made)
    pack(made, archive)
    return archive.read_bytes()
