"""An AWS account in small, for what a drill does in one: RDS, AWS Backup, the function.

Every call of boto3 ends here. What is asked and what is answered is held against botocore's models of the services; who
may ask it, against the role's own statements. Automation itself is `automation`.
"""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final
from unittest import mock

from botocore.client import BaseClient
from botocore.response import StreamingBody
from botocore.validate import ParamValidator

ACCOUNT: Final = "123456789012"
REGION: Final = "ap-northeast-2"
KEY: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
ORIGINAL: Final = "team3-prod-db"
COPY: Final = "team3-prod-drill"
VAULT: Final = "team3-prod-backup"
GROUP: Final = "sg-00000000000000001"
SUBNETS, PARAMETERS = "team3-prod-subnets", "team3-prod-parameters"
BUSY_FOR: Final = 3
"""Looks at an instance until it is what it is becoming."""


class AccessDeniedError(Exception):
    """What the role's statements do not allow."""


def rds_arn(kind: str, name: str) -> str:
    return f"arn:aws:rds:{REGION}:{ACCOUNT}:{kind}:{name}"


@dataclass(frozen=True)
class Request:
    """One thing that IAM judges."""

    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)


def allowed(statements: list[dict[str, Any]], request: Request) -> bool:
    """As IAM decides, for the operators that our policies use; a condition without its key is not met."""
    return any(
        statement["Effect"] == "Allow"
        and request.action in _several(statement["Action"])
        and any(fnmatchcase(request.resource, pattern) for pattern in _several(statement["Resource"]))
        and all(
            request.context.get(key) in _several(value)
            for operator, pairs in statement.get("Condition", {}).items()
            for key, value in pairs.items()
            if operator in ("StringEquals", "Bool") or _unknown(operator)
        )
        for statement in statements
    )


def _unknown(operator: str) -> bool:
    raise AssertionError(operator)


