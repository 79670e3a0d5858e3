"""AWS::RDS::DBProxy and its target group.

A proxy is a further address of its target's engine: it neither pools nor knows secrets of its own.
"""

from typing import Any

from ministack.services import rds

from localcloud.engines import addresses
from localcloud.server import stores
from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType, flag, tag_list


def _attributes(proxy: dict[str, Any]) -> dict[str, Any]:
    return {
        "DBProxyArn": proxy["DBProxyArn"],
        "Endpoint": proxy["Endpoint"],
        "VpcId": proxy.get("VpcId", ""),
    }


def _create_proxy(request: Request) -> Resource:
    properties = request.properties
    parameters = request.only("DBProxyName", "EngineFamily", "RoleArn", "VpcSubnetIds", "VpcSecurityGroupIds", "Auth")
    for key in ("RequireTLS", "DebugLogging"):
        if key in properties:
            parameters[key] = flag(properties[key])
    if "IdleClientTimeout" in properties:
        parameters["IdleClientTimeout"] = int(properties["IdleClientTimeout"])
    name = call("rds", "create_db_proxy", **parameters, Tags=tag_list(properties))["DBProxy"]["DBProxyName"]
    # Its target comes later; the address is asked for now.
    proxy = rds._db_proxies[name]
    proxy["Endpoint"] = rds._db_proxy_endpoints[name]["Endpoint"] = addresses.claim()
    return Resource(name, _attributes(proxy))


def _delete_proxy(physical_id: str, _: Properties) -> None:
    call("rds", "delete_db_proxy", DBProxyName=physical_id)
    stores.leave_database(physical_id)


def _pool(properties: Properties) -> dict[str, Any]:
    pool = properties.get("ConnectionPoolConfigurationInfo") or {}
    config: dict[str, Any] = {}
    for key in ("MaxConnectionsPercent", "MaxIdleConnectionsPercent", "ConnectionBorrowTimeout"):
        if key in pool:
            config[key] = int(pool[key])
    for key in ("SessionPinningFilters", "InitQuery"):
        if key in pool:
            config[key] = pool[key]
    return config


def _targets(properties: Properties) -> dict[str, list[str]]:
    keys = ("DBInstanceIdentifiers", "DBClusterIdentifiers")
    return {key: properties[key] for key in keys if properties.get(key)}


def _create_target_group(request: Request) -> Resource:
    properties = request.properties
    place = {
        "DBProxyName": properties["DBProxyName"],
        "TargetGroupName": properties.get("TargetGroupName", "default"),
    }
    call("rds", "modify_db_proxy_target_group", **place, ConnectionPoolConfig=_pool(properties))
    if _targets(properties):
        call("rds", "register_db_proxy_targets", **place, **_targets(properties))
    name = properties["DBProxyName"]
    for target in [target for targets in _targets(properties).values() for target in targets]:
        if target in stores.databases and name not in stores.databases:
            stores.join_database(name, target, address=rds._db_proxies[name]["Endpoint"])
    group = call("rds", "describe_db_proxy_target_groups", **place)["TargetGroups"][0]
    arn = group["TargetGroupArn"]
    return Resource(arn, {"TargetGroupArn": arn})


def _delete_target_group(_: str, properties: Properties) -> None:
    # A proxy always has its default target group; only the registrations go.
    if _targets(properties):
        call(
            "rds",
            "deregister_db_proxy_targets",
            DBProxyName=properties["DBProxyName"],
            TargetGroupName=properties.get("TargetGroupName", "default"),
            **_targets(properties),
        )
    stores.leave_database(properties["DBProxyName"])


TYPES = {
    "AWS::RDS::DBProxy": ResourceType(create=_create_proxy, delete=_delete_proxy),
    "AWS::RDS::DBProxyTargetGroup": ResourceType(create=_create_target_group, delete=_delete_target_group),
}
