"""One emulator, one pair of stores and one running shop for all tests that do not break anything."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localcloud import emulator
from localcloud.aws import Clients
from localcloud.state import Cloud, State
from tests.shop.harness import Instance, Stage, running
from tests.shop.shelves import Shelf
from tests.stores import Stores, redis_cluster, stores

__all__ = ["redis_cluster", "stores"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker for all of these: what they start together is most of what they cost."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("shop"))


@pytest.fixture(scope="session")
def shop_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An emulator with nothing in it."""
    with emulator.empty(State(tmp_path_factory.mktemp("shop-cloud")), name="test") as cloud:
        yield cloud


@pytest.fixture(scope="session")
def shop_clients(shop_cloud: Cloud) -> Clients:
    return Clients(shop_cloud)


@pytest.fixture(scope="session")
def stage(shop_cloud: Cloud, shop_clients: Clients, stores: Stores) -> Stage:
    return Stage.of(shop_cloud, shop_clients, stores)


@pytest.fixture(scope="session")
def shop(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running shop with the sample catalogue. Tests may buy, but leave the stores alone."""
    with running(stage, tmp_path_factory.mktemp("shop")) as instance:
        yield instance


@pytest.fixture
def client(shop: Instance) -> Iterator[httpx.Client]:
    """A new visitor."""
    with shop.client() as client:
        yield client


@pytest.fixture
def shelf(stage: Stage, stores: Stores) -> Iterator[Shelf]:
    """Products of a test's own in the running shop, gone afterwards."""
    shelf = Shelf(stage, stores)
    yield shelf
    shelf.clear()


@pytest.fixture(scope="session")
def migrated_stage(stage: Stage, shop: Instance) -> Stage:
    """The stage of the running shop, so with an up-to-date database, for another instance."""
    return stage
