"""Findings, acknowledgements, and what happens to a rule that stumbles."""

from collections.abc import Iterator
from typing import Any

import pytest

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.model import Acknowledgement, Deployment
from cloudmart_cdk.policy.rule import Finding, Found, Rule
from tests.policy.support import deployment, resource

_QUEUE = resource("AWS::SQS::Queue")
_PATHS = {"Queue": "DataStack/Jobs/Queue/Resource", "Other": "DataStack/Jobs/Other/Resource"}
_REASON = "Six words at least say why."


def _app(*acknowledgements: Acknowledgement, **resources: Any) -> Deployment:
    return deployment(resources or {"Queue": _QUEUE}, paths=_PATHS, acknowledgements=acknowledgements)


def _rule(id: str = "T-1", *, detail: str = "", where: str = "", given: str = "bad", may: bool = True) -> Rule:
    """One that finds every queue."""

    def check(app: Deployment) -> Iterator[Found]:
        for queue in app.of("AWS::SQS::Queue"):
            yield Found(queue, given, "good", where, detail)

    return Rule(id, "what", "why", "fix", check, acknowledgeable=may)


def _ids(found: list[Finding]) -> list[str]:
    return [finding.id for finding in found]


def test_findings_come_in_the_order_of_the_rules() -> None:
    assert _ids(engine.findings(_app(), [_rule("T-2"), _rule("T-1")])) == ["T-2", "T-1"]


def test_every_resource_has_its_own_finding() -> None:
    found = engine.findings(_app(Queue=_QUEUE, Other=_QUEUE), [_rule()])
    assert [finding.found.resource.logical_id for finding in found] == ["Queue", "Other"]


def test_a_finding_comes_once_whatever_the_conditions() -> None:
    """A resource with a condition is looked at twice; what is wrong either way is one finding."""
    queue = resource("AWS::SQS::Queue", {"DelaySeconds": {"Fn::If": ["C", 1, 2]}})
    app = _app(Queue=queue)
    assert len(list(app.of("AWS::SQS::Queue"))) == 2
    assert _ids(engine.findings(app, [_rule()])) == ["T-1"]


def test_findings_in_two_places_are_two() -> None:
    def check(app: Deployment) -> Iterator[Found]:
        (queue,) = app.of("AWS::SQS::Queue")
        for where, given, detail in (("A", "1", ""), ("A", "2", ""), ("B", "1", ""), ("B", "1", "x"), ("A", "1", "")):
            yield Found(queue, given, "0", where, detail)

    found = engine.findings(_app(), [Rule("T-1", "what", "why", "fix", check)])
    assert [(finding.found.where, finding.found.given) for finding in found] == [
        ("A", "1"),
        ("A", "2"),
        ("B", "1"),
        ("B", "1"),
    ]
    assert _ids(found) == ["T-1", "T-1", "T-1", "T-1[x]"]


@pytest.mark.parametrize(
    ("detail", "id"),
    [
        ("", "T-1"),
        ("ssm:GetDocument", "T-1[ssm:GetDocument]"),
        ("Deployment/tiketi/auth", "T-1[Deployment/tiketi/auth]"),
        ("ingress tcp 22 from 0.0.0.0/0", "T-1[ingress-tcp-22-from-0.0.0.0/0]"),
        ("${DataStack.Key} [a] (b)", "T-1[$DataStack.Key-a-b]"),
    ],
)
def test_the_detail_stands_in_brackets(detail: str, id: str) -> None:
    """CDK reads brackets in an id as pairs, and blanks as hyphens."""
    assert _ids(engine.findings(_app(), [_rule(detail=detail)])) == [id]


def test_a_finding_says_where_what_and_what_is_allowed() -> None:
    (finding,) = engine.findings(_app(), [_rule(where="KmsMasterKeyId", given="not set")])
    assert finding.text == (
        "DataStack/Jobs/Queue/Resource (AWS::SQS::Queue, DataStack): KmsMasterKeyId is not set; allowed: good"
    )
    (finding,) = engine.findings(_app(), [_rule(given="without a policy")])
    assert finding.text == (
        "DataStack/Jobs/Queue/Resource (AWS::SQS::Queue, DataStack): is without a policy; allowed: good"
    )


