"""What a service's role allows: exactly what the table says it is for."""

from typing import Any

import pytest

from cloudmart_cdk.constructs.services.rights import grants
from cloudmart_cdk.settings import Settings
from tests.constructs.services.tables import SEARCH, SERVICES, settings

ACCOUNT = "123456789012"
WHAT = {
    "auth": {"ssm", "secretsmanager", "kms"},
    "event": {"ssm", "secretsmanager", "kms", "s3"},
    "queue": {"ssm", "secretsmanager", "kms"},
    "reservation": {"ssm", "secretsmanager", "kms"},
    "payment": {"ssm", "secretsmanager", "kms"},
    "notification": set[str](),
}
SECRETS = {
    "auth": {"database/app", "jwt", "oauth-client"},
    "event": {"database/app"},
    "queue": {"cache/auth"},
    "reservation": {"cache/auth", "database/app"},
    "payment": {"cache/auth", "database/app", "payment-gateway"},
    "notification": set[str](),
}


def _statements(name: str, of: Settings) -> list[dict[str, Any]]:
    return [grant.statement for grant in grants(of.eks.services[name], of, account=ACCOUNT)]


def _of(name: str, of: Settings, action: str) -> dict[str, Any]:
    (statement,) = [statement for statement in _statements(name, of) if action in statement["Action"]]
    return statement


@pytest.mark.parametrize("name", SERVICES)
def test_only_the_services_of_aws_that_it_needs(name: str) -> None:
    called = {action.partition(":")[0] for statement in _statements(name, settings()) for action in statement["Action"]}
    assert called == WHAT[name]


@pytest.mark.parametrize("name", SERVICES)
def test_only_its_own_secrets(name: str) -> None:
    arns = [
        arn
        for statement in _statements(name, settings("prod"))
        for arn in statement["Resource"]
        if arn.startswith("arn:aws:secretsmanager:")
    ]
    start = f"arn:aws:secretsmanager:ap-northeast-2:{ACCOUNT}:secret:cloudmart-prod/"
    assert {arn.removeprefix(start).removesuffix("-??????") for arn in arns} == SECRETS[name]


def test_parameters_by_name_and_no_path() -> None:
    start = f"arn:aws:ssm:ap-northeast-2:{ACCOUNT}:parameter/cloudmart/lab/"
    assert [arn.removeprefix(start) for arn in _of("queue", settings(), "ssm:GetParameter")["Resource"]] == [
        "cache/host",
        "cache/mode",
        "cache/port",
    ]


def test_the_data_tier_s_key_and_no_other() -> None:
    statement = _of("event", settings(), "kms:Decrypt")
    assert statement["Condition"] == {
        "StringEquals": {
            "kms:ViaService": ["secretsmanager.ap-northeast-2.amazonaws.com", "s3.ap-northeast-2.amazonaws.com"]
        },
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/cloudmart-lab-data"},
    }
    assert "kms:GenerateDataKey" in statement["Action"]
    assert _of("queue", settings(), "kms:Decrypt")["Action"] == ["kms:Decrypt"]


def test_event_puts_pictures_of_events_into_the_bucket_of_its_stage() -> None:
    assert _of("event", settings(), "s3:PutObject")["Resource"] == [
        f"arn:aws:s3:::cloudmart-lab-images-{ACCOUNT}-ap-northeast-2-an/images/events/*"
    ]


@pytest.mark.parametrize(
    ("identity", "arns", "bound"),
    [("tickets@example.com", ["tickets@example.com", "example.com"], True), ("example.com", ["example.com"], False)],
)
def test_mail_goes_out_from_one_identity(identity: str, arns: list[str], bound: bool) -> None:
    of = settings(eks__mail_identity=identity)
    (statement,) = _statements("notification", of)
    assert statement["Resource"] == [f"arn:aws:ses:ap-northeast-2:{ACCOUNT}:identity/{arn}" for arn in arns]
    assert statement.get("Condition") == ({"StringEquals": {"ses:FromAddress": identity}} if bound else None)


def test_a_service_that_uses_nothing_may_do_nothing() -> None:
    assert _statements("search", settings("prod", **SEARCH)) == []


def test_every_wildcard_has_its_reason() -> None:
    of = settings("prod", eks__mail_identity="tickets@example.com")
    for row in of.eks.services.values():
        for grant in grants(row, of, account=ACCOUNT):
            assert {resource for resource in grant.resources if "*" in resource} == grant.wildcards.keys()
