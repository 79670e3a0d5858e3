"""AWS::EKS::Cluster and AWS::EKS::Nodegroup.

Faults: secrets encryption, support policy and deletion protection of a cluster are dropped, and
with them the refusal to delete a protected one; a node group forgets whether it is spot.
"""

from ministack.services import eks

from localcloud.server.mends import hooks
from localcloud.server.resource import Properties, camel_case, flag


def _complete_cluster(physical_id: str, properties: Properties) -> None:
    cluster = eks._clusters[physical_id]
    for key in ("EncryptionConfig", "UpgradePolicy"):
        if properties.get(key):
            cluster[key[0].lower() + key[1:]] = camel_case(properties[key])
    cluster["deletionProtection"] = flag(properties.get("DeletionProtection", False))


def _refuse_protected(physical_id: str, _: Properties) -> None:
    cluster = eks._clusters.get(physical_id)
    if cluster is not None and cluster.get("deletionProtection"):
        raise ValueError(f"Cannot delete protected cluster {physical_id}: disable deletion protection")


def _complete_nodegroup(physical_id: str, properties: Properties) -> None:
    group = eks._nodegroups[f"{properties['ClusterName']}/{physical_id}"]
    group["capacityType"] = properties.get("CapacityType", "ON_DEMAND")


def install() -> None:
    hooks.after("AWS::EKS::Cluster", _complete_cluster)
    hooks.before_delete("AWS::EKS::Cluster", _refuse_protected)
    hooks.after("AWS::EKS::Nodegroup", _complete_nodegroup)
