"""CodeDeploy, which MiniStack does not have: its JSON API.

Owns applications, deployment groups, and which deployments there are; how one happens is in `deployments`. Left out is
what nobody here asks for: blue/green, on-premises instances, alarms of a group, revisions from elsewhere than S3.
"""

import contextvars
import json
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from ministack import app
from ministack.core import router
from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response, new_uuid
from ministack.services import autoscaling

from localcloud.server import instances
from localcloud.server.api import call
from localcloud.server.deployments import Body, Deployment, Target, carry_out

_TARGET: Final = "CodeDeploy_20141006"
_OPEN: Final = ("Created", "Queued", "InProgress")

_applications: AccountRegionScopedDict = AccountRegionScopedDict()
_groups: AccountRegionScopedDict = AccountRegionScopedDict()
_deployments: AccountRegionScopedDict = AccountRegionScopedDict()
_lock = threading.RLock()


class ApiError(Exception):
    """An answer that is an error; `code` without its `Exception`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = f"{code}Exception"


# What the rest of the emulator asks.


def released_to(application: str, group: str) -> bytes | None:
    """What a new instance of a deployment group gets: the last revision that succeeded there; None: none did."""
    with _lock:
        found = _groups.get(f"{application}/{group}")
        last = _last_successful(found) if found else None
    return _fetch(last) if last else None


def _fetch(revision: Body) -> bytes:
    location = revision["s3Location"]
    content: bytes = call("s3", "get_object", Bucket=location["bucket"], Key=location["key"])["Body"].read()
    return content


def _last_successful(group: Body) -> Body | None:
    done = [d for d in _deployments.values() if d.group is group and d.info["status"] == "Succeeded"]
    return max(done, key=lambda d: d.info["createTime"]).info["revision"] if done else None


# The API.


def _application(body: Body) -> Body:
    name = body.get("applicationName", "")
    if name not in _applications:
        raise ApiError("ApplicationDoesNotExist", f"No application found for name: {name}")
    found: Body = _applications[name]
    return found


def _group(body: Body) -> Body:
    application = _application(body)["applicationName"]
    name = body.get("deploymentGroupName", "")
    key = f"{application}/{name}"
    if key not in _groups:
        raise ApiError("DeploymentGroupDoesNotExist", f"No Deployment Group found for name: {name}")
    found: Body = _groups[key]
    return found


def _deployment(body: Body) -> Deployment:
    id = body.get("deploymentId", "")
    if id not in _deployments:
        raise ApiError("DeploymentDoesNotExist", f"The deployment {id} could not be found")
    found: Deployment = _deployments[id]
    return found


def _create_application(body: Body) -> Body:
    name = body["applicationName"]
    if name in _applications:
        raise ApiError("ApplicationAlreadyExists", f"Application already exists: {name}")
    platform = body.get("computePlatform", "Server")
    made = {
        "applicationId": new_uuid(),
        "applicationName": name,
        "createTime": time.time(),
        "linkedToGitHub": False,
        "computePlatform": platform,
    }
    _applications[name] = made
    return {"applicationId": made["applicationId"]}


def _delete_application(body: Body) -> Body:
    name = body["applicationName"]
    _applications.pop(name, None)
    for key in [key for key in _groups if key.startswith(f"{name}/")]:
        del _groups[key]
    return {}


def _create_group(body: Body) -> Body:
    application, name = _application(body)["applicationName"], body["deploymentGroupName"]
    key = f"{application}/{name}"
    if key in _groups:
        raise ApiError("DeploymentGroupAlreadyExists", f"Deployment group already exists: {name}")
    _groups[key] = {"deploymentGroupId": new_uuid(), **_group_fields(body)}
    return {"deploymentGroupId": _groups[key]["deploymentGroupId"]}


def _group_fields(body: Body) -> Body:
    scaling_groups = [{"name": name, "hook": f"CodeDeploy-{name}"} for name in body.get("autoScalingGroups") or []]
    missing = [entry["name"] for entry in scaling_groups if entry["name"] not in autoscaling._asgs]
    if missing:
        raise ApiError("InvalidAutoScalingGroup", f"Auto Scaling groups do not exist: {', '.join(missing)}")
    return {
        "computePlatform": "Server",
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        **body,
        "autoScalingGroups": scaling_groups,
    }


def _update_group(body: Body) -> Body:
    name = body.pop("currentDeploymentGroupName")
    group = _group({**body, "deploymentGroupName": name})
    names = [entry["name"] for entry in group["autoScalingGroups"]]
    group.update(_group_fields({**group, "autoScalingGroups": names, **body}))
    return {"hooksNotCleanedUp": []}


def _delete_group(body: Body) -> Body:
    _groups.pop(f"{body['applicationName']}/{body['deploymentGroupName']}", None)
    return {"hooksNotCleanedUp": []}


def _list_groups(body: Body) -> Body:
    name = _application(body)["applicationName"]
    names = [group["deploymentGroupName"] for group in _groups.values() if group["applicationName"] == name]
    return {"applicationName": name, "deploymentGroups": sorted(names)}


def _create_deployment(body: Body) -> Body:
    group = _group(body)
    revision = body.get("revision") or {}
    location = revision.get("s3Location") or {}
    if revision.get("revisionType") != "S3" or not {"bucket", "key"} <= set(location):
        raise ApiError("InvalidRevision", "Only revisions in S3 are known here")
    running = [d for d in _deployments.values() if d.group is group and d.info["status"] in _OPEN]
    if running:
        raise ApiError(
            "DeploymentLimitExceeded",
            f"The Deployment Group '{group['deploymentGroupName']}' already has an active Deployment "
            f"'{running[0].info['deploymentId']}'",
        )
    return {"deploymentId": _start(group, revision, body, creator="user")}


def _start(group: Body, revision: Body, asked: Body, *, creator: str) -> str:
    id = f"d-{new_uuid().replace('-', '')[:9].upper()}"
    members = [
        instance["InstanceId"]
        for entry in group["autoScalingGroups"]
        for instance in autoscaling._asgs.get(entry["name"], {}).get("Instances", [])
    ]
    info = {
        "deploymentId": id,
        "applicationName": group["applicationName"],
        "deploymentGroupName": group["deploymentGroupName"],
        "deploymentConfigName": asked.get("deploymentConfigName") or group["deploymentConfigName"],
        "deploymentStyle": group.get("deploymentStyle", {}),
        "description": asked.get("description", ""),
        "revision": revision,
        "status": "Created",
        "createTime": time.time(),
        "creator": creator,
        "computePlatform": "Server",
    }
    deployment = Deployment(info=info, group=group, targets={member: Target(member) for member in members})
    _deployments[id] = deployment
    # Account and region travel in the context.
    work: Callable[..., None] = contextvars.copy_context().run
    threading.Thread(target=work, args=(_run, deployment), daemon=True, name=id).start()
    return id


def _list_deployments(body: Body) -> Body:
    statuses = body.get("includeOnlyStatuses") or []
    found = [
        deployment.info
        for deployment in _deployments.values()
        if deployment.info["applicationName"] == body.get("applicationName", deployment.info["applicationName"])
        and deployment.info["deploymentGroupName"]
        == body.get("deploymentGroupName", deployment.info["deploymentGroupName"])
        and (not statuses or deployment.info["status"] in statuses)
    ]
    newest_first = sorted(found, key=lambda info: -info["createTime"])
    return {"deployments": [info["deploymentId"] for info in newest_first]}


def _stop(body: Body) -> Body:
    deployment = _deployment(body)
    if deployment.info["status"] not in _OPEN:
        raise ApiError("DeploymentAlreadyCompleted", f"The deployment {deployment.info['deploymentId']} has ended")
    deployment.stopped = True
    return {"status": "Pending", "statusMessage": "The instances that are at work end it"}


def _targets(body: Body) -> Body:
    deployment = _deployment(body)
    asked = body.get("targetIds") or list(deployment.targets)
    documents = [deployment.targets[id].document(deployment.info["deploymentId"]) for id in asked]
    return {"deploymentTargets": documents}


_ACTIONS: Final[dict[str, Callable[[Body], Body]]] = {
    "CreateApplication": _create_application,
    "GetApplication": lambda body: {"application": _application(body)},
    "ListApplications": lambda _: {"applications": sorted(_applications)},
    "DeleteApplication": _delete_application,
    "CreateDeploymentGroup": _create_group,
    "GetDeploymentGroup": lambda body: {"deploymentGroupInfo": _group(body)},
    "ListDeploymentGroups": _list_groups,
    "UpdateDeploymentGroup": _update_group,
    "DeleteDeploymentGroup": _delete_group,
    "CreateDeployment": _create_deployment,
    "GetDeployment": lambda body: {"deploymentInfo": _deployment(body).document()},
    "ListDeployments": _list_deployments,
    "StopDeployment": _stop,
    "ListDeploymentTargets": lambda body: {"targetIds": list(_deployment(body).targets)},
    "BatchGetDeploymentTargets": _targets,
}


async def handle_request(_method: str, _path: str, headers: dict[str, str], body: bytes, _query: Any) -> Any:
    """MiniStack's way into a service."""
    operation = headers.get("x-amz-target", "").partition(".")[2]
    action = _ACTIONS.get(operation)
    if action is None:
        return error_response_json("InvalidAction", f"Unknown action: {operation}", 400)
    try:
        with _lock:
            return json_response(action(json.loads(body or b"{}")))
    except ApiError as error:
        return error_response_json(error.code, str(error), 400)


def _run(deployment: Deployment) -> None:
    deployment.info.update(status="InProgress", startTime=time.time())
    status, message = carry_out(deployment, lambda: _fetch(deployment.info["revision"]))
    with _lock:
        deployment.info.update(status=status, completeTime=time.time())
        if message:
            deployment.info["errorInformation"] = {"code": "HEALTH_CONSTRAINTS", "message": message}
        rollback = deployment.group.get("autoRollbackConfiguration") or {}
        last = _last_successful(deployment.group)
        asked = status == "Failed" and rollback.get("enabled") and "DEPLOYMENT_FAILURE" in rollback.get("events", [])
        if asked and last and deployment.info["creator"] == "user":
            before = _start(deployment.group, last, {"description": "Automatic rollback"}, creator="codeDeployRollback")
            deployment.info["rollbackInfo"] = {"rollbackDeploymentId": before}


def install() -> None:
    """Makes the service known to MiniStack, and its releases to new instances."""
    router.SERVICE_PATTERNS["codedeploy"] = {"target_prefixes": [_TARGET], "host_patterns": [r"codedeploy\."]}
    app.SERVICE_HANDLERS["codedeploy"] = handle_request
    instances.released_to = released_to
