"""Asking: read-only, page by page, and with the permission that was missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import PartialCredentialsError

from cloudmart_cdk.settings import load_settings
from preflight import place
from preflight.account import Account, NotAskedError, NotThereError
from preflight.errors import PreflightError
from tests.preflight.canned import Cloud, Refusal


@pytest.mark.parametrize("operation", ["delete_stack", "create_stack", "update_stack", "cancel_update_stack"])
def test_nothing_but_questions(operation: str) -> None:
    cloud = Cloud()
    with pytest.raises(ValueError, match="not read-only"):
        cloud.account().ask("cloudformation", operation, StackName="x")
    assert not cloud.asked


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "permission"),
    [
        ("ec2", "describe_addresses", {}, "ec2:DescribeAddresses"),
        ("elbv2", "describe_load_balancers", {}, "elasticloadbalancing:DescribeLoadBalancers"),
        ("rds", "describe_db_instances", {}, "rds:DescribeDBInstances"),
        ("s3", "list_buckets", {}, "s3:ListAllMyBuckets"),
        ("s3", "head_bucket", {"Bucket": "some-bucket"}, "s3:ListBucket"),
        (
            "service-quotas",
            "get_service_quota",
            {"ServiceCode": "ec2", "QuotaCode": "L-1"},
            "servicequotas:GetServiceQuota",
        ),
        ("iam", "list_open_id_connect_providers", {}, "iam:ListOpenIDConnectProviders"),
    ],
)
def test_says_what_permission_is_missing(
    service: str, operation: str, parameters: Mapping[str, Any], permission: str
) -> None:
    with pytest.raises(NotAskedError, match=f"^needs {permission}$"):
        Cloud().account().ask(service, operation, **parameters)


def test_another_refusal_is_told_as_it_is() -> None:
    cloud = Cloud({"ec2:DescribeVpcs": Refusal("Throttling", "Rate exceeded")})
    with pytest.raises(NotAskedError, match=r"^needs ec2:DescribeVpcs \(AWS says Throttling Rate exceeded\)$"):
        cloud.account().all("ec2", "describe_vpcs", "Vpcs")


def test_no_such_thing_is_an_answer() -> None:
    cloud = Cloud({"ssm:GetParameter": Refusal("ParameterNotFound")})
    with pytest.raises(NotThereError):
        cloud.account().ask("ssm", "get_parameter", none="ParameterNotFound", Name="/x")
    with pytest.raises(NotAskedError):
        cloud.account().ask("ssm", "get_parameter", none="AnotherCode", Name="/x")


def test_a_way_that_is_blocked_is_not_an_answer() -> None:
    import boto3
    from botocore.config import Config

    once = Config(retries={"total_max_attempts": 1}, proxies={})
    session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret")

    def make_client(service: str, region: str) -> Any:
        return session.client(service, region_name=region, endpoint_url="http://127.0.0.1:1", config=once)

    with pytest.raises(NotAskedError, match=r"needs ec2:DescribeVpcs \(EndpointConnectionError"):
        Account(make_client, region="ap-northeast-2").all("ec2", "describe_vpcs", "Vpcs")


@pytest.mark.parametrize(
    "failed",
    [
        PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        FileNotFoundError(2, "No such file or directory", "/opt/no-such-program"),
        ValueError("Invalid endpoint: nonsense"),
    ],
    ids=lambda failed: type(failed).__name__,
)
def test_credentials_that_make_no_client_are_credentials_that_do_not_work(failed: Exception) -> None:
    """Half a key in the environment, `credential_process`, `AWS_ENDPOINT_URL`: boto3 says so before it asks."""

    def make_client(service: str, region: str) -> Any:
        raise failed

    account = Account(make_client, region="ap-northeast-2")
    with pytest.raises(PreflightError, match=rf"^error: credentials: given none .*{type(failed).__name__}.*; log in "):
        place._asked(account, load_settings({}), {})


def test_reads_all_pages() -> None:
    def pages(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        if "NextToken" in parameters:
            return {"Vpcs": [{"VpcId": "vpc-2"}]}
        return {"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "more"}

    found = Cloud({"ec2:DescribeVpcs": pages}).account().all("ec2", "describe_vpcs", "Vpcs")
    assert [each["VpcId"] for each in found] == ["vpc-1", "vpc-2"]
