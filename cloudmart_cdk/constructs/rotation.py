"""The rotation of the database's and the cache's secrets, and the database's users. Specification section 3, ADR 0013.

Owns the function, its rights and log, the schedules, and the step of a deploy that prepares the database. Does not own
the secrets, the stores or the function's security group.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..acknowledge import acknowledge
from ..security_groups import POSTGRESQL_PORT, REDIS_PORT
from .cache import Cache
from .database import Database
from .function_archive import add_driver, add_package, archive
from .functions import inside, python_function
from .log_groups import LogGroups
from .roles import LOG_ACTIONS, allow, service_role
from .secrets import Secrets
from .vpc_functions import NETWORK_ACTIONS, NETWORK_REASONS

PACKAGE: Final = Path(__file__).parents[1] / "assets" / "rotation"
EVERY: Final = "rate(30 days)"
WINDOW: Final = "4h"
"""From midnight UTC, where Secrets Manager begins the window of a rate in days: 09:00 to 13:00 in Seoul, when the
database of dev runs and somebody is there."""

_SECONDS: Final = 900
"""Lambda's most: ElastiCache takes minutes to change a token."""
_PREPARATION_SECONDS: Final = 300


class Rotation(Construct):
    """One function for the three secrets, `function_name`; `users` is made when the database knows the application's
    users."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        secrets: Secrets,
        key: kms.IKey,
        database: Database,
        database_name: str,
        cache: Cache,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, id)
        self._secrets = secrets
        self._rotated = (secrets.database_owner, secrets.database_app, secrets.cache_auth)
        self._log_group = log_groups.make_resource(self, "LogGroup")
        code = archive(self, "Code", bundle)
        function = python_function(
            self,
            "Function",
            description="Rotates the secrets of database and cache; prepares the database's users",
            code=code,
            handler=f"{PACKAGE.name}.handler.handle",
            role=self._role(key, cache),
            log_group=self._log_group,
            seconds=_SECONDS,
            variables={
                "DATABASE_HOST": database.server_host,
                "DATABASE_PORT": str(POSTGRESQL_PORT),
                "DATABASE_NAME": database_name,
                "OWNER_SECRET_ARN": secrets.database_owner.secret_arn,
                "APP_SECRET_ARN": secrets.database_app.secret_arn,
                "PROXY_LOGIN_ARNS": ",".join(each.secret_arn for each in secrets.proxy_logins),
                "CACHE_GROUP": cache.group_id,
                "CACHE_HOST": cache.host,
                "CACHE_PORT": str(REDIS_PORT),
                "CACHE_SECRET_ARN": secrets.cache_auth.secret_arn,
            },
            vpc_config=inside(subnets, security_group),
        )
        self.function_name = function.ref
        self.log_group_name = self._log_group.ref
        self.users = cdk.CustomResource(
            self,
            "DatabaseUsers",
            resource_type="Custom::CloudMartDatabaseUsers",
            service_token=function.attr_arn,
            service_timeout=cdk.Duration.seconds(_PREPARATION_SECONDS),
            # What it is made of: a change of any runs it again.
            properties={
                "Host": database.server_host,
                "Database": database_name,
                "Secret": secrets.database_app.secret_arn,
                "Code": code.asset_hash,
            },
        )
        self.users.node.add_dependency(database, secrets)
        self._schedule(function)

    def _schedule(self, function: lambda_.CfnFunction) -> None:
        permission = lambda_.CfnPermission(
            self,
            "SecretsManager",
            action="lambda:InvokeFunction",
            function_name=function.attr_arn,
            principal="secretsmanager.amazonaws.com",
            source_account=cdk.Stack.of(self).account,
        )
        for secret in self._rotated:
            schedule = secretsmanager.CfnRotationSchedule(
                self,
                f"{secret.node.id}Schedule",
                secret_id=secret.secret_arn,
                rotation_lambda_arn=function.attr_arn,
                rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                    schedule_expression=EVERY, duration=WINDOW
                ),
                # The values are as old as the stage; a deploy is busy enough.
                rotate_immediately_on_update=False,
            )
            # Secrets Manager tries a new schedule by logging in.
            schedule.node.add_dependency(permission, self.users)

    def _role(self, key: kms.IKey, cache: Cache) -> iam.CfnRole:
        stack = cdk.Stack.of(self)
        group = stack.format_arn(
            service="elasticache",
            resource="replicationgroup",
            resource_name=cache.group_id,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        read = ["GetSecretValue", "DescribeSecret", "ListSecretVersionIds"]
        write = ["PutSecretValue", "UpdateSecretVersionStage"]
        through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{stack.region}.amazonaws.com"}}
        secrets = [secret.secret_arn for secret in (*self._rotated, *self._secrets.proxy_logins)]
        statements = [
            allow([f"secretsmanager:{action}" for action in (*read, *write)], secrets),
            allow(["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn], through),
            allow(["elasticache:DescribeReplicationGroups", "elasticache:ModifyReplicationGroup"], [group]),
            allow(LOG_ACTIONS, [self._log_group.attr_arn]),
            allow(NETWORK_ACTIONS, ["*"]),
        ]
        role = service_role(
            self,
            "Role",
            description="Rotates the secrets of database and cache",
            service="lambda.amazonaws.com",
            policy="Rotation",
            statements=statements,
        )
        acknowledge(role, NETWORK_REASONS)
        return role


def bundle(target: Path) -> None:
    """Fills the empty folder `target` with our package and what it needs. Raises `RuntimeError`."""
    add_package(PACKAGE, target)
    add_driver(target)
