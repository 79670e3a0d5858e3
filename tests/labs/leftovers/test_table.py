"""The table against what AWS really has: calls and parameters of its API models, ARNs, and the templates' own types."""

import inspect
import re
from functools import cache
from typing import Any, Final

import boto3
import jmespath  # type: ignore[import-untyped]  # as in labs/leftovers/kinds.py
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

from labs.leftovers import steps
from labs.leftovers.kinds import Call, Kind, Resource, absent
from labs.leftovers.table import KINDS, PARTS
from localcloud.leftovers import KEPT_WITH_DATA
from tests.conftest import Synthesize

_SESSION: Final = boto3.Session(region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
_ID: Final = "a/b/c/0123456789-0123456789-0123456789"


def _resource(kind: Kind) -> Resource:
    """Its id is long enough for the services that check theirs."""
    id = "arn:aws:x:us-east-1:123456789012:x/0123456789" if kind.by_arn else _ID
    arn = f"arn:aws:x:us-east-1:123456789012:{id}"
    return Resource(kind=kind, region="us-east-1", arn=arn, id=id, name="a", tags={})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_call_is_one_that_the_service_has(kind: Kind) -> None:
    """And takes these parameters: the emulator would take any."""
    operations, resource = _operations(kind.service), _resource(kind)
    for call in (kind.look, kind.remove):
        if not isinstance(call, Call):
            continue
        made: dict[str, Any] = {}
        model = operations[call.operation]
        call.make(_Recorder(made), resource)
        report = ParamValidator().validate(made, model.input_shape)
        assert not report.has_errors(), report.generate_report()
        if call is kind.look:
            _has_path(model.output_shape, kind.state)


@cache
def _operations(service: str) -> dict[str, OperationModel]:
    """Of a service's client, by the names of its methods."""
    model = _SESSION._session.get_service_model(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


class _Recorder:
    """Takes one call and keeps its arguments."""

    def __init__(self, made: dict[str, Any]) -> None:
        self._made = made

    def __getattr__(self, _operation: str) -> Any:
        return lambda **arguments: self._made.update(arguments) or {}


def _has_path(shape: Shape, expression: str) -> None:
    """Every word of the expression is a member of the answer, at some depth."""
    jmespath.compile(expression.replace("{}", "x").replace("{arn}", "x"))
    words = re.findall(r"[A-Za-z]+", re.sub(r"'[^']*'|\{[a-z]*\}", "", expression))
    known = {"ResponseMetadata", "HTTPStatusCode"} | set(_members(shape, 0))
    words = [word for word in words if word != "TopicArn"]  # a key in a map of strings
    assert set(words) <= known, set(words) - known


def _members(shape: Shape, depth: int) -> list[str]:
    if depth > 6:
        return []
    if isinstance(shape, StructureShape):
        return [name for key, inner in shape.members.items() for name in (key, *_members(inner, depth + 1))]
    inner = getattr(shape, "member", None) or getattr(shape, "value", None)
    return _members(inner, depth + 1) if isinstance(inner, Shape) else []


def test_what_takes_several_calls_is_called_as_the_service_has_it() -> None:
    """`steps`: each `client.operation(` there is one of a service in the table."""
    source = inspect.getsource(steps)
    services = set(re.findall(r"\((\w+): Any, resource: Resource\)", source))
    calls = set(re.findall(rf"\b({'|'.join(services)})\.([a-z_]+)\b", source))
    assert len(calls) > 40
    for service, operation in calls - {("eks", "exceptions")}:
        assert operation == "get_paginator" or operation in _operations(service), (service, operation)
    for service, operation in re.findall(r"(\w+)\.get_paginator\(\"(\w+)\"\)", source):
        assert _SESSION.client(service).can_paginate(operation)


@pytest.mark.parametrize("context", [{"stage": "prod"}, {"stage": "lab"}], ids=["prod", "lab"])
def test_every_type_with_tags_has_a_row(context: dict[str, str], synthesized: Synthesize) -> None:
    known = {type_ for kind in KINDS for type_ in kind.types} | PARTS.keys()
    tagged = {
        resource["Type"]
        for template in synthesized(**context).templates.values()
        for resource in template["Resources"].values()
        if any("Tags" in key for key in resource.get("Properties", {}))
    }
    assert len(tagged) > 30
    assert tagged - known == set()


def test_names_are_unique_and_agree_with_the_inventory() -> None:
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names))
    assert KEPT_WITH_DATA - set(names) == {"key alias"}


