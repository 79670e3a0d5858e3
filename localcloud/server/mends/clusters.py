"""AWS::EKS::Cluster and AWS::EKS::Nodegroup.

Faults: secrets encryption, support policy, deletion protection and the range of Services of a cluster are dropped, and
with the protection the refusal to delete; a node group forgets whether it is spot. And with a cluster goes what is
recorded as in it.
"""

from ministack.services import eks

from localcloud.server import objects
from localcloud.server.mends import hooks
from localcloud.server.resource import Properties, camel_case, flag


def _complete_cluster(physical_id: str, properties: Properties) -> None:
    cluster = eks._clusters[physical_id]
    for key in ("EncryptionConfig", "UpgradePolicy"):
        if properties.get(key):
            cluster[key[0].lower() + key[1:]] = camel_case(properties[key])
    services = (properties.get("KubernetesNetworkConfig") or {}).get("ServiceIpv4Cidr")
    if services:
        cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] = services
    cluster["deletionProtection"] = flag(properties.get("DeletionProtection", False))


def _empty(physical_id: str, _: Properties) -> None:
    cluster = eks._clusters.get(physical_id)
    if cluster is not None and cluster.get("deletionProtection"):
        raise ValueError(f"Cannot delete protected cluster {physical_id}: disable deletion protection")
    objects.forget(physical_id)


def _complete_nodegroup(physical_id: str, properties: Properties) -> None:
    group = eks._nodegroups[f"{properties['ClusterName']}/{physical_id}"]
    group["capacityType"] = properties.get("CapacityType", "ON_DEMAND")


def install() -> None:
    hooks.after("AWS::EKS::Cluster", _complete_cluster)
    hooks.before_delete("AWS::EKS::Cluster", _empty)
    hooks.after("AWS::EKS::Nodegroup", _complete_nodegroup)
