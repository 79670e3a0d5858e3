"""Deployments of the emulated CodeDeploy that happen: of each instance the target is taken out of the load balancer,
the revision installed, the target put back when it is healthy.

Owns one run and what is told of it. What installing means here is `instances`'; groups and the API are `codedeploy`'s.
"""

import contextvars
import copy
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from localcloud.server import instances
from localcloud.server.api import call
from localcloud.server.mends import health

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


def carry_out(deployment: Deployment, fetch: Callable[[], bytes]) -> tuple[str, str]:
    """Installs what `fetch` brings; status and message of the end."""
    at_once = deployment.info["deploymentConfigName"] == _AT_ONCE
    try:
        archive = fetch()
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
        return "Failed", f"{type(error).__name__}: {error}"
    failed = [target for target in deployment.targets.values() if target.status == "Failed"]
    # "All at once" is content with one instance of several.
    if failed and not (at_once and len(failed) < len(deployment.targets)):
        return "Failed", f"{len(failed)} of {len(deployment.targets)} instances failed"
    return ("Stopped", "Stopped by a user") if deployment.stopped else ("Succeeded", "")


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
            health.wait_idle(instances.address(target.id))
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
        states = call("elbv2", "describe_target_health", **where)["TargetHealthDescriptions"]
        if all(entry["TargetHealth"]["State"] == "healthy" for entry in states):
            return True
        time.sleep(0.2)
    return False


def _exists(instance: str) -> bool:
    try:
        instances.address(instance)
    except KeyError:
        return False
    return True
