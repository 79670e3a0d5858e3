"""Buckets of all stacks: encryption, closed to the public, TLS only, lifecycle, versions."""

import json
from collections.abc import Iterator
from typing import Any

from cloudmart_cdk.settings.topology import FRONTEND, VPC
from localcloud.verify.table import Check
from localcloud.verify.view import Deployed, View

_TYPE = "AWS::S3::Bucket"
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def checks(view: View) -> Iterator[Check]:
    for stack, bucket in view.all(_TYPE):
        yield from _every(view, f"{stack.id} bucket {bucket.logical_id}", bucket.physical_id, stack.region)
    for bucket in view.of(VPC, _TYPE):
        yield from _log_bucket(view, bucket)
    for bucket in view.images():
        yield from _images(view, bucket)
    for bucket in view.of(FRONTEND, _TYPE):
        name = bucket.physical_id
        objects = view.client("s3").list_objects_v2(Bucket=name).get("Contents", [])
        keys = {entry["Key"] for entry in objects}
        yield Check("site bucket holds the page and its configuration", set(), {"index.html", "config.json"} - keys)


def _every(view: View, what: str, name: str, region: str) -> Iterator[Check]:
    s3 = view.client("s3", region)
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    yield Check(f"{what} blocks public access", dict.fromkeys(_BLOCKS, True), {key: block.get(key) for key in _BLOCKS})
    encrypted = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    algorithm = encrypted[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
    yield Check(f"{what} is encrypted", True, algorithm in ("AES256", "aws:kms") or algorithm)
    yield Check(f"{what} refuses plain HTTP", True, _tls_only(json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])))


def _tls_only(policy: dict[str, Any]) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
        for statement in policy["Statement"]
    )


def _lifecycle(view: View, name: str) -> list[dict[str, Any]]:
    rules = view.client("s3").get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    return [rule for rule in rules if rule["Status"] == "Enabled"]


def _steps(rules: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return sorted((step["Days"], step["StorageClass"]) for rule in rules for step in rule.get("Transitions", []))


def _log_bucket(view: View, bucket: Deployed) -> Iterator[Check]:
    """Specification section 2."""
    s3, name, rules = view.client("s3"), bucket.physical_id, _lifecycle(view, bucket.physical_id)
    yield Check("log bucket transitions", [(30, "STANDARD_IA"), (90, "GLACIER")], _steps(rules))
    expiry = [rule["Expiration"]["Days"] for rule in rules if "Days" in rule.get("Expiration", {})]
    yield Check("log bucket expiry, days", [view.settings.logs.expire_days], expiry)
    encrypted = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    # Load balancers write nothing else.
    yield Check("log bucket encryption", "AES256", encrypted[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])
    owner = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
    yield Check("log bucket ownership, for CloudFront's logs", "BucketOwnerPreferred", owner)


def _images(view: View, bucket: Deployed) -> Iterator[Check]:
    """Specification section 3."""
    s3, name, rules = view.client("s3"), bucket.physical_id, _lifecycle(view, bucket.physical_id)
    expected = f"{view.settings.names.of('images')}-{view.cloud.account}-{view.cloud.region}-an"
    yield Check("images bucket name", expected, name)
    yield Check("images bucket versions", "Enabled", s3.get_bucket_versioning(Bucket=name).get("Status"))
    # Not GLACIER: CloudFront could no longer read.
    yield Check("images bucket transitions", [(90, "GLACIER_IR")], _steps(rules))
    old = [
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "NoncurrentVersionExpiration" in rule
    ]
    yield Check("images bucket old versions expire, days", [90], old)
    encrypted = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    algorithm = encrypted[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
    yield Check("images bucket encryption", "aws:kms", algorithm)
    target = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {}).get("TargetBucket")
    logs = [bucket.physical_id for bucket in view.of(VPC, _TYPE)]
    yield Check("images bucket logs its accesses to", True, target in logs or target)
