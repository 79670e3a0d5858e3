"""What a lab, a dev and a prod need; synthesized once for all tests of a run."""

from __future__ import annotations

import pytest

from preflight.needs import Needs
from tests.preflight.canned import ACCOUNT
from tests.support import synthesize


def needs_of(**context: str) -> Needs:
    """Of a stage, nothing of it there yet."""
    synthesized = synthesize(context)
    return Needs.read(synthesized.folder, synthesized.settings, account=ACCOUNT)


@pytest.fixture(scope="session")
def lab() -> Needs:
    return needs_of(stage="lab")


@pytest.fixture(scope="session")
def prod() -> Needs:
    return needs_of(stage="prod")
