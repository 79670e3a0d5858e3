"""CodeDeploy, which MiniStack does not have: its JSON API, its two CloudFormation types, and deployments that happen.

Owns applications, deployment groups and in-place deployments with traffic control: of each instance of a group's
scaling groups the target is taken out of the load balancer, the revision installed, the target put back when it is
healthy. What installing means here is `instances`'. Left out is what nobody here asks for: blue/green, on-premises
instances, alarms of a group, GitHub revisions.
"""

import contextvars
import copy
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ministack import app
from ministack.core import router
from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response, new_uuid
from ministack.services import autoscaling

from localcloud.server import instances
from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType, camel_case

_TARGET: Final = "CodeDeploy_20141006"
_OPEN: Final = ("Created", "Queued", "InProgress")
_EVENTS: Final = (
    "BeforeBlockTraffic",
    "BlockTraffic",
    "AfterBlockTraffic",
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
_INSTALLING: Final = _EVENTS.index("Install")
_AFTER_INSTALLING: Final = _EVENTS.index("BeforeAllowTraffic")
_AT_ONCE: Final = "CodeDeployDefault.AllAtOnce"
_SCRIPTS: Final = {"ValidateService": "hooks/validate_service.sh"}
_JOIN_S: Final = 60.0
_VALIDATE_S: Final = float(os.environ.get("LOCALCLOUD_VALIDATE_SECONDS", "60"))
"""How long a newly installed application may take until it answers."""

Body = dict[str, Any]


class ApiError(Exception):
    """An answer that is an error; `code` without its `Exception`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = f"{code}Exception"


@dataclass
class Target:
    """One instance of a deployment."""

    id: str
    status: str = "Pending"
    events: list[Body] = field(
        default_factory=lambda: [{"lifecycleEventName": name, "status": "Pending"} for name in _EVENTS]
    )

    def pass_to(self, index: int, status: str = "InProgress") -> None:
        """Everything before is done; `index` is in this state."""
        for event in self.events[:index]:
            if event["status"] != "Succeeded":
                event.update(status="Succeeded", endTime=time.time())
        if index < len(self.events):
            self.events[index].update(status=status, startTime=time.time())

    def fail(self, event_name: str, message: str, log: str) -> None:
        index = _EVENTS.index(event_name)
        self.pass_to(index, "Failed")
        self.events[index]["diagnostics"] = {
            "errorCode": "ScriptFailed",
            "scriptName": _SCRIPTS.get(event_name, ""),
            "message": message,
            "logTail": log,
        }
        for event in self.events[index + 1 :]:
            event["status"] = "Skipped"
        self.status = "Failed"

    def document(self, deployment: str) -> Body:
        return {
            "deploymentTargetType": "InstanceTarget",
            "instanceTarget": {
                "deploymentId": deployment,
                "targetId": self.id,
                "targetArn": f"arn:aws:ec2:::instance/{self.id}",
                "status": self.status,
                "lifecycleEvents": copy.deepcopy(self.events),
                "lastUpdatedAt": time.time(),
            },
        }


@dataclass
class Deployment:
    """One run. `info`: as `GetDeployment` answers it."""

    info: Body
    group: Body
    targets: dict[str, Target]
    stopped: bool = False

    def document(self) -> Body:
        counts = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
        for target in self.targets.values():
            counts[target.status] += 1
        return {**self.info, "deploymentOverview": counts}


_applications: AccountRegionScopedDict = AccountRegionScopedDict()
_groups: AccountRegionScopedDict = AccountRegionScopedDict()
_deployments: AccountRegionScopedDict = AccountRegionScopedDict()
_lock = threading.RLock()


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
    threading.Thread(target=work, args=(_carry_out, deployment), daemon=True, name=id).start()
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


# Carrying a deployment out.


def _carry_out(deployment: Deployment) -> None:
    info = deployment.info
    info.update(status="InProgress", startTime=time.time())
    at_once = info["deploymentConfigName"] == _AT_ONCE
    try:
        archive = _fetch(info["revision"])
        if not deployment.targets:
            raise LookupError("no instances were found for the deployment group")
        install = _installer(deployment, archive)
        if at_once:
            threads = [
                threading.Thread(target=contextvars.copy_context().run, args=(install, target), daemon=True)
                for target in deployment.targets.values()
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        else:
            for target in deployment.targets.values():
                if any(other.status == "Failed" for other in deployment.targets.values()):
                    target.status = "Skipped"
                else:
                    install(target)
    except Exception as error:
        _end(deployment, "Failed", f"{type(error).__name__}: {error}")
        return
    failed = [target for target in deployment.targets.values() if target.status == "Failed"]
    # "All at once" is content with one instance of several.
    if failed and not (at_once and len(failed) < len(deployment.targets)):
        _end(deployment, "Failed", f"{len(failed)} of {len(deployment.targets)} instances failed")
    elif deployment.stopped:
        _end(deployment, "Stopped", "Stopped by a user")
    else:
        _end(deployment, "Succeeded", "")


def _end(deployment: Deployment, status: str, message: str) -> None:
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


def _installer(deployment: Deployment, archive: bytes) -> Callable[[Target], None]:
    arns = _target_groups(deployment.group)

    def install(target: Target) -> None:
        if deployment.stopped:
            target.status = "Skipped"
            return
        target.status = "InProgress"
        target.pass_to(_EVENTS.index("BlockTraffic"))
        for arn in arns:
            call("elbv2", "deregister_targets", TargetGroupArn=arn, Targets=[{"Id": target.id}])
        target.pass_to(_INSTALLING)
        try:
            instances.install(target.id, archive, seconds=_VALIDATE_S)
        except instances.InstallationError as error:
            target.fail("ValidateService", "the application does not answer", str(error))
            return
        except Exception as error:
            target.fail("Install", "the revision cannot be unpacked", f"{type(error).__name__}: {error}")
            return
        target.pass_to(_AFTER_INSTALLING)
        for arn in arns:
            if not _joined(arn, target.id):
                target.fail("AllowTraffic", "the target does not become healthy", "")
                return
        target.pass_to(len(_EVENTS))
        target.status = "Succeeded"

    return install


def _target_groups(group: Body) -> list[str]:
    """Behind which an instance of the group is; none where the group leaves traffic alone."""
    if (group.get("deploymentStyle") or {}).get("deploymentOption") != "WITH_TRAFFIC_CONTROL":
        return []
    names = [entry["name"] for entry in (group.get("loadBalancerInfo") or {}).get("targetGroupInfoList") or []]
    if not names:
        return []
    return [tg["TargetGroupArn"] for tg in call("elbv2", "describe_target_groups", Names=names)["TargetGroups"]]


def _joined(arn: str, instance: str) -> bool:
    """Puts the target back and waits for its health; False: too late, or the instance has ended meanwhile."""
    where = {"TargetGroupArn": arn, "Targets": [{"Id": instance}]}
    call("elbv2", "register_targets", **where)
    deadline = time.monotonic() + _JOIN_S
    while time.monotonic() < deadline:
        if not _exists(instance):
            # AWS refuses a target that has ended; here it would stay.
            call("elbv2", "deregister_targets", **where)
            return False
        health = call("elbv2", "describe_target_health", **where)["TargetHealthDescriptions"]
        if all(entry["TargetHealth"]["State"] == "healthy" for entry in health):
            return True
        time.sleep(0.2)
    return False


def _exists(instance: str) -> bool:
    try:
        instances.address(instance)
    except KeyError:
        return False
    return True


# CloudFormation.


def _application_resource(request: Request) -> Resource:
    name = request.name("ApplicationName", longest=100)
    call("codedeploy", "create_application", applicationName=name, **camel_case(request.only("ComputePlatform")))
    return Resource(name, {})


def _delete_application_resource(physical_id: str, _: Properties) -> None:
    call("codedeploy", "delete_application", applicationName=physical_id)


_OF_A_GROUP: Final = (
    "ApplicationName",
    "ServiceRoleArn",
    "AutoScalingGroups",
    "AutoRollbackConfiguration",
    "AlarmConfiguration",
    "DeploymentConfigName",
    "DeploymentStyle",
    "LoadBalancerInfo",
    "OutdatedInstancesStrategy",
    "TerminationHookEnabled",
)


def _group_resource(request: Request) -> Resource:
    name = request.name("DeploymentGroupName", longest=100)
    with _lock:
        _create_group({**camel_case(request.only(*_OF_A_GROUP)), "deploymentGroupName": name})
    return Resource(name, {})


def _update_group_resource(physical_id: str, old: Properties, request: Request) -> Resource:
    with _lock:
        group = _group({"applicationName": old["ApplicationName"], "deploymentGroupName": physical_id})
        if request.name("DeploymentGroupName", longest=100) != physical_id:
            _delete_group_resource(physical_id, old)
            return _group_resource(request)
        group.update(_group_fields({**camel_case(request.only(*_OF_A_GROUP)), "deploymentGroupName": physical_id}))
    return Resource(physical_id, {})


def _delete_group_resource(physical_id: str, properties: Properties) -> None:
    with _lock:
        _delete_group({"applicationName": properties["ApplicationName"], "deploymentGroupName": physical_id})


TYPES: Final[dict[str, ResourceType]] = {
    "AWS::CodeDeploy::Application": ResourceType(create=_application_resource, delete=_delete_application_resource),
    "AWS::CodeDeploy::DeploymentGroup": ResourceType(
        create=_group_resource, delete=_delete_group_resource, update=_update_group_resource
    ),
}


def install() -> None:
    """Makes the service known to MiniStack, and its releases to new instances; types come by `resource.register`."""
    router.SERVICE_PATTERNS["codedeploy"] = {"target_prefixes": [_TARGET], "host_patterns": [r"codedeploy\."]}
    app.SERVICE_HANDLERS["codedeploy"] = handle_request
    instances.released_to = released_to
