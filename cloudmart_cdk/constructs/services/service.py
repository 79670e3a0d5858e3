"""One service in the template: its identity, its entry, its workload, and the canary that a release puts beside it.

Owns the resources of a service and their order. What is in the manifests is the business of the builders beside it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from ... import namespaces
from ...acknowledge import acknowledge
from ...service_releases import DIGEST, RELEASE, Track, parameters
from ...settings import Settings
from ...settings.service_names import pascal_case
from ..instance_role import reported
from ..platform_load_balancer import Route
from ..pod_identity import pod_role
from .manifest import manifest
from .names import Object, metadata, object_labels
from .network_policies import network_policy
from .pods import deployment
from .rights import Grant, grants
from .scaling import autoscaler, disruption_budget
from .traffic import binding
from .traffic import service as cluster_service

_DIGEST: Final = f"({DIGEST})?"
"""Whoever may release a service may run any image of its repository, and no other: the template names the rest."""


class Service(Construct):
    """Attribute: `entry`, its first manifest."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        settings: Settings,
        cluster: eks.Cluster,
        route: Route,
        repository_uri: str,
        after: Sequence[cdk.CfnResource],
    ) -> None:
        """`after`: what is there before the service and goes after it."""
        super().__init__(scope, id)
        self._name, self._settings, self._cluster = name, settings, cluster
        self._row = settings.eks.services[name]
        identity = eks.CfnPodIdentityAssociation(
            self,
            "Identity",
            cluster_name=cluster.cluster_name,
            namespace=namespaces.SERVICES,
            service_account=name,
            role_arn=self._make_role().attr_arn,
        )
        self.entry = self._make_entry(route, after=after)
        state = _State(self, name, largest=self._row.hpa_max, smallest=self._row.replicas)
        self._make_stable(state, repository_uri, after=[self.entry, identity])
        self._make_canary(state, repository_uri, after=[self.entry, identity])

    def _make_role(self) -> iam.CfnRole:
        stack = cdk.Stack.of(self)
        granted = list(grants(self._row, self._settings, account=stack.account))
        role = pod_role(
            self,
            "Role",
            cluster_arn=self._cluster.cluster_arn,
            namespace=namespaces.SERVICES,
            service_account=self._name,
            statements=[grant.statement for grant in granted],
        )
        if accepted := _accepted(stack, granted):
            acknowledge(role, accepted)
        return role

    def _make_entry(self, route: Route, *, after: Sequence[cdk.CfnResource]) -> cdk.CfnResource:
        """What has to be there when a pod is made: its account, its network, and the binding, whose readiness gate the
        controller puts into new pods only. The rule too: without one the load balancer checks no target.

        Where nodes sleep at night, a destroy then finds no controller to take the binding's finalizer off: it ends
        with the cluster there.
        """
        name, port = self._name, self._row.port
        return manifest(
            self,
            "Entry",
            cluster=self._cluster,
            objects=[
                _service_account(name),
                network_policy(name, self._settings),
                disruption_budget(name),
                *(cluster_service(name, track, port=port) for track in Track),
                *(binding(name, track, port=port, target_group_arn=group.ref) for track, group in route.groups.items()),
            ],
            after=[*after, route.rule],
            left_to_cluster=self._settings.off_hours,
        )

    def _make_stable(self, state: "_State", repository_uri: str, *, after: Sequence[cdk.CfnResource]) -> None:
        """What is released, or the stand-in, and how it is scaled."""
        scaling = autoscaler(self._name, Track.STABLE, self._row, minimum=state.minimum)
        with_pods = [] if self._row.queue_length else [scaling]
        released, stand_in = (
            deployment(self._name, Track.STABLE, self._settings, image=image, release=state.release)
            for image in (f"{repository_uri}@{state.image}", "")
        )
        workload = manifest(
            self,
            "Workload",
            cluster=self._cluster,
            objects=[released, *with_pods],
            instead=(state.stands_in, [stand_in, *with_pods]),
            after=after,
        )
        if self._row.queue_length:
            # Apart, for its finalizer: it goes before the pods, or not at all where KEDA may sleep.
            manifest(
                self,
                "Scaling",
                cluster=self._cluster,
                objects=[scaling],
                after=[workload],
                left_to_cluster=self._settings.off_hours,
            )

    def _make_canary(self, state: "_State", repository_uri: str, *, after: Sequence[cdk.CfnResource]) -> None:
        """Second pods beside stable's, for as long as a release names their image."""
        image = f"{repository_uri}@{state.canary_image}"
        manifest(
            self,
            "Canary",
            cluster=self._cluster,
            objects=[
                deployment(self._name, Track.CANARY, self._settings, image=image),
                autoscaler(self._name, Track.CANARY, self._row, minimum=state.minimum),
            ],
            after=after,
        ).cfn_options.condition = state.canary_runs


class _State:
    """What a release sets and every other deploy keeps: CDK sends `UsePreviousValue` (ADR 0004)."""

    def __init__(self, scope: Construct, service: str, *, smallest: int, largest: int) -> None:
        self._scope, self._stem = scope, pascal_case(service)
        names = parameters(service)
        only = "a digest, sha256: and 64 hexadecimal digits, or nothing"
        image = self._text(
            names.image, f"Digest of the image that runs as {service}; empty: the stand-in", _DIGEST, only
        )
        canary = self._text(
            names.canary_image, f"Digest of the image that a release of {service} tries; empty: none", _DIGEST, only
        )
        release = self._text(
            names.release, f"When {service} got its image, and what ran before", RELEASE, "what the release tool writes"
        )
        held = self._parameter(
            names.minimum,
            type="Number",
            default=0,
            min_value=0,
            max_value=largest,
            description=f"Pods of {service} at least, while a release holds them; 0: {smallest}",
        )
        self.image, self.canary_image, self.release = image, canary, release
        self.stands_in = self._condition("StandsIn", cdk.Fn.condition_equals(image, ""))
        self.canary_runs = self._condition("CanaryRuns", cdk.Fn.condition_not(cdk.Fn.condition_equals(canary, "")))
        unheld = self._condition("IsUnheld", cdk.Fn.condition_equals(held.value_as_string, "0"))
        self.minimum = cdk.Token.as_number(cdk.Fn.condition_if(unheld.logical_id, str(smallest), held.value_as_string))

    def _text(self, name: str, description: str, pattern: str, words: str) -> str:
        return self._parameter(
            name,
            type="String",
            default="",
            allowed_pattern=pattern,
            constraint_description=words,
            description=description,
        ).value_as_string

    def _parameter(self, name: str, **properties: Any) -> cdk.CfnParameter:
        parameter = cdk.CfnParameter(self._scope, name, **properties)
        parameter.override_logical_id(name)
        return parameter

    def _condition(self, what: str, expression: cdk.ICfnConditionExpression) -> cdk.CfnCondition:
        condition = cdk.CfnCondition(self._scope, what, expression=expression)
        condition.override_logical_id(f"{self._stem}{what}")
        return condition


def _accepted(stack: cdk.Stack, granted: Iterable[Grant]) -> dict[str, str]:
    """Id of a finding -> why it is safe."""
    return {
        finding: reason
        for grant in granted
        for finding, reason in (
            *((reported(stack, arn), reason) for arn, reason in grant.wildcards.items()),
            *((f"CloudMart::IAM-2[{action}]", grant.any_key) for action in grant.actions if grant.any_key),
        )
    }


def _service_account(name: str) -> Object:
    """No token of Kubernetes: services have nothing to ask its API. Their identity in AWS is mounted by EKS."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(name, object_labels(name)),
        "automountServiceAccountToken": False,
    }
