"""GitHub on loopback, as a job meets it."""

from collections.abc import Iterator

import pytest

from tests.tools.pipeline import github


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[github.Repository]:
    """A repository, and the runner's environment."""
    with github.running() as made:
        for name, value in {
            "GITHUB_API_URL": made.address,
            "GITHUB_REPOSITORY": "example/cloudmart",
            "GITHUB_TOKEN": github.TOKEN,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_RUN_ID": "42",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        yield made
