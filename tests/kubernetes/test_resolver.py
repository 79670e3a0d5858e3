"""The resolver does with a template what CloudFormation does."""

from collections.abc import Mapping
from typing import Any

import pytest

from cloudmart_cdk.policy.model import Stack
from tests.kubernetes.resolver import ACCOUNT, Resolver, UnresolvableError

_PARAMETERS = {
    "Image": {"Type": "String", "Default": "", "AllowedPattern": "(sha256:[0-9a-f]+)?"},
    "Size": {"Type": "Number", "Default": 0},
    "Mode": {"Type": "String", "Default": "one", "AllowedValues": ["one", "other"]},
    "Needed": {"Type": "String"},
}
_CONDITIONS = {
    "StandsIn": {"Fn::Equals": [{"Ref": "Image"}, ""]},
    "Runs": {"Fn::Not": [{"Condition": "StandsIn"}]},
    "Both": {"Fn::And": [{"Condition": "Runs"}, {"Fn::Equals": [{"Ref": "Mode"}, "other"]}]},
    "Either": {"Fn::Or": [{"Condition": "Runs"}, {"Fn::Equals": [{"Ref": "Size"}, "0"]}]},
}
_GROUP = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Port": 3001}}
_OTHER = {
    "Resources": {"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}},
    "Outputs": {"Range": {"Value": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}},
}


def resolver(resources: Mapping[str, Any], **parameters: str) -> Resolver:
    template = {
        "Parameters": _PARAMETERS,
        "Conditions": _CONDITIONS,
        "Mappings": {"Zones": {"eu-west-1": {"first": "a"}}},
        "Resources": resources,
    }
    stacks = [Stack("Eks", "lab-Eks", "eu-west-1", template), Stack("Vpc", "lab-Vpc", "eu-west-1", _OTHER)]
    return Resolver({stack.id: stack for stack in stacks}, parameters={"Eks": parameters})


def value(raw: Any, **parameters: str) -> Any:
    resources = {"It": {"Type": "T", "Properties": {"Value": raw}}, "Group": _GROUP}
    concrete = resolver(resources, **parameters).concrete("Eks")
    return concrete.template["Resources"]["It"]["Properties"].get("Value", "left out")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::AccountId"}, ACCOUNT),
        ({"Ref": "AWS::NoValue"}, "left out"),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"Ref": "Mode"}, "one"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Mode"}, 3, True]]}, "a-one-3-true"),
        ({"Fn::Split": ["/", "a/b"]}, ["a", "b"]),
        ({"Fn::Select": [1, {"Fn::Split": ["/", "a/b"]}]}, "b"),
        ({"Fn::Select": ["0", ["a", "b"]]}, "a"),
        ({"Fn::Sub": "${AWS::Region}/${Mode}/${!kept}"}, "eu-west-1/one/${kept}"),
        ({"Fn::Sub": ["${a}-${Group.Port}", {"a": {"Ref": "Mode"}}]}, "one-3001"),
        ({"Fn::GetAtt": "Group.Port"}, 3001),
        ({"Fn::GetAtt": ["Group", "Port"]}, 3001),
        ({"Fn::FindInMap": ["Zones", {"Ref": "AWS::Region"}, "first"]}, "a"),
        ({"Fn::Base64": "a"}, "YQ=="),
        ({"Fn::GetStackOutput": {"StackName": "lab-Vpc", "OutputName": "Range"}}, "10.0.0.0/16"),
        ({"Fn::If": ["StandsIn", "stand-in", {"Ref": "Image"}]}, "stand-in"),
        ({"Fn::If": ["Runs", "runs", "rests"]}, "rests"),
        ({"Fn::If": ["Both", "both", "not both"]}, "not both"),
        ({"Fn::If": ["Either", "either", "neither"]}, "either"),
    ],
    ids=str,
)
def test_functions_with_defaults(raw: Any, expected: Any) -> None:
    assert value(raw) == expected


def test_functions_with_parameters() -> None:
    image = "sha256:0a"
    assert value({"Fn::If": ["StandsIn", "stand-in", {"Ref": "Image"}]}, Image=image) == image
    assert value({"Fn::If": ["Both", "both", "not both"]}, Image=image, Mode="other") == "both"
    assert value({"Fn::If": ["Either", "either", "neither"]}, Size="1") == "neither"


def test_a_reference_and_what_it_refers_to_have_one_value() -> None:
    resources = {"It": {"Type": "T", "Properties": {"Arn": {"Ref": "Group"}}}, "Group": _GROUP, "Second": _GROUP}
    made = resolver(resources).concrete("Eks").template["Resources"]
    assert made["It"]["Properties"]["Arn"] == made["Group"]["PhysicalId"] != made["Second"]["PhysicalId"]
    assert made["Group"]["PhysicalId"].startswith(f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:targetgroup/")


def test_a_resource_is_there_while_its_condition_holds() -> None:
    resources = {"Canary": {"Type": "T", "Condition": "Runs"}}
    assert resolver(resources).concrete("Eks").template["Resources"] == {}
    assert [*resolver(resources, Image="sha256:0").concrete("Eks").template["Resources"]] == ["Canary"]


def test_dependencies_are_stated_and_referred_ones() -> None:
    resources = {
        "First": {"Type": "T", "DependsOn": "Group"},
        "Second": {"Type": "T", "Properties": {"A": {"Fn::Sub": "${First.Arn}"}, "B": {"Ref": "Mode"}}},
        "Third": {"Type": "T", "DependsOn": ["Second"], "Properties": {"A": [{"Fn::GetAtt": ["Group", "Port"]}]}},
        "Group": _GROUP,
    }
    made = resolver(resources).concrete("Eks").template["Resources"]
    assert {name: each["DependsOn"] for name, each in made.items()} == {
        "First": ["Group"],
        "Second": ["First"],
        "Third": ["Group", "Second"],
        "Group": [],
    }


@pytest.mark.parametrize(
    ("raw", "parameters", "says"),
    [
        ({"Ref": "Nobody"}, {}, "there is no Nobody"),
        ({"Ref": "Needed"}, {}, "has no default"),
        ({"Ref": "Image"}, {"Image": "busybox:1.37"}, "does not take 'busybox:1.37'"),
        ({"Ref": "Mode"}, {"Mode": "third"}, "does not take 'third'"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, {}, "Fn::Cidr"),
        ({"Fn::GetStackOutput": {"StackName": "lab-Data", "OutputName": "Host"}}, {}, "no stack lab-Data"),
    ],
    ids=str,
)
def test_what_cannot_be_worked_out_is_an_error(raw: Any, parameters: dict[str, str], says: str) -> None:
    with pytest.raises(UnresolvableError, match=says):
        value(raw, **parameters)
