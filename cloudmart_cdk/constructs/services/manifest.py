"""Kubernetes objects as one resource of the template, applied by CDK's kubectl function.

Owns how they are applied. `overwrite`: by `kubectl apply` from the start, so that an attempt after a timeout, or after
a removal that did not succeed (the function reports none), does not fail on what is there. No pruning: what comes and
goes has a resource of its own, and kubectl would prune none of the kinds that custom resources define anyway.
"""

from collections.abc import Iterable, Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from .names import Object


def manifest(
    scope: Construct,
    id: str,
    *,
    cluster: eks.Cluster,
    objects: Sequence[Object],
    after: Iterable[cdk.CfnResource] = (),
    instead: tuple[cdk.CfnCondition, Sequence[Object]] | None = None,
    left_to_cluster: bool = False,
) -> cdk.CfnResource:
    """`after`: what is made before these objects and removed after them. `instead`: other objects of the same kinds
    and names, for as long as a condition holds. `left_to_cluster`: no destroy asks for them, they end with the cluster.
    """
    # jsii leaves a member of the interface out of the class's stub.
    target = cast(eks.ICluster, cluster)
    applied = eks.KubernetesManifest(
        scope,
        id,
        cluster=target,
        manifest=list(objects),
        overwrite=True,
        prune=False,
        removal_policy=cdk.RemovalPolicy.RETAIN if left_to_cluster else None,
    )
    resource = applied.node.default_child
    assert isinstance(resource, cdk.CfnResource)
    if instead:
        condition, others = instead
        stack = cdk.Stack.of(scope)
        chosen = cdk.Fn.condition_if(
            condition.logical_id, stack.to_json_string(list(others)), stack.to_json_string(list(objects))
        )
        resource.add_property_override("Manifest", chosen)
    for other in after:
        resource.add_resource_dependency(other)
    return resource