@pytest.mark.parametrize(
    ("arn", "name", "id"),
    [
        ("arn:aws:ec2:ap-northeast-2:1:vpc/vpc-1", "VPC", "vpc-1"),
        ("arn:aws:ec2:ap-northeast-2:1:vpc-endpoint/vpce-1", "VPC endpoint", "vpce-1"),
        ("arn:aws:ec2:ap-northeast-2:1:vpc-flow-log/fl-1", "flow log", "fl-1"),
        ("arn:aws:rds:ap-northeast-2:1:db:team1-lab-db", "database", "team1-lab-db"),
        ("arn:aws:rds:ap-northeast-2:1:cluster:x", "database cluster", "x"),
        ("arn:aws:rds:ap-northeast-2:1:cluster-snapshot:x-1", "cluster snapshot", "x-1"),
        ("arn:aws:ssm:ap-northeast-2:1:parameter/team1/lab/x", "parameter", "/team1/lab/x"),
        ("arn:aws:s3:::team1-lab-images", "bucket", "team1-lab-images"),
        ("arn:aws:sqs:ap-northeast-2:1:team1-lab-x", "queue", "team1-lab-x"),
        ("arn:aws:logs:ap-northeast-2:1:log-group:/aws/eks/x/cluster", "log group", "/aws/eks/x/cluster"),
        ("arn:aws:cloudwatch::1:dashboard/team1-lab-x", "dashboard", "team1-lab-x"),
        ("arn:aws:wafv2:us-east-1:1:global/webacl/team1-lab-cdn/1", "web ACL", "global/webacl/team1-lab-cdn/1"),
    ],
)
def test_an_arn_has_one_kind(arn: str, name: str, id: str) -> None:
    found = [made for kind in KINDS if (made := kind.resource(arn, "ap-northeast-2", {}))]
    assert [(each.kind.name, each.id) for each in found] == [(name, id)]


def test_a_balancer_is_known_by_its_name_and_called_by_its_arn() -> None:
    arn = "arn:aws:elasticloadbalancing:ap-northeast-2:1:loadbalancer/app/team1-lab-shop/0123"
    (found,) = (made for kind in KINDS if (made := kind.resource(arn, "x", {})))
    assert (found.id, found.name, found.region) == (arn, "team1-lab-shop/0123", "ap-northeast-2")


@pytest.mark.parametrize(
    ("code", "message", "gone"),
    [
        ("InvalidVpcID.NotFound", "", True),
        ("NoSuchBucket", "", True),
        ("404", "Not Found", True),
        ("ResourceNotFoundException", "", True),
        ("AWS.SimpleQueueService.NonExistentQueue", "", True),
        ("WAFNonexistentItemException", "", True),
        ("ValidationError", "Group x does not exist", True),
        ("ValidationError", "Name is too long", False),
        ("DependencyViolation", "resource does not exist in this state", False),
        ("AccessDenied", "not found", False),
    ],
)
def test_what_is_not_there_is_not_a_refusal(code: str, message: str, gone: bool) -> None:
    assert absent(ClientError({"Error": {"Code": code, "Message": message}}, "x")) is gone


def test_the_command_to_tell_people() -> None:
    (kind,) = (kind for kind in KINDS if kind.name == "log group")
    assert isinstance(kind.remove, Call)
    resource = Resource(kind=kind, region="x", arn="arn:aws:logs:x:1:y", id="/aws/eks/a", name="/aws/eks/a", tags={})
    assert kind.remove.command("logs", resource) == "aws logs delete-log-group --log-group-name /aws/eks/a"
