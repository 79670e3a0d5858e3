"""A platform of two services in an emulator of the tests' own, its pods real servers."""

import os
from collections.abc import Iterator
from unittest import mock

import pytest

from cloudmart_cdk.service_releases import Track
from localcloud import environment
from localcloud.aws import Clients
from localcloud.state import Cloud, State
from tests.delivery.services import template
from tests.delivery.services.platform import Platform
from tests.delivery.services.pods import Pods
from tests.localcloud.stacks import create


@pytest.fixture(scope="package")
def deployed_platform(cloud: tuple[State, Cloud]) -> Iterator[Platform]:
    """The stack with the stand-ins running."""
    state, running = cloud
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        clients = Clients(running)
        made = create(clients, template.STACK, template.platform())
        groups = {
            (name, track): made[f"{name.title()}{track.title()}"] for name in template.SERVICES for track in Track
        }
        rules = {name: made[f"{name.title()}Rule"] for name in template.SERVICES}
        with Pods(clients, groups).run() as pods:
            yield Platform(state, running, clients, pods, groups, rules)


@pytest.fixture
def platform(deployed_platform: Platform) -> Iterator[Platform]:
    """The same, at rest."""
    deployed_platform.rest("auth")
    yield deployed_platform
    deployed_platform.end_runs()
