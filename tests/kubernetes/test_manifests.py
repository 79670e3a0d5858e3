"""Every Kubernetes object of every configuration, as it stands in the template once its tokens are resolved.

Each configuration is looked at in every state of `states`: each branch of the conditions that a release moves.
"""

import json
from collections.abc import Mapping
from functools import cache, lru_cache

import pytest

from cloudmart_cdk.settings.topology import EKS
from tests.kubernetes.linter import lint
from tests.kubernetes.resolver import ACCOUNT
from tests.kubernetes.rules.rule import place
from tests.kubernetes.schemas import violations
from tests.kubernetes.states import STATES, image, resolvers, worlds
from tests.kubernetes.world import World, bounds
from tests.matrix import MATRIX, Context
from tests.support import synthesize

CONFIGURATIONS = {name: case for name, case in MATRIX.items() if EKS not in case.get("skip", "")}
every_configuration = pytest.mark.parametrize(
    "context", [pytest.param(case, id=name) for name, case in CONFIGURATIONS.items()]
)
stages = pytest.mark.parametrize("stage", ["lab", "dev", "staging", "prod"])


@every_configuration
def test_no_object_is_refused_or_misses_its_purpose(context: Context) -> None:
    """Strictly by the schemas of the cluster's own version of Kubernetes and of the charts' custom resources, and by
    the linter. One test, so that a configuration is worked out once."""
    version = synthesize(context).settings.eks.version
    wrong = {}
    for state, world in _worlds(context).items():
        assert world.pods, state
        wrong[state] = [
            f"{place(object_)}: {says}"
            for object_ in world.objects
            for says in _violations(json.dumps(object_.data, sort_keys=True), version)
        ] + [*map(str, lint(world))]
    assert wrong == {state: [] for state in STATES}


@stages
def test_scalers_have_the_figures_of_the_service_table(stage: str) -> None:
    """While a canary runs, a release may hold both tracks at one size; otherwise the table's minimum is the floor."""
    context = {"stage": stage}
    services = synthesize(context).settings.eks.services
    for state, world in _worlds(context).items():
        held = state.endswith("canary")
        expected = {
            (name, (figures.hpa_max if held else figures.replicas, figures.hpa_max))
            for service, figures in services.items()
            for name in ([service, f"{service}-canary"] if held else [service])
        }
        owners = [pods.owner for pods in world.pods if pods.owner]
        found = {(owner.name, bounds(scaler)) for owner in owners for scaler in world.scalers(owner)}
        assert found == expected, state


@stages
def test_every_condition_holds_in_some_state_and_not_in_another(stage: str) -> None:
    """So no branch of an `Fn::If`, and no conditional resource, goes unseen."""
    synthesized = synthesize({"stage": stage})
    found = resolvers(synthesized.folder, synthesized.settings).values()
    conditions = synthesized.templates[EKS]["Conditions"]
    outcomes = {name: {each.condition(each.stacks[EKS], name) for each in found} for name in conditions}
    assert outcomes == {name: {True, False} for name in conditions}


@stages
def test_each_track_runs_what_its_parameter_says(stage: str) -> None:
    settings = synthesize({"stage": stage}).settings
    for state, world in _worlds({"stage": stage}).items():
        expected = {}
        for service in settings.eks.services:
            repository = f"{ACCOUNT}.dkr.ecr.{settings.region}.amazonaws.com/{settings.names.repository(service)}"
            released = f"{repository}@{image(service, 'stable')}"
            expected[service] = released if state.startswith("released") else settings.eks.stand_in
            if state.endswith("canary"):
                expected[f"{service}-canary"] = f"{repository}@{image(service, 'canary')}"
        assert {pods.owner.name: pods.containers()[0]["image"] for pods in world.pods if pods.owner} == expected, state


def _worlds(context: Context) -> Mapping[str, World]:
    return _worlds_of(tuple(sorted(context.items())))


@lru_cache(maxsize=4)  # the stages, which more than one test looks at; all would fill the memory
def _worlds_of(context: tuple[tuple[str, str], ...]) -> Mapping[str, World]:
    synthesized = synthesize(dict(context))
    return worlds(synthesized.folder, synthesized.settings)


@cache
def _violations(document: str, version: str) -> tuple[str, ...]:
    """Most documents are the same in many configurations and states."""
    return tuple(violations(json.loads(document), version))
