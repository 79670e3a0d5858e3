"""AWS::ElastiCache::ReplicationGroup.

Faults: nothing answers at a cache's endpoint. Here a Redis does, single or a cluster of its shards, with the template's
token; a change of the token through the API changes what it accepts, and a reboot empties it. And: a cache whose
template asks for a final snapshot gets none; ElastiCache is said not to take two shards, which it does; SET is taken
where no ROTATE has left two ways in, which the API refuses (its reference, ModifyReplicationGroup,
AuthTokenUpdateStrategy). A replica that is added to a group, or taken from it, is no cache cluster, or stays one.
"""

import copy
from typing import Any, Final

from ministack.services import elasticache
from ministack.services.cloudformation import provisioners

from localcloud.server import patching, stores
from localcloud.server.api import call
from localcloud.server.mends import hooks
from localcloud.server.resource import Properties

_TWO_SHARDS_REFUSED: Final = "if num_node_groups == 2:"
_CHANGE_OF_TOKENS: Final = """\
        _update_auth_token(rg, _p(p, "AuthToken"), _p(p, "AuthTokenUpdateStrategy") or "ROTATE")
"""
_SET_REFUSED: Final = """\
        one = len(rg.get("_auth_tokens") or []) < 2 and not rg.get("_auth_optional")
        if one and _p(p, "AuthTokenUpdateStrategy") == "SET":
            return _error("InvalidParameterCombination", "SET is allowed only after ROTATE", 400)
"""
_REBOOTED: Final = """\
    _record_event(cluster_id, "cache-cluster", "Cache cluster rebooted")
"""
_REBOOT: Final = """\
    group = _replication_groups.get(cluster["ReplicationGroupId"])
    if group is not None and group["ClusterEnabled"]:
        return _error("InvalidCacheClusterState", "Rebooting is not supported in cluster mode", 400)
    _localcloud_reboot(cluster)
"""
_COUNTED: Final = """\
    _record_event(rg_id, "replication-group", "Replica count {way}")
"""
_MEMBERS: Final = """\
    _localcloud_members(rg)
"""
_DEFAULT_PORT: Final = 6379


def _complete(physical_id: str, properties: Properties) -> dict[str, Any]:
    group = elasticache._replication_groups[physical_id]
    clustered = group["ClusterEnabled"] or group["ClusterMode"] == "enabled"
    shards = len(group["NodeGroups"]) if clustered else 0
    engine = stores.caches.get(physical_id)
    if engine is None or engine.shards != shards:
        port = int(properties.get("Port") or _DEFAULT_PORT)
        engine = stores.start_cache(physical_id, token=properties.get("AuthToken", ""), port=port, shards=shards)
        engine.set_tokens(*group["_auth_tokens"])
    for node_group, host in zip(group["NodeGroups"], engine.hosts, strict=True):
        # A replica is an address of its shard's only node here.
        for name in ("PrimaryEndpoint", "ReaderEndpoint"):
            node_group[name] = {"Address": host, "Port": engine.port}
        for member in node_group["NodeGroupMembers"]:
            member["ReadEndpoint"] = {"Address": host, "Port": engine.port}
            cluster = elasticache._clusters[member["CacheClusterId"]]
            cluster["_endpoint"] = member["ReadEndpoint"]
            for node in cluster["CacheNodes"]:
                node["Endpoint"] = member["ReadEndpoint"]
    if clustered:
        group["ConfigurationEndpoint"] = {"Address": engine.host, "Port": engine.port}
    attributes: dict[str, Any] = provisioners._ec_rg_attrs(physical_id)
    return attributes


def _members(group: dict[str, Any]) -> None:
    """Every node of the group is a cache cluster, a replica in another zone than its primary, and no other is."""
    clusters = elasticache._clusters
    before = group["MemberClusters"]
    group["MemberClusters"] = []
    for node_group in group["NodeGroups"]:
        primary = node_group["NodeGroupMembers"][0]
        for number, member in enumerate(node_group["NodeGroupMembers"]):
            name = member["CacheClusterId"]
            group["MemberClusters"].append(name)
            if name in clusters:
                continue
            zone = elasticache.get_region() + "abcdef"[number % 6]
            member.update(PreferredAvailabilityZone=zone, ReadEndpoint=primary["ReadEndpoint"])
            cluster = copy.deepcopy(clusters[primary["CacheClusterId"]])
            arn = elasticache._arn_cluster(name)
            elasticache._tags[arn] = elasticache._copy_tag_list(elasticache._tags[cluster["CacheClusterArn"]])
            cluster.update(CacheClusterId=name, CacheClusterArn=arn, PreferredAvailabilityZone=zone)
            clusters[name] = cluster
    for name in set(before) - set(group["MemberClusters"]):
        elasticache._tags.pop(clusters.pop(name)["CacheClusterArn"], None)


def _stop(physical_id: str, _: Properties) -> None:
    stores.stop_cache(physical_id)


def _final_snapshot(physical_id: str, _: Properties) -> None:
    name = f"{physical_id}-final-snapshot"
    call("elasticache", "create_snapshot", ReplicationGroupId=physical_id, SnapshotName=name)


def _really_change_tokens() -> None:
    change = elasticache._update_auth_token

    def change_at_the_engine_too(group: dict[str, Any], token: str, strategy: str) -> None:
        change(group, token, strategy)
        engine = stores.caches.get(group["ReplicationGroupId"])
        if engine is not None:
            engine.set_tokens(*group["_auth_tokens"])

    elasticache._update_auth_token = change_at_the_engine_too


def _reboot(cluster: dict[str, Any]) -> None:
    engine = stores.caches.get(cluster["ReplicationGroupId"])
    if engine is not None:
        engine.stop()
        engine.start()


def install() -> None:
    hooks.after("AWS::ElastiCache::ReplicationGroup", _complete)
    hooks.before_delete("AWS::ElastiCache::ReplicationGroup", _stop)
    provisioners._RESOURCE_HANDLERS["AWS::ElastiCache::ReplicationGroup"]["snapshot"] = _final_snapshot
    patching.edit(elasticache._create_replication_group, old=_TWO_SHARDS_REFUSED, new="if False:")
    modify = elasticache._modify_replication_group
    patching.edit(modify, old=_CHANGE_OF_TOKENS, new=_SET_REFUSED + _CHANGE_OF_TOKENS)
    patching.edit(
        elasticache._reboot_cache_cluster,
        old=_REBOOTED,
        new=_REBOOT + _REBOOTED,
        names={"_localcloud_reboot": _reboot},
    )
    _really_change_tokens()
    for count, way in (
        (elasticache._increase_replica_count, "increased"),
        (elasticache._decrease_replica_count, "decreased"),
    ):
        event = _COUNTED.format(way=way)
        patching.edit(count, old=event, new=_MEMBERS + event, names={"_localcloud_members": _members})
