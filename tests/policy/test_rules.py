"""What holds of every rule: a number, words that help, a source, and proof that it both accepts and finds.

The proof is collected from the other test modules and run here: nothing says by itself that a rule is tested.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pytest

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.engine import OWN_RULES
from cloudmart_cdk.policy.families import FAMILIES, RULES
from cloudmart_cdk.policy.rule import Rule
from tests.policy.cluster_samples import SAMPLE
from tests.policy.kubernetes_samples import cluster_of
from tests.policy.support import Case, Resources, deployment
from tests.policy.test_rows import BREAKS, TRIES, Try

_ALL: Final = (*RULES, *OWN_RULES)
_every_rule = pytest.mark.parametrize("rule", _ALL, ids=[rule.id for rule in _ALL])
_ID: Final = re.compile(r"([A-Z][A-Z0-9]+)-([1-9]\d*)")
_SOURCE: Final = re.compile(
    r"(?i)specification|\bADR \d{4}|\bCIS |Security Hub|\bguide\b|Well-Architected|OWASP|Kubernetes|API reference|"
    r"best practices|IAM Access Analyzer|VPC quotas|\bNIST SP|CloudFormation's documentation"
)


def _prefix(rule: Rule) -> str:
    return rule.id.partition("-")[0]


def _number(rule: Rule) -> int:
    return int(rule.id.partition("-")[2])


def _of_a_row(rule: Rule) -> bool:
    return rule.check.__qualname__.startswith("rule_of.")


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in _ALL]
    assert sorted(ids) == sorted(set(ids))


@_every_rule
def test_an_id_is_a_prefix_and_a_number(rule: Rule) -> None:
    assert _ID.fullmatch(rule.id)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: str(family.__name__.rpartition(".")[2]))
def test_a_family_is_sorted(family: Any) -> None:
    """Tables go by resource type; what follows them goes by number, and the rules of a prefix stand together."""
    functions = [rule for rule in family.RULES if not _of_a_row(rule)]
    groups = [(prefix, [_number(rule) for rule in group]) for prefix, group in groupby(functions, _prefix)]
    assert len(dict(groups)) == len(groups)
    assert groups == [(prefix, sorted(numbers)) for prefix, numbers in groups]


@_every_rule
def test_a_rule_says_what_why_and_how(rule: Rule) -> None:
    for words in (rule.what, rule.why, rule.fix):
        assert words == words.strip() != ""
        assert "\n" not in words


@_every_rule
def test_a_rule_names_its_source(rule: Rule) -> None:
    assert _SOURCE.search(rule.why), rule.why


Finds = Callable[[], bool]
"""Runs a rule over a sample; whether it finds anything there."""
_BY_ID: Final = {rule.id: rule for rule in RULES}
SAMPLES: Final[tuple[Resources, ...]] = (SAMPLE, cluster_of())
"""Sound clusters, which the cases of EKS, IMDS and POD spoil in one place."""


def _cases() -> Iterator[Case]:
    """Those of all test modules that have any."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        if re.search(r"^CASES\b", file.read_text(encoding="utf-8"), re.MULTILINE):
            yield from import_module(f"tests.policy.{file.stem}").CASES


def _in_case(case: Case, resources: Resources) -> bool:
    app = deployment(resources, stack=case.stack, **case.options)
    return any(finding.rule.id == case.rule for finding in engine.findings(app, [_BY_ID[case.rule]]))


def _in_row(each: Try, properties: Mapping[str, Any] | None) -> bool:
    return bool(each.found(each.sample.app(each.stage, properties)))


def _one_change_away(case: Case, sample: Resources) -> bool:
    names = case.resources.keys() | sample.keys()
    return sum(case.resources.get(name) != sample.get(name) for name in names) == 1


def _collected() -> tuple[Mapping[str, list[Finds]], Mapping[str, list[Finds]]]:
    """Rule -> where it must find something, and where nothing."""
    bad: dict[str, list[Finds]] = defaultdict(list)
    good: dict[str, list[Finds]] = defaultdict(list)
    for case in _cases():
        (bad if case.bad else good)[case.rule].append(partial(_in_case, case, case.resources))
        # The sample differs from a bad case in one resource, and in nothing else: that one makes the finding.
        unspoilt = [sample for sample in SAMPLES if case.bad and _one_change_away(case, sample)]
        good[case.rule] += [partial(_in_case, case, sample) for sample in unspoilt]
    for each, _, properties in BREAKS:
        bad[each.row.id].append(partial(_in_row, each, properties))
    for each in TRIES:
        good[each.row.id].append(partial(_in_row, each, None))
    return bad, good


BAD, GOOD = _collected()


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_finds_what_is_wrong_and_accepts_what_is_right(rule: Rule) -> None:
    assert any(finds() for finds in BAD[rule.id]), "no case in which it finds anything"
    assert any(not finds() for finds in GOOD[rule.id]), "no case in which it is content"


def test_cases_are_about_rules_that_exist() -> None:
    assert (BAD.keys() | GOOD.keys()) <= _BY_ID.keys()
