"""DataStack: key, secrets, database, cache, backup."""

from collections.abc import Iterator
from typing import Any

from cloudmart_cdk.settings.topology import DATA
from localcloud.verify.table import Check
from localcloud.verify.view import View


def checks(view: View) -> Iterator[Check]:
    if view.stack(DATA) is None:
        return
    yield from _keys(view)
    yield from _secrets(view)
    if view.settings.database.engine == "postgres":
        yield from _instances(view)
    else:
        yield from _aurora(view)
    yield from _parameters(view)
    if view.settings.database.proxy:
        yield from _proxy(view)
    yield from _cache(view)
    yield from _backup(view)


def _keys(view: View) -> Iterator[Check]:
    kms = view.client("kms")
    for key in view.of(DATA, "AWS::KMS::Key"):
        state = kms.describe_key(KeyId=key.physical_id)["KeyMetadata"]["KeyState"]
        yield Check(f"key {key.logical_id}", "Enabled", state)
        rotation = kms.get_key_rotation_status(KeyId=key.physical_id)["KeyRotationEnabled"]
        yield Check(f"key {key.logical_id} rotates", True, rotation)
    aliases = {entry["AliasName"] for entry in kms.list_aliases()["Aliases"]}
    yield Check("key alias", True, f"alias/{view.settings.names.of('data')}" in aliases or sorted(aliases))


def _secrets(view: View) -> Iterator[Check]:
    """Specification section 3; each holds a value, and none of them is the template's.

    RDS Proxy has two more: it knows a user by a secret of its own, and rotation alternates between two.
    """
    client, deployed = view.client("secretsmanager"), view.of(DATA, "AWS::SecretsManager::Secret")
    expected = 8 if view.settings.database.proxy else 6
    yield Check("secrets (owner, application, cache, JWT, OAuth, gateway; proxy logins)", expected, len(deployed))
    for secret in deployed:
        described = client.describe_secret(SecretId=secret.physical_id)
        value = client.get_secret_value(SecretId=secret.physical_id).get("SecretString", "")
        yield Check(f"secret {described['Name']} has a value", True, bool(value))
        prefix = view.settings.names.secret("")
        yield Check(f"secret {described['Name']} is named by the scheme", True, described["Name"].startswith(prefix))


def _instances(view: View) -> Iterator[Check]:
    settings, rds = view.settings.database, view.client("rds")
    deployed = {entry.physical_id for entry in view.of(DATA, "AWS::RDS::DBInstance")}
    described = [i for i in rds.describe_db_instances()["DBInstances"] if i["DBInstanceIdentifier"] in deployed]
    replicas = [i for i in described if i.get("ReadReplicaSourceDBInstanceIdentifier")]
    yield Check("read replicas", settings.read_replicas, len(replicas))
    primaries = [i for i in described if i not in replicas]
    yield Check("database instances", 1, len(primaries))
    for instance in primaries:
        figures = {
            "engine": ("postgres", instance["Engine"]),
            "version": (settings.version, instance["EngineVersion"]),
            "class": (settings.instance_class, instance["DBInstanceClass"]),
            "storage, GB": (settings.storage_gb, instance["AllocatedStorage"]),
            "storage ceiling, GB": (settings.max_storage_gb, instance.get("MaxAllocatedStorage") or 0),
            "storage type": ("gp3", instance["StorageType"]),
            "encrypted": (True, instance["StorageEncrypted"]),
            "Multi-AZ": (settings.multi_az, instance["MultiAZ"]),
            "backup days": (settings.backup_days, instance["BackupRetentionPeriod"]),
            "backup window": (settings.backup_window, instance["PreferredBackupWindow"]),
            "maintenance window": (settings.maintenance_window, instance["PreferredMaintenanceWindow"]),
            "IAM authentication": (True, instance["IAMDatabaseAuthenticationEnabled"]),
            "minor upgrades": (True, instance["AutoMinorVersionUpgrade"]),
            "public": (False, instance["PubliclyAccessible"]),
            "deletion protection": (view.settings.deletion_protection, instance["DeletionProtection"]),
            "exports its log": (True, "postgresql" in instance.get("EnabledCloudwatchLogsExports", [])),
        }
        for what, (expected, found) in figures.items():
            yield Check(f"database {what}", expected, found)


