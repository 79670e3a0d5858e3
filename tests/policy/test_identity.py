"""Family IAM: whatever allows something, however it is written."""

import json
from typing import Any

import pytest

from cloudmart_cdk.policy.families import identity
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_ROOT = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}
_OTHER = "arn:aws:iam::999999999999:root"
_SOURCE = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
_GITHUB = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com"}
_EKS = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:oidc-provider/oidc.eks.ap-northeast-2.amazonaws.com/id/ABC"}
_SAML = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:saml-provider/corp"}
_SUB, _AUD = "token.actions.githubusercontent.com:sub", "token.actions.githubusercontent.com:aud"
_PROD = "repo:cloudmart/shop:environment:prod"

_ES_LOGS = (
    '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:PutLogEvents", '
    '"Resource": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:x"}]}'
)

Statement = dict[str, Any]
Resources = dict[str, dict[str, Any]]


def _document(statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statement}


def _allow(action: Any = "s3:GetObject", on: Any = "arn:aws:s3:::shop/*", **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": on, **more}


def _role(*statements: Any) -> Resources:
    """A role with an inline policy."""
    policies = [{"PolicyName": "P", "PolicyDocument": _document(list(statements))}]
    return {"R": resource("AWS::IAM::Role", {"Policies": policies})}


def _attached(type_: str, statement: Any, property_: str = "PolicyDocument") -> Resources:
    return {"P": resource(type_, {property_: _document(statement)})}


def _trust(principal: Any, condition: Any = None, action: Any = "sts:AssumeRole", **more: Any) -> Resources:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    if condition is not None:
        statement["Condition"] = condition
    return {"R": resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": _document([statement])})}


def _federated(provider: Any, condition: Any) -> Resources:
    return _trust({"Federated": provider}, condition, "sts:AssumeRoleWithWebIdentity")


def _from_github(sub: Any, aud: Any = "sts.amazonaws.com", operator: str = "StringEquals") -> Resources:
    return _federated(_GITHUB, {operator: {_SUB: sub, _AUD: aud}})


def _grant(principal: Any, condition: Any = None, *, type_: str = "AWS::S3::BucketPolicy", **more: Any) -> Resources:
    statement = _allow(Principal=principal, **more)
    if condition is not None:
        statement["Condition"] = condition
    return _attached(type_, [statement])


def _key(principal: Any, action: Any = "kms:*", **more: Any) -> Resources:
    return _attached("AWS::KMS::Key", [_allow(action, "*", Principal=principal, **more)], "KeyPolicy")


def _function(principal: Any, **more: Any) -> Resources:
    properties = {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": principal, **more}
    return {"P": resource("AWS::Lambda::Permission", properties)}


def _passing(on: Any, condition: Any) -> Resources:
    return _role(_allow("iam:PassRole", on, Condition=condition))


_TO_ECS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
_TASK = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/cloudmart-task"}


def _metrics(condition: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "cloudwatch:Put*", "Resource": "*", "Condition": condition}
    return {"P": resource("AWS::IAM::Policy", {"PolicyDocument": {"Statement": [statement]}})}


CASES = (
    good("IAM-1", "actions by name", _role(_allow(["s3:GetObject", "s3:PutObject"]))),
    good("IAM-1", "a wildcard after a verb", _role(_allow(["kms:GenerateDataKey*", "ec2:Describe*"]))),
    good(
        "IAM-1", "a Deny of everything", _role({"Effect": "Deny", "NotAction": "s3:*", "Action": "*", "Resource": "*"})
    ),
    bad("IAM-1", "all actions", _role(_allow("*")), says="statement 0"),
    bad("IAM-1", "all actions, twice the star", _role(_allow(["s3:GetObject", "**"]))),
    bad("IAM-1", "all of a service", _role(_allow(["s3:*"])), says="s3:*"),
    bad("IAM-1", "all of a service in capitals", _role(_allow("S3:*")), says="S3:*"),
    bad("IAM-1", "all of a service, spelled with a question mark", _role(_allow("s3:?*"))),
    bad("IAM-1", "every service's Get", _role(_allow("*:Get*"))),
    bad("IAM-1", "a wildcard in front", _role(_allow("s3:*Object")), says="s3:*Object"),
    bad("IAM-1", "a wildcard within the verb", _role(_allow("s3:P*"))),
    bad(
        "IAM-1",
        "all but some actions",
        _role({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        says="NotAction",
    ),
    bad("IAM-1", "element names in another case", _role({"effect": "Allow", "notaction": "iam:*", "resource": "*"})),
    bad("IAM-1", "all but some resources", _role({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "x"})),
    bad("IAM-1", "all but some principals", _grant(None, NotPrincipal={"AWS": _OTHER})),
    bad("IAM-1", "an effect that is a parameter", _role({**_allow("*"), "Effect": {"Ref": "Effect"}})),
    bad(
        "IAM-1",
        "a statement that stands alone",
        {"R": resource("AWS::IAM::ManagedPolicy", {"PolicyDocument": _document(_allow("s3:*"))})},
    ),
    bad(
        "IAM-1",
        "a policy as JSON text",
        {
            "P": resource(
                "AWS::Logs::ResourcePolicy",
                {
                    "PolicyDocument": json.dumps(
                        _document([_allow("logs:*", Principal={"Service": "es.amazonaws.com"})])
                    )
                },
            )
        },
        says="logs:*",
    ),
    bad(
        "IAM-1",
        "a policy as joined JSON text",
        {
            "P": resource(
                "AWS::Logs::ResourcePolicy",
                {
                    "PolicyDocument": {
                        "Fn::Join": [
                            "",
                            [
                                '{"Statement":{"Effect":"Allow","Action":"logs:*","Resource":"',
                                {"Fn::GetAtt": ["G", "Arn"]},
                                '"}}',
                            ],
                        ]
                    }
                },
            ),
            "G": resource("AWS::Logs::LogGroup"),
        },
        says="logs:*",
    ),
    bad("IAM-1", "a hidden branch", _role({"Fn::If": ["Open", _allow("*"), {"Ref": "AWS::NoValue"}]})),
    bad("IAM-1", "a permission set", _attached("AWS::SSO::PermissionSet", [_allow("ec2:*")], "InlinePolicy")),
    bad(
        "IAM-1",
        "a policy of a type that nobody thought of",
        {"T": resource("Custom::Thing", {"Deep": [{"Doc": _document([_allow("s3:*")])}]})},
    ),
    bad("IAM-1", "all of a queue", _grant({"AWS": _ROOT}, type_="AWS::SQS::QueuePolicy", Action="sqs:*")),
    bad("IAM-1", "all of Lambda in a permission", _function("events.amazonaws.com", Action="lambda:*")),
    *(
        bad("IAM-1", f"all in {type_}", _attached(type_, [_allow("*")]))
        for type_ in (
            "AWS::IAM::Policy",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::RolePolicy",
            "AWS::IAM::UserPolicy",
            "AWS::IAM::GroupPolicy",
            "AWS::IoT::Policy",
        )
    ),
    good("IAM-1", "a key handed to IAM", _key({"AWS": _ROOT})),
    good("IAM-1", "a key handed to IAM by its account", _key({"AWS": [{"Ref": "AWS::AccountId"}]}, "KMS:*")),
    good(
        "IAM-1",
        "a key handed to IAM of a stated account",
        _key({"AWS": "arn:aws:iam::123456789012:root"}),
        account="123456789012",
    ),
    bad("IAM-1", "a key handed to another account", _key({"AWS": _OTHER})),
    bad("IAM-1", "a key handed to two", _key({"AWS": [_ROOT, _OTHER]})),
    bad("IAM-1", "a key handed to a role", _key({"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/x"}})),
    bad("IAM-1", "a key with all actions of all services", _key({"AWS": _ROOT}, "*")),
    bad("IAM-1", "kms:* in a role", _role(_allow("kms:*"))),
    bad("IAM-1", "kms:* for root on something else", _grant({"AWS": _ROOT}, Action="kms:*")),
    bad("IAM-1", "a key with a wildcard in front for root", _key({"AWS": _ROOT}, "kms:*Key")),
    good("IAM-2", "actions without resources", _role(_allow(["ec2:DescribeInstances", "xray:PutTraceSegments"], "*"))),
    good("IAM-2", "a wildcard of actions without resources", _role(_allow("xray:PutT*", "*"))),
    good(
        "IAM-2", "a named resource", _role(_allow("s3:GetObject", {"Fn::Sub": "arn:aws:s3:::shop-${AWS::AccountId}/*"}))
    ),
    good("IAM-2", "a key's own policy", _key({"AWS": _ROOT}, "kms:Decrypt")),
    good("IAM-2", "a Deny", _role({**_allow("s3:GetObject", "*"), "Effect": "Deny"})),
    good("IAM-2", "all of a service, which is IAM-1's", _role(_allow(["s3:*", "*"], "*"))),
    bad("IAM-2", "an action that knows resources", _role(_allow("s3:GetObject", "*")), says="object"),
    bad(
        "IAM-2",
        "one among others",
        _role(_allow(["ec2:DescribeInstances", "EC2:terminateinstances"], ["*"])),
        says="EC2:terminateinstances",
    ),
    bad("IAM-2", "a wildcard that covers one", _role(_allow("ec2:CreateNetworkInterf*", "*")), says="subnet"),
    bad("IAM-2", "an action that does not exist", _role(_allow("s3:GetObjekt", "*")), says="does not know"),
    bad("IAM-2", "a service that does not exist", _role(_allow("s4:GetObject", "*")), says="does not know"),
    bad("IAM-2", "every bucket", _role(_allow("s3:GetObject", "arn:aws:s3:::*"))),
    bad(
        "IAM-2",
        "every role, with Fn::Sub",
        _role(_allow("iam:GetRole", {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"})),
    ),
    bad(
        "IAM-2",
        "every table, joined",
        _role(
            _allow(
                "dynamodb:GetItem",
                {"Fn::Join": [":", ["arn:aws:dynamodb", {"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}, "table/*"]]},
            )
        ),
    ),
    bad(
        "IAM-2",
        "everything beside a named one",
        _role(_allow("sqs:SendMessage", ["arn:aws:sqs:ap-northeast-2:123456789012:q", "arn:aws:sqs:*:*:*"])),
    ),
    bad(
        "IAM-2",
        "a condition that a stranger cannot check",
        _role(_allow("ec2:TerminateInstances", "*", Condition={"StringEquals": {"aws:ResourceTag/a": "b"}})),
    ),
    good(
        "IAM-3",
        "references and pseudo parameters",
        _role(
            _allow(
                on=[
                    {"Fn::GetAtt": ["R", "Arn"]},
                    {"Ref": "AWS::StackId"},
                    {"Fn::Sub": "arn:aws:s3:::${R}/${!aws:username}/*"},
                ]
            )
        ),
    ),
    good(
        "IAM-3",
        "JSON text that is no policy",
        {"D": resource("AWS::CloudWatch::Dashboard", {"DashboardBody": '{"widgets": []}'})},
    ),
    good(
        "IAM-3",
        "a web ACL's statements",
        {"W": resource("AWS::WAFv2::WebACL", {"Rules": [{"Statement": {"Ref": "X"}}]})},
    ),
    bad("IAM-3", "an action from a parameter", _role(_allow({"Ref": "Action"})), says="${Action}"),
    bad("IAM-3", "an action half from a parameter", _role(_allow({"Fn::Sub": "s3:${Action}"})), says="s3:${Action}"),
    bad("IAM-3", "an action from a resource", _role(_allow({"Fn::GetAtt": ["R", "Arn"]}))),
    bad("IAM-3", "a resource from a parameter", _role(_allow(on={"Ref": "Bucket"}))),
    bad(
        "IAM-3",
        "a resource half from a parameter",
        _role(_allow(on={"Fn::Sub": "arn:aws:s3:::${Bucket}/*"})),
        says="${Bucket}",
    ),
    bad("IAM-3", "a principal from a parameter", _trust({"AWS": {"Ref": "Whom"}}), says="${Whom}"),
    bad("IAM-3", "principals from a parameter", _grant({"Ref": "Whom"})),
    bad("IAM-3", "a statement from a macro", _role({"Fn::Transform": {"Name": "X"}})),
    bad(
        "IAM-3",
        "all statements from a parameter",
        {"P": resource("AWS::IAM::Policy", {"PolicyDocument": {"Statement": {"Ref": "X"}}})},
    ),
    bad(
        "IAM-3",
        "a policy from a parameter",
        {"P": resource("AWS::SNS::TopicPolicy", {"PolicyDocument": {"Ref": "X"}})},
        says="${X}",
    ),
    bad(
        "IAM-3",
        "a policy from a custom resource",
        {"K": resource("AWS::KMS::Key", {"KeyPolicy": {"Fn::GetAtt": ["C", "Policy"]}}), "C": resource("Custom::C")},
    ),
    bad("IAM-3", "a role's policies from a parameter", {"R": resource("AWS::IAM::Role", {"Policies": {"Ref": "X"}})}),
    bad(
        "IAM-3",
        "text that is no JSON",
        {"P": resource("AWS::Logs::ResourcePolicy", {"PolicyDocument": "{'Statement': []}"})},
    ),
    good("IAM-4", "a service", _trust({"Service": "lambda.amazonaws.com"})),
    good("IAM-4", "this account", _trust({"AWS": [_ROOT, {"Ref": "AWS::AccountId"}, {"Fn::GetAtt": ["R", "Arn"]}]})),
    good("IAM-4", "a stated account that is this one", _trust({"AWS": "123456789012"}), account="123456789012"),
    good(
        "IAM-4",
        "a third party with an external id",
        _trust({"AWS": _OTHER}, {"StringEquals": {"STS:externalid": "a-b-c"}}),
    ),
    good("IAM-4", "the organization", _trust("*", {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}})),
    good(
        "IAM-4",
        "paths of the organization",
        _trust("*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abc/*"}}),
    ),
    good(
        "IAM-4",
        "one role of another account",
        _trust({"AWS": _OTHER}, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/ci*"}}),
    ),
    bad("IAM-4", "everyone", _trust("*")),
    bad("IAM-4", "everyone in a list", _trust({"AWS": [_ROOT, "*"]})),
    bad("IAM-4", "another account", _trust({"AWS": _OTHER}), says=_OTHER),
    bad("IAM-4", "another account by its number", _trust({"AWS": "999999999999"})),
    bad("IAM-4", "a number that was not stated", _trust({"AWS": "123456789012"})),
    bad("IAM-4", "a user of nobody knows where", _trust({"AWS": "AIDAJQABLZS4A3QDU576Q"})),
    bad("IAM-4", "a service that is none of AWS's", _trust({"Service": "evil.example.com"})),
    bad(
        "IAM-4",
        "a statement that stands alone",
        {
            "R": resource(
                "AWS::IAM::Role",
                {
                    "AssumeRolePolicyDocument": _document(
                        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
                    )
                },
            )
        },
    ),
    bad("IAM-4", "an address", _trust("*", {"IpAddress": {"aws:SourceIp": "203.0.113.7/32"}})),
    bad(
        "IAM-4",
        "multi-factor authentication of anybody",
        _trust({"AWS": _OTHER}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    ),
    bad("IAM-4", "anybody but one", _trust("*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}})),
    bad(
        "IAM-4", "a condition if the key exists", _trust("*", {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}})
    ),
    bad(
        "IAM-4",
        "a condition on all values of none",
        _trust("*", {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-abc"}}),
    ),
    bad("IAM-4", "a condition that takes everything", _trust("*", {"StringLike": {"aws:PrincipalOrgID": "*"}})),
    bad(
        "IAM-4",
        "a condition that takes everything too",
        _trust("*", {"StringLike": {"aws:PrincipalOrgID": ["o-abc", "o-*"]}}),
    ),
    bad("IAM-4", "a condition without values", _trust("*", {"StringEquals": {"aws:PrincipalOrgID": []}})),
    bad("IAM-4", "a condition from a parameter", _trust("*", {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "Org"}}})),
    bad(
        "IAM-4",
        "roles of that name in every account",
        _trust("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci"}}),
    ),
    bad(
        "IAM-4",
        "a tag that the caller chooses",
        _trust("*", {"StringEquals": {"aws:RequestTag/eks-cluster-arn": {"Fn::GetAtt": ["R", "Arn"]}}}),
    ),
    good(
        "IAM-4",
        "a service account of EKS",
        _federated(
            _EKS,
            {"StringEquals": {"oidc.eks.x:sub": "system:serviceaccount:a:b", "oidc.eks.x:aud": "sts.amazonaws.com"}},
        ),
    ),
    good(
        "IAM-4",
        "SAML with its audience",
        _federated(_SAML, {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}),
    ),
    bad("IAM-4", "EKS without a subject", _federated(_EKS, {"StringEquals": {"oidc.eks.x:aud": "sts.amazonaws.com"}})),
    bad(
        "IAM-4",
        "EKS with any subject",
        _federated(
            _EKS,
            {
                "StringEquals": {"oidc.eks.x:aud": "sts.amazonaws.com"},
                "StringLike": {"oidc.eks.x:sub": "system:serviceaccount:*"},
            },
        ),
    ),
    bad(
        "IAM-4",
        "a condition that a parameter or resource makes",
        _federated(_EKS, {"StringEquals": {"Fn::GetAtt": ["R", "Value"]}}),
    ),
    bad(
        "IAM-4",
        "EKS without an audience",
        _federated(_EKS, {"StringEquals": {"oidc.eks.x:sub": "system:serviceaccount:a:b"}}),
    ),
    bad(
        "IAM-4",
        "EKS with a wildcard that is none",
        _federated(
            _EKS,
            {"StringEquals": {"oidc.eks.x:sub": "system:serviceaccount:a:*", "oidc.eks.x:aud": "sts.amazonaws.com"}},
        ),
    ),
    bad("IAM-4", "SAML without a condition", _federated(_SAML, None)),
    bad("IAM-4", "Google, for anybody", _federated("accounts.google.com", None)),
    good("IAM-5", "an environment", _from_github(_PROD)),
    good(
        "IAM-5",
        "a branch, in lists, keys in capitals",
        _federated(
            _GITHUB,
            {"StringEquals": {_SUB.upper(): ["repo:o/r:ref:refs/heads/release/1.x"], _AUD: ["sts.amazonaws.com"]}},
        ),
    ),
    good("IAM-5", "another provider", _federated(_EKS, None)),
    bad("IAM-5", "no subject", _federated(_GITHUB, {"StringEquals": {_AUD: "sts.amazonaws.com"}}), says="not set"),
    bad("IAM-5", "no audience", _federated(_GITHUB, {"StringEquals": {_SUB: _PROD}})),
    bad("IAM-5", "another audience", _from_github(_PROD, "https://github.com/cloudmart")),
    bad("IAM-5", "StringLike", _from_github(_PROD, operator="StringLike")),
    bad("IAM-5", "StringEquals if it exists", _from_github(_PROD, operator="StringEqualsIfExists")),
    bad("IAM-5", "ForAllValues", _from_github(_PROD, operator="ForAllValues:StringEquals")),
    bad("IAM-5", "every branch", _from_github("repo:cloudmart/shop:*"), says="repo:cloudmart/shop:*"),
    bad("IAM-5", "every repository", _from_github("repo:cloudmart/*:environment:prod")),
    bad("IAM-5", "a question mark", _from_github("repo:cloudmart/shop:environment:pro?")),
    bad("IAM-5", "pull requests", _from_github("repo:cloudmart/shop:pull_request")),
    bad("IAM-5", "tags", _from_github("repo:cloudmart/shop:ref:refs/tags/v1")),
    bad("IAM-5", "two subjects", _from_github([_PROD, "repo:cloudmart/shop:environment:dev"])),
    bad("IAM-5", "a subject from a parameter", _from_github({"Fn::Sub": "repo:${Repo}:environment:prod"})),
    bad(
        "IAM-5",
        "a StringLike beside it",
        _federated(_GITHUB, {"StringEquals": {_SUB: _PROD, _AUD: "sts.amazonaws.com"}, "StringLike": {_SUB: "repo:*"}}),
    ),
    bad(
        "IAM-5",
        "GitHub's provider by reference",
        {
            **_federated({"Ref": "G"}, None),
            "G": resource(
                "AWS::IAM::OIDCProvider",
                {"Url": "https://token.actions.githubusercontent.com", "ClientIdList": ["sts.amazonaws.com"]},
            ),
        },
    ),
    bad(
        "IAM-5",
        "GitHub's provider in capitals",
        _federated("arn:aws:iam::123456789012:oidc-provider/Token.Actions.GitHubUserContent.com", None),
    ),
    good(
        "IAM-5",
        "a provider for AWS's audience",
        {
            "G": resource(
                "AWS::IAM::OIDCProvider",
                {"Url": "https://token.actions.githubusercontent.com", "ClientIdList": "sts.amazonaws.com"},
            )
        },
    ),
    good(
        "IAM-5",
        "the cluster's provider",
        {
            "G": resource(
                "AWS::IAM::OIDCProvider",
                {"Url": {"Fn::GetAtt": ["C", "OpenIdConnectIssuerUrl"]}, "ClientIdList": ["sts.amazonaws.com"]},
            ),
            "C": resource("AWS::EKS::Cluster"),
        },
    ),
    bad(
        "IAM-5",
        "a provider without audiences",
        {"G": resource("AWS::IAM::OIDCProvider", {"Url": "https://token.actions.githubusercontent.com"})},
        says="not set",
    ),
    bad(
        "IAM-5",
        "a provider for other audiences too",
        {
            "G": resource(
                "Custom::AWSCDKOpenIdConnectProvider",
                {"Url": "https://token.actions.githubusercontent.com", "ClientIDList": ["sts.amazonaws.com", "x"]},
            )
        },
    ),
    bad("IAM-5", "a provider from a parameter", {"G": resource("AWS::IAM::OIDCProvider", {"Url": {"Ref": "Issuer"}})}),
    good("IAM-6", "flow logs of this account", _trust({"Service": "vpc-flow-logs.amazonaws.com"}, _SOURCE)),
    good(
        "IAM-6",
        "pods of one cluster",
        {
            **_trust(
                {"Service": "pods.eks.amazonaws.com"},
                {"StringEquals": {"aws:RequestTag/eks-cluster-arn": {"Fn::GetAtt": ["C", "Arn"]}}},
            ),
            "C": resource("AWS::EKS::Cluster"),
        },
    ),
    good("IAM-6", "an instance's role", _trust({"Service": "ec2.amazonaws.com"})),
    bad("IAM-6", "flow logs of any account", _trust({"Service": "vpc-flow-logs.amazonaws.com"}), says="VPC guide"),
    bad(
        "IAM-6",
        "schedules, one of two services",
        _trust({"Service": ["ec2.amazonaws.com", "scheduler.amazonaws.com"]}),
        says="scheduler.amazonaws.com",
    ),
    bad(
        "IAM-6",
        "pods of any cluster",
        _trust(
            {"Service": "pods.eks.amazonaws.com"},
            {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "kube-system"}},
        ),
    ),
    bad(
        "IAM-6",
        "schedules of another account",
        _trust({"Service": "scheduler.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": "999999999999"}}),
    ),
    good("IAM-7", "a distribution", _grant({"Service": "cloudfront.amazonaws.com"})),
    good("IAM-7", "a Deny for everyone", _grant("*", Effect="Deny")),
    good(
        "IAM-7",
        "everyone from this account",
        _grant({"AWS": "*"}, {"StringEquals": {"AWS:SourceOwner": {"Ref": "AWS::AccountId"}}}),
    ),
    good(
        "IAM-7",
        "everyone through our endpoint",
        {**_grant("*", {"StringEquals": {"aws:SourceVpce": {"Ref": "E"}}}), "E": resource("AWS::EC2::VPCEndpoint")},
    ),
    bad("IAM-7", "everyone", _grant("*"), says="statement 0"),
    bad("IAM-7", "everyone as AWS", _grant({"AWS": "*"}, Sid="Public"), says="statement Public"),
    bad("IAM-7", "everyone in a list", _grant({"AWS": [_ROOT, "*"]})),
    bad("IAM-7", "everyone over TLS", _grant("*", {"Bool": {"aws:SecureTransport": "true"}})),
    bad(
        "IAM-7",
        "everyone through a service",
        _key("*", "kms:Decrypt", Condition={"StringEquals": {"kms:ViaService": "s3.ap-northeast-2.amazonaws.com"}}),
    ),
    bad(
        "IAM-7",
        "everyone from another account",
        _grant("*", {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}),
    ),
    bad("IAM-7", "everyone whose account is anything", _grant("*", {"StringLike": {"aws:PrincipalAccount": "*"}})),
    bad(
        "IAM-7",
        "one condition of two values that is open",
        _grant(
            "*",
            {
                "ArnLike": {
                    "aws:SourceArn": [
                        "arn:aws:sns:ap-northeast-2:999999999999:*",
                        {"Fn::Sub": "arn:aws:sns:ap-northeast-2:${AWS::AccountId}:*"},
                    ]
                }
            },
        ),
    ),
    bad("IAM-7", "a function's address", _function("*", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")),
    bad(
        "IAM-7",
        "a layer",
        {
            "L": resource(
                "AWS::Lambda::LayerVersionPermission",
                {"Action": "lambda:GetLayerVersion", "LayerVersionArn": "x", "Principal": "*"},
            )
        },
    ),
    good(
        "IAM-7",
        "a layer for the organization",
        {
            "L": resource(
                "AWS::Lambda::LayerVersionPermission",
                {
                    "Action": "lambda:GetLayerVersion",
                    "LayerVersionArn": "x",
                    "Principal": "*",
                    "OrganizationId": "o-abc",
                },
            )
        },
    ),
    bad(
        "IAM-7",
        "an event bus",
        {
            "B": resource(
                "AWS::Events::EventBusPolicy", {"StatementId": "x", "Action": "events:PutEvents", "Principal": "*"}
            )
        },
    ),
    good(
        "IAM-7",
        "an event bus for the organization",
        {
            "B": resource(
                "AWS::Events::EventBusPolicy",
                {
                    "Action": "events:PutEvents",
                    "Principal": "*",
                    "Condition": {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-abc"},
                },
            )
        },
    ),
    bad(
        "IAM-7",
        "an event bus by its statement",
        {
            "B": resource(
                "AWS::Events::EventBusPolicy",
                {"StatementId": "x", "Statement": _allow("events:PutEvents", Principal="*")},
            )
        },
    ),
    *(
        bad("IAM-7", f"everyone in {type_}", _attached(type_, [_allow(Principal={"AWS": "*"})], name))
        for type_, name in {
            "AWS::SNS::TopicPolicy": "PolicyDocument",
            "AWS::SQS::QueuePolicy": "PolicyDocument",
            "AWS::KMS::Key": "KeyPolicy",
            "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
            "AWS::ECR::Repository": "RepositoryPolicyText",
            "AWS::Backup::BackupVault": "AccessPolicy",
            "AWS::EFS::FileSystem": "FileSystemPolicy",
            "AWS::OpenSearchService::Domain": "AccessPolicies",
            "AWS::ApiGateway::RestApi": "Policy",
        }.items()
    ),
    good(
        "IAM-7",
        "an endpoint to stated buckets",
        _grant("*", type_="AWS::EC2::VPCEndpoint", Resource="arn:aws:s3:::al2023-repos-*/*"),
    ),
    good(
        "IAM-7",
        "an endpoint for this account's principals",
        _grant(
            "*",
            {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}},
            type_="AWS::EC2::VPCEndpoint",
            Resource="*",
        ),
    ),
    bad("IAM-7", "an endpoint to everything", _grant("*", type_="AWS::EC2::VPCEndpoint", Resource="*")),
    good("IAM-8", "this account", _grant({"AWS": _ROOT})),
    good(
        "IAM-8",
        "another account within the organization",
        _grant({"AWS": _OTHER}, {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}),
    ),
    bad("IAM-8", "another account", _grant({"AWS": _OTHER}), says="999999999999"),
    bad("IAM-8", "another account's function call", _function("999999999999")),
    bad(
        "IAM-8",
        "somebody by a canonical id",
        _grant({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}),
    ),
    good(
        "IAM-8",
        "an identity of the CDN that this app makes",
        {
            **_grant({"CanonicalUser": {"Fn::GetAtt": ["I", "S3CanonicalUserId"]}}),
            "I": resource("AWS::CloudFront::CloudFrontOriginAccessIdentity"),
        },
    ),
    bad("IAM-8", "whom another provider lets in", _grant({"Federated": _SAML})),
    good("IAM-9", "a service for this account", _grant({"Service": "logging.s3.amazonaws.com"}, _SOURCE)),
    good(
        "IAM-9",
        "a key in another case",
        _grant(
            {"Service": "logging.s3.amazonaws.com"}, {"stringequals": {"AWS:sourceACCOUNT": {"Ref": "AWS::AccountId"}}}
        ),
    ),
    good(
        "IAM-9",
        "a service for our distributions",
        _grant(
            {"Service": "cloudfront.amazonaws.com"},
            {"ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:aws:cloudfront::${AWS::AccountId}:distribution/*"}}},
        ),
    ),
    good(
        "IAM-9",
        "CloudWatch Logs by its encryption context",
        _key(
            {"Service": "logs.ap-northeast-2.amazonaws.com"},
            "kms:Decrypt",
            Condition={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": {"Fn::Sub": "arn:aws:logs:ap-northeast-2:${AWS::AccountId}:*"}
                }
            },
        ),
    ),
    good(
        "IAM-9",
        "a rule of ours that calls a function",
        {
            **_function("events.amazonaws.com", SourceArn={"Fn::GetAtt": ["E", "Arn"]}),
            "E": resource("AWS::Events::Rule"),
        },
    ),
    good(
        "IAM-9",
        "a bucket that calls a function for this account",
        _function("s3.amazonaws.com", SourceArn="arn:aws:s3:::shop", SourceAccount={"Ref": "AWS::AccountId"}),
    ),
    bad("IAM-9", "a bucket name, which anybody may take", _function("s3.amazonaws.com", SourceArn="arn:aws:s3:::shop")),
    bad("IAM-9", "a function for any rule", _function("events.amazonaws.com"), says="events.amazonaws.com"),
    bad("IAM-9", "a service", _grant({"Service": "cloudfront.amazonaws.com"})),
    bad(
        "IAM-9",
        "a service with an unrelated condition",
        _grant(
            {"Service": "delivery.logs.amazonaws.com"}, {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
        ),
    ),
    bad(
        "IAM-9",
        "a service for every account",
        _grant({"Service": "sns.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}),
    ),
    bad(
        "IAM-9",
        "a service for every account, with nothing to compare",
        _grant(
            {"Service": "sns.amazonaws.com"}, {"StringEqualsIfExists": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        ),
    ),
    bad(
        "IAM-9",
        "a service in JSON text",
        {
            "P": resource(
                "AWS::Logs::ResourcePolicy",
                {"PolicyDocument": {"Fn::Sub": _ES_LOGS}},
            )
        },
        says="es.amazonaws.com",
    ),
    good("IAM-10", "a stated role to a stated service", _passing(_TASK, _TO_ECS)),
    good(
        "IAM-10",
        "a role of this app",
        {**_passing({"Fn::GetAtt": ["T", "Arn"]}, _TO_ECS), "T": resource("AWS::IAM::Role")},
    ),
    bad("IAM-10", "every role", _passing("*", _TO_ECS), says="iam:PassRole on *"),
    bad(
        "IAM-10", "roles by a prefix", _passing({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/cloudmart-*"}, _TO_ECS)
    ),
    bad("IAM-10", "a role from a parameter", _passing({"Ref": "Role"}, _TO_ECS)),
    bad(
        "IAM-10",
        "something that is no role",
        {**_passing({"Fn::GetAtt": ["T", "Arn"]}, _TO_ECS), "T": resource("AWS::S3::Bucket")},
    ),
    bad("IAM-10", "text that is no role", _passing("arn:aws:iam::123456789012:user/x", _TO_ECS)),
    bad("IAM-10", "any service", _passing(_TASK, {}), says="any service"),
    bad(
        "IAM-10",
        "any service by a wildcard",
        _passing(_TASK, {"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}),
    ),
    bad(
        "IAM-10",
        "a service if it exists",
        _passing(_TASK, {"StringEqualsIfExists": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
    ),
    bad("IAM-10", "PassRole by a wildcard, in capitals", _role(_allow("IAM:PASS*", "*"))),
    good("IAM-11", "a role", _trust({"Service": "ec2.amazonaws.com"})),
    *(
        bad("IAM-11", f"an {type_}", {"U": resource(f"AWS::IAM::{type_}")})
        for type_ in ("User", "AccessKey", "UserToGroupAddition", "ServiceSpecificCredential")
    ),
    good(
        "IAM-12",
        "a policy for one job",
        {
            "R": resource(
                "AWS::IAM::Role", {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy", {"Ref": "P"}]}
            ),
            "P": resource("AWS::IAM::ManagedPolicy"),
        },
    ),
    *(
        bad(
            "IAM-12",
            name,
            {
                "R": resource(
                    "AWS::IAM::Role",
                    {"ManagedPolicyArns": [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{name}"}]},
                )
            },
            says=name,
        )
        for name in (
            "AdministratorAccess",
            "PowerUserAccess",
            "IAMFullAccess",
            "AmazonS3FullAccess",
            "ReadOnlyAccess",
            "AWSLambda_FullAccess",
            "job-function/NetworkAdministrator",
        )
    ),
    bad(
        "IAM-12",
        "one that stands alone, on a group",
        {"G": resource("AWS::IAM::Group", {"ManagedPolicyArns": "arn:aws:iam::aws:policy/AdministratorAccess"})},
    ),
    bad(
        "IAM-12",
        "a permission set",
        {
            "G": resource(
                "AWS::SSO::PermissionSet", {"ManagedPolicies": ["arn:aws:iam::aws:policy/AdministratorAccess"]}
            )
        },
    ),
    bad("IAM-12", "one from a parameter", {"R": resource("AWS::IAM::Role", {"ManagedPolicyArns": [{"Ref": "Which"}]})}),
    bad("IAM-12", "all from a parameter", {"R": resource("AWS::IAM::Role", {"ManagedPolicyArns": {"Ref": "Which"}})}),
    good("IAM-13", "metrics of a namespace", _metrics({"StringEquals": {"cloudwatch:namespace": ["Shop"]}})),
    bad("IAM-13", "metrics of any namespace", _metrics({}), says="any namespace"),
    bad("IAM-13", "a namespace that is none", _metrics({"StringLike": {"cloudwatch:namespace": "*"}})),
    bad(
        "IAM-13", "a condition on something else", _metrics({"StringEquals": {"aws:PrincipalAccount": "123456789012"}})
    ),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", identity.RULES, ids=lambda rule: rule.id)
def test_every_rule_has_both_kinds_of_cases(rule: Any) -> None:
    kinds = [case.bad for case in CASES if case.rule == rule.id]
    assert kinds.count(True) >= 2
    assert kinds.count(False) >= 1


def test_one_finding_per_action_and_its_name_in_the_id() -> None:
    actions = ["ec2:CreateNetworkInterface", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface"]
    findings = found(deployment(_role(_allow(actions, "*"))), "IAM-2")
    assert [finding.id for finding in findings] == [
        "IAM-2[ec2:CreateNetworkInterface]",
        "IAM-2[ec2:DeleteNetworkInterface]",
    ]
    assert findings[0].text == (
        "DataStack/R (AWS::IAM::Role, DataStack): Policies.0.PolicyDocument.Statement.0.Resource is "
        "ec2:CreateNetworkInterface on *, in statement 0; allowed: `*` only for actions for which AWS defines no "
        "resource; this one knows network-interface, security-group, subnet"
    )


def test_a_service_is_the_detail() -> None:
    (finding,) = found(deployment(_grant({"Service": ["sns.amazonaws.com"]}, Sid="Deliver")), "IAM-9")
    assert finding.id == "IAM-9[sns.amazonaws.com]"
    assert finding.text.endswith(
        "PolicyDocument.Statement.0.Principal is sns.amazonaws.com without a Condition that binds it, in statement "
        "Deliver; allowed: aws:SourceAccount or aws:SourceArn of this account"
    )


def test_the_world_cannot_be_acknowledged() -> None:
    never = {rule.id for rule in identity.RULES if not rule.acknowledgeable}
    assert {"IAM-1", "IAM-4", "IAM-5", "IAM-7"} <= never
    assert not never & {"IAM-2", "IAM-6", "IAM-8", "IAM-9"}


def test_a_policy_may_hide_nowhere_but_in_the_firewall_of_the_web() -> None:
    rules = [{"Statement": {"Effect": "Allow", "Action": "*"}}]
    assert not found(deployment({"W": resource("AWS::WAFv2::RuleGroup", {"Rules": rules})}), "IAM-1")
    assert found(deployment({"W": resource("AWS::New::Thing", {"Rules": rules})}), "IAM-1")
