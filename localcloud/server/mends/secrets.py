"""AWS::SecretsManager::Secret.

Faults: `Ref` is the name, where AWS gives the ARN; a generated value ignores which kinds of characters it may hold.
"""

import json
from typing import Any, Final

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

from localcloud.server.resource import Properties, flag

_FLAGS: Final = (
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "RequireEachIncludedType",
)


def _value(properties: Properties) -> str:
    """The first value, as the template declares it or asks for it."""
    rules = properties.get("GenerateSecretString")
    if properties.get("SecretString") or rules is None:
        return str(properties.get("SecretString", ""))
    wanted: dict[str, Any] = {key: flag(rules[key]) for key in _FLAGS if key in rules}
    wanted["PasswordLength"] = int(rules.get("PasswordLength", 32))
    wanted["ExcludeCharacters"] = rules.get("ExcludeCharacters", "")
    status, _, body = secretsmanager._get_random_password(wanted)
    if status != 200:
        raise ValueError(json.loads(body)["message"])
    password = str(json.loads(body)["RandomPassword"])
    if "SecretStringTemplate" not in rules:
        return password
    return json.dumps(json.loads(rules["SecretStringTemplate"]) | {rules["GenerateStringKey"]: password})


def _name(physical_id: str) -> str:
    found = secretsmanager._resolve(physical_id)[0]
    return str(found) if found else physical_id


def _arn(name: str) -> str:
    return str(secretsmanager._secrets[name]["ARN"])


def install() -> None:
    provisioners._sm_secret_string = _value
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def create_with_arn(*arguments: Any) -> Any:
        name, attributes = create(*arguments)
        return _arn(name), attributes

    def update_with_arn(physical_id: str, *rest: Any) -> Any:
        name, attributes = update(_name(physical_id), *rest)
        return _arn(name), attributes

    handlers["create"], handlers["update"] = create_with_arn, update_with_arn
    handlers["delete"] = lambda physical_id, *rest: delete(_name(physical_id), *rest)