def _aurora(view: View) -> Iterator[Check]:
    settings, rds = view.settings.database, view.client("rds")
    deployed = {entry.physical_id for entry in view.of(DATA, "AWS::RDS::DBCluster")}
    clusters = [c for c in rds.describe_db_clusters()["DBClusters"] if c["DBClusterIdentifier"] in deployed]
    yield Check("Aurora clusters", 1, len(clusters))
    for cluster in clusters:
        yield Check("Aurora engine", "aurora-postgresql", cluster["Engine"])
        yield Check("Aurora is encrypted", True, cluster["StorageEncrypted"])
        yield Check("Aurora backup days", settings.backup_days, cluster["BackupRetentionPeriod"])
        yield Check("Aurora deletion protection", view.settings.deletion_protection, cluster["DeletionProtection"])


def _parameters(view: View) -> Iterator[Check]:
    """TLS is forced by the engine."""
    rds = view.client("rds")
    groups = [
        *(("parameters", "describe_db_parameters", "DBParameterGroupName", entry.physical_id)
          for entry in view.of(DATA, "AWS::RDS::DBParameterGroup")),
        *(("cluster parameters", "describe_db_cluster_parameters", "DBClusterParameterGroupName", entry.physical_id)
          for entry in view.of(DATA, "AWS::RDS::DBClusterParameterGroup")),
    ]  # fmt: skip
    values: dict[str, Any] = {}
    for _, operation, key, name in groups:
        for page in rds.get_paginator(operation).paginate(**{key: name, "Source": "user"}):
            values |= {entry["ParameterName"]: entry.get("ParameterValue") for entry in page["Parameters"]}
    yield Check("database parameter rds.force_ssl", "1", values.get("rds.force_ssl"))


def _proxy(view: View) -> Iterator[Check]:
    rds = view.client("rds")
    for proxy in view.of(DATA, "AWS::RDS::DBProxy"):
        described = rds.describe_db_proxies(DBProxyName=proxy.physical_id)["DBProxies"][0]
        yield Check("database proxy wants TLS", True, described["RequireTLS"])
        targets = rds.describe_db_proxy_targets(DBProxyName=proxy.physical_id)["Targets"]
        yield Check("database proxy has a target", True, bool(targets))
    yield Check("database proxies", 1, len(view.of(DATA, "AWS::RDS::DBProxy")))


def _cache(view: View) -> Iterator[Check]:
    settings, deployed = view.settings.cache, view.of(DATA, "AWS::ElastiCache::ReplicationGroup")
    yield Check("cache groups", 1, len(deployed))
    for entry in deployed:
        group = view.client("elasticache").describe_replication_groups(ReplicationGroupId=entry.physical_id)[
            "ReplicationGroups"
        ][0]
        nodes = [len(shard["NodeGroupMembers"]) for shard in group["NodeGroups"]]
        figures = {
            "shards": (max(settings.shards, 1), len(group["NodeGroups"])),
            "nodes a shard": ([settings.replicas + 1] * max(settings.shards, 1), nodes),
            "node type": (settings.node_type, group["CacheNodeType"]),
            "TLS": (True, group["TransitEncryptionEnabled"]),
            "encrypted": (True, group["AtRestEncryptionEnabled"]),
            "AUTH": (True, group["AuthTokenEnabled"]),
            "failover": ("enabled" if settings.replicas else "disabled", group["AutomaticFailover"]),
            "snapshot days": (settings.snapshot_days, group["SnapshotRetentionLimit"]),
            "snapshot window": (settings.snapshot_window, group["SnapshotWindow"]),
        }
        for what, (expected, found) in figures.items():
            yield Check(f"cache {what}", expected, found)


def _backup(view: View) -> Iterator[Check]:
    plans = view.of(DATA, "AWS::Backup::BackupPlan")
    yield Check("backup plans", view.settings.backup.plan, bool(plans))
    for plan in plans:
        client = view.client("backup")
        rules = client.get_backup_plan(BackupPlanId=plan.physical_id)["BackupPlan"]["Rules"]
        kept = sorted(rule["Lifecycle"]["DeleteAfterDays"] for rule in rules)
        expected = sorted((view.settings.backup.daily_days, view.settings.backup.weekly_days))
        yield Check("backup rules keep, days", expected, kept)
        selections = client.list_backup_selections(BackupPlanId=plan.physical_id)["BackupSelectionsList"]
        yield Check("backup selections", True, bool(selections))
