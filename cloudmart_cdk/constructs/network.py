"""The VPC: exact subnets, pods' range, NAT, endpoints, DNS zone. Specification section 2.

Owns everything with an address range. Does not own security groups (`firewall`) or the log bucket.
"""

from collections.abc import Sequence
from typing import Any, Final

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..acknowledge import acknowledge
from ..settings.model import Network as NetworkSettings
from .log_groups import LogGroups

PUBLIC: Final = "Public"
PRIVATE: Final = "Private"
DATA: Final = "Data"


@jsii.implements(ec2.IIpAddresses)
class _StatedAddresses:
    """Gives each subnet the CIDR that the settings state, instead of letting CDK carve them."""

    def __init__(self, settings: NetworkSettings) -> None:
        self._vpc = str(settings.cidr)
        self._by_tier = {PUBLIC: settings.public, PRIVATE: settings.private, DATA: settings.data}

    def allocate_vpc_cidr(self) -> ec2.VpcIpamOptions:
        return ec2.VpcIpamOptions(cidr_block=self._vpc)

    def allocate_subnets_cidr(
        self,
        *,
        requested_subnets: Sequence[ec2.RequestedSubnet | dict[str, Any]],
        vpc_cidr: str,  # noqa: ARG002  (the interface names it)
    ) -> ec2.SubnetIpamOptions:
        # The interface allows dicts; jsii hands over structs.
        subnets = [subnet for subnet in requested_subnets if not isinstance(subnet, dict)]
        remaining = {tier: iter(networks) for tier, networks in self._by_tier.items()}
        return ec2.SubnetIpamOptions(
            allocated_subnets=[
                ec2.AllocatedSubnet(cidr=str(next(remaining[subnet.configuration.name]))) for subnet in subnets
            ]
        )


