"""Family SECRET: a secret's value is nowhere in a template, and goes where AWS keeps it."""

import json
import string
from collections.abc import Mapping
from typing import Any, Final

import pytest

from cloudmart_cdk.policy.families import secrets
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_VALUE: Final = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Secret"}, ":SecretString:password::}}"]]}
_BY_NAME: Final = "{{resolve:secretsmanager:cloudmart-lab/jwt}}"
_OF_SECRET: Final = {
    "Secret": resource("AWS::SecretsManager::Secret", {"GenerateSecretString": {"PasswordLength": 32}})
}
_FUNCTION: Final = "AWS::Lambda::Function"
_SSM: Final = "AWS::SSM::Parameter"


def _it(rule: str, name: str, type: str, properties: Mapping[str, Any], *, finds: bool, says: str = "") -> Case:
    resources = {**_OF_SECRET, "It": resource(type, properties)}
    return bad(rule, name, resources, says=says) if finds else good(rule, name, resources)


def _kept(name: str, type: str, properties: Mapping[str, Any]) -> Case:
    return _it("SECRET-5", name, type, properties, finds=False)


def _shown(name: str, type: str, properties: Mapping[str, Any], says: str = "") -> Case:
    return _it("SECRET-5", name, type, properties, finds=True, says=says)


def _env(name: str, variable: str, value: Any, *, finds: bool = True, says: str = "") -> Case:
    return _it("SECRET-6", name, _FUNCTION, {"Environment": {"Variables": {variable: value}}}, finds=finds, says=says)


def _generated(name: str, template: Any, *, finds: bool = True, says: str = "") -> Case:
    text = template if isinstance(template, str | dict) and "Fn::Sub" in template else json.dumps(template)
    properties = {"GenerateSecretString": {"SecretStringTemplate": text}}
    return _it("SECRET-6", name, "AWS::SecretsManager::Secret", properties, finds=finds, says=says)


def _chance(name: str, *, finds: bool = True, says: str = "", **generator: Any) -> Case:
    properties = {"GenerateSecretString": {"PasswordLength": 32, **generator}}
    return _it("SECRET-8", name, "AWS::SecretsManager::Secret", properties, finds=finds, says=says)


def _parameter(name: str, path: str, value: Any, *, finds: bool = True, says: str = "") -> Case:
    return _it("SECRET-6", name, _SSM, {"Name": path, "Type": "String", "Value": value}, finds=finds, says=says)


def _output(name: str, value: Any, *, finds: bool = True, empty: bool = False) -> Case:
    resources = {} if empty else _OF_SECRET
    return (bad if finds else good)("SECRET-5", name, resources, template={"Outputs": {"Shown": {"Value": value}}})


def _default(name: str, parameter: str, entry: Any, *, finds: bool = True, says: str = "") -> Case:
    template = {"Parameters": {parameter: entry}}
    if finds:
        return bad("SECRET-6", name, {}, says=says, template=template)
    return good("SECRET-6", name, {}, template=template)


_NOTHING: Final = {"Ref": "AWS::NoValue"}
_SPLIT: Final = {"Fn::Select": [0, {"Fn::Split": ["|", f"{_BY_NAME}|x"]}]}
_HEADER: Final = {"OriginCustomHeaders": [{"HeaderName": "X-Origin-Verify", "HeaderValue": _BY_NAME}]}
_RULE: Final = "AWS::ElasticLoadBalancingV2::ListenerRule"
_CDN: Final = "AWS::CloudFront::Distribution"

