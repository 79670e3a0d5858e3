"""The parts of a deployment that several criteria look at, each read back once.

Owns which of them count: a scaling group that is kept empty for a release is no part of what runs.
"""

from functools import cached_property
from typing import Any

from labs.grade.deployed import Deployed
from labs.grade.network import Network
from labs.grade.shop import Shop


class Parts:
    """What a judge gets."""

    def __init__(self, deployed: Deployed, shop: Shop, *, drilled: bool | None = None) -> None:
        """`drilled`: whether customers were served while an instance was lost; None: nobody has tried."""
        self.deployed, self.shop, self.drilled = deployed, shop, drilled

    @cached_property
    def network(self) -> Network:
        return Network(self.deployed)

    @cached_property
    def groups(self) -> list[dict[str, Any]]:
        """Scaling groups of the backend with somebody in them, or at least one wanted."""
        found = self.deployed.among(
            "AWS::AutoScaling::AutoScalingGroup",
            "autoscaling",
            "describe_auto_scaling_groups",
            "AutoScalingGroups",
            id="AutoScalingGroupName",
        )
        return [each for each in found if each.get("DesiredCapacity") or each.get("Instances")]

    @cached_property
    def clusters(self) -> list[dict[str, Any]]:
        """EKS clusters."""
        names = sorted(self.deployed.ids("AWS::EKS::Cluster"))
        found = [self.deployed.read("eks", "describe_cluster", name=name).get("cluster") for name in names]
        return [each for each in found if each]

    @cached_property
    def node_groups(self) -> list[dict[str, Any]]:
        """Managed node groups with nodes in them."""
        found = []
        for cluster in self.clusters:
            name = cluster["name"]
            for group in sorted(self.deployed.all("eks", "list_nodegroups", "nodegroups", clusterName=name)):
                answer = self.deployed.read("eks", "describe_nodegroup", clusterName=name, nodegroupName=group)
                found.append(answer.get("nodegroup") or {})
        return [each for each in found if each.get("scalingConfig", {}).get("desiredSize")]

    @cached_property
    def databases(self) -> list[dict[str, Any]]:
        """RDS instances; those of Aurora clusters are told with their cluster."""
        found = self.deployed.among(
            "AWS::RDS::DBInstance", "rds", "describe_db_instances", "DBInstances", id="DBInstanceIdentifier"
        )
        return [each for each in found if not each.get("DBClusterIdentifier")]

    @cached_property
    def aurora(self) -> list[dict[str, Any]]:
        """Aurora clusters."""
        return self.deployed.among(
            "AWS::RDS::DBCluster", "rds", "describe_db_clusters", "DBClusters", id="DBClusterIdentifier"
        )

    @cached_property
    def caches(self) -> list[dict[str, Any]]:
        """ElastiCache's replication groups."""
        return self.deployed.among(
            "AWS::ElastiCache::ReplicationGroup",
            "elasticache",
            "describe_replication_groups",
            "ReplicationGroups",
            id="ReplicationGroupId",
        )

    @cached_property
    def balancers(self) -> list[dict[str, Any]]:
        """Load balancers."""
        return self.deployed.among(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "elbv2",
            "describe_load_balancers",
            "LoadBalancers",
            id="LoadBalancerArn",
        )

    @cached_property
    def target_groups(self) -> list[dict[str, Any]]:
        """Target groups, each with `Targets`: the states of what is registered; those without any are left out."""
        found = []
        for group in self.deployed.among(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            "elbv2",
            "describe_target_groups",
            "TargetGroups",
            id="TargetGroupArn",
        ):
            arn = group["TargetGroupArn"]
            health = self.deployed.all(
                "elbv2", "describe_target_health", "TargetHealthDescriptions", TargetGroupArn=arn
            )
            states = sorted(each["TargetHealth"]["State"] for each in health)
            # What leaves, or is not in use, says nothing of what serves.
            serving = [state for state in states if state not in ("draining", "unused")]
            if serving:
                found.append({**group, "Targets": serving})
        return found

    @cached_property
    def distributions(self) -> dict[str, dict[str, Any]]:
        """Id -> configuration of CloudFront's distributions."""
        found = {}
        for id in sorted(self.deployed.ids("AWS::CloudFront::Distribution")):
            answer = self.deployed.read("cloudfront", "get_distribution", Id=id)
            if answer:
                found[id] = answer["Distribution"]["DistributionConfig"] | {
                    "DomainName": answer["Distribution"]["DomainName"]
                }
        return found

    @cached_property
    def buckets(self) -> list[str]:
        """Names of S3 buckets."""
        return sorted(self.deployed.ids("AWS::S3::Bucket"))