class Network(Construct):
    """VPC, subnets, routes, gateway endpoints, flow logs and the private zone.

    Attributes: `vpc`; `public_subnets`, `private_subnets`, `data_subnets`; `nat_ids`; `zone`
    (`<stage>.cloudmart.internal`).
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: NetworkSettings,
        prefix: str,
        zone_name: str,
        log_bucket: s3.IBucket,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=prefix,
            ip_addresses=_StatedAddresses(settings),
            availability_zones=list(settings.zones),
            nat_gateways=0 if settings.regional_nat else settings.nat_gateways,
            subnet_configuration=[
                ec2.SubnetConfiguration(name=PUBLIC, subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False),
                ec2.SubnetConfiguration(name=PRIVATE, subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
                ec2.SubnetConfiguration(name=DATA, subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
            restrict_default_security_group=True,
        )
        acknowledge(
            self,
            {
                "CloudFormation-Validate::W3010": "The zones are a setting: stated, so that synth needs no account and "
                "the subnets of a stage never move."
            },
        )
        self.public_subnets = self.vpc.select_subnets(subnet_group_name=PUBLIC).subnets
        self.private_subnets = self.vpc.select_subnets(subnet_group_name=PRIVATE).subnets
        self.data_subnets = self.vpc.select_subnets(subnet_group_name=DATA).subnets
        for tier, subnets in (
            ("public", self.public_subnets),
            ("private", self.private_subnets),
            ("data", self.data_subnets),
        ):
            for zone, subnet in zip(settings.zones, subnets, strict=True):
                cdk.Tags.of(subnet).add("Name", f"{prefix}-{tier}-{zone}")
        # The load balancer controller finds subnets by these tags (its "Subnet Auto Discovery" page).
        for subnets, role in ((self.public_subnets, "elb"), (self.private_subnets, "internal-elb")):
            for subnet in subnets:
                cdk.Tags.of(subnet).add(f"kubernetes.io/role/{role}", "1")
        # Pods live in their own range only. Without the 0 the CNI would go on taking prefixes of 16 addresses from the
        # node's own /24 as well (EKS guide, "Configure subnet selection for Pod IP addresses").
        for subnet in self.private_subnets:
            cdk.Tags.of(subnet).add("kubernetes.io/role/cni", "0")
        if settings.regional_nat:
            self._add_regional_nat()
        self.nat_ids = [
            child.attr_nat_gateway_id for child in self.node.find_all() if isinstance(child, ec2.CfnNatGateway)
        ]
        self._add_pod_subnets(settings, prefix)
        self._add_flow_logs(log_bucket, log_groups)
        self.zone = route53.PrivateHostedZone(
            self, "Zone", zone_name=zone_name, vpc=self.vpc, comment="For people; programs read Parameter Store"
        )

    def add_interface_endpoints(self, security_group: ec2.ISecurityGroup) -> None:
        """Private ways to the AWS APIs that instances and pods call; about 9 USD a month each and zone."""
        services = ec2.InterfaceVpcEndpointAwsService
        for name, service in {
            "EcrApi": services.ECR,
            "EcrDocker": services.ECR_DOCKER,
            "Logs": services.CLOUDWATCH_LOGS,
            "Ssm": services.SSM,
            "SsmMessages": services.SSM_MESSAGES,
            "SecretsManager": services.SECRETS_MANAGER,
        }.items():
            self.vpc.add_interface_endpoint(
                name,
                service=service,
                open=False,
                security_groups=[security_group],
                subnets=ec2.SubnetSelection(subnets=self.private_subnets),
            )

    def _add_pod_subnets(self, settings: NetworkSettings, prefix: str) -> None:
        """Subnets in a second range, routed like the private subnet of their zone.

        The VPC CNI puts pods into subnets tagged `kubernetes.io/role/cni` (EKS Best Practices, "subnet discovery").
        """
        block = ec2.CfnVPCCidrBlock(self, "PodsCidr", vpc_id=self.vpc.vpc_id, cidr_block=str(settings.pods_cidr))
        for number, (zone, cidr, private) in enumerate(
            zip(settings.zones, settings.pods, self.private_subnets, strict=True), start=1
        ):
            subnet = ec2.CfnSubnet(
                self,
                f"PodsSubnet{number}",
                vpc_id=self.vpc.vpc_id,
                availability_zone=zone,
                cidr_block=str(cidr),
                tags=[
                    cdk.CfnTag(key="Name", value=f"{prefix}-pods-{zone}"),
                    cdk.CfnTag(key="kubernetes.io/role/cni", value="1"),
                ],
            )
            subnet.add_resource_dependency(block)
            ec2.CfnSubnetRouteTableAssociation(
                self,
                f"PodsRoutes{number}",
                subnet_id=subnet.attr_subnet_id,
                route_table_id=private.route_table.route_table_id,
            )

    def _add_regional_nat(self) -> None:
        """One NAT gateway that spans the zones (EC2 guide, "regional NAT gateways"), addresses by AWS."""
        nat = ec2.CfnNatGateway(self, "RegionalNat", availability_mode="regional", vpc_id=self.vpc.vpc_id)
        nat.node.add_dependency(self.vpc.internet_connectivity_established)
        # Zonal gateways' routes are made by the same method, so that a change updates them: AWS refuses a second one.
        for subnet in self.private_subnets:
            assert isinstance(subnet, ec2.Subnet)
            subnet.add_default_nat_route(nat.attr_nat_gateway_id)

    def _add_flow_logs(self, bucket: s3.IBucket, log_groups: LogGroups) -> None:
        """All traffic, to CloudWatch Logs for queries and to the log bucket for keeps."""
        group = log_groups.make(self, "FlowLogGroup")
        self.flow_log = group.log_group_name
        # Made here for its condition: CDK's own role trusts the service whatever account it acts for (VPC guide, "IAM
        # role for publishing flow logs to CloudWatch Logs").
        account = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
        writer = iam.Role(
            self,
            "FlowLogWriter",
            assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com", conditions=account),
        )
        self.vpc.add_flow_log("ToLogs", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, writer))
        self.vpc.add_flow_log("ToBucket", destination=ec2.FlowLogDestination.to_s3(bucket, "vpc-flow-logs"))
