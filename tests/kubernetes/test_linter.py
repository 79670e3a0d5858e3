"""The linter, rule by rule: content with the sample, and with nothing that breaks a rule."""

import pytest

from tests.kubernetes import others
from tests.kubernetes.cases import CASES
from tests.kubernetes.cases.case import Case
from tests.kubernetes.linter import RULES, lint
from tests.kubernetes.samples import Sample


def test_the_sample_has_no_findings() -> None:
    assert [*map(str, lint(Sample().world()))] == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_broken_sample_is_noticed(case: Case) -> None:
    sample = Sample()
    case.spoil(sample)

    findings = [*lint(sample.world())]

    assert {finding.rule for finding in findings} == {case.rule, *case.also}, [*map(str, findings)]
    assert any(finding.rule == case.rule and case.says in str(finding) for finding in findings), [*map(str, findings)]


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == {rule.id for rule in RULES}


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_custom_kinds_are_defined_by_the_charts_that_objects_wait_for() -> None:
    defined = {
        name: [crd.partition(".")[2] for when in chart["crds"].values() for crd in when]
        for name, chart in others.charts().items()
    }
    assert {group: chart for group, chart in others.KINDS.items() if group not in defined[chart]} == {}
