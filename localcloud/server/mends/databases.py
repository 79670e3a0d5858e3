"""AWS::RDS: instances, clusters and replicas.

Faults: nothing answers at a database's endpoint. Here a PostgreSQL does, see `localcloud.engines`; a replica is a
further address of its source, and Aurora a PostgreSQL; stop, start and reboot of an instance only change its status,
here they stop and start the PostgreSQL too. And: a replica forgets its source, an instance its log exports and a
cluster its parameter group; protected databases are deleted, where AWS refuses.
"""

from typing import Any, Final

from ministack.services import rds

from localcloud.engines.postgres import NO_DATABASE
from localcloud.server import patching, stores
from localcloud.server.api import call
from localcloud.server.mends import hooks
from localcloud.server.resource import Properties, flag

_ENGINES: Final = ("postgres", "aurora-postgresql")

_STATUS_SET: Final = '        instance["DBInstanceStatus"] = status\n'
_STOP_AND_START: Final = """\
        if instance["DBInstanceStatus"] == status or instance["DBInstanceStatus"] not in ("available", "stopped"):
            given = instance["DBInstanceStatus"]
            return _error("InvalidDBInstanceState", f"DBInstance {db_id} is in {given} state.", 400)
        if why := _localcloud_cannot_stop(instance):
            return _error("InvalidDBInstanceState", f"DBInstance {db_id} {why}.", 400)
        _localcloud_run(instance, status)
"""
_REBOOTING: Final = "        client = _get_docker()\n"
_REBOOT: Final = "        _localcloud_reboot(instance)\n"

Record = dict[str, Any]


def _connections(group: str) -> int | None:
    """max_connections of a parameter group, where it is a number and not a formula."""
    if group not in rds._param_groups:
        return None
    pages = call("rds", "describe_db_parameters", DBParameterGroupName=group, Source="user")["Parameters"]
    values = {entry["ParameterName"]: str(entry.get("ParameterValue", "")) for entry in pages}
    given = values.get("max_connections", "")
    return int(given) if given.isdigit() else None


def _start(name: str, record: Record, *, database: str, port: int, group: str) -> str:
    """The address of the database's engine, which is started unless it runs."""
    running = stores.databases.get(name)
    if running is not None:
        if record.get("DBInstanceStatus") == "stopped":
            raise ValueError(f"DBInstance {name} is in stopped state: start it first, `aws rds start-db-instance`")
        running.start()
        running.set_password(record["_MasterUserPassword"])
        return running.host
    engine = stores.start_database(
        name,
        owner=record["MasterUsername"],
        password=record["_MasterUserPassword"],
        database=database or NO_DATABASE,
        port=port,
        max_connections=_connections(group),
    )
    return engine.host


def _complete_instance(physical_id: str, properties: Properties) -> dict[str, Any]:
    instance = rds._instances[physical_id]
    instance["EnabledCloudwatchLogsExports"] = list(properties.get("EnableCloudwatchLogsExports") or [])
    instance["DatabaseInsightsMode"] = properties.get("DatabaseInsightsMode", "standard")
    source = properties.get("SourceDBInstanceIdentifier")
    if source:
        _complete_replica(physical_id, instance, rds._instances[source.rsplit(":", 1)[-1]])
    elif instance["DBClusterIdentifier"]:
        instance["Endpoint"]["Address"] = rds._clusters[instance["DBClusterIdentifier"]]["Endpoint"]
    elif instance["Engine"] in _ENGINES:
        instance["Endpoint"]["Address"] = _start(
            physical_id,
            instance,
            database=properties.get("DBName", ""),
            port=instance["Endpoint"]["Port"],
            group=properties.get("DBParameterGroupName", ""),
        )
    return {"Endpoint.Address": instance["Endpoint"]["Address"]}


