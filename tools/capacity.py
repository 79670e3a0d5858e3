"""What each stage's nodes hold, as docs/eks.md shows it: `python -m tools.capacity` prints it.

Owns the table's wording; the figures are those that synth refuses by (`cloudmart_cdk.settings.capacity`).
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, get_args

from cloudmart_cdk.settings import capacity, load_settings
from cloudmart_cdk.settings.capacity import Plan
from cloudmart_cdk.settings.model import Eks, Stage
from tools.tables import table

STAGES: Final[tuple[str, ...]] = get_args(Stage)


class _Requests(Protocol):
    @property
    def cpu_m(self) -> int: ...

    @property
    def memory_mib(self) -> int: ...


def capacity_table(stages: Mapping[str, Eks]) -> str:
    """Markdown: a row for each figure, a column for each stage."""
    rows: dict[str, Callable[[Eks], str]] = {
        "a node gives to pods": lambda eks: _sum([capacity.offered(eks, eks.on_demand)]),
        "of that its DaemonSets take": lambda eks: _sum(pod for pod in capacity.system(eks) if pod.per_node),
        "the cluster's other pods take": lambda eks: _sum(capacity.wanted(eks, "replicas")[: _own(eks)]),
        "**fewest nodes** (on-demand + spot)": lambda eks: _nodes(capacity.at_minimum(eks)),
        "services at `replicas`, one new pod": lambda eks: _load(eks, capacity.at_minimum(eks)),
        "CPU and memory in use there": lambda eks: _share(eks, capacity.at_minimum(eks)),
        "**first nodes**": lambda eks: _nodes(capacity.at_start(eks)),
        "CPU and memory in use there, at `replicas`": lambda eks: _share(eks, capacity.at_start(eks)),
        "**most nodes**": lambda eks: _nodes(capacity.at_maximum(eks)),
        "services at `hpa_max`, one canary": lambda eks: _load(eks, capacity.at_maximum(eks)),
        "CPU and memory in use at the most": lambda eks: _share(eks, capacity.at_maximum(eks)),
    }
    return table(["", *stages], [[name, *(row(eks) for eks in stages.values())] for name, row in rows.items()])


def text() -> str:
    """The table of this checkout's stages."""
    return capacity_table({stage: load_settings({"stage": stage}).eks for stage in STAGES})


def _own(eks: Eks) -> int:
    """How many of the pods wanted are the cluster's own: they come first."""
    return sum(pod.replicas for pod in capacity.system(eks) if not pod.per_node)


def _sum(requests: Iterable[_Requests]) -> str:
    given = list(requests)
    return f"{sum(r.cpu_m for r in given):,}m, {sum(r.memory_mib for r in given):,} MiB"


def _nodes(plan: Plan) -> str:
    return f"{plan.on_demand} + {plan.spot}"


def _load(eks: Eks, plan: Plan) -> str:
    services = plan.pods[_own(eks) :]
    return f"{len(services)} pods, {_sum(services)}"


def _share(eks: Eks, plan: Plan) -> str:
    """Of what is left to pods under the DaemonSets."""
    rooms = [capacity.room(eks, eks.on_demand)] * plan.on_demand + [capacity.room(eks, eks.spot)] * plan.spot
    cpu = sum(pod.cpu_m for pod in plan.pods) / sum(room.cpu_m for room in rooms)
    memory = sum(pod.memory_mib for pod in plan.pods) / sum(room.memory_mib for room in rooms)
    return f"{cpu:.0%}, {memory:.0%}"


if __name__ == "__main__":
    sys.stdout.write(text())
