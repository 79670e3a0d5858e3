"""How a template resolves: every function, across stacks, and what nobody can know before the deploy."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.policy.model import (
    MISSING,
    Acknowledgement,
    Deployment,
    Pointer,
    Resource,
    Stack,
    Unknown,
    as_list,
    leaves,
    parsed,
    pointers_in,
    text_of,
)
from cloudmart_cdk.settings import load_settings
from tests.policy.support import resource
from tests.support import synthesize

SEOUL, VIRGINIA = "ap-northeast-2", "us-east-1"
_THING = "AWS::New::Thing"
_QUEUE = Pointer("DataStack", "Queue", "Arn")


def _stack(
    resources: Mapping[str, Any], id: str = "DataStack", region: str = SEOUL, name: str = "", **sections: Any
) -> Stack:
    return Stack(id, name or f"cloudmart-lab-{id}", region, {"Resources": resources, **sections})


def _app(*stacks: Stack, **context: str) -> Deployment:
    return Deployment(stacks, load_settings(context))


_SECTIONS: dict[str, Any] = {
    "Parameters": {"Name": {"Type": "String"}},
    "Mappings": {"Zones": {SEOUL: {"zone": "Z1", "all": ["a", "b"]}}},
    "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}},
}


def _resolved(value: Any, **context: str) -> Any:
    """A value as the one property of a resource, in a stack that has a queue and a parameter."""
    things = {"Queue": resource("AWS::SQS::Queue"), "It": resource(_THING, {"Value": value})}
    app = _app(_stack(things, **_SECTIONS), **context)
    (it,) = app.of(_THING)
    return it.get("Value")


_ARN = {"Fn::GetAtt": ["Queue", "Arn"]}
RESOLVED: tuple[tuple[str, Any, Any], ...] = (
    ("text", "text", "text"),
    ("a number", 3, 3),
    ("Ref of a resource", {"Ref": "Queue"}, Pointer("DataStack", "Queue")),
    ("Ref of a parameter", {"Ref": "Name"}, Unknown("Name")),
    ("Ref of nothing", {"Ref": "Gone"}, Pointer("DataStack", "Gone")),
    ("Ref of no text", {"Ref": ["Queue"]}, Unknown("Ref")),
    ("GetAtt as a list", _ARN, _QUEUE),
    ("GetAtt as text", {"Fn::GetAtt": "Queue.Arn"}, _QUEUE),
    ("GetAtt with dots", {"Fn::GetAtt": "Queue.Endpoint.Port"}, Pointer("DataStack", "Queue", "Endpoint.Port")),
    ("GetAtt of a computed attribute", {"Fn::GetAtt": ["Queue", {"Ref": "Name"}]}, Unknown("Fn::GetAtt")),
    ("Join of text", {"Fn::Join": ["-", ["a", "b"]]}, "a-b"),
    ("Join of a reference and text", {"Fn::Join": ["", [_ARN, "/*"]]}, "${DataStack.Queue.Arn}/*"),
    ("Join of one reference", {"Fn::Join": ["", [_ARN]]}, _QUEUE),
    ("Join of a parameter", {"Fn::Join": ["", ["a", {"Ref": "Name"}]]}, "a${Name}"),
    ("Join of a boolean", {"Fn::Join": ["", ["is ", True]]}, "is true"),
    ("Join of a list that is computed", {"Fn::Join": ["", {"Fn::FindInMap": ["Zones", SEOUL, "all"]}]}, "ab"),
    ("Join of a list that nobody knows", {"Fn::Join": ["", {"Ref": "Name"}]}, Unknown("Fn::Join")),
    ("Join of nonsense", {"Fn::Join": "a"}, Unknown("Fn::Join")),
    ("Sub of a resource", {"Fn::Sub": "${Queue}!"}, "${DataStack.Queue}!"),
    ("Sub of an attribute", {"Fn::Sub": "${Queue.Arn}/*"}, "${DataStack.Queue.Arn}/*"),
    ("Sub of one reference and nothing else", {"Fn::Sub": "${Queue.Arn}"}, _QUEUE),
    ("Sub of a parameter", {"Fn::Sub": "${Name}/x"}, "${Name}/x"),
    ("Sub of a parameter and nothing else", {"Fn::Sub": "${Name}"}, Unknown("Name")),
    ("Sub of a pseudo parameter", {"Fn::Sub": "s3.${AWS::Region}"}, f"s3.{SEOUL}"),
    ("Sub with variables", {"Fn::Sub": ["${a}-${Queue}", {"a": _ARN}]}, "${DataStack.Queue.Arn}-${DataStack.Queue}"),
    ("Sub with a variable and nothing else", {"Fn::Sub": ["${a}", {"a": _ARN}]}, _QUEUE),
    ("Sub with a variable that hides a resource", {"Fn::Sub": ["${Queue}.", {"Queue": "mine"}]}, "mine."),
    ("Sub that escapes", {"Fn::Sub": "echo ${!HOME}"}, "echo ${HOME}"),
    ("Sub that escapes and nothing else", {"Fn::Sub": "${!HOME}"}, "${HOME}"),
    ("Sub without variables", {"Fn::Sub": "plain"}, "plain"),
    ("Sub of half a list", {"Fn::Sub": ["${a}"]}, Unknown("Fn::Sub")),
    ("Sub of nonsense", {"Fn::Sub": ["${a}", "b"]}, Unknown("Fn::Sub")),
    ("Select", {"Fn::Select": [1, ["a", "b"]]}, "b"),
    ("Select by a number as text", {"Fn::Select": ["0", ["a", "b"]]}, "a"),
    ("Select beyond the end", {"Fn::Select": [2, ["a", "b"]]}, Unknown("Fn::Select")),
    ("Select before the beginning", {"Fn::Select": [-1, ["a", "b"]]}, Unknown("Fn::Select")),
    ("Select by nonsense", {"Fn::Select": [{"Ref": "Name"}, ["a"]]}, Unknown("Fn::Select")),
    ("Select from a parameter", {"Fn::Select": [0, {"Ref": "Name"}]}, Unknown("Fn::Select")),
    ("Select from a split", {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}, Unknown("Fn::Select")),
    ("Base64", {"Fn::Base64": {"Fn::Sub": "x ${Queue}"}}, "x ${DataStack.Queue}"),
    ("FindInMap", {"Fn::FindInMap": ["Zones", {"Ref": "AWS::Region"}, "zone"]}, "Z1"),
    ("FindInMap of no key", {"Fn::FindInMap": ["Zones", VIRGINIA, "zone"]}, Unknown("Fn::FindInMap")),
    ("FindInMap of no map", {"Fn::FindInMap": ["Gone", SEOUL, "zone"]}, Unknown("Fn::FindInMap")),
    ("FindInMap by a parameter", {"Fn::FindInMap": ["Zones", {"Ref": "Name"}, "zone"]}, Unknown("Fn::FindInMap")),
    ("Split", {"Fn::Split": [",", "a,b"]}, Unknown("Fn::Split")),
    ("Cidr", {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, Unknown("Fn::Cidr")),
    ("GetAZs", {"Fn::GetAZs": ""}, Unknown("Fn::GetAZs")),
    ("a macro", {"Fn::Transform": {"Name": "AWS::Include"}}, Unknown("Fn::Transform")),
    ("the region", {"Ref": "AWS::Region"}, SEOUL),
    ("the partition", {"Ref": "AWS::Partition"}, "aws"),
    ("the domain", {"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
    ("the stack's name", {"Ref": "AWS::StackName"}, "cloudmart-lab-DataStack"),
    ("the account", {"Ref": "AWS::AccountId"}, "${AWS::AccountId}"),
    ("the stack's id", {"Ref": "AWS::StackId"}, "${AWS::StackId}"),
    ("nothing at all", {"Ref": "AWS::NoValue"}, MISSING),
    ("nothing in a list", ["a", {"Ref": "AWS::NoValue"}], ["a"]),
    ("nothing in a mapping", {"a": 1, "b": {"Ref": "AWS::NoValue"}}, {"a": 1}),
    (
        "functions in functions",
        [{"a": {"Fn::Join": ["", ["x", {"Fn::Sub": "${Queue}"}]]}}],
        [{"a": "x${DataStack.Queue}"}],
    ),
    ("a key beside a function's name", {"Ref": "Queue", "b": 1}, {"Ref": "Queue", "b": 1}),
)


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in RESOLVED], ids=[row[0] for row in RESOLVED])
def test_a_value_resolves(given: Any, expected: Any) -> None:
    assert _resolved(given) == expected


def test_a_stated_account_is_known() -> None:
    assert _resolved({"Ref": "AWS::AccountId"}, account="123456789012") == "123456789012"


def _variants(properties: Any) -> list[Mapping[str, Any]]:
    app = _app(_stack({"It": resource(_THING, properties)}))
    return [it.properties for it in app.of(_THING)]


def _if(condition: str, yes: Any, no: Any) -> dict[str, Any]:
    return {"Fn::If": [condition, yes, no]}


def test_a_condition_makes_a_variant_for_each_outcome() -> None:
    assert _variants({"Value": _if("A", "yes", "no")}) == [{"Value": "yes"}, {"Value": "no"}]


def test_a_branch_may_be_nothing() -> None:
    assert _variants({"Value": _if("A", {"Ref": "AWS::NoValue"}, "no")}) == [{}, {"Value": "no"}]


def test_a_condition_holds_everywhere_in_a_resource() -> None:
    both = {"One": _if("A", 1, 2), "Two": [_if("A", 1, 2)]}
    assert _variants(both) == [{"One": 1, "Two": [1]}, {"One": 2, "Two": [2]}]


def test_conditions_within_conditions() -> None:
    nested = _variants({"Value": [_if("A", _if("B", 1, 2), 3)]})
    assert nested == [{"Value": [value]} for value in (1, 2, 3, 3)]


def test_four_conditions_have_sixteen_outcomes() -> None:
    variants = _variants({name: _if(name, "yes", "no") for name in "ABCD"})
    assert len(variants) == 16
    assert {"A": "no", "B": "yes", "C": "yes", "D": "no"} in variants


def test_of_more_than_four_conditions_nothing_is_known() -> None:
    """Two outcomes of many would let the others pass unseen."""
    variants = _variants({name: _if(name, "yes", "no") for name in "ABCDE"})
    assert variants == [dict.fromkeys("ABCDE", Unknown("Fn::If"))]


def test_a_malformed_condition_is_not_known() -> None:
    assert _variants({"Value": {"Fn::If": ["A", "yes"]}}) == [{"Value": Unknown("Fn::If")}] * 2


_PRODUCER = _stack(
    {"Key": resource("AWS::KMS::Key")},
    "VpcStack",
    VIRGINIA,
    Outputs={
        "Key": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}, "Export": {"Name": "the-key"}},
        "Computed": {"Value": "x", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-x"}}},
        "Conditional": {"Value": _if("A", "yes", "no")},
        "Empty": {"Export": {"Name": "empty"}},
        "Nonsense": "text",
    },
)
_NAME = _PRODUCER.name
_KEY = Pointer("VpcStack", "Key", "Arn")


def _consumed(value: Any, region: str = SEOUL, *others: Stack) -> Any:
    consumer = _stack({"It": resource(_THING, {"Value": value})}, region=region)
    (it,) = _app(consumer, _PRODUCER, *others).of(_THING)
    return it.get("Value")


def _output(name: str, stack: Any = _NAME, **more: Any) -> dict[str, Any]:
    return {"Fn::GetStackOutput": {"StackName": stack, "OutputName": name, **more}}


_THERE = {"Region": VIRGINIA}
ACROSS: tuple[tuple[str, Any, str, Any], ...] = (
    ("an output of another region", _output("Key", **_THERE), SEOUL, _KEY),
    ("an output of the own region", _output("Key"), VIRGINIA, _KEY),
    ("a region by its pseudo parameter", _output("Key", Region={"Ref": "AWS::Region"}), VIRGINIA, _KEY),
    ("an output in the wrong region", _output("Key"), SEOUL, Unknown("Fn::GetStackOutput")),
    ("an output of another account", _output("Key", RoleArn="x", **_THERE), SEOUL, Unknown("Fn::GetStackOutput")),
    ("an output that is not there", _output("Gone", **_THERE), SEOUL, Unknown("Fn::GetStackOutput")),
    ("an output of no stack of this app", _output("Key", "elsewhere", **_THERE), SEOUL, Unknown("Fn::GetStackOutput")),
    ("an output of a stack nobody knows", _output("Key", {"Ref": "Name"}), SEOUL, Unknown("Fn::GetStackOutput")),
    ("an output that a condition chooses", _output("Conditional", **_THERE), SEOUL, Unknown("Fn::If")),
    ("an output without a value", _output("Empty", **_THERE), SEOUL, Unknown("Fn::GetStackOutput")),
    ("an output that is none", _output("Nonsense", **_THERE), SEOUL, Unknown("Fn::GetStackOutput")),
    ("an import", {"Fn::ImportValue": "the-key"}, VIRGINIA, _KEY),
    ("an import from another region", {"Fn::ImportValue": "the-key"}, SEOUL, Unknown("Fn::ImportValue")),
    ("an import by the same words", {"Fn::ImportValue": {"Fn::Sub": "${AWS::StackName}-x"}}, VIRGINIA, "x"),
    ("an import of nothing", {"Fn::ImportValue": "gone"}, VIRGINIA, Unknown("Fn::ImportValue")),
)


@pytest.mark.parametrize(("given", "region", "expected"), [row[1:] for row in ACROSS], ids=[row[0] for row in ACROSS])
def test_a_value_of_another_stack(given: Any, region: str, expected: Any) -> None:
    assert _consumed(given, region) == expected


def test_two_stacks_of_a_name_are_told_apart_by_region() -> None:
    other = _stack({}, "EdgeStack", SEOUL, _NAME, Outputs={"Key": {"Value": "another"}})
    assert _consumed(_output("Key"), SEOUL, other) == "another"
    assert _consumed(_output("Key", **_THERE), SEOUL, other) == _KEY


def test_outputs_that_lead_to_each_other_lead_nowhere() -> None:
    def pointing(id: str, other: str) -> Stack:
        return _stack({}, id, Outputs={"X": {"Value": _output("X", f"cloudmart-lab-{other}")}})

    app = _app(pointing("DataStack", "VpcStack"), pointing("VpcStack", "DataStack"))
    assert app.value("DataStack", _output("X", "cloudmart-lab-VpcStack")) == Unknown("Fn::GetStackOutput")


def test_resources_of_a_name_are_told_apart_by_stack() -> None:
    app = _app(*(_stack({"It": resource(type_)}, id) for id, type_ in (("A", _THING), ("B", "AWS::KMS::Key"))))
    found = [app.target(Pointer(stack, "It")) for stack in ("A", "B")]
    assert [each.type for each in found if each] == [_THING, "AWS::KMS::Key"]
    assert app.target(Pointer("C", "It")) is None


_APP = _app(_stack({"Bucket": resource("AWS::S3::Bucket")}))
_BUCKET = "${DataStack.Bucket.Arn}"


@pytest.mark.parametrize(
    ("value", "leads"),
    [
        (Pointer("DataStack", "Bucket", "Arn"), True),
        (Pointer("DataStack", "Bucket"), True),
        (Pointer("DataStack", "Gone"), False),
        (_BUCKET, True),
        ("${DataStack.Bucket}", True),
        (f"{_BUCKET}/*", True),
        (f"{_BUCKET}/logs\nof two lines", True),
        (f"{_BUCKET}:*", True),
        ("${DataStack.Bucket}.s3.ap-northeast-2.amazonaws.com", True),
        ("${DataStack.Bucket.RegionalDomainName}.evil.example", False),
        ("${DataStack.Bucket}.s3.amazonaws.com.evil.example", False),
        ("${DataStack.Bucket}-of-somebody-else", False),
        (f"{_BUCKET}0", False),
        (f"x{_BUCKET}", False),
        ("${DataStack.Gone.Arn}", False),
        ("${Name}", False),
        ("arn:aws:s3:::mine", False),
        (Unknown("Name"), False),
        (MISSING, False),
        (None, False),
        ({"Ref": "Bucket"}, False),
    ],
)
def test_what_a_reference_leads_to(value: Any, leads: bool) -> None:
    """A text leads somewhere when it begins with a reference, and goes on within that resource."""
    assert (_APP.target(value) is not None) is leads
    assert (_APP.target(value, "AWS::S3::Bucket") is not None) is leads
    assert _APP.target(value, "AWS::SQS::Queue") is None


def test_references_inside_of_a_text() -> None:
    text = f"a {_BUCKET} b ${{DataStack.Other}} c ${{Name}} ${{AWS::Region}}"
    assert list(pointers_in(text)) == [Pointer("DataStack", "Bucket", "Arn"), Pointer("DataStack", "Other")]


_PROPERTIES: Mapping[str, Any] = {
    "A": {"B": 1, "Empty": [], "One": {"C": 2}, "List": [{"C": 3}, {"D": 4}, "text"], "Deep": [{"In": [{"C": 5}]}]}
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("A.B", [("A.B", 1)]),
        ("A.Gone", [("A.Gone", MISSING)]),
        ("Gone.B", [("Gone.B", MISSING)]),
        ("A.B.C", [("A.B.C", MISSING)]),
        ("A.Gone[].C", [("A.Gone.C", MISSING)]),
        ("A.Empty[].C", [("A.Empty", MISSING)]),
        ("A.Empty[]", [("A.Empty", MISSING)]),
        ("A.One[].C", [("A.One.0.C", 2)]),
        ("A.List[].C", [("A.List.0.C", 3), ("A.List.1.C", MISSING), ("A.List.2.C", MISSING)]),
        ("A.List[]", [("A.List.0", {"C": 3}), ("A.List.1", {"D": 4}), ("A.List.2", "text")]),
        ("A.Deep[].In[].C", [("A.Deep.0.In.0.C", 5)]),
    ],
)
def test_values_at_a_path(path: str, expected: list[tuple[str, Any]]) -> None:
    """Nothing is not compliance: what is missing, or a list without elements, comes up as `MISSING`."""
    found = list(_thing().at(path))
    assert [(where.replace("[]", ""), value) for where, value in found] == expected


def _thing(**properties: Any) -> Resource:
    return Resource("DataStack", "It", _THING, properties or _PROPERTIES, "DataStack/It", SEOUL)


def test_values_without_lists() -> None:
    it = _thing()
    assert it.get("A.B") == 1
    assert it.get("A.List.C") is MISSING
    assert it.get("A.B.C") is MISSING
    assert it.items("A.One") == [{"C": 2}]
    assert it.items("A.Gone") == []
    assert len(it.items("A.List")) == 3


def test_leaves_have_their_paths() -> None:
    assert list(leaves({"A": [1, {"B": "x"}], "C": _QUEUE, "D": {}})) == [("A.0", 1), ("A.1.B", "x"), ("C", _QUEUE)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (_QUEUE, "${DataStack.Queue.Arn}"),
        (Pointer("S", "R"), "${S.R}"),
        (Unknown("Name"), "${Name}"),
        (MISSING, "nothing"),
    ],
)
def test_a_value_as_text(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_lists_and_json() -> None:
    assert as_list([1]) == [1]
    assert as_list("a") == ["a"]
    assert parsed('{"a": 1}') == {"a": 1}
    assert parsed({"a": 1}) == {"a": 1}
    assert parsed("no JSON") is MISSING
    assert not MISSING


def test_a_resource_keeps_what_stands_beside_its_properties() -> None:
    given = resource(_THING, {}, DeletionPolicy="Retain", UpdateReplacePolicy="Snapshot", DependsOn="Other")
    (it,) = _app(_stack({"It": given}, region=VIRGINIA)).of(_THING)
    assert (it.deletion_policy, it.update_replace_policy, it.depends_on) == ("Retain", "Snapshot", ("Other",))
    assert (it.stack, it.logical_id, it.region, it.path) == ("DataStack", "It", VIRGINIA, "DataStack/It")
    assert Pointer("DataStack", "It", "Arn").to(it)
    assert not Pointer("VpcStack", "It").to(it)


def test_types_come_in_the_order_asked_for() -> None:
    app = _app(_stack({"A": resource("T::One"), "B": resource("T::Two"), "C": resource("T::One")}))
    assert [it.logical_id for it in app.of("T::Two", "T::One", "T::None")] == ["B", "A", "C"]


BROKEN: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("no resources", {}),
    ("resources that are none", {"Resources": None}),
    ("resources in a list", {"Resources": []}),
    ("a resource that is none", {"Resources": {"It": None}}),
    ("a resource that is a text", {"Resources": {"It": "AWS::S3::Bucket"}}),
    ("no type", {"Resources": {"It": {}}}),
    ("a type that is none", {"Resources": {"It": {"Type": ["AWS::S3::Bucket"]}}}),
    ("properties that are none", {"Resources": {"It": {"Type": _THING, "Properties": None}}}),
    ("properties in a list", {"Resources": {"It": {"Type": _THING, "Properties": []}}}),
    ("properties by reference", {"Resources": {"It": {"Type": _THING, "Properties": {"Ref": "Name"}}}}),
    ("dependencies that are none", {"Resources": {"It": {"Type": _THING, "DependsOn": None}}}),
    ("dependencies that are numbers", {"Resources": {"It": {"Type": _THING, "DependsOn": 3}}}),
    ("outputs that are none", {"Resources": {}, "Outputs": None}),
    ("an output that is a text", {"Resources": {}, "Outputs": {"X": "text"}}),
    ("an export without a name", {"Resources": {}, "Outputs": {"X": {"Value": "v", "Export": {}}}}),
    ("an export that is a text", {"Resources": {}, "Outputs": {"X": {"Value": "v", "Export": "x"}}}),
    ("parameters that are none", {"Resources": {"It": resource(_THING, {"A": {"Ref": "B"}})}, "Parameters": None}),
)


@pytest.mark.parametrize("template", [row[1] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_template_is_read_all_the_same(template: Mapping[str, Any]) -> None:
    """What is wrong with it rules say; a model that stops would keep all of them from looking."""
    app = _app(Stack("DataStack", "data", SEOUL, template))
    assert [it.properties for it in app.resources if it.logical_id == "It"] in (
        [],
        [{}],
        [{"A": Pointer("DataStack", "B")}],
    )


def test_load_reads_a_real_assembly() -> None:
    synthesized = synthesize({"stage": "lab"})
    app = load(synthesized.folder, synthesized.settings)
    assert app.stacks.keys() == synthesized.stacks.keys()
    assert {stack: stack_.name for stack, stack_ in app.stacks.items()} == {
        stack: entry["properties"]["stackName"] for stack, entry in synthesized.stacks.items()
    }
    assert {stack.region for stack in app.stacks.values()} == {SEOUL}
    seen = {(entry.construct, entry.id, entry.reason) for entry in app.acknowledgements}
    assert seen == {(entry.construct, entry.id, entry.reason) for entry in synthesized.acknowledgements}
    (database,) = app.of("AWS::RDS::DBInstance")
    assert database.path == "DataStack/Database/Instance/Resource"
    subnets = app.target(database.get("DBSubnetGroupName"), "AWS::RDS::DBSubnetGroup")
    assert subnets is not None
    (first, *_) = subnets.items("SubnetIds")
    found = app.target(first, "AWS::EC2::Subnet")
    assert found is not None
    assert found.stack == "VpcStack"


def test_load_reads_the_assemblies_inside(tmp_path: Path) -> None:
    """A `cdk.Stage` writes an assembly of its own into a folder of the first."""

    def write(folder: Path, artifacts: Mapping[str, Any]) -> None:
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))

    write(
        tmp_path / "out",
        {
            "assembly-Inner": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Inner"}},
            "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
        },
    )
    metadata = {
        "/Inner/Data/Queue": [
            {"type": "aws:cdk:logicalId", "data": "Queue"},
            {"type": "aws:cdk:acknowledged-rules", "data": {"CloudMart::SQS-10": "it holds nothing"}},
            {"type": "aws:cdk:path", "data": "something else"},
        ]
    }
    inner = tmp_path / "out" / "assembly-Inner"
    write(
        inner,
        {
            "InnerData": {
                "type": "aws:cloudformation:stack",
                "environment": f"aws://unknown-account/{VIRGINIA}",
                "properties": {"templateFile": "Data.template.json"},
                "metadata": metadata,
            }
        },
    )
    (inner / "Data.template.json").write_text(json.dumps({"Resources": {"Queue": resource("AWS::SQS::Queue")}}))
    app = load(tmp_path / "out", load_settings({}))
    (queue,) = app.of("AWS::SQS::Queue")
    assert (queue.path, queue.region) == ("Inner/Data/Queue", VIRGINIA)
    assert app.stacks["InnerData"].name == "InnerData"
    assert app.acknowledgements == (Acknowledgement("Inner/Data/Queue", "CloudMart::SQS-10", "it holds nothing"),)


def test_load_refuses_a_folder_without_an_assembly(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        load(tmp_path, load_settings({}))
