"""Family TYPE: nothing that no rule knows, nothing that no rule can see, nothing that is decided after the synth."""

import json
from typing import Any

import pytest

from cloudmart_cdk.policy.families import classification
from cloudmart_cdk.policy.families.classification import PROTECTED, STORES_NOTHING
from cloudmart_cdk.service_releases import RELEASE
from tests.policy.support import Case, bad, deployment, each, found, good, resource

UNKNOWN = (
    "AWS::Brand::New",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Macro",
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::ElastiCache::CacheCluster",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Url",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::AccessPoint",
    "AWS::Serverless::Function",
    "Custom::AWS",
    "Custom::CDKBucketDeployment2",
    "Our::Own::Thing::MODULE",
    "aws::s3::bucket",
    "",
)
"""Services, nested stacks, API calls at deploy time, macros and modules: what brings in something unseen."""

_BUCKET = {"B": resource("AWS::S3::Bucket")}
_EQUAL = {"Fn::Equals": ["a", "b"]}


def _template(**sections: Any) -> dict[str, Any]:
    return {"Parameters": {}, **sections}


def _value(value: Any, **more: Any) -> dict[str, Any]:
    return {"P": resource("AWS::SSM::Parameter", {"Value": value}, **more)}


def _opaque(name: str, resources: Any, says: str = "", **sections: Any) -> Case:
    return bad("TYPE-2", name, resources, says=says, template=_template(**sections))


def _later(name: str, resources: Any, says: str = "", **sections: Any) -> Case:
    return bad("TYPE-3", name, resources, says=says, template=_template(**sections))


def _known(name: str, resources: Any, **sections: Any) -> Case:
    return good("TYPE-3", name, resources, template=_template(**sections))


_IF = {"Fn::If": ["C", "a", "b"]}
_DENY = {"Fn::If": ["C", {"Effect": "Deny"}, {"Ref": "AWS::NoValue"}]}
_WEIGHTS = [{"TargetGroupArn": "x", "Weight": {"Fn::If": ["C", 100, 0]}}]
_LIVE = {"LiveColour": {"Type": "String", "Default": "blue"}}

