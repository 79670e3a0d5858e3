"""What a release of a service may decide in a template (ADR 0020), as the rules see it.

Owns how the four parameters of a service are declared, where in a manifest they may stand, whose image they choose and
what may be there for the time of a release only. Knows no rule.
"""

from collections.abc import Mapping
from typing import Any, Final

from ..service_releases import DIGEST, RELEASE, parameters
from ..settings import Settings
from ..settings.service_names import pascal_case
from .manifests import named_values, objects_of
from .model import Resource

_OF_A_RELEASE: Final = ("Deployment", "HorizontalPodAutoscaler")
"""All that a canary consists of. What others rely on (a namespace, a default deny, an account) is always there."""


def declared(settings: Settings) -> dict[str, dict[str, Any]]:
    """Parameter -> how it must be declared, so that a release decides no more than it may."""
    found: dict[str, dict[str, Any]] = {}
    for service, figures in settings.eks.services.items():
        names = parameters(service)
        for name, pattern in (
            (names.image, f"({DIGEST})?"),
            (names.canary_image, f"({DIGEST})?"),
            (names.release, RELEASE),
        ):
            found[name] = {"Type": "String", "AllowedPattern": pattern}
        found[names.minimum] = {"Type": "Number", "MaxValue": figures.hpa_max}
    return found


def repositories(settings: Settings) -> dict[str, str]:
    """Parameter with a digest -> name of the one repository that it chooses from."""
    return {
        parameter: settings.names.repository(service)
        for service in settings.eks.services
        for parameter in (parameters(service).image, parameters(service).canary_image)
    }


def conditions(settings: Settings) -> set[str]:
    """Names of the conditions by which a canary is there."""
    return {f"{pascal_case(service)}CanaryRuns" for service in settings.eks.services}


def is_canary(manifest: Resource) -> bool:
    """Whether nothing but a canary's kinds is in a manifest."""
    return all(object_.kind in _OF_A_RELEASE for object_ in objects_of(manifest))


def misplaced(manifest: Resource, settings: Settings) -> list[str]:
    """Parameters that a manifest has elsewhere than where a release chooses an image, a size or its own name.

    Counted in the text, so that nothing that is not readable, and no key, passes for one of these places.
    """
    text = manifest.get("Manifest")
    text, values = (text if isinstance(text, str) else ""), list(_values(manifest))
    return [
        name
        for name, places in _places(settings).items()
        if text.count(f"${{{name}}}") != sum(_stands(path, value, name, places) for path, value in values)
    ]


def _values(manifest: Resource) -> list[tuple[str, Any]]:
    return [leaf for object_ in objects_of(manifest) for leaf in named_values(object_.data)]


def _places(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Parameter -> ends of the paths where it may stand."""
    found: dict[str, tuple[str, ...]] = {}
    for service in settings.eks.services:
        names = parameters(service)
        found |= dict.fromkeys((names.image, names.canary_image), (".image",))
        found[names.release] = (".annotations.cloudmart.internal/release",)
        found[names.minimum] = (".minReplicas", ".minReplicaCount")
    return found


def _stands(path: str, value: Any, name: str, places: tuple[str, ...]) -> bool:
    """An image ends with its digest; the others are all of their value."""
    reference = f"${{{name}}}"
    by_digest = ".image" in places and isinstance(value, str) and value.endswith(f"@{reference}")
    return path.endswith(places) and (by_digest or value == reference)
