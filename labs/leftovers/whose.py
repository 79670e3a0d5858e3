"""Whose a resource is, and whether a stack still holds it.

Owns the rules by which the students of one account are told apart, and asks nothing of AWS. All of them have the same
`Project` and `Stage`; the name is in what cannot be chosen freely, in this order:

1. `aws:cloudformation:stack-name`, which CloudFormation alone sets: one of this copy's stacks, letter by letter, in a
   region that was looked at. What a stack of the same name has in another region is that one's.
2. The cluster's name in a tag of what pods and controllers made: letter by letter, too, and of no second cluster. What
   a cluster may use, and others with it ("shared"), is not its own.
3. Without either, for what AWS made out of ours: an id, the scaling group of an instance or the `Name` of a disk that
   begins with `<name>-<stage>` and an end of it, and that no longer name could begin with. Roles are everywhere and
   have no tag of their stack: while stacks of this name are in another region, names alone say nothing.

The first that is there decides, so an id never outvotes a tag; of several names that disagree, none does. What has no
tags belongs to nobody here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloudmart_cdk.settings.naming import Names
from cloudmart_cdk.settings.topology import EKS, NEEDS
from labs.names import of_longer_name

STACK_NAME: Final = "aws:cloudformation:stack-name"
STACK_ID: Final = "aws:cloudformation:stack-id"
CLUSTER_TAGS: Final = ("elbv2.k8s.aws/cluster", "eks:cluster-name", "KubernetesCluster", "Cluster")
"""Whose value is the cluster: the load balancer controller's, EKS's, the disk driver's, ours (`extraVolumeTags`)."""
SCALING_GROUP: Final = "aws:autoscaling:groupName"
_NAMES: Final = (SCALING_GROUP, "Name")
OWNED: Final = "kubernetes.io/cluster/"
"""Whose key ends with the cluster, and whose value is `OWN` when it is the cluster's; Kubernetes' own."""
OWN: Final = "owned"


class Whose(StrEnum):
    """What a resource is to this copy."""

    LEFT = "left over"
    HELD = "of a stack that is there"
    OTHERS = "somebody else's"
    UNTAGGED = "untagged"
    UNCLEAR = "unclear"
    """Of this project and stage, and nothing says of which name."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """`because`: the tag or the id that decided, for people."""

    whose: Whose
    because: str = ""


@dataclass(frozen=True)
class Copy:
    """Who asks: `<name>-<stage>`, and the stacks of it that are there now, name -> ARN; deleted ones are not.

    `regions`: where they were looked for. `elsewhere`: stacks of the same names are in some other region.
    """

    names: Names
    living: Mapping[str, str]
    regions: tuple[str, ...]
    elsewhere: bool = False

    @property
    def stacks(self) -> frozenset[str]:
        """All names that its stacks can have."""
        return frozenset(map(self.names.stack, NEEDS))

    @property
    def cluster(self) -> str:
        return self.names.of("tiketi")

    def claim(self, id: str, tags: Mapping[str, str]) -> Claim:
        """What a resource of that id is to this copy. `id`: the name or id that AWS knows it by, not its ARN."""
        names = [id, *(tags[key] for key in _NAMES if key in tags)]
        named = any(map(self.begins, names))
        if not tags:
            return Claim(whose=Whose.UNTAGGED if named else Whose.OTHERS)
        clusters = _clusters(tags)
        made_by_cluster = clusters and not {"Project", "Stage"} & tags.keys()
        if not made_by_cluster and (tags.get("Project"), tags.get("Stage")) != ("CloudMart", self.names.stage):
            return Claim(whose=Whose.OTHERS)
        stack = tags.get(STACK_NAME)
        if stack is not None:
            mine = stack in self.stacks and _region(tags) in ("", *self.regions)
            return self._of(stack, tags) if mine else Claim(whose=Whose.OTHERS, because=tags.get(STACK_ID, stack))
        if clusters == {self.cluster}:
            return self._of(self.names.stack(EKS), tags)
        if clusters:
            whose = Whose.UNCLEAR if self.cluster in clusters else Whose.OTHERS
            return Claim(whose=whose, because=", ".join(sorted(clusters)))
        if any(self._by_scheme(name) and not self.begins(name) for name in names):
            return Claim(whose=Whose.UNCLEAR if named else Whose.OTHERS)  # a name by our scheme, and another
        if named and not self.elsewhere:
            return self._of(self.names.stack(tags.get("Stack", "")), tags)
        return Claim(whose=Whose.UNCLEAR)

    def _by_scheme(self, name: str) -> bool:
        return re.search(rf"[a-z0-9][-/]{self.names.stage}(?:[-/]|$)", name.lower()) is not None

    def _of(self, stack: str, tags: Mapping[str, str]) -> Claim:
        """Ours, of that stack; held when it is there. An earlier stack of the name holds nothing any more."""
        if stack in self.stacks:
            lives = self.living.get(stack)
            held = lives is not None and tags.get(STACK_ID, lives) == lives
        else:
            held = bool(self.living)  # nothing says of which: any may hold it
        return Claim(whose=Whose.HELD if held else Whose.LEFT, because=stack.removesuffix("-"))

    def begins(self, id: str) -> bool:
        """Whether an id can only be this copy's: `team1-lab-...` is; `team10-lab-...`, `team1-lab-x-lab-...` are not.

        AWS writes some ids in lower case and puts its own words before (`/aws/lambda/`, `rds:`).
        """
        names = (self.names.prefix, f"/{self.names.name}/{self.names.stage}", f"{self.names.name}/{self.names.stage}")
        pattern = rf"(?:/aws/[a-z/-]+/|rds:|final-|alias/)?(?:{'|'.join(map(re.escape, names))})(?:[-/](.*))?"
        found = re.fullmatch(pattern, id.lower(), re.DOTALL)
        return found is not None and not of_longer_name(f"-{found[1] or ''}")


def _clusters(tags: Mapping[str, str]) -> set[str]:
    owners = {key.removeprefix(OWNED) for key, value in tags.items() if key.startswith(OWNED) and value == OWN}
    return owners | {tags[key] for key in CLUSTER_TAGS if key in tags}


def _region(tags: Mapping[str, str]) -> str:
    """Of the stack, by its ARN; empty when no tag has that."""
    return f"{tags.get(STACK_ID, '')}:::".split(":")[3]
