"""A Helm chart in the cluster: where it comes from, how long it may take, what a failure leaves behind.

Owns the repositories' addresses and the figures of an installation. Not the values (`chart_values`), nor the order
among charts, which is their user's to state.
"""

from collections.abc import Mapping
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from ..settings.catalogue import Chart

REPOSITORIES: Final[dict[Chart, str]] = {
    "aws-load-balancer-controller": "https://aws.github.io/eks-charts",
    "cluster-autoscaler": "https://kubernetes.github.io/autoscaler",
    "metrics-server": "https://kubernetes-sigs.github.io/metrics-server",
    "keda": "https://kedacore.github.io/charts",
    "vertical-pod-autoscaler": "https://kubernetes.github.io/autoscaler",
    "kube-prometheus-stack": "https://prometheus-community.github.io/helm-charts",
}
"""Chart -> its authors' repository. Reached by CDK's kubectl function, over HTTPS through the NAT gateway."""

TIMEOUT: Final = cdk.Duration.minutes(10)
"""helm gives up, says why and exits. CDK's function has 15 minutes: were it cut off in the middle, the release would
stay `pending-install` and refuse every later deploy ("another operation is in progress")."""


def helm_release(
    scope: Construct,
    id: str,
    *,
    cluster: eks.ICluster,
    chart: Chart,
    version: str,
    namespace: str,
    values: Mapping[str, Any],
) -> eks.HelmChart:
    """Install `chart` under its own name and wait until its pods are ready.

    Not `atomic`: a failed first installation stays to be looked at until CloudFormation rolls it back, and a failed
    upgrade is rolled back by CloudFormation with the old values, which helm takes as one more upgrade. On the way out
    the function waits as long, but an uninstall that fails is only logged by CDK: it never holds up a destroy.
    """
    return eks.HelmChart(
        scope,
        id,
        cluster=cluster,
        chart=chart,
        release=chart,
        repository=REPOSITORIES[chart],
        version=version,
        namespace=namespace,
        # The namespace is a manifest of ours, with its labels.
        create_namespace=False,
        wait=True,
        timeout=TIMEOUT,
        values=dict(values),
    )
