"""AWS::DynamoDB::Table.

Fault: what a template says of expiry, encryption and recovery to a point in time is dropped. Here all three are read
back, and expired items go, within a minute.
"""

from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

from localcloud.server import patching
from localcloud.server.resource import Properties, flag


def _settle(name: str, properties: Properties) -> None:
    def of(key: str) -> dict[str, Any]:
        return properties.get(key) or {}

    expiry = of("TimeToLiveSpecification")
    if flag(expiry.get("Enabled")):
        dynamodb._ttl_settings[name] = {
            "TimeToLiveStatus": "ENABLED",
            "AttributeName": str(expiry["AttributeName"]),
        }
    else:
        dynamodb._ttl_settings.pop(name, None)
    dynamodb._pitr_settings[name] = flag(of("PointInTimeRecoverySpecification").get("PointInTimeRecoveryEnabled"))
    encryption, described = of("SSESpecification"), None
    if flag(encryption.get("SSEEnabled")):
        described = {"Status": "ENABLED", "SSEType": "KMS"}
        if key := encryption.get("KMSMasterKeyId"):
            described["KMSMasterKeyArn"] = str(key)
    dynamodb._tables[name]["SSEDescription"] = described


def install() -> None:
    for function, told, last in (
        (provisioners._ddb_create, "props", '    attrs = {"Arn": arn}\n'),
        (provisioners._ddb_update, "new_props", "    return name, _ddb_attrs(table)\n"),
    ):
        patching.edit(
            function,
            old=last,
            new=f"    _localcloud_settle(name, {told})\n{last}",
            names={"_localcloud_settle": _settle},
        )
