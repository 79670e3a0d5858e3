"""Network interfaces of the templates: which subnets they stand in, which security groups they carry.

Owns reading them from every type of resource that has any, and their names in the matrix.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from cloudmart_cdk.policy.model import MISSING, Deployment, Resource, leaves
from cloudmart_cdk.settings.topology import BACKEND, DATA, EKS

from .security_groups import CLUSTER_GROUP, group_key, key_of

CONTROL_PLANE: Final = "control-plane"
NODE: Final = "node"

_NAMES: Final[dict[tuple[str, str], str]] = {
    (EKS, "AWS::ElasticLoadBalancingV2::LoadBalancer"): "tiketi-load-balancer",
    (BACKEND, "AWS::ElasticLoadBalancingV2::LoadBalancer"): "shop-load-balancer",
    (BACKEND, "AWS::AutoScaling::AutoScalingGroup"): "backend",
    (EKS, "AWS::EKS::Cluster"): CONTROL_PLANE,
    (EKS, "AWS::EKS::Nodegroup"): NODE,
    (EKS, "AWS::Lambda::Function"): "kubectl-function",
    (DATA, "AWS::Lambda::Function"): "rotation-function",
    (DATA, "AWS::EC2::LaunchTemplate"): "data-move",
    (DATA, "AWS::RDS::DBInstance"): "database",
    (DATA, "AWS::RDS::DBCluster"): "database",
    (DATA, "AWS::RDS::DBProxy"): "database-proxy",
    (DATA, "AWS::SSM::Document"): "database-copy",
    (DATA, "AWS::ElastiCache::ReplicationGroup"): "cache",
}
"""(stack, type) -> name in the matrix."""
CARRIERS: Final = (*dict.fromkeys(type_ for _, type_ in _NAMES), "AWS::EC2::VPCEndpoint")
"""Types of resources that security groups are attached to; a launch template's are its machines', a document's the
restored database's."""


@dataclass(frozen=True)
class Interface:
    """Of one endpoint, one a subnet. `subnets`, `groups`: keys."""

    name: str
    subnets: tuple[str, ...]
    groups: frozenset[str]
    public: bool = False


def interfaces(app: Deployment) -> Iterator[Interface]:
    """Whatever stands in subnets with security groups."""
    for resource in app.of(*CARRIERS):
        name = _NAMES.get((resource.stack, resource.type), f"{resource.stack}/{resource.logical_id}")
        match resource.type:
            case "AWS::ElasticLoadBalancingV2::LoadBalancer":
                public = resource.get("Scheme") == "internet-facing"
                yield _interface(app, name, resource.items("Subnets"), resource.items("SecurityGroups"), public=public)
            case "AWS::EKS::Cluster":
                subnets = resource.items("ResourcesVpcConfig.SubnetIds")
                groups = resource.items("ResourcesVpcConfig.SecurityGroupIds")
                found = _interface(app, name, subnets, groups)
                yield Interface(name, found.subnets, found.groups | {CLUSTER_GROUP})
            case "AWS::Lambda::Function" if resource.get("VpcConfig") is not MISSING:
                subnets = resource.items("VpcConfig.SubnetIds")
                yield _interface(app, name, subnets, resource.items("VpcConfig.SecurityGroupIds"))
            case "AWS::EKS::Nodegroup":
                template = app.target(resource.get("LaunchTemplate.Id"))
                yield _interface(app, name, resource.items("Subnets"), _template_groups(template))
            case "AWS::AutoScaling::AutoScalingGroup":
                template = app.target(resource.get("LaunchTemplate.LaunchTemplateId"))
                yield _interface(app, name, resource.items("VPCZoneIdentifier"), _template_groups(template))
            case "AWS::EC2::LaunchTemplate" if resource.get("LaunchTemplateData.NetworkInterfaces") is not MISSING:
                for interface in resource.items("LaunchTemplateData.NetworkInterfaces"):
                    public = str(interface.get("AssociatePublicIpAddress")).lower() == "true"
                    yield _interface(app, name, [interface["SubnetId"]], interface["Groups"], public=public)
            case "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster":
                property_ = "VPCSecurityGroups" if resource.type.endswith("Instance") else "VpcSecurityGroupIds"
                groups = resource.items(property_)
                group = app.target(resource.get("DBSubnetGroupName"), "AWS::RDS::DBSubnetGroup")
                if groups and group:  # a member of a cluster has its cluster's
                    public = str(resource.get("PubliclyAccessible")).lower() == "true"
                    yield _interface(app, name, group.items("SubnetIds"), groups, public=public)
            case "AWS::SSM::Document":
                for step in resource.items("Content.mainSteps"):
                    groups = [value for _, value in leaves(step) if app.target(value, "AWS::EC2::SecurityGroup")]
                    if groups:  # a step that restores a database into them
                        inputs = step["inputs"]
                        group = app.target(inputs.get("DBSubnetGroupName"), "AWS::RDS::DBSubnetGroup")
                        public = str(inputs.get("PubliclyAccessible")).lower() == "true"
                        yield _interface(app, name, group.items("SubnetIds") if group else [], groups, public=public)
            case "AWS::RDS::DBProxy":
                yield _interface(app, name, resource.items("VpcSubnetIds"), resource.items("VpcSecurityGroupIds"))
            case "AWS::ElastiCache::ReplicationGroup":
                group = app.target(resource.get("CacheSubnetGroupName"))
                subnets = group.items("SubnetIds") if group else []
                yield _interface(app, name, subnets, resource.items("SecurityGroupIds"))
            case "AWS::EC2::VPCEndpoint" if resource.get("VpcEndpointType") == "Interface":
                subnets, groups = resource.items("SubnetIds"), resource.items("SecurityGroupIds")
                yield _interface(app, "interface-endpoints", subnets, groups)


def _template_groups(template: Resource | None) -> list[Any]:
    if template is None:
        raise ValueError("reachability: given machines without a launch template of this app; allowed: one of its own")
    interfaces = template.items("LaunchTemplateData.NetworkInterfaces")
    groups = template.items("LaunchTemplateData.SecurityGroupIds")
    return [*groups, *(group for interface in interfaces for group in interface.get("Groups") or ())]


def _interface(
    app: Deployment, name: str, subnets: Iterable[Any], groups: Iterable[Any], *, public: bool = False
) -> Interface:
    found = [app.target(subnet, "AWS::EC2::Subnet") for subnet in subnets]
    keys = tuple(key_of(subnet) for subnet in found if subnet)
    if not keys or len(keys) != len(found):
        raise ValueError(f"reachability: given {name} in subnets that are not this app's; allowed: its own")
    return Interface(name, keys, frozenset(group_key(app, group) for group in groups), public)
