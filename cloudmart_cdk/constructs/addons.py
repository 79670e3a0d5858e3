"""EKS add-ons at pinned versions, their configuration, rights and log groups. Specification section 6.

Owns the order: what makes a node a node (identity, proxy, network) is there before the first node, what runs on
nodes comes after them; on the way out it is the other way round, so that no interface of the CNI is left behind.
Charts are not here (`controllers`), nor what Fluent Bit does with a line (`container_logs`), nor which metrics of the
services become CloudWatch's (`cluster_metrics`).

With IMDSv2 and a hop limit of 1 only pods on the host's network reach the instance's metadata. The CNI, the identity
agent, the CloudWatch agent and Fluent Bit are on it. CoreDNS and kube-proxy ask for none. The disk driver's pods are
not: they take region, zone and instance from the Kubernetes API, as the driver does by itself where IMDS is silent.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import namespaces
from ..acknowledge import acknowledge
from ..settings import system_pods
from ..settings.catalogue import Addon
from . import cluster_metrics, container_logs, tracing
from .log_groups import LogGroups
from .pod_identity import Statement, pod_role
from .ssm_agent import METRICS_REASON

_INSIGHTS: Final = ("application", "dataplane", "host", "performance", "prometheus")
"""What Container Insights writes: `/aws/containerinsights/<cluster>/<one of these>`. The last: lines that CloudWatch
makes the services' own metrics of."""

_CNI: Final = {
    "enableNetworkPolicy": "true",
    "env": {
        # Prefixes of 16 addresses instead of single ones, from the pods' subnets, which are found by their tag.
        "ENABLE_PREFIX_DELEGATION": "true",
        "ENABLE_SUBNET_DISCOVERY": "true",
        "WARM_PREFIX_TARGET": "1",
    },
}


def _insights_group(cluster: str, kind: str) -> str:
    return f"/aws/containerinsights/{cluster}/{kind}"


def _observability(*, cluster: str, region: str, services_log: str) -> dict[str, object]:
    """`cluster`: its name. `services_log`: the group of the services' lines."""
    return {
        "agent": {
            "config": {
                # Stated, because the default adds Application Signals, whose log group is one for the whole account:
                # no stack of twelve can own it.
                "logs": {"metrics_collected": {"kubernetes": {"enhanced_container_insights": True}}},
                # Pods send spans to the agent on their node, which hands them to X-Ray.
                "traces": {
                    "traces_collected": {
                        "otlp": {
                            "grpc_endpoint": f"0.0.0.0:{tracing.GRPC_PORT}",
                            "http_endpoint": f"0.0.0.0:{tracing.HTTP_PORT}",
                        }
                    }
                },
            },
            # Beside what the agent makes of `config`.
            "otelConfig": cluster_metrics.pipeline(
                cluster=cluster,
                region=region,
                log_group=_insights_group(cluster, "prometheus"),
                namespace=namespaces.SERVICES,
            ),
            # The add-on's own request is 250m on every node.
            "resources": system_pods.resources("amazon-cloudwatch-observability", "cloudwatch-agent"),
        },
        "containerLogs": {
            "enabled": True,
            "fluentBit": {
                "config": {
                    "extraFiles": {
                        container_logs.FILE: container_logs.application_log(
                            namespace=namespaces.SERVICES, group=services_log
                        )
                    }
                }
            },
        },
    }


@dataclass(frozen=True)
class _Identity:
    """Who an add-on's pods are to AWS."""

    service_account: str
    role: iam.CfnRole