CASES: Final = (
    _kept("a database's password", "AWS::RDS::DBInstance", {"MasterUserPassword": _VALUE, "MasterUsername": _VALUE}),
    _kept("a cluster's password", "AWS::RDS::DBCluster", {"MasterUserPassword": _VALUE}),
    _kept("the cache's token", "AWS::ElastiCache::ReplicationGroup", {"AuthToken": _VALUE}),
    _kept("what a listener compares with", _RULE, {"Conditions": [{"HttpHeaderConfig": {"Values": [_VALUE]}}]}),
    _kept("what CloudFront sends along", _CDN, {"DistributionConfig": {"Origins": [_HEADER]}}),
    _kept("a secret's name", _FUNCTION, {"Environment": {"Variables": {"SECRET_ARN": {"Ref": "Secret"}}}}),
    _kept("a plain parameter", "AWS::EC2::LaunchTemplate", {"ImageId": "{{resolve:ssm:/aws/service/ami}}"}),
    _shown(
        "an environment",
        _FUNCTION,
        {"Environment": {"Variables": {"X": _VALUE}}},
        "Environment.Variables.X is {{resolve:secretsmanager:${DataStack.Secret}:SecretString:password::}}; allowed: "
        "the names of secrets",
    ),
    _shown("a description", "AWS::RDS::DBInstance", {"MasterUserPassword": _VALUE, "DBName": _VALUE}, "DBName"),
    _shown("a parameter", _SSM, {"Value": _BY_NAME}),
    _shown("a secure parameter", _FUNCTION, {"Environment": {"Variables": {"X": "{{resolve:ssm-secure:/x:1}}"}}}),
    _shown("user data", "AWS::EC2::LaunchTemplate", {"UserData": {"Fn::Base64": f"export X={_BY_NAME}"}}),
    _shown("a text put together", _SSM, {"Value": {"Fn::Sub": "user:{{resolve:secretsmanager:${Secret}}}@db"}}),
    _shown("a service that a parameter says", _SSM, {"Value": {"Fn::Sub": "{{resolve:${Service}:x}}"}}),
    _shown("a text taken apart again", _SSM, {"Value": _SPLIT}),
    _shown("a hidden branch", _SSM, {"Value": {"Fn::If": ["Rarely", "x", _BY_NAME]}}),
    _shown("a hidden element", _SSM, {"Value": {"Fn::Join": [",", {"Fn::If": ["Rarely", _NOTHING, [_BY_NAME]]}]}}),
    _shown("deep in a list", "AWS::New::Thing", {"A": [{"B": [[_BY_NAME]]}]}, "A.0.B.0.0"),
    _shown("what forwards a request", _RULE, {"Actions": [{"FixedResponseConfig": {"MessageBody": _VALUE}}]}),
    _shown("CloudFront's comment", _CDN, {"DistributionConfig": {"Comment": _BY_NAME, "Origins": [_HEADER]}}),
    _output("an output with the secret's ARN", {"Ref": "Secret"}, finds=False),
    _output("an output", _VALUE),
    _output("an output of a stack without resources", _BY_NAME, empty=True),
    _output("an output in a hidden branch", {"Fn::If": ["Rarely", "x", _BY_NAME]}),
    _output("an output taken apart again", _SPLIT),
    bad(
        "SECRET-6", "an output", {}, template={"Outputs": {"DbPassword": {"Value": "hunter2"}}}, says="DbPassword.Value"
    ),
    bad("SECRET-6", "metadata", {}, template={"Metadata": {"Note": "AKIAABCDEFGHIJKLMNOP"}}, says="Metadata.Note"),
    good("SECRET-6", "an output of a name", _OF_SECRET, template={"Outputs": {"Secret": {"Value": {"Ref": "Secret"}}}}),
    _env("a secret's name", "DB_SECRET_NAME", "cloudmart-lab/database/app", finds=False),
    _env("a secret's ARN", "SECRET", {"Ref": "Secret"}, finds=False),
    _env(
        "a secret's ARN as text", "SECRET", "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:x", finds=False
    ),
    _env("a parameter's path", "TOKEN_PARAMETER", "/cloudmart/lab/token", finds=False),
    _env("a path under a plain name", "TOKEN", "/cloudmart/lab/token", finds=False),
    _env("how long a token lives", "TOKEN_TTL", "3600", finds=False),
    _env("nothing", "PASSWORD", "", finds=False),
    _env("what is no secret", "LOG_LEVEL", "info", finds=False),
    _env("a password", "DB_PASSWORD", "hunter2", says="DB_PASSWORD is a secret in clear; allowed: the secret's name"),
    _env("a password of another case", "dbPassword", "hunter2"),
    _env("a number", "DB_PASSWORD", 12345678),
    _env("a password that begins like a path", "DB_PASSWORD", "/hunter2"),
    _env("a password that begins like a reference", "DB_PASSWORD", {"Fn::Sub": "${Secret}hunter2"}),
    _env("a parameter", "DB_PASSWORD", {"Ref": "Password"}),
    _env("a signing key", "JWT_SIGNING_KEY", "hunter2"),
    _env("a hidden branch", "API_KEY", {"Fn::If": ["Rarely", _NOTHING, "hunter2"]}),
    _env("an access key under a harmless name", "X", "AKIAABCDEFGHIJKLMNOP"),
    _env("a password in an address", "DATABASE", "postgres://shop:hunter2@db.internal/shop"),
    _it("SECRET-6", "a private key anywhere", _SSM, {"Value": "-----BEGIN RSA PRIVATE KEY-----"}, finds=True),
    _it(
        "SECRET-6",
        "a key in code",
        _FUNCTION,
        {"Code": {"ZipFile": "client('s3', aws_access_key_id='ASIAABCDEFGHIJKLMNOP')"}},
        finds=True,
        says="Code.ZipFile is a secret",
    ),
    _env("Slack's address, whatever it is called", "CHANNEL", "https://hooks.slack.com/services/T0/B0/x1"),
    _generated("a channel's address", {"slack": {"url": "https://hooks.slack.com/services/T0/B0/x1"}}),
    _it("SECRET-6", "Slack's host alone", _SSM, {"Value": "https://hooks.slack.com/services/..."}, finds=False),
    _it("SECRET-6", "an address without a password", _SSM, {"Value": "https://shop.example.com/a@b"}, finds=False),
    _generated("a user's name", {"username": "shop"}, finds=False),
    _generated("no template", {}, finds=False),
    _generated("an empty password", {"password": ""}, finds=False),
    _generated("a password", {"username": "shop", "password": "hunter2"}, says="password in clear"),
    _generated("a password that is a number", {"password": 12345678}),
    _generated("a password within", {"database": {"password": "hunter2"}}),
    _generated("a password of several parts", {"password": {"first": "hunter2"}}),
    _generated("a password from a parameter", {"Fn::Sub": '{"password": "${Password}"}'}),
    _chance("letters and digits", ExcludePunctuation=True, finds=False),
    _chance("letters of one case", ExcludePunctuation=True, ExcludeNumbers=True, ExcludeUppercase="true", finds=False),
    _chance(
        "many digits",
        ExcludeLowercase=True,
        ExcludeUppercase=True,
        ExcludePunctuation=True,
        PasswordLength=40,
        finds=False,
    ),
    _chance(
        "digits only",
        ExcludeLowercase=True,
        ExcludeUppercase=True,
        ExcludePunctuation=True,
        says="allowed: 128 bits of chance or more",
    ),
    _chance("two characters", ExcludePunctuation=True, ExcludeCharacters=f"{string.ascii_letters}{string.digits[2:]}"),
    _chance("no character", ExcludePunctuation=True, ExcludeCharacters=f"{string.ascii_letters}{string.digits}"),
    _chance("a short one", PasswordLength=8),
    _chance("a length from a parameter", PasswordLength={"Ref": "Length"}),
    _parameter("a host", "/cloudmart/lab/database/host", "db.internal", finds=False),
    _parameter("a secret's name", "/cloudmart/lab/database/secret-name", "cloudmart-lab/database/app", finds=False),
    _parameter("a bucket of secrets", "/cloudmart/lab/secrets/bucket", "cloudmart-lab-x", finds=False),
    _parameter("a password", "/cloudmart/lab/database/password", "hunter2", says="Value is a secret in clear"),
    _parameter("a password from a parameter", "/cloudmart/lab/database/password", {"Ref": "Password"}),
    _default("what is no secret", "LiveColour", {"Type": "String", "Default": "blue"}, finds=False),
    _default("a password without a default", "DbPassword", {"Type": "String", "NoEcho": True}, finds=False),
    _default(
        "a password's default",
        "DbPassword",
        {"Type": "String", "Default": "hunter2"},
        says="Parameters.DbPassword.Default is a secret in clear",
    ),
    *(
        (bad if finds else good)(
            "SECRET-9",
            f"rotated at {rate}",
            {"It": resource("AWS::SecretsManager::RotationSchedule", {"RotationRules": {"ScheduleExpression": rate}})},
        )
        for rate, finds in (
            ("rate(1 day)", False),
            ("rate(29 days)", False),
            ("rate(31 days)", True),
            ("rate(0 days)", True),
            ("cron(0 4 1 * ? *)", True),
        )
    ),
    _default("a default that nobody sees", "ApiKey", {"Type": "String", "NoEcho": True, "Default": "hunter2"}),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", [rule.id for rule in secrets.RULES[len(secrets.ROWS) :]])
def test_every_rule_has_two_cases_that_it_finds_and_one_that_it_accepts(rule: str) -> None:
    of_rule = [case.bad for case in CASES if case.rule == rule]
    assert of_rule.count(True) >= 2
    assert False in of_rule


def test_a_secret_is_named_and_never_shown() -> None:
    variables = {"DB_PASSWORD": "hunter2", "ADDRESS": "postgres://shop:hunter2@db", "X": "AKIAABCDEFGHIJKLMNOP"}
    app = deployment({"It": resource(_FUNCTION, {"Environment": {"Variables": variables}})})
    texts = [finding.text for finding in found(app, "SECRET-6")]
    assert len(texts) == 3
    assert not [text for text in texts if "hunter2" in text or "AKIA" in text]


def test_an_output_is_found_on_its_stack_by_its_name() -> None:
    app = deployment({}, template={"Outputs": {"Shown": {"Value": _BY_NAME}}})
    (finding,) = found(app, "SECRET-5")
    assert finding.id == "SECRET-5[Shown]"
    assert finding.found.resource.path == "DataStack"
    assert f"output Shown with {_BY_NAME}; allowed: no secret in outputs" in finding.text
