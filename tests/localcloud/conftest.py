"""An emulator of the tests' own: on a free port, its state in pytest's temporary folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from localcloud import emulator, environment
from localcloud.aws import Clients
from localcloud.state import Cloud, State


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    state = State(tmp_path_factory.mktemp("localcloud"))
    state.prepare()
    return state


@pytest.fixture(scope="module")
def cloud(state: State) -> Iterator[Cloud]:
    """A running emulator with our types and mends, and nothing in it."""
    with emulator.empty(state, name="test") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def clients(cloud: Cloud) -> Iterator[Clients]:
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        yield Clients(cloud)


@pytest.fixture
def folder(tmp_path: Path) -> State:
    """A prepared state folder without a cloud."""
    state = State(tmp_path / "state")
    state.prepare()
    return state
