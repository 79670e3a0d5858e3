"""DataStack: database, cache, images, secrets, parameters, backup. Specification section 3."""

import aws_cdk as cdk
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..constructs.backup import TAG, BackupPlan
from ..constructs.cache import Cache
from ..constructs.data_move import DataMove
from ..constructs.database import Database
from ..constructs.firewall import Firewall
from ..constructs.images import Images
from ..constructs.log_groups import LogGroups
from ..constructs.network import Network
from ..constructs.restore_drill import RestoreDrill
from ..constructs.rotation import Rotation
from ..constructs.secrets import DATABASE_OWNER, Secrets
from ..constructs.stage_owned import stage_key
from ..constructs.watched import WatchedBackup, WatchedCache, WatchedDatabase, database_memory_mib
from ..security_groups import POSTGRESQL_PORT, REDIS_PORT, Group
from ..settings import Settings
from .base import CloudMartStack, stack_tags

_SMALLEST_VOLUME_GB = 30


class DataStack(CloudMartStack):
    """Needs VpcStack. Hands out `key`, `secrets`, `images`, and what is watched."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        network: Network,
        firewall: Firewall,
        log_bucket: s3.IBucket,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, id, settings=settings, description="CloudMart: database, cache, images, secrets")
        names = settings.names
        self.key = stage_key(
            self,
            "Key",
            lifecycle=self.lifecycle,
            alias=names.of("data"),
            description="Data tier: database, cache, images, secrets, backups",
        )
        self.secrets = Secrets(
            self,
            "Secrets",
            names=names,
            key=self.key,
            lifecycle=self.lifecycle,
            proxied=settings.database.proxy,
        )
        self.database = Database(
            self,
            "Database",
            settings=settings.database,
            identifier=names.of("db"),
            vpc=network.vpc,
            subnets=network.data_subnets,
            security_group=firewall[Group.DB],
            proxy_security_group=firewall[Group.DB_PROXY] if settings.database.proxy else None,
            key=self.key,
            owner=self.secrets.database_owner,
            app=self.secrets.database_app,
            proxy_logins=self.secrets.proxy_logins,
            log_groups=log_groups,
            lifecycle=self.lifecycle,
        )
        if settings.off_hours:
            self.database.stop_at_night()
        self.cache = Cache(
            self,
            "Cache",
            settings=settings.cache,
            name=names.of("cache"),
            subnets=network.data_subnets,
            security_group=firewall[Group.CACHE],
            key=self.key,
            auth=self.secrets.cache_auth,
            log_groups=log_groups,
            lifecycle=self.lifecycle,
        )
        rotation = Rotation(
            self,
            "Rotation",
            secrets=self.secrets,
            key=self.key,
            database=self.database,
            database_name=settings.database.name,
            cache=self.cache,
            subnets=network.private_subnets,
            security_group=firewall[Group.ROTATION],
            log_groups=log_groups,
        )
        self.watched_rotation = rotation.function_name
        DataMove(
            self,
            "DataMove",
            name=names.of("move-data"),
            host=self.database.server_host,
            database=settings.database.name,
            owner=self.secrets.database_owner,
            owner_name=names.secret(DATABASE_OWNER),
            key=self.key,
            # A plain dump takes less room than the tables and indexes that it becomes.
            volume_gb=max(_SMALLEST_VOLUME_GB, settings.database.storage_gb),
            subnet_id=network.private_subnets[0].subnet_id,
            security_group=firewall[Group.ROTATION],
            tags=stack_tags(settings, id),
            log_bucket=log_bucket,
            log_groups=log_groups,
            lifecycle=self.lifecycle,
        )
        self.watched_database = WatchedDatabase(
            id=self.database.identifier,
            aurora=settings.database.engine == "aurora",
            max_connections=settings.database.max_connections,
            storage_gb=settings.database.storage_gb,
            replica_ids=tuple(self.database.replica_identifiers),
            readers=self.database.reader_host is not None,
            memory_mib=database_memory_mib(settings.database.instance_class),
            proxy=self.database.proxy_name,
            off_hours=settings.off_hours,
        )
        self.watched_cache = WatchedCache.of(
            self.cache.group_id, shards=settings.cache.shards, replicas=settings.cache.replicas
        )
        self.images = Images(
            self, "Images", name=names.of("images"), key=self.key, log_bucket=log_bucket, lifecycle=self.lifecycle
        ).bucket
        self.watched_backup: WatchedBackup | None = None
        if settings.backup.plan:
            self.watched_backup = WatchedBackup(vault=names.of("backup"), copies=bool(settings.backup.copy_region))
            servers = ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"]
            cdk.Tags.of(self.database).add(TAG, names.prefix, include_resource_types=servers)
            BackupPlan(
                self, "Backup", settings=settings.backup, name=names.of("backup"), tag_value=names.prefix, key=self.key
            )
        drill = self._add_drill(settings, network, firewall, log_groups)
        self.watched_restore_drill = drill.stage if drill else None
        self.function_logs = (rotation.log_group_name, *([drill.log_group_name] if drill else ()))

        self._add_parameters(settings)
        for name, host in (("db", self.database.host), ("cache", self.cache.host)):
            route53.CnameRecord(
                self,
                f"{name}-record",
                zone=network.zone,
                record_name=name,
                domain_name=host,
                ttl=cdk.Duration.minutes(1),
            )

    def _add_drill(
        self, settings: Settings, network: Network, firewall: Firewall, log_groups: LogGroups
    ) -> RestoreDrill | None:
        if not settings.backup.drill:
            return None
        names = settings.names
        return RestoreDrill(
            self,
            "RestoreDrill",
            name=names.of("restore-drill"),
            stage=names.prefix,
            original=names.of("db"),
            host=self.database.server_host,
            database=settings.database.name,
            copy_name=names.of("drill"),
            vault=names.of("backup"),
            instance_class=settings.database.instance_class,
            subnet_group=self.database.subnet_group,
            parameter_group=self.database.parameter_group,
            database_security_group=firewall[Group.DB],
            app=self.secrets.database_app,
            key_arn=self.key.key_arn,
            subnets=network.private_subnets,
            security_group=firewall[Group.ROTATION],
            tags=stack_tags(settings, self.node.id),
            log_groups=log_groups,
        )

    def _add_parameters(self, settings: Settings) -> None:
        """What programs look up at start, under `/<name>/<stage>/`."""
        values = {
            "database/host": self.database.host,
            "database/port": str(POSTGRESQL_PORT),
            "database/name": settings.database.name,
            "database/shop-pool": str(settings.database.shop_pool),
            "database/service-pool": str(settings.database.service_pool),
            "database/proxy": "true" if settings.database.proxy else "false",
            "database/connection-timeout": str(settings.database.connection_timeout_s),
            "cache/host": self.cache.host,
            "cache/port": str(REDIS_PORT),
            "cache/mode": "cluster" if settings.cache.shards else "single",
            "images/bucket": self.images.bucket_name,
        }
        if self.database.reader_host is not None:
            values["database/reader-host"] = self.database.reader_host
            values["database/reader-pool"] = str(settings.database.reader_pool)
        for path, value in values.items():
            ssm.CfnParameter(
                self, path.replace("/", "-"), type="String", name=settings.names.parameter(path), value=value
            )
