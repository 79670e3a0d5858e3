"""Credentials, bootstrap and stacks: what each answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from preflight.checks import access
from preflight.finding import Level
from preflight.needs import Needs
from tests.preflight.canned import ACCOUNT, Answer, Cloud, Refusal

_VERSION = "/cdk-bootstrap/hnb659fds/version"
_BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-ap-northeast-2"


def _version(number: str) -> Mapping[str, Any]:
    return {"Parameter": {"Name": _VERSION, "Value": number}}


def _identity(account: str) -> Mapping[str, Any]:
    return {"Account": account, "Arn": f"arn:aws:iam::{account}:user/kim", "UserId": "AIDAEXAMPLE"}


@pytest.mark.parametrize(("setting", "level"), [(None, Level.OK), (ACCOUNT, Level.OK), ("210987654321", Level.ERROR)])
def test_credentials_are_of_the_account_that_the_settings_name(setting: str | None, level: Level) -> None:
    found = access.credentials(Cloud({"sts:GetCallerIdentity": _identity(ACCOUNT)}).account(), setting)
    assert found.level is level
    assert f"arn:aws:iam::{ACCOUNT}:user/kim" in found.text


def test_bootstrap_is_asked_for_as_the_templates_do(lab: Needs) -> None:
    assert [(each.region, each.parameter, each.version, each.buckets) for each in lab.bootstraps] == [
        ("ap-northeast-2", _VERSION, 6, frozenset({_BUCKET}))
    ]


def test_the_edges_region_is_bootstrapped_too(prod: Needs) -> None:
    assert [each.region for each in prod.bootstraps] == ["ap-northeast-2", "us-east-1"]


@pytest.mark.parametrize(
    ("answer", "levels"),
    [
        (_version("31"), [Level.OK, Level.OK]),
        (_version("6"), [Level.OK, Level.OK]),
        (_version("5"), [Level.ERROR]),
        (Refusal("ParameterNotFound"), [Level.ERROR]),
    ],
)
def test_bootstrap_is_there_and_new_enough(lab: Needs, answer: Answer, levels: list[Level]) -> None:
    found = list(access.bootstrap(Cloud({"ssm:GetParameter": answer, "s3:HeadBucket": {}}).account(), lab))
    assert [each.level for each in found] == levels
    if levels == [Level.ERROR]:
        assert f"`cdk bootstrap aws://{ACCOUNT}/ap-northeast-2`" in found[0].text


def test_a_bootstrap_without_its_bucket_is_none(lab: Needs) -> None:
    cloud = Cloud({"ssm:GetParameter": _version("31"), "s3:HeadBucket": Refusal("404")})
    version, bucket = access.bootstrap(cloud.account(), lab)
    assert (version.level, bucket.level) == (Level.OK, Level.ERROR)
    assert _BUCKET in bucket.text


def _stack(status: str, project: str = "CloudMart") -> Mapping[str, Any]:
    return {
        "Stacks": [
            {
                "StackName": "any",
                "CreationTime": "2026-11-01T00:00:00Z",
                "StackStatus": status,
                "Tags": [{"Key": "Project", "Value": project}],
            }
        ]
    }


@pytest.mark.parametrize(
    ("answer", "level", "there", "do"),
    [
        (Refusal("ValidationError"), Level.OK, False, "it will be made"),
        (_stack("REVIEW_IN_PROGRESS"), Level.OK, False, "it will be made"),
        (_stack("CREATE_COMPLETE"), Level.OK, True, "update"),
        (_stack("UPDATE_ROLLBACK_COMPLETE"), Level.OK, True, "update"),
        (_stack("CREATE_COMPLETE", "Warehouse"), Level.ERROR, True, "--name"),
        (_stack("UPDATE_IN_PROGRESS"), Level.ERROR, True, "wait"),
        (_stack("ROLLBACK_COMPLETE"), Level.WARNING, True, "delete-stack"),
        (_stack("DELETE_FAILED"), Level.ERROR, True, "delete-stack"),
        (_stack("UPDATE_ROLLBACK_FAILED"), Level.ERROR, True, "continue-update-rollback"),
        (Refusal("AccessDenied"), Level.UNCHECKED, False, "needs cloudformation:DescribeStacks"),
    ],
)
def test_what_a_stacks_state_means(lab: Needs, answer: Answer, level: Level, there: bool, do: str) -> None:
    ids, found = access.stacks(Cloud({"cloudformation:DescribeStacks": answer}).account(), lab)
    assert {each.level for each in found} == {level}
    assert ids == (frozenset(lab.app.stacks) if there else frozenset())
    assert re.search(do, found[0].text)


def test_stacks_are_looked_for_where_they_go(prod: Needs) -> None:
    cloud = Cloud({"cloudformation:DescribeStacks": Refusal("ValidationError")})
    access.stacks(cloud.account(), prod)
    assert {region for _, region in cloud.asked} == {"ap-northeast-2", "us-east-1"}
