"""Fixtures of all tests."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.support import PROJECT, RUN_FOLDER_VARIABLE, Synthesized, synthesize

pytest_plugins = ("tests.stores",)

_RUNS = PROJECT / ".cache" / "tests"


class Synthesize(Protocol):
    def __call__(self, stage: str = "lab", **context: str) -> Synthesized: ...


@pytest.fixture(scope="session")
def synthesized() -> Synthesize:
    """`synthesized("prod", skip="EksPlatformStack")`: one assembly, shared by the whole run."""

    def of(stage: str = "lab", **context: str) -> Synthesized:
        return synthesize({"stage": stage, **context})

    return of


def pytest_configure(config: pytest.Config) -> None:
    """One folder a run, made before pytest-xdist starts its workers, which inherit its name."""
    if hasattr(config, "workerinput"):
        return
    # Who is started in the background ignores SIGINT, and so do all its children; some tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Nothing that listens on this machine is behind the machine's proxy.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    _RUNS.mkdir(parents=True, exist_ok=True)
    folder = _RUNS / str(os.getpid())
    for abandoned in _RUNS.iterdir():
        # One of our own number too: containers count from one, and what an older run synthesized is out of date.
        if abandoned == folder or not Path("/proc", abandoned.name).exists():
            shutil.rmtree(abandoned, ignore_errors=True)
    folder.mkdir()
    os.environ[RUN_FOLDER_VARIABLE] = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[RUN_FOLDER_VARIABLE], ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """The longest test first, so that the other worker runs the rest beside it; groups are kept together.

    pytest-xdist 3.8 writes a group into an attribute that pytest 9.2 no longer reads (pytest-xdist's issue 1386).
    """
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
    yield
    for item in items:
        if grouped := vars(item).get("_nodeid"):
            identity: Any = item._id
            item._id = type(identity).parse(grouped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Without a browser or the charts nothing fails; but nobody shall think that they were tested."""
    from tests.site.browser import CHROMIUM, HOW_TO_GET_IT
    from tests.tools.test_charts import CHARTS, HOW_TO_GET_THEM

    if not CHROMIUM:
        terminalreporter.write_line(f"skipped: the shop in a browser; {HOW_TO_GET_IT}")
    if not CHARTS.is_dir():
        terminalreporter.write_line(f"skipped: helm with the charts themselves; {HOW_TO_GET_THEM}")
