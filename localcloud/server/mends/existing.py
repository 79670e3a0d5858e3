"""AWS::EC2::Route, AWS::Backup::BackupVault.

Fault: a second one in the first's place is taken, where AWS refuses it. An update that gives a route another logical id
then ends without the route: the new one is made, and what is deleted afterwards is the only one there.
"""

from typing import Any, Final

from ministack.services import backup, ec2
from ministack.services.cloudformation import provisioners

from localcloud.server import patching
from localcloud.server.mends import hooks
from localcloud.server.resource import Properties

_ADDED: Final = """\
    rtb["Routes"].append(route)
"""
_REFUSED: Final = """\
    if _localcloud_taken(rtb, "DestinationCidrBlock", dest):
        return _error("RouteAlreadyExists", f"The route identified by {dest} already exists.", 400)
"""


def _taken(table: dict[str, Any], kind: str, destination: str) -> bool:
    return any(route.get(kind) == destination for route in table["Routes"])


def _route(properties: Properties) -> None:
    table = ec2._route_tables.get(properties.get("RouteTableId", ""))
    kind, destination = provisioners._ec2_route_destination(properties)
    if table is not None and _taken(table, kind, destination):
        raise ValueError(f"The route identified by {destination} already exists.")


def _vault(properties: Properties) -> None:
    if properties.get("BackupVaultName") in backup._vaults:
        raise ValueError("Backup vault with the same name already exists")


def install() -> None:
    hooks.before_create("AWS::EC2::Route", _route)
    hooks.before_create("AWS::Backup::BackupVault", _vault)
    patching.edit(ec2._create_route, old=_ADDED, new=_REFUSED + _ADDED, names={"_localcloud_taken": _taken})
