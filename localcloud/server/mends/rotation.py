"""Secrets Manager: rotation, and the versions that it works with.

Faults: a rotation changes labels and calls nobody; a version without a value is found; a label that is put on a new
version stays on the old one too; a used token is taken for another value. Here the function of the secret is called for
its four steps (Secrets Manager guide, "Lambda rotation functions"), one rotation of a secret at a time.
"""

import contextvars
import json
import threading
import time
from typing import Any, Final

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import secretsmanager

from localcloud.server import patching
from localcloud.server.api import call
from localcloud.server.resource import flag

_STEPS: Final = ("createSecret", "setSecret", "testSecret", "finishSecret")
_TRIAL: Final = ("testSecret",)
_PENDING: Final = "AWSPENDING"
_CURRENT: Final = "AWSCURRENT"

Secret = dict[str, Any]

_running: dict[str, threading.Thread] = {}
_failures: dict[str, str] = {}


class RotationError(Exception):
    """A step that failed; the function's own words."""


def wait(arn: str) -> None:
    """Returns when no rotation of the secret is under way. Raises `RotationError` when the last one failed."""
    thread = _running.get(arn)
    if thread is not None:
        thread.join()
    if arn in _failures:
        raise RotationError(_failures[arn])


def _refusal(text: str) -> Any:
    return error_response_json("InvalidRequestException", text, 400)


def _rotate(data: dict[str, Any]) -> Any:
    secret = secretsmanager._resolve(data.get("SecretId"))[1]
    if not secret or secret.get("DeletedDate") or secretsmanager._is_replica(secret):
        return _original_rotate(data)
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        return _refusal("No Lambda rotation function ARN is associated with this secret.")
    secret["RotationLambdaARN"], secret["RotationEnabled"] = function, True
    secret["RotationRules"] = data.get("RotationRules") or secret.get("RotationRules")
    at_once = flag(data.get("RotateImmediately", True))
    unfinished = [
        version
        for version, content in secret["Versions"].items()
        if _PENDING in content["Stages"] and _CURRENT not in content["Stages"]
    ]
    if unfinished:
        _begin(secret, unfinished[0], _STEPS)
        return _refusal("A previous rotation isn't complete. That rotation will be reattempted.")
    version = data.get("ClientRequestToken") or new_uuid()
    secret["Versions"][version] = {
        "SecretString": None,
        "SecretBinary": None,
        "CreatedDate": int(time.time()),
        "Stages": [_PENDING],
    }
    secretsmanager._remove_stage_everywhere(secret, _PENDING, except_version_id=version)
    _begin(secret, version, _STEPS if at_once else _TRIAL)
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": version})


def _begin(secret: Secret, version: str, steps: tuple[str, ...]) -> None:
    arn = secret["ARN"]
    # The context carries account and region of the request.
    arguments = (contextvars.copy_context().run, _run, secret, version, steps, _running.get(arn))
    _running[arn] = threading.Thread(target=arguments[0], args=arguments[1:], daemon=True)
    _running[arn].start()


def _run(secret: Secret, version: str, steps: tuple[str, ...], earlier: threading.Thread | None) -> None:
    if earlier is not None:
        earlier.join()
    if _PENDING not in secret["Versions"].get(version, {"Stages": []})["Stages"]:
        return
    _failures.pop(secret["ARN"], None)
    try:
        for step in steps:
            _step(secret, version, step)
        if steps == _STEPS:
            secret["LastRotatedDate"] = int(time.time())
    except Exception as error:  # kept for whoever waits; the rotation stays unfinished, as on AWS
        _failures[secret["ARN"]] = f"rotation of {secret['Name']}: {error}"
    finally:
        if steps == _TRIAL:
            secret["Versions"].pop(version, None)


def _step(secret: Secret, version: str, step: str) -> None:
    event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": version}
    answer = call("lambda", "invoke", FunctionName=secret["RotationLambdaARN"], Payload=json.dumps(event).encode())
    if answer.get("FunctionError"):
        said = json.loads(answer["Payload"].read() or b"{}")
        raise RotationError(f"{step}: {said.get('errorMessage', 'the function failed')}")


def _put(data: dict[str, Any]) -> Any:
    secret, token = secretsmanager._resolve(data.get("SecretId"))[1], data.get("ClientRequestToken")
    known = secret["Versions"].get(token) if secret else None
    if known and (known["SecretString"], known["SecretBinary"]) != (None, None):
        if (known["SecretString"], known["SecretBinary"]) != (data.get("SecretString"), data.get("SecretBinary")):
            return error_response_json(
                "ResourceExistsException",
                f"You can't use ClientRequestToken {token} because that value is already in use for a version of"
                f" secret {secret['ARN']}.",
                400,
            )
        stages = list(known["Stages"])
        return json_response(
            {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token, "VersionStages": stages}
        )
    answer = _original_put(data)
    if answer[0] == 200:
        version = json.loads(answer[2])["VersionId"]
        for stage in data.get("VersionStages") or []:
            secretsmanager._remove_stage_everywhere(secret, stage, except_version_id=version)
    return answer


def _unreadable(data: dict[str, Any], version: str, content: dict[str, Any]) -> Any:
    """The refusal of a version that has no value yet, or not the label asked for; else None."""
    stage = data.get("VersionStage")
    if data.get("VersionId") and stage and stage not in content["Stages"]:
        return _refusal("You provided a VersionStage that is not associated to the provided VersionId.")
    if content.get("SecretString") is None and content.get("SecretBinary") is None:
        return error_response_json(
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for VersionId: {version}",
            400,
        )
    return None


_original_rotate, _original_put = secretsmanager._rotate_secret, secretsmanager._put_secret_value


def install() -> None:
    secretsmanager._rotate_secret = _rotate
    secretsmanager._put_secret_value = _put
    patching.edit(
        secretsmanager._get_secret_value,
        old="    result = {\n",
        new="    if refusal := _localcloud_unreadable(data, vid, ver):\n        return refusal\n    result = {\n",
        names={"_localcloud_unreadable": _unreadable},
    )
    patching.edit(
        secretsmanager._describe_secret,
        old='    if secret.get("RotationRules"):\n',
        new='    if secret.get("LastRotatedDate"):\n        result["LastRotatedDate"] = secret["LastRotatedDate"]\n'
        '    if secret.get("RotationRules"):\n',
    )
