"""States of the platform that one template can be in: before the first release, after it, in the middle of one.

Owns the choice of the template's parameters for each. Every branch of every `Fn::If`, and every conditional resource
in both states, is in one of them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.policy.model import Deployment
from cloudmart_cdk.service_releases import STAND_IN, parameters
from cloudmart_cdk.settings import Settings
from cloudmart_cdk.settings.topology import EKS
from tests.kubernetes.resolver import ACCOUNT, Resolver, digest
from tests.kubernetes.world import World

STATES: Final = ("stand-ins", "released", "released and a canary", "stand-ins and a canary")


def worlds(assembly: Path, settings: Settings) -> Mapping[str, World]:
    """State -> the cluster of EksPlatformStack in that state."""
    apps = {
        state: Deployment([resolver.concrete(EKS)], settings)
        for state, resolver in resolvers(assembly, settings).items()
    }
    return {state: World(app, [other for other in apps.values() if other is not app]) for state, app in apps.items()}


def resolvers(assembly: Path, settings: Settings) -> Mapping[str, Resolver]:
    """State -> the templates with the parameters of that state."""
    stacks, account = load(assembly, settings).stacks, settings.account or ACCOUNT
    return {state: Resolver(stacks, account, {EKS: chosen(state, settings)}) for state in STATES}


def chosen(state: str, settings: Settings) -> Mapping[str, str]:
    """Template parameter -> value, as the release tool would set it for every service. While a canary runs, both
    tracks are held at the largest size there is."""
    values: dict[str, str] = {}
    for service, figures in settings.eks.services.items():
        own = parameters(service)
        if state.startswith("released"):
            values |= {
                own.image: image(service, "stable"),
                own.release: f"20261121T120000Z from {STAND_IN}",
            }
        if state.endswith("canary"):
            values |= {own.canary_image: image(service, "canary"), own.minimum: str(figures.hpa_max)}
    return values


def image(service: str, track: str) -> str:
    return f"sha256:{digest(service, track)}"
