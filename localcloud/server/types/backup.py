"""AWS::Backup::BackupSelection."""

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType


def _create(request: Request) -> Resource:
    plan, selection = request.properties["BackupPlanId"], request.properties["BackupSelection"]
    keys = ("SelectionName", "IamRoleArn", "Resources", "NotResources", "ListOfTags", "Conditions")
    chosen = {key: selection[key] for key in keys if selection.get(key)}
    made = call("backup", "create_backup_selection", BackupPlanId=plan, BackupSelection=chosen)
    identifier = f"{made['SelectionId']}|{plan}"
    attributes = {"Id": identifier, "SelectionId": made["SelectionId"], "BackupPlanId": plan}
    return Resource(identifier, attributes)


def _delete(physical_id: str, properties: Properties) -> None:
    selection = physical_id.split("|")[0]
    call("backup", "delete_backup_selection", BackupPlanId=properties["BackupPlanId"], SelectionId=selection)


TYPES = {"AWS::Backup::BackupSelection": ResourceType(create=_create, delete=_delete)}
