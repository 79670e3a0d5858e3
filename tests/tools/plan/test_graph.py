"""What CloudFormation waits for is read from templates as it reads them."""

from typing import Any

import pytest

from tools.plan import graph


def _resource(properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"Type": "T", "Properties": properties or {}, **more}


@pytest.mark.parametrize(
    ("value", "hows"),
    [
        ({"Ref": "A"}, {"Ref"}),
        ({"Fn::GetAtt": ["A", "Arn"]}, {"GetAtt"}),
        ({"Fn::GetAtt": "A.Arn"}, {"GetAtt"}),
        ({"Fn::Sub": "x-${A}"}, {"Ref"}),
        ({"Fn::Sub": "x-${A.Arn}"}, {"GetAtt"}),
        ({"Fn::Sub": ["${B}${x}", {"x": {"Ref": "A"}}]}, {"Ref"}),
        ({"Fn::Join": ["", ["a", {"Fn::If": ["C", {"Ref": "A"}, ""]}]]}, {"Ref"}),
        ([{"Ref": "A"}, {"Fn::GetAtt": ["A", "Arn"]}], {"Ref", "GetAtt"}),
    ],
)
def test_values_are_waited_for(value: Any, hows: set[str]) -> None:
    assert graph.needs({"A": _resource(), "Z": _resource({"P": {"deep": [value]}})})["Z"] == {"A": hows}


@pytest.mark.parametrize(
    "value", [{"Fn::Sub": "${!A}"}, {"Fn::Sub": ["${A}", {"A": "text"}]}, {"Ref": "AWS::Region"}, {"Ref": "Parameter"}]
)
def test_these_are_no_resources(value: Any) -> None:
    assert not graph.needs({"A": _resource(), "Z": _resource({"P": value})})["Z"]


@pytest.mark.parametrize("stated", ["A", ["A"]])
def test_what_is_stated_counts_beside_what_is_used(stated: Any) -> None:
    needs = graph.needs({"A": _resource(), "Z": _resource({"P": {"Ref": "A"}}, DependsOn=stated)})
    assert needs["Z"] == {"A": {"Ref", "DependsOn"}}
    assert graph.to_the_end(needs["Z"]["A"])


def test_only_a_ref_alone_does_not_wait_to_the_end() -> None:
    assert not graph.to_the_end(frozenset({"Ref"}))
    assert graph.to_the_end(frozenset({"GetAtt"}))


@pytest.mark.parametrize(
    ("condition", "there"),
    [
        ({"Fn::Equals": [{"Ref": "Image"}, ""]}, True),
        ({"Fn::Not": [{"Fn::Equals": [{"Ref": "Image"}, ""]}]}, False),
        ({"Fn::And": [{"Condition": "Yes"}, {"Fn::Equals": [{"Ref": "Count"}, "0"]}]}, True),
        ({"Fn::Or": [{"Fn::Not": [{"Condition": "Yes"}]}, {"Fn::Equals": ["a", "b"]}]}, False),
    ],
)
def test_what_a_first_deploy_does_not_make_is_not_there(condition: dict[str, Any], there: bool) -> None:
    template = {
        "Parameters": {"Image": {"Default": ""}, "Count": {"Default": 0}},
        "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}, "It": condition},
        "Resources": {"A": _resource(Condition="It"), "Z": _resource({"P": {"Ref": "A"}})},
    }
    present = graph.resources(template)
    assert ("A" in present) is there
    assert graph.needs(present)["Z"] == ({"A": {"Ref"}} if there else {})
