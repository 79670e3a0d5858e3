"""What an account has once: service roles, identity provider, domain, mail, cost tags."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest

from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.settings.topology import SKIPPABLE
from preflight.account import Account
from preflight.checks import surroundings
from preflight.finding import Finding, Level
from preflight.needs import Needs
from tests.preflight.canned import ACCOUNT, Answer, Cloud, Refusal
from tests.preflight.conftest import needs_of

_ISSUER: Final = "token.actions.githubusercontent.com"


def _found(
    check: Callable[[Account, Needs], Iterator[Finding]], needs: Needs, answers: Mapping[str, Answer]
) -> list[Finding]:
    return list(check(Cloud(answers).account(), needs))


def _with(needs: Needs, **context: str) -> Needs:
    """The same templates with other settings: for checks that read settings only."""
    app = type(needs.app)([], load_settings({"stage": "lab", **context}))
    return dataclasses.replace(needs, app=app)


def _roles(*names: str) -> Mapping[str, Answer]:
    roles = [
        {
            "Path": "/aws-service-role/",
            "RoleName": name,
            "RoleId": "A" * 16,
            "Arn": "a" * 20,
            "CreateDate": "2026-01-01",
        }
        for name in names
    ]
    return {"iam:ListRoles": {"Roles": roles}}


def test_service_roles_that_are_missing_are_made_by_aws(lab: Needs) -> None:
    (found,) = _found(surroundings.service_roles, lab, _roles("AWSServiceRoleForRDS"))
    assert found.level is Level.OK
    assert found.text.startswith("1 there; AWS makes AWSServiceRoleForAmazonEKS, ")
    assert "Spot" not in found.text


def test_spot_nodes_have_a_role_of_their_own(prod: Needs) -> None:
    (found,) = _found(surroundings.service_roles, prod, _roles())
    assert "AWSServiceRoleForEC2Spot" in found.text


@pytest.mark.parametrize(("there", "level"), [(("AWSServiceRoleForAutoScaling",), Level.OK), ((), Level.ERROR)])
def test_a_role_that_a_policy_names_has_to_be_there(
    lab: Needs, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], level: Level
) -> None:
    principal = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    monkeypatch.setattr(Needs, "texts", lambda _: iter([principal]))
    found = _found(surroundings.service_roles, lab, _roles(*there))
    assert found[0].level is level
    if level is Level.ERROR:
        assert "`aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com`" in found[0].text


def _providers(*there: str) -> Mapping[str, Answer]:
    arns = [{"Arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"} for issuer in there]
    return {"iam:ListOpenIDConnectProviders": {"OpenIDConnectProviderList": arns}}


def test_nobody_asks_for_a_provider_that_nobody_trusts(lab: Needs) -> None:
    assert _found(surroundings.github, lab, {}) == []


@pytest.mark.parametrize(
    ("makes", "there", "level", "text"),
    [
        ("false", (), Level.ERROR, "delivery.github_provider=true"),
        ("false", ("other.example.com",), Level.ERROR, "delivery.github_provider=true"),
        ("false", (_ISSUER,), Level.OK, "there"),
        ("true", (), Level.OK, "makes it"),
        ("true", (_ISSUER,), Level.ERROR, "delivery.github_provider=false"),
    ],
)
def test_one_identity_provider_an_account(makes: str, there: tuple[str, ...], level: Level, text: str) -> None:
    needs = needs_of(
        **{
            "stage": "dev",
            "skip": ",".join(SKIPPABLE),
            "delivery.github_repository": "cloudmart/shop",
            "delivery.github_provider": makes,
        }
    )
    (found,) = _found(surroundings.github, needs, _providers(*there))
    assert found.level is level
    assert text in found.text


def _zone(name: str, *, private: bool = False) -> Mapping[str, Any]:
    zone = {"Id": "/hostedzone/Z0123456789", "Name": name, "CallerReference": "x", "Config": {"PrivateZone": private}}
    return {"HostedZone": zone}


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (_zone("example.com."), Level.OK),
        (_zone("shop.example.com."), Level.OK),
        (_zone("ample.com."), Level.ERROR),
        (_zone("example.com.", private=True), Level.ERROR),
        (Refusal("NoSuchHostedZone"), Level.ERROR),
    ],
)
def test_the_domains_zone(lab: Needs, answer: Answer, level: Level) -> None:
    needs = _with(lab, **{"domain.name": "shop.example.com", "domain.zone_id": "Z0123456789"})
    (found,) = _found(surroundings.domain, needs, {"route53:GetHostedZone": answer})
    assert found.level is level


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ({"VerifiedForSendingStatus": True}, Level.OK),
        ({"VerifiedForSendingStatus": False}, Level.WARNING),
        (Refusal("NotFoundException"), Level.WARNING),
    ],
)
def test_the_mail_identity(lab: Needs, answer: Answer, level: Level) -> None:
    needs = _with(lab, **{"eks.mail_identity": "tickets@example.com"})
    (found,) = _found(surroundings.mail_identity, needs, {"sesv2:GetEmailIdentity": answer})
    assert found.level is level


def test_without_domain_and_mail_nothing_is_asked(lab: Needs) -> None:
    for check in (surroundings.domain, surroundings.mail_identity):
        assert _found(check, lab, {}) == []


def _tags(*keys: str) -> Mapping[str, Answer]:
    found = [{"TagKey": key, "Type": "UserDefined", "Status": "Active"} for key in keys]
    return {"ce:ListCostAllocationTags": {"CostAllocationTags": found}}


def test_a_budget_by_tags_needs_them_active(prod: Needs) -> None:
    (found,) = _found(surroundings.budget_tags, prod, _tags("Project"))
    assert found.level is Level.WARNING
    assert "--cost-allocation-tags-status TagKey=Stage,Status=Active`" in found.text
    (found,) = _found(surroundings.budget_tags, prod, _tags("Project", "Stage"))
    assert found.level is Level.OK


def test_a_budget_of_the_whole_account_needs_none(lab: Needs) -> None:
    assert lab.settings.monitoring.budget_scope == "account"
    assert _found(surroundings.budget_tags, lab, {}) == []
