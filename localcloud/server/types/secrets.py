"""AWS::SecretsManager: rotation schedules and resource policies."""

import json

from ministack.services import secretsmanager

from localcloud.server.api import call
from localcloud.server.mends import rotation
from localcloud.server.resource import Properties, Request, Resource, ResourceType, flag


def _put_policy(request: Request) -> Resource:
    secret, policy = request.properties["SecretId"], request.properties["ResourcePolicy"]
    text = policy if isinstance(policy, str) else json.dumps(policy)
    call("secretsmanager", "put_resource_policy", SecretId=secret, ResourcePolicy=text)
    return Resource(secret, {"Id": secret})


def _delete_policy(_: str, properties: Properties) -> None:
    call("secretsmanager", "delete_resource_policy", SecretId=properties["SecretId"])


def _update_policy(physical_id: str, old: Properties, request: Request) -> Resource:
    if old["SecretId"] != request.properties["SecretId"]:
        _delete_policy(physical_id, old)
    return _put_policy(request)


def _schedule(request: Request) -> Resource:
    secret = request.properties["SecretId"]
    rules = dict(request.properties.get("RotationRules") or {})
    if "AutomaticallyAfterDays" in rules:
        rules["AutomaticallyAfterDays"] = int(rules["AutomaticallyAfterDays"])
    arn = call(
        "secretsmanager",
        "rotate_secret",
        SecretId=secret,
        RotationLambdaARN=request.properties.get("RotationLambdaARN", ""),
        RotationRules=rules,
        RotateImmediately=flag(request.properties.get("RotateImmediatelyOnUpdate", True)),
    )["ARN"]
    # The rotation, or its trial: a function that cannot rotate fails the stack, rather than next month.
    rotation.wait(arn)
    return Resource(secret, {"Id": secret})


def _cancel_schedule(_: str, properties: Properties) -> None:
    # MiniStack has no CancelRotateSecret; and the secret may be gone already, since a schedule of
    # an imported secret is deleted in any order.
    secret = secretsmanager._resolve(properties["SecretId"])[1]
    if secret is not None:
        secret["RotationEnabled"] = False


def _update_schedule(physical_id: str, old: Properties, request: Request) -> Resource:
    if old["SecretId"] != request.properties["SecretId"]:
        _cancel_schedule(physical_id, old)
    return _schedule(request)


TYPES = {
    "AWS::SecretsManager::ResourcePolicy": ResourceType(
        create=_put_policy, delete=_delete_policy, update=_update_policy
    ),
    "AWS::SecretsManager::RotationSchedule": ResourceType(
        create=_schedule, delete=_cancel_schedule, update=_update_schedule
    ),
}
