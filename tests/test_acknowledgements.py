"""Acknowledgements: each covers a finding somewhere, names one, and gives a reason of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Acknowledgment, Validations

from tests.matrix import MATRIX, STAGES
from tests.support import Acknowledgement, Synthesized, synthesize, write_assembly

_NAG = "AwsSolutions::"
Place = tuple[str, str]


def _places(acknowledgements: set[Acknowledgement], *, nag: bool) -> set[Place]:
    return {(entry.construct, entry.id) for entry in acknowledgements if entry.id.startswith(_NAG) is nag}


def test_each_of_cdk_nag_s_covers_a_finding() -> None:
    """One that covers none in any configuration would hide the next finding: it has to go."""
    written: set[Place] = set()
    used: set[Place] = set()
    for context in MATRIX.values():
        synthesized = synthesize(context)
        written |= _places(synthesized.acknowledgements, nag=True)
        used |= {(finding.acknowledged_at, finding.acknowledged_id) for finding in synthesized.suppressed}
    assert written - used == set()


def test_each_names_one_finding_and_says_why() -> None:
    for context in MATRIX.values():
        for entry in synthesize(context).acknowledgements:
            assert "*" not in entry.id.partition("[")[0], entry
            assert len(entry.reason.split()) >= 6, entry
            assert "false positive" not in entry.reason.lower(), entry


@pytest.fixture
def without_cdk_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nobody had acknowledged what CDK itself warns of: it reports no acknowledged warning."""
    original = Validations.acknowledge

    def acknowledge(self: Validations, *entries: Acknowledgment) -> None:
        kept = [entry for entry in entries if entry.id.startswith(_NAG)]
        if kept:
            original(self, *kept)

    monkeypatch.setattr(Validations, "acknowledge", acknowledge)


def _assembly(context: Any, folder: Path) -> Synthesized:
    write_assembly(context, folder, validate_templates=True)
    return Synthesized(folder, context)


@pytest.mark.parametrize("stage", STAGES)
def test_built_in_validation_finds_nothing(stage: str, tmp_path: Path) -> None:
    """As `cdk synth` runs it; elsewhere in the tests it is off, because it takes seconds."""
    assert _assembly({"stage": stage}, tmp_path / "out").findings == []


def _configurations_with_others() -> Iterator[tuple[str, set[Place]]]:
    """As few configurations as hold every acknowledgement of CDK's own warnings."""
    seen: set[Place] = set()
    for name, context in MATRIX.items():
        new = _places(synthesize(context).acknowledgements, nag=False) - seen
        if new:
            seen |= new
            yield name, new


@pytest.mark.usefixtures("without_cdk_s_own")
def test_each_of_cdk_s_own_covers_a_finding(tmp_path: Path) -> None:
    for name, expected in _configurations_with_others():
        findings = _assembly(MATRIX[name], tmp_path / name).findings
        for construct, id in expected:
            assert any(finding.rule in id and finding.construct.startswith(construct) for finding in findings), (
                f"{name}: {construct}: {id} covers none of {findings}"
            )