_HERE = "DataStack/Jobs/Queue/Resource"
_ID = "CloudMart::T-1[x]"


@pytest.mark.parametrize(
    ("name", "construct", "id", "covers"),
    [
        ("on the construct", _HERE, _ID, True),
        ("above it", "DataStack/Jobs/Queue", _ID, True),
        ("far above it", "DataStack/Jobs", _ID, True),
        ("on the stack", "DataStack", _ID, True),  # and ACK-3 says that it must not stand there
        ("below it", f"{_HERE}/Deep", _ID, False),
        ("on a sibling", "DataStack/Jobs/Other/Resource", _ID, False),
        ("on one whose name begins alike", "DataStack/Jobs/Que", _ID, False),
        ("on another stack", "VpcStack", _ID, False),
        ("on the app", "", _ID, True),  # likewise
        ("of another rule", _HERE, "CloudMart::T-2[x]", False),
        ("of a rule whose name begins alike", _HERE, "CloudMart::T-11[x]", False),
        ("with another detail", _HERE, "CloudMart::T-1[y]", False),
        ("without the detail", _HERE, "CloudMart::T-1", False),
        ("with a wildcard", _HERE, "CloudMart::T-1[*]", False),
        ("of all rules", _HERE, "CloudMart::*", False),
        ("in other letters", _HERE, "cloudmart::t-1[x]", False),
        ("of another pack", _HERE, "AwsSolutions::T-1[x]", False),
        ("without the pack", _HERE, "T-1[x]", False),
    ],
)
def test_an_acknowledgement(name: str, construct: str, id: str, covers: bool) -> None:
    app = _app(Acknowledgement(construct, id, _REASON))
    rules = [_rule(detail="x")]
    assert _ids(engine.findings(app, rules)) == ["T-1[x]"]  # found all the same
    assert _ids(engine.left(app, rules)) == ([] if covers else ["T-1[x]"])


def test_an_acknowledgement_covers_one_of_two_findings() -> None:
    app = _app(Acknowledgement(_HERE, "CloudMart::T-1", _REASON), Queue=_QUEUE, Other=_QUEUE)
    (left,) = engine.left(app, [_rule()])
    assert left.found.resource.logical_id == "Other"


def test_an_acknowledgement_above_covers_both() -> None:
    app = _app(Acknowledgement("DataStack/Jobs", "CloudMart::T-1", _REASON), Queue=_QUEUE, Other=_QUEUE)
    assert engine.left(app, [_rule()]) == []


def test_what_nobody_may_accept_nobody_accepts() -> None:
    app = _app(Acknowledgement(_HERE, "CloudMart::T-1", _REASON))
    rules = [_rule(may=False)]
    assert _ids(engine.left(app, rules)) == ["T-1"]
    (stale,) = engine.unfounded(app, engine.findings(app, rules))
    assert stale.rule is engine.STALE


def _complaints(*acknowledgements: Acknowledgement, rules: Any = None) -> list[Finding]:
    app = _app(*acknowledgements)
    return list(engine.unfounded(app, engine.findings(app, rules or [_rule()])))


def test_an_acknowledgement_that_covers_something_is_fine() -> None:
    assert _complaints(Acknowledgement(_HERE, "CloudMart::T-1", _REASON)) == []


@pytest.mark.parametrize(
    ("construct", "id"),
    [
        (_HERE, "CloudMart::T-2"),
        (_HERE, "CloudMart::T-1[x]"),
        (_HERE, "CloudMart::*"),
        ("DataStack/Jobs/Other", "CloudMart::T-1"),
        ("DataStack/Gone", "CloudMart::T-1"),
    ],
)
def test_one_that_covers_nothing_is_stale(construct: str, id: str) -> None:
    (finding,) = _complaints(Acknowledgement(construct, id, _REASON))
    assert finding.id == "ACK-1"
    assert not finding.rule.acknowledgeable
    assert finding.text == (
        f"{construct} (acknowledgement, DataStack): is {id}, which covers no finding; allowed: what is still found here"
    )


