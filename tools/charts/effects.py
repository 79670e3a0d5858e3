"""Values that change nothing: a name that no template reads for what we set.

Owns finding them by rendering: a value is left out, and what helm makes has to differ, unless the chart's default is
the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tools.charts import helm, keys
from tools.charts.releases import Release

_DRAWN: Final = re.compile(r"(caBundle|ca\.crt|tls\.crt|tls\.key): .*")
"""helm draws keys anew with every rendering."""
_IN_A_CLUSTER: Final = {
    "keepTLSSecret": "what is kept stands in the cluster",
    "tls.helm.certDurationDays": "hidden in a certificate",
}
"""Names whose effect no rendering shows -> why."""
_ABSENT: Final = object()


def without_effect(chart: Path, release: Release) -> Iterator[str]:
    """Dotted names. Raises `HelmError` for values that the chart refuses."""
    whole, defaults = _rendered(chart, release), helm.default_values(chart)
    for path in _leaves(release.values, keys.known(chart)):
        if _at(defaults, path) == _at(release.values, path) or ".".join(path) in _IN_A_CLUSTER:
            continue
        try:
            rendered = _rendered(chart, replace(release, values=_without(release.values, path)))
        except helm.HelmError:
            continue  # the chart asks for it
        if rendered == whole:
            yield ".".join(path)


def _rendered(chart: Path, release: Release) -> str:
    return _DRAWN.sub("", helm.text(chart, release))


def _leaves(values: Mapping[str, Any], tree: keys.Tree) -> Iterator[keys.Names]:
    """Down to where the chart takes anything."""
    for key, value in values.items():
        below = tree.get(key)
        if isinstance(value, Mapping) and value and isinstance(below, dict):
            yield from ((key, *rest) for rest in _leaves(value, below))
        else:
            yield (key,)


def _at(values: Mapping[str, Any], path: keys.Names) -> Any:
    found: Any = values
    for key in path:
        found = found.get(key, _ABSENT) if isinstance(found, Mapping) else _ABSENT
    return found


def _without(values: Mapping[str, Any], path: keys.Names) -> dict[str, Any]:
    first, *rest = path
    left = {key: value for key, value in values.items() if key != first}
    return {**left, first: _without(values[first], tuple(rest))} if rest else left
