"""What the runbook's tests share: the names of the templates that the run synthesizes anyway, and the AWS CLI."""

from collections.abc import Iterator

import pytest

from tests.support import synthesize_all
from tools.runbook.aws_cli import AwsCli
from tools.runbook.checks import CONFIGURATIONS
from tools.runbook.names import Names


@pytest.fixture(scope="session")
def names() -> Names:
    return Names.of((each.folder, each.settings.names.prefix) for each in synthesize_all(CONFIGURATIONS))


@pytest.fixture(scope="module")
def aws(names: Names) -> Iterator[AwsCli]:
    with AwsCli(names.facts) as cli:
        yield cli