class Addons(Construct):
    """`before_nodes` exist when the first node boots; `run_on` adds the rest on top of the node groups."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: eks.Cluster,
        name: str,
        versions: Mapping[Addon, str],
        log_groups: LogGroups,
        volume_tags: Mapping[str, str],
    ) -> None:
        """`name`: the cluster's, which log group names carry. `volume_tags`: of disks that pods claim."""
        super().__init__(scope, id)
        self._cluster, self._name, self._versions = cluster, name, versions
        self._volume_tags = volume_tags
        self._services_log = f"/aws/eks/tiketi/{name}"
        self._groups = [
            log_groups.make_resource(self, "ServicesLog", name=self._services_log),
            *(
                log_groups.make_resource(self, f"{kind.title()}Log", name=_insights_group(name, kind))
                for kind in _INSIGHTS
            ),
        ]
        agent = self._add("eks-pod-identity-agent")
        proxy = self._add("kube-proxy")
        cni = self._add(
            "vpc-cni",
            configuration=_CNI,
            identity=self._identity(
                "CniRole",
                namespace="kube-system",
                service_account="aws-node",
                managed={
                    "AmazonEKS_CNI_Policy": "Interfaces and prefixes of nodes, as the CNI needs them; AWS keeps it in "
                    "step with the add-on."
                },
            ),
        )
        # The CNI takes its rights from the agent, and both run on the host's network: the agent needs no CNI to start,
        # the CNI crashes without the agent (aws/amazon-vpc-cni-k8s#3840).
        cni.add_resource_dependency(agent)
        self.before_nodes = (agent, proxy, cni)

    def run_on(self, node_groups: Iterable[cdk.CfnResource]) -> None:
        """DNS, disks and observability: their pods need nodes, or the add-on never becomes active."""
        dns = self._add("coredns")
        disks = self._add(
            "aws-ebs-csi-driver",
            configuration={"controller": {"extraVolumeTags": dict(self._volume_tags)}},
            identity=self._identity(
                "DiskRole",
                namespace="kube-system",
                service_account="ebs-csi-controller-sa",
                managed={
                    "AmazonEBSCSIDriverPolicyV2": "Bound by AWS to volumes and snapshots that carry the driver's tag."
                },
            ),
        )
        observability = self._add(
            "amazon-cloudwatch-observability",
            configuration=_observability(
                cluster=self._name, region=cdk.Stack.of(self).region, services_log=self._services_log
            ),
            identity=self._observer(),
        )
        for group in self._groups:
            observability.add_resource_dependency(group)
        for nodes in node_groups:
            for addon in self.before_nodes:
                nodes.add_resource_dependency(addon)
            for addon in (dns, disks, observability):
                addon.add_resource_dependency(nodes)

    def _add(
        self, addon: Addon, *, configuration: Mapping[str, object] | None = None, identity: _Identity | None = None
    ) -> eks.CfnAddon:
        return eks.CfnAddon(
            self,
            addon,
            addon_name=addon,
            cluster_name=self._cluster.cluster_name,
            addon_version=self._versions[addon],
            # What is stated here holds, whoever has edited it in the cluster.
            resolve_conflicts="OVERWRITE",
            configuration_values=json.dumps(configuration, sort_keys=True) if configuration else None,
            pod_identity_associations=[
                eks.CfnAddon.PodIdentityAssociationProperty(
                    role_arn=identity.role.attr_arn, service_account=identity.service_account
                )
            ]
            if identity
            else None,
        )

    def _identity(
        self,
        id: str,
        *,
        namespace: str,
        service_account: str,
        managed: Mapping[str, str] | None = None,
        statements: Sequence[Statement] = (),
    ) -> _Identity:
        """`managed`: AWS's policy -> why it is right here."""
        reasons = {f"arn:aws:iam::aws:policy/{policy}": reason for policy, reason in (managed or {}).items()}
        role = pod_role(
            self,
            id,
            cluster_arn=self._cluster.cluster_arn,
            namespace=namespace,
            service_account=service_account,
            managed_policies=list(reasons),
            statements=statements,
        )
        acknowledge(
            role, {f"AwsSolutions::AwsSolutions-IAM4[Policy::{arn}]": reason for arn, reason in reasons.items()}
        )
        return _Identity(service_account, role)

    def _observer(self) -> _Identity:
        """Agent and Fluent Bit.

        Less than CloudWatchAgentServerPolicy, which lets them make log groups: those would outlive the stack.
        """
        identity = self._identity(
            "ObservabilityRole",
            namespace="amazon-cloudwatch",
            service_account="cloudwatch-agent",
            statements=[
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                    "Resource": [group.attr_arn for group in self._groups],
                },
                # The actions below know no resources but the account's dataset (service authorization reference).
                {
                    "Effect": "Allow",
                    "Action": "cloudwatch:PutMetricData",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"cloudwatch:namespace": ["ContainerInsights", "CWAgent"]}},
                },
                {
                    "Effect": "Allow",
                    "Action": [
                        "xray:PutTraceSegments",
                        "xray:PutTelemetryRecords",
                        "xray:GetSamplingRules",
                        "xray:GetSamplingTargets",
                        "ec2:DescribeTags",
                        "ec2:DescribeVolumes",
                    ],
                    "Resource": "*",
                },
            ],
        )
        acknowledge(
            identity.role,
            METRICS_REASON
            | {
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "PutMetricData is bound to two namespaces; X-Ray and "
                "two describe actions know no resources; the log actions name the stack's own groups."
            },
        )
        return identity
