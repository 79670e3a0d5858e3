"""AWS::RDS and AWS::ElastiCache.

Faults: a replica forgets its source and an instance its log exports; protected databases are
deleted, where AWS refuses; a cache whose template asks for a final snapshot gets none; ElastiCache is
said not to take two shards, which it does.
"""

from ministack.services import elasticache, rds
from ministack.services.cloudformation import provisioners

from localcloud.server import patching
from localcloud.server.api import call
from localcloud.server.mends import hooks
from localcloud.server.resource import Properties, flag

_TWO_SHARDS_REFUSED = "if num_node_groups == 2:"


def _complete_instance(physical_id: str, properties: Properties) -> None:
    instance = rds._instances[physical_id]
    instance["EnabledCloudwatchLogsExports"] = list(properties.get("EnableCloudwatchLogsExports") or [])
    instance["DatabaseInsightsMode"] = properties.get("DatabaseInsightsMode", "standard")
    source = properties.get("SourceDBInstanceIdentifier")
    if source:
        primary = rds._instances[source.rsplit(":", 1)[-1]]
        instance["ReadReplicaSourceDBInstanceIdentifier"] = primary["DBInstanceIdentifier"]
        for inherited in ("Engine", "EngineVersion", "AllocatedStorage", "StorageEncrypted", "KmsKeyId"):
            instance[inherited] = primary[inherited]
        if physical_id not in primary["ReadReplicaDBInstanceIdentifiers"]:
            primary["ReadReplicaDBInstanceIdentifiers"].append(physical_id)


def _release_instance(physical_id: str, _: Properties) -> None:
    instance = rds._instances.get(physical_id)
    if instance is None:
        return
    if instance.get("DeletionProtection"):
        raise ValueError(f"Cannot delete protected DB Instance {physical_id}: disable deletion protection")
    source = rds._instances.get(instance.get("ReadReplicaSourceDBInstanceIdentifier") or "")
    if source is not None:
        replicas = source["ReadReplicaDBInstanceIdentifiers"]
        source["ReadReplicaDBInstanceIdentifiers"] = [name for name in replicas if name != physical_id]


def _refuse_protected_cluster(physical_id: str, properties: Properties) -> None:
    if flag(properties.get("DeletionProtection", False)):
        raise ValueError(f"Cannot delete protected Cluster {physical_id}: disable deletion protection")


def _log_exports(instance: dict[str, list[str]]) -> str:
    exports = instance.get("EnabledCloudwatchLogsExports") or []
    return "".join(f"<member>{name}</member>" for name in exports)


def _final_snapshot(physical_id: str, _: Properties) -> None:
    name = f"{physical_id}-final-snapshot"
    call("elasticache", "create_snapshot", ReplicationGroupId=physical_id, SnapshotName=name)


def install() -> None:
    hooks.after("AWS::RDS::DBInstance", _complete_instance)
    hooks.before_delete("AWS::RDS::DBInstance", _release_instance)
    hooks.before_delete("AWS::RDS::DBCluster", _refuse_protected_cluster)
    provisioners._RESOURCE_HANDLERS["AWS::ElastiCache::ReplicationGroup"]["snapshot"] = _final_snapshot
    patching.edit(
        rds._instance_xml,
        old="<EnabledCloudwatchLogsExports/>",
        new="<EnabledCloudwatchLogsExports>{_localcloud_log_exports(i)}</EnabledCloudwatchLogsExports>",
        names={"_localcloud_log_exports": _log_exports},
    )
    patching.edit(elasticache._create_replication_group, old=_TWO_SHARDS_REFUSED, new="if False:")
