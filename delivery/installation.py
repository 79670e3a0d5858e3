"""CodeDeploy: a revision onto the instances of one colour.

Owns starting a deployment, or finding the one that a killed run had started, and what is said of it.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from delivery.backend import Backend, Side
from delivery.errors import DeliveryError, RolloutError

_PATIENCE_S: Final = 1500.0
_OPEN: Final = ("Created", "Queued", "InProgress", "Baking", "Ready")
_LAST_LINES: Final = 3
_BATCH: Final = 25
"""Targets that BatchGetDeploymentTargets takes at a time."""


@dataclass(frozen=True)
class Installation:
    """`codedeploy`: a boto3 client."""

    codedeploy: Any
    backend: Backend
    side: Side
    poll_s: float

    def start(self, key: str, *, description: str, waiting: Callable[[str], None]) -> str:
        """The id of a deployment of this revision: one that runs already, or a new one.

        A group takes one deployment at a time: one that Auto Scaling started for a new instance is waited for.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            running = self._running()
            for deployment, info in running.items():
                if info["revision"].get("s3Location", {}).get("key") == key and info.get("creator") == "user":
                    return deployment
            if not running:
                try:
                    return self._create(key, description)
                except self.codedeploy.exceptions.DeploymentLimitExceededException:
                    pass  # one came in between: it is waited for too
            if time.monotonic() > deadline:
                raise DeliveryError(
                    self.side.group, why="another deployment does not end", do="stop it and run this again"
                )
            waiting(f"waiting for CodeDeploy's {', '.join(running) or 'other deployment'} to end")
            time.sleep(self.poll_s)

    def wait(self, deployment: str, *, waiting: Callable[[str], None]) -> None:
        """Until it has succeeded. Raises `RolloutError` with the hook that failed and its last lines."""
        while True:
            info = self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
            # All at once, CodeDeploy calls it a success when one instance of several has made it.
            if info["status"] == "Succeeded" and not self._failed(deployment):
                return
            if info["status"] in ("Succeeded", "Failed", "Stopped"):
                end = "failed" if info["status"] == "Succeeded" else info["status"].lower()
                raise RolloutError(f"CodeDeploy's {deployment} {end}: {self._blame(deployment, info)}")
            waiting(self._progress(deployment, info))
            time.sleep(self.poll_s)

    def stop(self) -> None:
        """Ends what runs, CodeDeploy's own way back too: whoever empties the colour has no use for it."""
        for deployment in self._running():
            with contextlib.suppress(self.codedeploy.exceptions.DeploymentAlreadyCompletedException):
                self.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=False)

    def _create(self, key: str, description: str) -> str:
        answer = self.codedeploy.create_deployment(
            applicationName=self.backend.application,
            deploymentGroupName=self.side.group,
            description=description,
            # What stops an older version must not stop a newer one.
            ignoreApplicationStopFailures=True,
            fileExistsBehavior="OVERWRITE",
            revision={
                "revisionType": "S3",
                "s3Location": {"bucket": self.backend.bucket, "key": key, "bundleType": "zip"},
            },
        )
        return str(answer["deploymentId"])

    def _running(self) -> dict[str, dict[str, Any]]:
        pages = self.codedeploy.get_paginator("list_deployments").paginate(
            applicationName=self.backend.application,
            deploymentGroupName=self.side.group,
            includeOnlyStatuses=list(_OPEN),
        )
        ids = [deployment for page in pages for deployment in page["deployments"]]
        return {id: self.codedeploy.get_deployment(deploymentId=id)["deploymentInfo"] for id in ids}

    def _targets(self, deployment: str) -> list[dict[str, Any]]:
        pages = self.codedeploy.get_paginator("list_deployment_targets").paginate(deploymentId=deployment)
        ids = [target for page in pages for target in page["targetIds"]]
        batches = [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
        return [
            target["instanceTarget"]
            for batch in batches
            for target in self.codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=batch)[
                "deploymentTargets"
            ]
        ]

    def _failed(self, deployment: str) -> list[str]:
        return [target["targetId"] for target in self._targets(deployment) if target["status"] == "Failed"]

    def _progress(self, deployment: str, info: dict[str, Any]) -> str:
        overview = info.get("deploymentOverview") or {}
        done, whole = overview.get("Succeeded", 0), sum(overview.values())
        at = [
            f"{target['targetId']} {event['lifecycleEventName']}"
            for target in self._targets(deployment)
            for event in target.get("lifecycleEvents", [])
            if event["status"] == "InProgress"
        ]
        return f"installing: {done} of {whole} instances done{'; ' if at else ''}{', '.join(at)}"

    def _blame(self, deployment: str, info: dict[str, Any]) -> str:
        for target in self._targets(deployment):
            for event in target.get("lifecycleEvents", []):
                if event["status"] == "Failed":
                    found = event.get("diagnostics") or {}
                    lines = [line for line in found.get("logTail", "").splitlines() if line.strip()]
                    script = f", {found['scriptName']}" if found.get("scriptName") else ""
                    tail = " / ".join(lines[-_LAST_LINES:]) or found.get("message", "no output")
                    return f"{event['lifecycleEventName']}{script} on {target['targetId']}: {tail}"
        return str((info.get("errorInformation") or {}).get("message") or "no reason given")
