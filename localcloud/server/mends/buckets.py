"""AWS::S3::Bucket.

Faults: tags, encryption, lifecycle, ownership and access logging are dropped; a name in the
account-regional namespace is not formed; a bucket that holds objects is deleted, and a write with
`aws:kms` but no key refused, where AWS does the opposite.
"""

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from localcloud.server import patching
from localcloud.server.api import call
from localcloud.server.mends import hooks
from localcloud.server.resource import Properties, tag_list

_TYPE = "AWS::S3::Bucket"


def _encryption(name: str, properties: Properties) -> None:
    rules: list[dict[str, Any]] = []
    configuration = properties.get("BucketEncryption") or {}
    for rule in configuration.get("ServerSideEncryptionConfiguration") or []:
        default = dict(rule.get("ServerSideEncryptionByDefault") or {})
        entry: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default}
        if "BucketKeyEnabled" in rule:
            entry["BucketKeyEnabled"] = str(rule["BucketKeyEnabled"]).lower() == "true"
        rules.append(entry)
    if rules:
        configuration = {"Rules": rules}
        call("s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration=configuration)


def _lifecycle_rule(index: int, rule: Properties) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "ID": rule.get("Id", f"rule-{index}"),
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
    }
    expiration: dict[str, Any] = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if str(rule.get("ExpiredObjectDeleteMarker", "")).lower() == "true":
        expiration["ExpiredObjectDeleteMarker"] = True
    if expiration:
        answer["Expiration"] = expiration
    if rule.get("Transitions"):
        answer["Transitions"] = [
            {"Days": int(step["TransitionInDays"]), "StorageClass": step["StorageClass"]}
            for step in rule["Transitions"]
        ]
    if rule.get("NoncurrentVersionTransitions"):
        answer["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": int(step["TransitionInDays"]), "StorageClass": step["StorageClass"]}
            for step in rule["NoncurrentVersionTransitions"]
        ]
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    days = noncurrent.get("NoncurrentDays") or rule.get("NoncurrentVersionExpirationInDays")
    if days:
        answer["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(days)}
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort:
        answer["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(abort["DaysAfterInitiation"])}
    return answer


def _apply(name: str, properties: Properties) -> None:
    if properties.get("Tags"):
        call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tag_list(properties)})
    _encryption(name, properties)
    rules = (properties.get("LifecycleConfiguration") or {}).get("Rules") or []
    if rules:
        lifecycle = {"Rules": [_lifecycle_rule(index, rule) for index, rule in enumerate(rules)]}
        call("s3", "put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration=lifecycle)
    ownership = (properties.get("OwnershipControls") or {}).get("Rules")
    if ownership:
        call("s3", "put_bucket_ownership_controls", Bucket=name, OwnershipControls={"Rules": ownership})
    logging = properties.get("LoggingConfiguration")
    if logging and logging.get("DestinationBucketName"):
        target = {
            "TargetBucket": logging["DestinationBucketName"],
            "TargetPrefix": logging.get("LogFilePrefix", ""),
        }
        call("s3", "put_bucket_logging", Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})


def _refuse_full(name: str, _: Properties) -> None:
    bucket = s3._buckets.get(name)
    if bucket is not None and (bucket["objects"] or s3._bucket_has_versions(name)):
        raise ValueError(f"The bucket you tried to delete is not empty (BucketNotEmpty: {name})")


def _with_regional_name(properties: Properties) -> Properties:
    prefix = properties.get("BucketNamePrefix")
    if not prefix:
        return properties
    namespace = properties.get("BucketNamespace")
    if namespace != "account-regional":
        raise ValueError(f"BucketNamePrefix is for the namespace account-regional, not for {namespace}")
    return {**properties, "BucketName": f"{prefix}-{get_account_id()}-{get_region()}-an"}


def _name_regionally() -> None:
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    create, update = handlers["create"], handlers["update"]

    def named_create(logical_id: str, properties: Properties, stack_name: str) -> Any:
        return create(logical_id, _with_regional_name(properties), stack_name)

    def named_update(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        return update(physical_id, _with_regional_name(old), _with_regional_name(new), *rest)

    handlers["create"], handlers["update"] = named_create, named_update


def _managed_key(key_id: str) -> str:
    return key_id or f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"


def install() -> None:
    hooks.after(_TYPE, _apply)
    hooks.before_delete(_TYPE, _refuse_full)
    _name_regionally()
    patching.edit(
        s3._resolve_sse_write_headers,
        old='kms = headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")',
        new='kms = _localcloud_managed_key(headers.get("x-amz-server-side-encryption-aws-kms-key-id", ""))',
        names={"_localcloud_managed_key": _managed_key},
    )
