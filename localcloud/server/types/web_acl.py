"""AWS::WAFv2: associations and address sets. The rules themselves judge no request in MiniStack."""

from typing import Any

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType


def _associate(request: Request) -> Resource:
    acl, resource = request.properties["WebACLArn"], request.properties["ResourceArn"]
    call("wafv2", "associate_web_acl", WebACLArn=acl, ResourceArn=resource)
    return Resource(f"{resource}|{acl}", {})


def _disassociate(_: str, properties: Properties) -> None:
    call("wafv2", "disassociate_web_acl", ResourceArn=properties["ResourceArn"])


def _create_addresses(request: Request) -> Resource:
    name = request.name("Name", longest=128)
    made: dict[str, Any] = call(
        "wafv2",
        "create_ip_set",
        Name=name,
        **request.only("Scope", "IPAddressVersion", "Addresses", "Description"),
    )["Summary"]
    identifier = f"{name}|{made['Id']}|{request.properties['Scope']}"
    return Resource(identifier, {"Arn": made["ARN"], "Id": made["Id"]})


def _delete_addresses(physical_id: str, _: Properties) -> None:
    name, identifier, scope = physical_id.split("|")
    place = {"Name": name, "Id": identifier, "Scope": scope}
    token = call("wafv2", "get_ip_set", **place)["LockToken"]
    call("wafv2", "delete_ip_set", **place, LockToken=token)


TYPES = {
    "AWS::WAFv2::WebACLAssociation": ResourceType(create=_associate, delete=_disassociate),
    "AWS::WAFv2::IPSet": ResourceType(create=_create_addresses, delete=_delete_addresses),
}
