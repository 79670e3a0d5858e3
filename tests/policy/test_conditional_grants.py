"""IAM-14: what is granted by a pattern, and held by a condition alone."""

from typing import Any

from cloudmart_cdk.policy.families import conditional_grants
from tests.policy.support import Case, bad, each, good, resource

_KEYS = "arn:aws:kms:ap-northeast-2:123456789012:key/*"
_GROUPS = "arn:aws:autoscaling:ap-northeast-2:123456789012:autoScalingGroup:*:autoScalingGroupName/eks-*"
_SERVERS = "arn:aws:ec2:ap-northeast-2:123456789012:instance/*"
_VIA = {"kms:ViaService": ["secretsmanager.ap-northeast-2.amazonaws.com"]}
_ALIAS = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/cloudmart-lab-data"}}
_OURS = {"aws:ResourceTag/k8s.io/cluster-autoscaler/cloudmart-lab-tiketi": "owned"}


def _role(action: Any, on: Any, condition: Any = None, *, effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": on, **({"Condition": condition} if condition else {})}
    policies = [{"PolicyName": "P", "PolicyDocument": {"Statement": [statement]}}]
    return {"R": resource("AWS::IAM::Role", {"Policies": policies})}


def _open(name: str, *grant: Any) -> Case:
    return bad("IAM-14", name, _role(*grant))


def _held(name: str, *grant: Any, **more: Any) -> Case:
    return good("IAM-14", name, _role(*grant, **more))


_ANY_ALIAS = {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/*"}}
_MAYBE_ALIAS = {"ForAllValues:StringEquals": {"kms:ResourceAliases": "alias/x"}}

CASES = (
    _open("any key", "kms:Decrypt", _KEYS),
    _open("everything", "kms:Decrypt", "*"),
    _open("any key by way of a service", "KMS:decrypt", [_KEYS], {"StringEquals": _VIA}),
    _open("a key by its alias, from anywhere", "kms:GenerateDataKey*", _KEYS, _ALIAS),
    _open("any alias", "kms:*", _KEYS, {"StringEquals": _VIA, **_ANY_ALIAS}),
    _open("keys without an alias", "kms:Decrypt", _KEYS, {"StringEquals": _VIA, **_MAYBE_ALIAS}),
    _open("any group", ["autoscaling:DescribeTags", "autoscaling:SetDesiredCapacity"], _GROUPS),
    _open("any value of a tag", "autoscaling:Terminate*", _GROUPS, {"StringLike": {"aws:ResourceTag/a": "*"}}),
    _open("groups without the tag", "autoscaling:SetDesiredCapacity", _GROUPS, {"StringEqualsIfExists": _OURS}),
    _open("the caller's tag", "autoscaling:UpdateAutoScalingGroup", "*", {"StringEquals": {"aws:RequestTag/a": "b"}}),
    _open("a command on any server", "ssm:SendCommand", _SERVERS),
    _open("a session on any server", ["ssm:StartSession"], "*", {"StringEquals": {"aws:RequestTag/a": "b"}}),
    _held("a command on servers by a tag", "ssm:SendCommand", _SERVERS, {"StringEquals": _OURS}),
    _held("a document", "ssm:SendCommand", "arn:aws:ssm:ap-northeast-2::document/AWS-RunPatchBaseline"),
    _held("a key by its alias and a service", "kms:Decrypt", _KEYS, {"StringEquals": _VIA, **_ALIAS}),
    _held("a key by reference", "kms:Decrypt", {"Fn::GetAtt": ["Key", "Arn"]}),
    _held("a description", "kms:DescribeKey", _KEYS),
    _held("groups by a tag", "autoscaling:SetDesiredCapacity", _GROUPS, {"StringEquals": _OURS}),
    _held("a group by its name", "autoscaling:SetDesiredCapacity", _GROUPS.replace("eks-*", "shop")),
    _held("descriptions", "autoscaling:DescribeAutoScalingGroups", "*"),
    _held("what is denied", "kms:Decrypt", _KEYS, effect="Deny"),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


def test_it_cannot_be_acknowledged() -> None:
    assert not [rule.id for rule in conditional_grants.RULES if rule.acknowledgeable]
