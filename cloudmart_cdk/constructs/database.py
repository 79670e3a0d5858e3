"""PostgreSQL: RDS or Aurora Serverless v2, replicas, RDS Proxy, off-hours. Specification section 3.

Owns the server, its parameters, its log groups and the proxy. Does not own secrets, the key, or its
security groups.
"""

from collections.abc import Sequence
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..acknowledge import acknowledge
from ..security_groups import POSTGRESQL_PORT
from ..settings.model import Database as DatabaseSettings
from . import off_hours, off_hours_calls
from .log_groups import LogGroups
from .stage_owned import Lifecycle

_LOGS: Final = ("postgresql", "upgrade")


class Database(Construct):
    """The stage's PostgreSQL.

    Attributes: `host` (what programs connect to: the proxy when there is one), `server_host` (never the proxy),
    `reader_host` (None without a reader), `identifier`, `replica_identifiers`, `proxy_name` (None without a proxy).
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: DatabaseSettings,
        identifier: str,
        vpc: ec2.IVpc,
        subnets: list[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        proxy_security_group: ec2.ISecurityGroup | None,
        key: kms.IKey,
        owner: secretsmanager.Secret,
        app: secretsmanager.Secret,
        proxy_logins: Sequence[secretsmanager.Secret],
        log_groups: LogGroups,
        lifecycle: Lifecycle,
    ) -> None:
        """`proxy_logins`: what the proxy knows the application's users by, a secret for each (ADR 0013)."""
        super().__init__(scope, id)
        self._settings, self._lifecycle, self._key = settings, lifecycle, key
        self._name = identifier
        self.replica_identifiers: list[str] = []
        self._subnet_group = rds.SubnetGroup(
            self,
            "Subnets",
            vpc=vpc,
            description="Isolated data subnets",
            vpc_subnets=ec2.SubnetSelection(subnets=subnets),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.subnet_group = self._subnet_group.subnet_group_name
        self.server_host: str
        self.reader_host: str | None = None
        self.proxy_name: str | None = None
        self._target: rds.ProxyTarget
        if settings.engine == "aurora":
            self._add_cluster(vpc, security_group, owner, app, log_groups)
        else:
            self._add_instance(vpc, security_group, owner, app, log_groups)
        self.host = self.server_host
        if proxy_security_group is not None:
            self._add_proxy(vpc, subnets, proxy_security_group, proxy_logins, log_groups)
        self._acknowledge()

    def _parameter_group(self, engine: rds.IEngine) -> rds.ParameterGroup:
        return rds.ParameterGroup(
            self,
            "Parameters",
            engine=engine,
            description="TLS forced, connections capped",
            parameters={
                "rds.force_ssl": "1",
                "max_connections": str(self._settings.max_connections),
                # Milliseconds: ten times Tiketi's p95 target; what is slower is worth a line in the log.
                "log_min_duration_statement": "500",
            },
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def _log_groups(self, kind: str, identifier: str, log_groups: LogGroups) -> list[logs.LogGroup]:
        """The groups that RDS would otherwise make itself, and leave behind."""
        return [
            log_groups.make(
                self, f"{identifier.rsplit('-', 1)[-1]}-{name}-logs", name=f"/aws/rds/{kind}/{identifier}/{name}"
            )
            for name in _LOGS
        ]

    def _add_instance(
        self,
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        owner: secretsmanager.Secret,
        app: secretsmanager.Secret,
        log_groups: LogGroups,
    ) -> None:
        settings = self._settings
        version = rds.PostgresEngineVersion.of(settings.version, settings.version.split(".")[0])
        engine = rds.DatabaseInstanceEngine.postgres(version=version)
        parameters = self._parameter_group(engine)
        instance = rds.DatabaseInstance(
            self,
            "Instance",
            # Stated, so that its log groups can exist before it; it also bars a replacement by accident.
            instance_identifier=self._name,
            engine=engine,
            instance_type=ec2.InstanceType(settings.instance_class.removeprefix("db.")),
            vpc=vpc,
            subnet_group=self._subnet_group,
            security_groups=[security_group],
            port=POSTGRESQL_PORT,
            publicly_accessible=False,
            multi_az=settings.multi_az,
            database_name=settings.name,
            credentials=rds.Credentials.from_secret(owner),
            iam_authentication=True,
            storage_type=rds.StorageType.GP3,
            allocated_storage=settings.storage_gb,
            max_allocated_storage=settings.max_storage_gb or None,
            storage_encrypted=True,
            storage_encryption_key=self._key,
            parameter_group=parameters,
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            backup_retention=cdk.Duration.days(settings.backup_days),
            preferred_backup_window=settings.backup_window,
            preferred_maintenance_window=settings.maintenance_window,
            auto_minor_version_upgrade=True,
            copy_tags_to_snapshot=True,
            cloudwatch_logs_exports=list(_LOGS),
            database_insights_mode=rds.DatabaseInsightsMode.STANDARD,
            enable_performance_insights=True,
            performance_insight_retention=rds.PerformanceInsightRetention.DEFAULT,
            performance_insight_encryption_key=self._key,
            deletion_protection=self._lifecycle.deletion_protection,
            delete_automated_backups=not self._lifecycle.keep,
            removal_policy=self._lifecycle.store_removal,
        )
        instance.node.add_dependency(*self._log_groups("instance", self._name, log_groups))
        app.attach(instance)
        self.parameter_group = parameters.bind_to_instance().parameter_group_name
        self.server_host = instance.db_instance_endpoint_address
        self.arn = instance.instance_arn
        self.identifier = instance.instance_identifier  # a reference: who names it depends on it
        self._target = rds.ProxyTarget.from_instance(instance)
        self._servers: list[rds.DatabaseInstance | rds.DatabaseInstanceReadReplica | rds.DatabaseCluster] = [instance]
        for number in range(1, settings.read_replicas + 1):
            self._add_replica(number, instance, parameters, vpc, security_group, log_groups)

    def _add_replica(
        self,
        number: int,
        source: rds.DatabaseInstance,
        parameters: rds.IParameterGroup,
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        log_groups: LogGroups,
    ) -> None:
        settings, identifier = self._settings, f"{self._name}-r{number}"
        replica = rds.DatabaseInstanceReadReplica(
            self,
            f"Replica{number}",
            instance_identifier=identifier,
            source_database_instance=source,
            instance_type=ec2.InstanceType(settings.instance_class.removeprefix("db.")),
            vpc=vpc,
            subnet_group=self._subnet_group,
            security_groups=[security_group],
            port=POSTGRESQL_PORT,
            publicly_accessible=False,
            iam_authentication=True,
            storage_type=rds.StorageType.GP3,
            # Not said: encryption and key are the source's, and CloudFormation refuses to be told.
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            # A replica takes its source's parameters at creation only; without this a later change stops at it.
            parameter_group=parameters,
            cloudwatch_logs_exports=list(_LOGS),
            auto_minor_version_upgrade=True,
            database_insights_mode=rds.DatabaseInsightsMode.STANDARD,
            enable_performance_insights=True,
            performance_insight_retention=rds.PerformanceInsightRetention.DEFAULT,
            performance_insight_encryption_key=self._key,
            deletion_protection=self._lifecycle.deletion_protection,
            # A replica holds nothing that its source does not.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        replica.node.add_dependency(*self._log_groups("instance", identifier, log_groups))
        self._servers.append(replica)
        self.replica_identifiers.append(replica.instance_identifier)
        self.reader_host = self.reader_host or replica.db_instance_endpoint_address

    def _add_cluster(
        self,
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        owner: secretsmanager.Secret,
        app: secretsmanager.Secret,
        log_groups: LogGroups,
    ) -> None:
        settings = self._settings
        version = rds.AuroraPostgresEngineVersion.of(settings.version, settings.version.split(".")[0])
        engine = rds.DatabaseClusterEngine.aurora_postgres(version=version)
        cluster = rds.DatabaseCluster(
            self,
            "Cluster",
            cluster_identifier=self._name,
            engine=engine,
            vpc=vpc,
            subnet_group=self._subnet_group,
            security_groups=[security_group],
            port=POSTGRESQL_PORT,
            default_database_name=settings.name,
            credentials=rds.Credentials.from_secret(owner),
            iam_authentication=True,
            writer=self._aurora_instance("Writer"),
            readers=[
                self._aurora_instance(f"Reader{number}", scale_with_writer=number == 1)
                for number in range(1, settings.readers + 1)
            ],
            serverless_v2_min_capacity=settings.aurora_min_acu,
            serverless_v2_max_capacity=settings.aurora_max_acu,
            storage_encrypted=True,
            storage_encryption_key=self._key,
            parameter_group=self._parameter_group(engine),
            backup=rds.BackupProps(
                retention=cdk.Duration.days(settings.backup_days), preferred_window=settings.backup_window
            ),
            preferred_maintenance_window=settings.maintenance_window,
            cloudwatch_logs_exports=["postgresql"],
            copy_tags_to_snapshot=True,
            database_insights_mode=rds.DatabaseInsightsMode.STANDARD,
            enable_performance_insights=True,
            performance_insight_retention=rds.PerformanceInsightRetention.DEFAULT,
            performance_insight_encryption_key=self._key,
            deletion_protection=self._lifecycle.deletion_protection,
            delete_automated_backups=not self._lifecycle.keep,
            removal_policy=self._lifecycle.store_removal,
        )
        cluster.node.add_dependency(*self._log_groups("cluster", self._name, log_groups)[:1])
        app.attach(cluster)
        self.server_host = cluster.cluster_endpoint.hostname
        self.arn = cluster.cluster_arn
        self.reader_host = cluster.cluster_read_endpoint.hostname if settings.readers else None
        self.identifier = cluster.cluster_identifier
        self._target = rds.ProxyTarget.from_cluster(cluster)
        self._servers = [cluster]

    def _aurora_instance(self, id: str, *, scale_with_writer: bool | None = None) -> rds.IClusterInstance:
        return rds.ClusterInstance.serverless_v2(
            id,
            scale_with_writer=scale_with_writer,
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            enable_performance_insights=True,
            performance_insight_retention=rds.PerformanceInsightRetention.DEFAULT,
            performance_insight_encryption_key=self._key,
        )

    def _add_proxy(
        self,
        vpc: ec2.IVpc,
        subnets: list[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        logins: Sequence[secretsmanager.ISecret],
        log_groups: LogGroups,
    ) -> None:
        """Pools in front of the server; TLS only. Its identifier is stated for its log group's sake."""
        self.proxy_name = name = f"{self._name}-proxy"
        group = log_groups.make(self, "ProxyLogs", name=f"/aws/rds/proxy/{name}")
        proxy = rds.DatabaseProxy(
            self,
            "Proxy",
            db_proxy_name=name,
            proxy_target=self._target,
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=subnets),
            security_groups=[security_group],
            secrets=list(logins),
            require_tls=True,
            borrow_timeout=cdk.Duration.seconds(self._settings.connection_timeout_s),
            max_connections_percent=90,  # the rest is for rotation and for people
        )
        proxy.node.add_dependency(group)
        self.host = proxy.endpoint

    def stop_at_night(self) -> None:
        """Stopped off-hours. It starts a quarter of an hour early, because a stopped server takes minutes to come."""
        kind = "Cluster" if self._settings.engine == "aurora" else "Instance"
        # As a guard against other accounts' schedules (EventBridge Scheduler guide, "confused deputy").
        account = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
        scheduler_only = iam.ServicePrincipal("scheduler.amazonaws.com", conditions=account)
        role = iam.Role(self, "OffHoursRole", assumed_by=scheduler_only)
        role.add_to_policy(
            iam.PolicyStatement(actions=[f"rds:StopDB{kind}", f"rds:StartDB{kind}"], resources=[self.arn])
        )
        for action, time in (("Stop", f"0 {off_hours.EVENING}"), ("Start", f"45 {off_hours.MORNING - 1}")):
            off_hours_calls.call(
                self,
                f"{action}Schedule",
                description=f"{action} the database off-hours",
                at=time,
                action=f"rds:{action.lower()}DB{kind}",
                role_arn=role.role_arn,
                given={f"DB{kind}Identifier": self._name},
            )

    def _acknowledge(self) -> None:
        reasons = {}
        if self._settings.engine == "postgres":
            reasons["AwsSolutions::AwsSolutions-RDS11"] = (
                "The security-group table of the specification names 5432, and the subnets have no route out: "
                "another port would hide nothing."
            )
        if not self._lifecycle.deletion_protection:
            reasons["AwsSolutions::AwsSolutions-RDS10"] = (
                "Deletion protection is prod's: this stage is destroyed routinely; what must stay leaves a snapshot."
            )
        if not self._settings.multi_az and self._settings.engine == "postgres":
            reasons["AwsSolutions::AwsSolutions-RDS3"] = (
                "Single-AZ by specification section 1: a development database that is stopped at night."
            )
        for server in self._servers:
            extra = {}
            if isinstance(server, rds.DatabaseInstanceReadReplica):
                extra["AwsSolutions::AwsSolutions-RDS2"] = (
                    "Encrypted as its source beside it, with the same key: CloudFormation refuses to be told."
                )
                extra["AwsSolutions::AwsSolutions-RDS3"] = (
                    "A read replica is itself the second copy; when it is lost, reads go back to its source."
                )
            acknowledge(server, reasons | extra)