def test_what_other_packs_find_is_theirs() -> None:
    assert _complaints(Acknowledgement(_HERE, "AwsSolutions::AwsSolutions-SQS3", _REASON)) == []


@pytest.mark.parametrize("reason", ["", "fine", "one two three four five", "   one   two three four    five  "])
@pytest.mark.parametrize("id", ["CloudMart::T-1", "AwsSolutions::AwsSolutions-SQS3"])
def test_a_reason_has_six_words(id: str, reason: str) -> None:
    (finding,) = _complaints(Acknowledgement(_HERE, id, reason))
    assert finding.id == "ACK-2"
    assert f"{id}: {reason!r}; allowed: a reason of 6 words or more" in finding.text


@pytest.mark.parametrize("id", ["CloudMart::T-1", "AwsSolutions::AwsSolutions-SQS3"])
@pytest.mark.parametrize("construct", ["DataStack", ""])
def test_none_stands_on_a_whole_stack(id: str, construct: str) -> None:
    found = _complaints(Acknowledgement(construct, id, _REASON))
    finding = found[-1]
    assert finding.id == "ACK-3"
    assert f"is {id} on a whole stack or app; allowed: the construct that it is about" in finding.text


def test_one_can_have_all_three_faults() -> None:
    assert _ids(_complaints(Acknowledgement("DataStack", "CloudMart::T-2", "fine"))) == ["ACK-1", "ACK-2", "ACK-3"]


def test_complaints_cannot_be_acknowledged() -> None:
    """By another acknowledgement, say; CDK never suppresses what is fatal."""
    entries = (
        Acknowledgement(_HERE, "CloudMart::T-2", _REASON),
        Acknowledgement("DataStack/Jobs", "CloudMart::ACK-1", _REASON),
    )
    assert [finding.found.resource.path for finding in _complaints(*entries)] == [_HERE, "DataStack/Jobs"]
    assert not [rule.id for rule in engine.OWN_RULES if rule.acknowledgeable]


@pytest.mark.parametrize(
    "raised",
    [
        AttributeError("'str' object has no attribute 'get'"),
        IndexError("list index out of range"),
        KeyError("Statement"),
        TypeError("unhashable type: 'dict'"),
        ValueError("not an address"),
        StopIteration(),
        RecursionError("maximum recursion depth exceeded"),
        ZeroDivisionError("division by zero"),
        AssertionError(),
    ],
    ids=lambda raised: type(raised).__name__,
)
def test_a_rule_that_stumbles_is_a_finding(raised: Exception) -> None:
    """What it found before counts, the other rules look all the same, and nobody can accept what nobody has seen."""

    def check(app: Deployment) -> Iterator[Found]:
        yield from _rule().check(app)
        raise raised

    app = _app(Acknowledgement("DataStack", "CloudMart::READ-1[T-1]", _REASON))
    left = engine.left(app, [Rule("T-1", "what", "why", "fix", check), _rule("T-2")])
    assert _ids(left) == ["T-1", "READ-1[T-1]", "T-2"]
    assert "something that T-1 cannot read (" in left[1].text
    assert str(raised) in left[1].text
    assert "allowed: properties of the shape that CloudFormation documents" in left[1].text


def test_a_rule_that_stumbles_over_a_real_template() -> None:
    forward = [{"Type": "forward", "ForwardConfig": {"Ref": "Config"}}]
    listener = resource("AWS::ElasticLoadBalancingV2::Listener", {"DefaultActions": forward})
    found = engine.findings(_app(Listener=listener))
    assert "READ-1[REF-3]" in _ids(found)


def test_nothing_to_look_at_is_no_finding_of_reading() -> None:
    assert not [id for id in _ids(engine.findings(deployment({}))) if id.startswith("READ")]


def test_own_rules_check_nothing_by_themselves() -> None:
    assert engine.findings(_app(), engine.OWN_RULES) == []
