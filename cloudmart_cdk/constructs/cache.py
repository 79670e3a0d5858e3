"""ElastiCache: Redis OSS 7.1 or Valkey. Specification section 3.

Owns the replication group and its slow log. Queues (sorted sets), sessions, locks and the API cache live in it.
"""

from typing import Final

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..acknowledge import acknowledge
from ..security_groups import REDIS_PORT
from ..settings.model import Cache as CacheSettings
from .log_groups import LogGroups
from .stage_owned import Lifecycle

_VERSION: Final = {"redis": "7.1", "valkey": "8.0"}
_FAMILY: Final = {"redis": "redis7", "valkey": "valkey8"}


class Cache(Construct):
    """Encrypted in transit and at rest, with AUTH.

    Attributes: `host` (configuration endpoint in cluster mode, else the primary's), `group_id`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: CacheSettings,
        name: str,
        subnets: list[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        key: kms.IKey,
        auth: secretsmanager.Secret,
        log_groups: LogGroups,
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(scope, id)
        clustered = settings.shards > 0
        failover = settings.replicas > 0
        # Below /aws/vendedlogs: AWS's own resource policy covers that prefix once for all; any other name is appended
        # to it, and it is small and never shortened (CloudWatch Logs guide, "Enabling logging from AWS services").
        slow_log = log_groups.make(self, "SlowLog", name=f"/aws/vendedlogs/elasticache/{name}/slow")
        subnet_group = elasticache.CfnSubnetGroup(
            self,
            "Subnets",
            description="Isolated data subnets",
            subnet_ids=[subnet.subnet_id for subnet in subnets],
        )
        # Engine defaults, as a group of our own: a default group cannot be changed when the need comes.
        parameters = elasticache.CfnParameterGroup(
            self,
            "Parameters",
            cache_parameter_group_family=_FAMILY[settings.engine],
            description="Sessions and API cache expire; queues and locks are never evicted",
            properties={
                "cluster-enabled": "yes" if clustered else "no",
                "maxmemory-policy": "volatile-lru",
            },
        )
        group = elasticache.CfnReplicationGroup(
            self,
            "Group",
            replication_group_description="CloudMart and Tiketi: queues, sessions, locks, API cache",
            engine=settings.engine,
            engine_version=_VERSION[settings.engine],
            cache_node_type=settings.node_type,
            cache_parameter_group_name=parameters.ref,
            cache_subnet_group_name=subnet_group.ref,
            security_group_ids=[security_group.security_group_id],
            port=REDIS_PORT,
            num_cache_clusters=None if clustered else 1 + settings.replicas,
            num_node_groups=settings.shards if clustered else None,
            replicas_per_node_group=settings.replicas if clustered else None,
            automatic_failover_enabled=failover,
            multi_az_enabled=failover,
            at_rest_encryption_enabled=True,
            kms_key_id=key.key_arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            # A dynamic reference: CloudFormation reads the secret, the template holds its name only.
            auth_token=auth.secret_value.unsafe_unwrap(),
            auto_minor_version_upgrade=True,
            preferred_maintenance_window=settings.maintenance_window,
            snapshot_retention_limit=settings.snapshot_days,
            snapshot_window=settings.snapshot_window,
            log_delivery_configurations=[
                elasticache.CfnReplicationGroup.LogDeliveryConfigurationRequestProperty(
                    destination_type="cloudwatch-logs",
                    destination_details=elasticache.CfnReplicationGroup.DestinationDetailsProperty(
                        cloud_watch_logs_details=elasticache.CfnReplicationGroup.CloudWatchLogsDestinationDetailsProperty(
                            log_group=slow_log.log_group_name
                        )
                    ),
                    log_format="json",
                    log_type="slow-log",
                )
            ],
        )
        group.apply_removal_policy(lifecycle.store_removal)
        reasons = {
            "AwsSolutions::AwsSolutions-AEC5": "The security-group table of the specification names 6379, and the "
            "subnets have no route out: another port would hide nothing."
        }
        if not failover:
            reasons["AwsSolutions::AwsSolutions-AEC4"] = (
                "One node by specification section 1: a stage that is thrown away, whose cache can be filled again."
            )
        acknowledge(group, reasons)
        self.group_id = group.ref
        self.host = group.attr_configuration_end_point_address if clustered else group.attr_primary_end_point_address