CASES = (
    *(bad("TYPE-1", type_ or "no type at all", {"R": resource(type_)}, says=f"({type_}, ") for type_ in UNKNOWN),
    *(good("TYPE-1", type_, {"R": resource(type_)}) for type_ in sorted(PROTECTED | STORES_NOTHING.keys())),
    bad("TYPE-1", "a resource without a type", {"R": {"Properties": {}}}, says="that nobody classified"),
    bad("TYPE-1", "a type that is no text", {"R": {"Type": ["AWS::S3::Bucket"]}}),
    good(
        "TYPE-2",
        "every section of a plain template",
        _BUCKET,
        template={
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "x",
            "Metadata": {},
            "Parameters": {},
            "Mappings": {},
            "Conditions": {"C": _EQUAL},
            "Rules": {"R": {"Assertions": [{"Assert": {"Fn::Contains": [["a"], "a"]}}]}},
            "Outputs": {"X": {"Value": "x"}},
        },
    ),
    good("TYPE-2", "metadata of CDK", {"B": resource("AWS::S3::Bucket", Metadata={"aws:cdk:path": "DataStack/B"})}),
    _opaque("a transform", _BUCKET, "with a section Transform", Transform="AWS::Serverless-2016-10-31"),
    _opaque("hooks", _BUCKET, "with a section Hooks", Hooks={}),
    _opaque("a section of next year", _BUCKET, "with a section Modules", Modules={}),
    _opaque("a macro", {"B": {"Type": "AWS::S3::Bucket", "Properties": {"Fn::Transform": {"Name": "M"}}}}, "no macros"),
    _opaque("a macro in a value", _value([{"Fn::Transform": {"Name": "AWS::Include"}}]), "Resources.P.Properties"),
    _opaque("a macro in an output", {}, "Outputs.X.Value", Outputs={"X": {"Value": {"Fn::Transform": {}}}}),
    _opaque("a loop over resources", {"Fn::ForEach::Buckets": ["N", ["a"], {"B${N}": {"Type": "AWS::S3::Bucket"}}]}),
    _opaque("a loop over values", _value({"Fn::ForEach::Values": ["N", ["a"], {"${N}": 1}]}), "Fn::ForEach::Values"),
    *(
        _opaque(
            f"{name}'s files",
            {"S": resource("AWS::EC2::LaunchTemplate", Metadata={f"AWS::CloudFormation::{name}": {}})},
            f"Metadata is with metadata AWS::CloudFormation::{name}; allowed: user data",
        )
        for name in ("Init", "Authentication")
    ),
    _known("values as they stand", _value("x")),
    _known("what CloudFormation makes up", _value({"Fn::Sub": "${AWS::StackId} ${AWS::AccountId} ${P.Type}"})),
    _known("variables of a shell", _value({"Fn::Sub": "echo ${!HOME}"})),
    _known(
        "a constant of the template",
        _value({"Fn::FindInMap": ["Zones", {"Ref": "AWS::Region"}, "id"]}),
        Mappings={"Zones": {"ap-northeast-2": {"id": "Z1"}}},
    ),
    _known(
        "sizes of the live colour",
        {"G": resource("AWS::AutoScaling::AutoScalingGroup", {"MinSize": {"Fn::If": ["C", "2", "0"]}})},
        Conditions={"C": {"Fn::Equals": [{"Ref": "LiveColour"}, "blue"]}},
        Parameters=_LIVE,
    ),
    _known(
        "weights of the live colour",
        {
            "L": resource(
                "AWS::ElasticLoadBalancingV2::Listener",
                {"DefaultActions": [{"ForwardConfig": {"TargetGroups": _WEIGHTS}}]},
            )
        },
    ),
    _known("CDK's check of the bootstrap stack", _BUCKET, Parameters={"BootstrapVersion": {"Type": "String"}}),
    _later("a parameter", _BUCKET, "with a parameter Name", Parameters={"Name": {"Type": "String", "Default": "x"}}),
    _later(
        "the live colour as a value", _value({"Ref": "LiveColour"}), "Value is with ${LiveColour}", Parameters=_LIVE
    ),
    _later("the live colour in a text", _value({"Fn::Sub": "a ${LiveColour}"}), "${LiveColour}", Parameters=_LIVE),
    _later("a resource that may not be there", {"B": resource("AWS::S3::BucketPolicy", Condition="C")}, "if C holds"),
    _later("a value of two", _value(_IF), "Value is chosen by a condition; allowed: conditions for DesiredCapacity"),
    _later("a statement that may not be there", _value({"Statement": [_DENY]}), "Value.Statement.0"),
    _later("an ancestor of a size", {"G": resource("AWS::EKS::Nodegroup", {"ScalingConfig": _IF})}, "ScalingConfig"),
    _later("a policy of two", {"B": resource("AWS::S3::Bucket", DeletionPolicy=_IF)}, "DeletionPolicy is chosen"),
    _later("an output of two", {}, "DataStack (AWS::CloudFormation", Outputs={"X": {"Value": _IF}}),
    _later("a part of a text", _value({"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}), "with ${Fn::Select}"),
    _later("zones that AWS chooses", _value({"Fn::GetAZs": ""}), "with ${Fn::GetAZs}"),
    _later("a network that is computed", _value({"Fn::Sub": ["${a}", {"a": {"Fn::Cidr": ["10.0.0.0/16", 1, 8]}}]})),
    _later("a text with one in it", _value({"Fn::Join": ["", ["x", {"Fn::GetAZs": ""}]]}), "with ${Fn::GetAZs}"),
    _later("a constant that is not there", _value({"Fn::FindInMap": ["Zones", "x", "id"]}), "${Fn::FindInMap}"),
)


_DIGESTS = {"Type": "String", "Default": "", "AllowedPattern": "(sha256:[0-9a-f]{64})?"}
_MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"


def _text(kind: str, **spec: Any) -> dict[str, Any]:
    """Of an object; `<NAME>` is a parameter as text, `"<<NAME>>"` one as a number."""
    text = json.dumps([{"kind": kind, "spec": spec}], separators=(",", ":"))
    return {"Fn::Sub": text.replace('"<<', "${").replace('>>"', "}").replace("<", "${").replace(">", "}")}


_RUNS = _text("Deployment", containers=[{"image": "x.dkr.ecr.y/auth@<AuthImage>"}])
_CHOSEN = {"Fn::If": ["AuthStandsIn", "[]", _RUNS]}


def _release(
    resources: Any, parameter: Any = _DIGESTS, *, name: str = "AuthImage", stack: str = "EksPlatformStack"
) -> list[str]:
    app = deployment(resources, stack=stack, template=_template(Parameters={name: parameter}))
    return [str(finding) for finding in found(app, "TYPE-3")]


_NUMBER = {"AuthMinimum": {"Type": "Number", "MaxValue": 3}}
_NAMED = {"AuthRelease": {"Type": "String", "AllowedPattern": RELEASE}}


def _manifest(kind: str, parameters: Any, **spec: Any) -> list[str]:
    manifest = resource(_MANIFEST, {"Manifest": _text(kind, **spec)})
    app = deployment({"M": manifest}, stack="EksPlatformStack", template=_template(Parameters=parameters))
    return [str(finding) for finding in found(app, "TYPE-3")]


def test_a_release_chooses_the_image_of_a_manifest_and_whether_a_canary_runs() -> None:
    manifest = resource(_MANIFEST, {"Manifest": _CHOSEN}, Condition="AuthCanaryRuns")
    assert _release({"M": manifest}) == []
    assert _release({}, {"Type": "Number", "MaxValue": 3}, name="AuthMinimum") == []
    assert _manifest("HorizontalPodAutoscaler", _NUMBER, minReplicas="<<AuthMinimum>>") == []
    assert _manifest("ScaledObject", _NUMBER, minReplicaCount="<<AuthMinimum>>") == []
    noted = {"metadata": {"annotations": {"cloudmart.internal/release": "<AuthRelease>"}}}
    assert _manifest("Deployment", _NAMED, template=noted) == []


@pytest.mark.parametrize(
    "says",
    [
        _release({}, {"Type": "String"}),
        _release({}, {**_DIGESTS, "AllowedPattern": ".*"}),
        _release({}, {"Type": "Number", "MaxValue": 1000}, name="AuthMinimum"),
        _release({}, name="SearchImage"),
        _release({}, stack="DataStack"),
        _release({"M": resource(_MANIFEST, {"Manifest": "[]"}, Condition="Other")}),
        _release({"M": resource(_MANIFEST, {"ClusterName": {"Ref": "AuthImage"}})}),
        _release({"M": resource(_MANIFEST, {"Overwrite": {"Fn::If": ["AuthStandsIn", True, False]}})}),
        _release({"P": resource("AWS::SSM::Parameter", {"Value": {"Ref": "AuthImage"}})}),
        _release({"R": resource("AWS::IAM::Role", {}, Condition="AuthCanaryRuns")}),
        _release({"M": resource(_MANIFEST, {"Manifest": _text("NetworkPolicy")}, Condition="AuthCanaryRuns")}),
        _release({"M": resource(_MANIFEST, {"Manifest": _text("Namespace")}, Condition="AuthCanaryRuns")}),
        _release({"M": resource(_MANIFEST, {"Manifest": {"Fn::Sub": "not readable ${AuthImage}"}})}),
        _release({"M": resource(_MANIFEST, {"Manifest": {"Ref": "AuthImage"}})}),
        _manifest("Pod", _NUMBER, securityContext={"runAsUser": "<<AuthMinimum>>"}),
        _manifest("Pod", {"AuthImage": _DIGESTS}, serviceAccountName="<AuthImage>"),
        _manifest("Pod", {"AuthImage": _DIGESTS}, labels={"<AuthImage>": "x"}),
        _manifest("Pod", {"AuthImage": _DIGESTS}, containers=[{"image": "<AuthImage>/x"}]),
        _manifest("Pod", _NAMED, args=["<AuthRelease>"]),
    ],
    ids=[
        "any text",
        "a pattern that admits all",
        "more than the table's maximum",
        "a service that is not in the table",
        "another stack's",
        "a condition of something else",
        "another property",
        "another property by condition",
        "another resource",
        "another resource by condition",
        "a default deny that is there during a release only",
        "a namespace that is there during a release only",
        "a manifest that nobody can read",
        "a whole manifest",
        "a user",
        "an account",
        "a key",
        "a registry",
        "an argument",
    ],
)
def test_a_release_chooses_nothing_else(says: list[str]) -> None:
    assert len(says) == 1


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


def test_no_type_is_both_protected_and_said_to_store_nothing() -> None:
    assert not PROTECTED & STORES_NOTHING.keys()


@pytest.mark.parametrize("reason", sorted(set(STORES_NOTHING.values())))
def test_every_type_without_a_row_has_a_reason(reason: str) -> None:
    assert len(reason.split()) >= 4


def test_nothing_here_can_be_acknowledged() -> None:
    assert not [rule.id for rule in classification.RULES if rule.acknowledgeable]


def test_sections_have_findings_of_their_own() -> None:
    app = deployment({}, template=_template(Transform=["A", "B"], Hooks={}))
    assert [finding.id for finding in found(app, "TYPE-2")] == ["TYPE-2[Transform]", "TYPE-2[Hooks]"]