def _complete_replica(physical_id: str, instance: Record, primary: Record) -> None:
    name = primary["DBInstanceIdentifier"]
    instance["ReadReplicaSourceDBInstanceIdentifier"] = name
    for inherited in ("Engine", "EngineVersion", "AllocatedStorage", "StorageEncrypted", "KmsKeyId"):
        instance[inherited] = primary[inherited]
    if physical_id not in primary["ReadReplicaDBInstanceIdentifiers"]:
        primary["ReadReplicaDBInstanceIdentifiers"].append(physical_id)
    if name in stores.databases and physical_id not in stores.databases:
        instance["Endpoint"]["Address"] = stores.join_database(physical_id, name)


def _complete_cluster(physical_id: str, properties: Properties) -> dict[str, Any]:
    cluster = rds._clusters[physical_id]
    family = f"default.{cluster['Engine']}{cluster['EngineVersion'].split('.')[0]}"
    cluster["DBClusterParameterGroup"] = properties.get("DBClusterParameterGroupName", family)
    if cluster["Engine"] in _ENGINES:
        cluster["Endpoint"] = _start(
            physical_id, cluster, database=properties.get("DatabaseName", ""), port=cluster["Port"], group=""
        )
        reader = f"{physical_id}-reader"
        if reader not in stores.databases:
            cluster["ReaderEndpoint"] = stores.join_database(reader, physical_id)
    return {"Endpoint.Address": cluster["Endpoint"], "ReadEndpoint.Address": cluster["ReaderEndpoint"]}


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
    stores.leave_database(physical_id)


def _release_cluster(physical_id: str, properties: Properties) -> None:
    if flag(properties.get("DeletionProtection", False)):
        raise ValueError(f"Cannot delete protected Cluster {physical_id}: disable deletion protection")
    stores.leave_database(f"{physical_id}-reader")
    stores.leave_database(physical_id)


def _cannot_stop(instance: Record) -> str:
    """Why RDS does not stop such an instance, or nothing (its user guide, "Stopping a DB instance temporarily")."""
    if instance["DBClusterIdentifier"]:
        return "is a member of a cluster"
    if instance.get("ReadReplicaSourceDBInstanceIdentifier"):
        return "is a read replica"
    return "has a read replica" if instance["ReadReplicaDBInstanceIdentifiers"] else ""


def _run(instance: Record, status: str) -> None:
    """Lets the engine follow the status. An instance that is recorded only has none."""
    engine = stores.databases.get(instance["DBInstanceIdentifier"])
    if engine is None:
        return
    if status == "stopped":
        engine.stop()
    else:
        engine.start()


def _reboot(instance: Record) -> None:
    for status in ("stopped", "available"):
        _run(instance, status)


def _log_exports(instance: dict[str, list[str]]) -> str:
    exports = instance.get("EnabledCloudwatchLogsExports") or []
    return "".join(f"<member>{name}</member>" for name in exports)


def install() -> None:
    hooks.after("AWS::RDS::DBInstance", _complete_instance)
    hooks.before_delete("AWS::RDS::DBInstance", _release_instance)
    hooks.after("AWS::RDS::DBCluster", _complete_cluster)
    hooks.before_delete("AWS::RDS::DBCluster", _release_cluster)
    patching.edit(
        rds._set_db_instance_status,
        old=_STATUS_SET,
        new=_STOP_AND_START + _STATUS_SET,
        names={"_localcloud_cannot_stop": _cannot_stop, "_localcloud_run": _run},
    )
    patching.edit(
        rds._finish_instance_reboot,
        old=_REBOOTING,
        new=_REBOOT + _REBOOTING,
        names={"_localcloud_reboot": _reboot},
    )
    patching.edit(
        rds._instance_xml,
        old="<EnabledCloudwatchLogsExports/>",
        new="<EnabledCloudwatchLogsExports>{_localcloud_log_exports(i)}</EnabledCloudwatchLogsExports>",
        names={"_localcloud_log_exports": _log_exports},
    )
