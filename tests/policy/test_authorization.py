"""AWS's service authorization data, as the IAM rules ask it."""

import subprocess
import sys

import pytest

from cloudmart_cdk.policy.authorization import boundless, matches, resource_types

_ACCOUNT = "${AWS::AccountId}"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("ec2:DescribeInstances", [("ec2:describeinstances", ())]),
        ("EC2:describeINSTANCES", [("ec2:describeinstances", ())]),
        ("s3:DeleteBucket", [("s3:deletebucket", ("bucket",))]),
        ("sqs:SendMessag?", [("sqs:sendmessage", ("queue",))]),
        ("ec2:DescribeNothing", []),
        ("nosuch:Thing", []),
        ("DescribeInstances", []),
        ("", []),
    ],
)
def test_what_aws_says_of_an_action(action: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert resource_types(action) == expected


def test_a_wildcard_stands_for_every_action_that_it_covers() -> None:
    found = dict(resource_types("kms:Describe*"))
    assert found == {"kms:describecustomkeystores": (), "kms:describekey": ("key",)}


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("iam:Pass*", "iam:PassRole", True),
        ("IAM:passrole", "iam:PassRole", True),
        ("iam:Pass?ole", "iam:PassRole", True),
        ("iam:Pass", "iam:PassRole", False),
        ("iam:[P]assRole", "iam:PassRole", False),
    ],
)
def test_wildcards_are_iam_s(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        "**",
        "?*",
        "arn:*",
        "arn:aws:s3*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::*/*",
        "arn:aws:sqs:*:*:*",
        f"arn:aws:sns:ap-northeast-2:{_ACCOUNT}:*",
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:role*",
        "arn:aws:iam::*:r*",
        f"arn:aws:dynamodb:ap-northeast-2:{_ACCOUNT}:table/*",
        f"arn:aws:secretsmanager:ap-northeast-2:{_ACCOUNT}:secret:*",
        f"arn:aws:logs:ap-northeast-2:{_ACCOUNT}:log-group:*:log-stream:*",
        f"arn:aws:autoscaling:ap-northeast-2:{_ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/*",
        "arn:aws:*:ap-northeast-2:123456789012:thing",
        "arn:aws:nosuch:ap-northeast-2:123456789012:*",
    ],
)
def test_resources_that_amount_to_all(resource: str) -> None:
    assert boundless(resource)


@pytest.mark.parametrize(
    "resource",
    [
        "${DataStack.Bucket.Arn}",
        "${DataStack.Bucket.Arn}/*",
        "arn:aws:s3:::shop",
        "arn:aws:s3:::shop/*",
        "arn:aws:s3:::${DataStack.Bucket}/*",
        "arn:aws:iam::*:role/admin",
        f"arn:aws:sns:ap-northeast-2:{_ACCOUNT}:topic:*",
        f"arn:aws:ssm:ap-northeast-2:{_ACCOUNT}:parameter/cloudmart/prod/*",
        f"arn:aws:secretsmanager:ap-northeast-2:{_ACCOUNT}:secret:cloudmart-*",
        f"arn:aws:logs:ap-northeast-2:{_ACCOUNT}:log-group:shop:*",
        f"arn:aws:autoscaling:ap-northeast-2:{_ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/shop",
        "arn:aws:nosuch:ap-northeast-2:123456789012:thing/*",
    ],
)
def test_resources_that_are_named(resource: str) -> None:
    assert not boundless(resource)


def test_reading_the_data_does_not_load_cfn_lint() -> None:
    """Its import would cost every synth a second."""
    code = (
        "import sys\n"
        "from cloudmart_cdk.policy.authorization import resource_types\n"
        "assert resource_types('s3:GetObject')\n"
        "assert 'cfnlint' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
