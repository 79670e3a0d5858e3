"""Acknowledgements: each covers a finding somewhere, names one, and gives a reason of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Acknowledgment, Validations

from tests.matrix import MATRIX, STAGES
from tests.support import Acknowledgement, Finding, Synthesized, synthesize_all, write_assembly

# The built-in validation takes seconds once a process, so one worker has all of its tests.
one_process = pytest.mark.xdist_group("validation")

_NAG = "AwsSolutions::"
Place = tuple[str, str]


def _places(acknowledgements: set[Acknowledgement], *, nag: bool) -> set[Place]:
    return {(entry.construct, entry.id) for entry in acknowledgements if entry.id.startswith(_NAG) is nag}


def test_each_of_cdk_nag_s_covers_a_finding() -> None:
    """One that covers none in any configuration would hide the next finding: it has to go."""
    written: set[Place] = set()
    used: set[Place] = set()
    for synthesized in synthesize_all(MATRIX.values()):
        written |= _places(synthesized.acknowledgements, nag=True)
        used |= {(finding.acknowledged_at, finding.acknowledged_id) for finding in synthesized.suppressed}
    assert written - used == set()


def test_each_names_one_finding_and_says_why() -> None:
    for synthesized in synthesize_all(MATRIX.values()):
        for entry in synthesized.acknowledgements:
            assert "*" not in entry.id.partition("[")[0], entry
            assert len(entry.reason.split()) >= 6, entry
            assert "false positive" not in entry.reason.lower(), entry


class _Recorder:
    """Stands in for `Validations.of(construct)`: takes note of what we acknowledge of CDK's own warnings."""

    def __init__(self, real: Validations, path: str, noted: set[Place]) -> None:
        self._real, self._path, self._noted = real, path, noted

    def acknowledge(self, *entries: Acknowledgment) -> None:
        self._noted |= {(self._path, entry.id) for entry in entries if not entry.id.startswith(_NAG)}
        kept = [entry for entry in entries if entry.id.startswith(_NAG)]
        if kept:
            self._real.acknowledge(*kept)

    def add_plugins(self, *plugins: Any) -> None:
        self._real.add_plugins(*plugins)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> set[Place]:
    """As if nobody had acknowledged what CDK itself warns of: it keeps no record of an acknowledged warning."""
    found: set[Place] = set()
    original = Validations.of
    monkeypatch.setattr(Validations, "of", lambda construct: _Recorder(original(construct), construct.node.path, found))
    return found


def _validated(context: Mapping[str, str], folder: Path) -> list[Finding]:
    write_assembly(context, folder, validate_templates=True)
    return Synthesized(folder, context).findings


@one_process
@pytest.mark.parametrize("stage", STAGES)
def test_built_in_validation_finds_nothing(stage: str, tmp_path: Path) -> None:
    """As `cdk synth` runs it; elsewhere in the tests it is off."""
    assert _validated({"stage": stage}, tmp_path / "out") == []


@pytest.fixture
def configurations() -> list[str]:
    """As few as hold every acknowledgement of CDK's own warnings."""
    seen: set[Place] = set()
    chosen: list[str] = []
    for name, synthesized in zip(MATRIX, synthesize_all(MATRIX.values()), strict=True):
        new = _places(synthesized.acknowledgements, nag=False) - seen
        if new:
            seen |= new
            chosen.append(name)
    return chosen


@one_process
def test_each_of_cdk_s_own_covers_a_finding(configurations: list[str], noted: set[Place], tmp_path: Path) -> None:
    """`configurations` stands before `noted`: what it synthesizes is shared, so nothing may be replaced yet."""
    needed: set[Place] = set()
    for name in configurations:
        findings = _validated(MATRIX[name], tmp_path / name)
        needed |= {
            (construct, id)
            for construct, id in noted
            for finding in findings
            if finding.rule in id and f"{finding.construct}/".startswith(f"{construct}/")
        }
    assert noted - needed == set()
