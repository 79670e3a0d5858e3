"""What a rule is, and how it names what it found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cloudmart_cdk.policy.manifests import Object
from tests.kubernetes.world import OF_THE_CLUSTER, Pods, World

Found = Iterator[tuple[str, str]]
"""(which object, what is wrong with it)."""


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    check: Callable[[World], Found]


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    where: str
    says: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.says}"


def place(object_: Object) -> str:
    """`Deployment tiketi/auth`."""
    return f"{object_.kind} {'' if object_.kind in OF_THE_CLUSTER else object_.namespace + '/'}{object_.name}"


def at(pods: Pods) -> str:
    return place(pods.owner) if pods.owner else f"pods of {pods.namespace}/{pods.labels}"