def _several(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@dataclass
class Instance:
    """A database instance; `status` is what it becomes after `BUSY_FOR` looks."""

    name: str
    made: datetime | None
    status: str
    becoming: str = "available"
    looks: int = 0
    key: str = KEY


@dataclass(kw_only=True)
class Account:
    """`statements`: of the role whose calls arrive."""

    statements: list[dict[str, Any]]
    now: datetime
    compare: Callable[[dict[str, Any]], dict[str, Any]]
    """The function: what it answers, or an exception."""
    function: str
    """Its name; its ARN is what the role knows."""
    function_arn: str
    instances: dict[str, Instance] = field(default_factory=dict)
    recovery_points: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Operation -> the error code that it is answered with."""
    outcome: str = "available"
    """What a restored instance becomes."""
    stuck: bool = False
    """What is restored never becomes available."""
    lag: timedelta = timedelta(minutes=3)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Operation and input, in this order."""

    @contextmanager
    def at_the_other_end(self) -> Iterator[None]:
        """All calls of boto3 come here meanwhile."""

        def make_api_call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            return self._answer(client, operation, parameters)

        with mock.patch.object(BaseClient, "_make_api_call", make_api_call):
            yield

    def of(self, *operations: str) -> list[dict[str, Any]]:
        """Inputs of the calls of these operations."""
        return [parameters for operation, parameters in self.calls if operation in operations]

    def _answer(self, client: BaseClient, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        model = client.meta.service_model.operation_model(operation)
        _validate(parameters, model.input_shape)
        self.calls.append((operation, parameters))
        for request in self._requests(operation, parameters):
            if not allowed(self.statements, request):
                raise AccessDeniedError(request)
        if code := self.refused.get(operation):
            raise client.exceptions.from_code(code)({"Error": {"Code": code, "Message": "no"}}, operation)
        if operation == "Invoke":
            return self._invoke(parameters)
        handle = {
            "DescribeDBInstances": self._describe,
            "RestoreDBInstanceFromDBSnapshot": self._restore,
            "RestoreDBInstanceToPointInTime": self._restore,
            "DeleteDBInstance": self._delete,
            "ListRecoveryPointsByBackupVault": lambda *_: {"RecoveryPoints": self.recovery_points},
        }[operation]
        answer = handle(client, parameters)
        _validate(answer, model.output_shape)
        return answer

    def _requests(self, operation: str, parameters: dict[str, Any]) -> Iterator[Request]:
        """What IAM is asked for a call (service authorization reference)."""
        if operation == "Invoke":
            assert parameters["FunctionName"] == self.function
            yield Request("lambda:InvokeFunction", self.function_arn)
        elif operation == "ListRecoveryPointsByBackupVault":
            vault = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{parameters['BackupVaultName']}"
            yield Request(f"backup:{operation}", vault)
        elif operation.startswith("Restore"):
            names = [parameters.get(f"{kind}DBInstanceIdentifier") for kind in ("", "Source", "Target")]
            resources = [rds_arn("db", name) for name in names if name]
            resources.append(rds_arn("og", "default:postgres-16"))
            resources.append(rds_arn("pg", parameters["DBParameterGroupName"]))
            resources.append(rds_arn("subgrp", parameters["DBSubnetGroupName"]))
            if snapshot := parameters.get("DBSnapshotIdentifier"):
                resources.append(rds_arn("snapshot", snapshot))
            for resource in resources:
                yield Request(f"rds:{operation}", resource)
            yield Request("rds:AddTagsToResource", rds_arn("db", self._made(parameters)))
            through = {"kms:ViaService": f"rds.{REGION}.amazonaws.com"}
            yield Request("kms:DescribeKey", KEY, through)
            yield Request("kms:CreateGrant", KEY, through | {"kms:GrantIsForAWSResource": "true"})
        else:
            yield Request(f"rds:{operation}", rds_arn("db", parameters["DBInstanceIdentifier"]))

    def _made(self, parameters: dict[str, Any]) -> str:
        return str(parameters.get("TargetDBInstanceIdentifier") or parameters["DBInstanceIdentifier"])

    def _found(self, client: BaseClient, name: str) -> Instance:
        if name not in self.instances:
            code = "DBInstanceNotFound"
            raise client.exceptions.from_code(code)({"Error": {"Code": code, "Message": name}}, "DescribeDBInstances")
        return self.instances[name]

    def _describe(self, client: BaseClient, parameters: dict[str, Any]) -> dict[str, Any]:
        instance = self._found(client, parameters["DBInstanceIdentifier"])
        instance.looks += 1
        if instance.looks > BUSY_FOR and not (self.stuck and instance.becoming == "available"):
            if instance.becoming == "gone":
                del self.instances[instance.name]
                self._found(client, instance.name)
            instance.status, instance.made = instance.becoming, instance.made or self.now
        return {"DBInstances": [self._shown(instance)]}

    def _shown(self, instance: Instance) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "DBInstanceIdentifier": instance.name,
            "DBInstanceArn": rds_arn("db", instance.name),
            "DBInstanceStatus": instance.status,
            "KmsKeyId": instance.key,
        }
        if instance.made:
            shown |= {"InstanceCreateTime": instance.made, "LatestRestorableTime": datetime.now(UTC) - self.lag}
            shown["Endpoint"] = {"Address": f"{instance.name}.rds.example", "Port": 5432}
        return shown

    def _restore(self, client: BaseClient, parameters: dict[str, Any]) -> dict[str, Any]:
        name = self._made(parameters)
        if name in self.instances:
            code = "DBInstanceAlreadyExists"
            raise client.exceptions.from_code(code)({"Error": {"Code": code, "Message": name}}, "Restore")
        self.instances[name] = Instance(name, None, "creating", self.outcome)
        return {"DBInstance": {"DBInstanceIdentifier": name}}

    def _delete(self, client: BaseClient, parameters: dict[str, Any]) -> dict[str, Any]:
        instance = self._found(client, parameters["DBInstanceIdentifier"])
        assert instance.name != ORIGINAL
        instance.status, instance.becoming, instance.looks = "deleting", "gone", 0
        return {"DBInstance": {"DBInstanceIdentifier": instance.name}}

    def _invoke(self, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            answer, error = self.compare(json.loads(parameters["Payload"])), {}
        except ValueError as failed:
            answer, error = {"errorMessage": str(failed)}, {"FunctionError": "Unhandled"}
        body = json.dumps(answer).encode()
        return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body)), **error}


def _validate(value: dict[str, Any], shape: Any) -> None:
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), report.generate_report()


def recovery_point(made: datetime, job: str, *, status: str = "COMPLETED") -> dict[str, Any]:
    return {
        "RecoveryPointArn": rds_arn("snapshot", f"awsbackup:job-{job}"),
        "ResourceArn": rds_arn("db", ORIGINAL),
        "CreationDate": made,
        "Status": status,
    }


NOW: Final = datetime.now(UTC).replace(microsecond=0)
"""The steps look at the clock themselves."""
