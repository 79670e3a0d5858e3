"""A fixed sample of the mutants: broken prod templates are noticed. `make mutants` tries them all."""

from collections import Counter

import pytest

from tests.support import synthesize
from tools.assembly import Assembly
from tools.mutants import relevance, survivors
from tools.mutants.operators import Mutant, mutants, sample
from tools.mutants.trial import Trial, by_cdk_nag

_EVERY = 50
_CONTEXT = {"stage": "prod"}


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial(Assembly(synthesize(_CONTEXT).folder), _CONTEXT)


@pytest.fixture(scope="module")
def made(trial: Trial) -> list[Mutant]:
    return list(mutants(trial.templates, relevance.Relevance(relevance.read())))


def test_the_unbroken_templates_have_no_finding(trial: Trial) -> None:
    """Otherwise every mutant would seem to be noticed."""
    assert trial.clean() == []


def test_every_stack_and_most_types_are_broken(trial: Trial, made: list[Mutant]) -> None:
    types = {resource["Type"] for template in trial.templates.values() for resource in template["Resources"].values()}
    broken = Counter(mutant.type for mutant in made)
    assert {mutant.stack for mutant in made} == trial.templates.keys()
    assert len(made) > 3000
    assert len(types & broken.keys()) > 0.75 * len(types)


def test_each_of_the_sample_is_noticed_or_explained(trial: Trial, made: list[Mutant]) -> None:
    passed = [mutant for mutant in sample(made, _EVERY) if not trial.notices(mutant)]
    listed = survivors.Survivors(survivors.read())
    unexplained = [mutant for mutant in passed if not listed.reason(mutant)]
    left = [verdict.mutant.name for verdict in by_cdk_nag(trial, unexplained, workers=1) if not verdict.rules]
    assert left == []


def test_a_mutant_is_one_change(trial: Trial, made: list[Mutant]) -> None:
    """Broken is a copy; what it was made from stays whole."""
    before = trial.templates
    for mutant in sample(made, 200):
        broken = mutant.apply(before[mutant.stack])
        assert broken != before[mutant.stack], mutant.name
    assert trial.templates == before


def test_what_is_left_out_has_a_reason() -> None:
    for reasons in (relevance.read(), survivors.read()):
        for pattern, reason in reasons.items():
            assert len(reason.split()) >= 4, pattern
