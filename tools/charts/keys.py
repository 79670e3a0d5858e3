"""Which values a chart knows: so that a misspelt one is found, which helm would pass over without a word.

Owns reading them out of a chart's defaults and templates, and judging values by them. A tree of names; `ANY` stands
where the chart takes whatever it is given (labels, security contexts, flags).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tools.charts.helm import default_values

ANY: Final = "any"
"""Below this name everything is taken."""
MORE: Final = "more"
"""Below this name are others, which were not kept."""
Tree = dict[str, Any]
"""Name -> tree below it, `ANY` or `MORE`."""
Names = tuple[str, ...]

_USE: Final = re.compile(r"(?P<before>[^{}\n]*?)\$?\.Values\.(?P<path>[A-Za-z_][\w.-]*)")
_INDEX: Final = re.compile(r'index\s+\$?\.Values((?:\s+"[^"]+")+)')
_PASSED_ON: Final = re.compile(r"\b(toYaml|toJson|tpl|with|merge\w*)\b[^|]*$")
_GONE_THROUGH: Final = re.compile(r"\b(range|convertMapToCsv)\b[^|]*$")


def known(chart: Path) -> Tree:
    """What `chart` and its subcharts know."""
    tree = _from_defaults(default_values(chart))
    _add_uses(tree, chart)
    for subchart in sorted((chart / "charts").glob("*/templates")):
        own = tree.get(subchart.parent.name)
        tree[subchart.parent.name] = own = own if isinstance(own, dict) else {}
        _add_uses(own, subchart.parent)
    return tree


def unknown(values: Mapping[str, Any], tree: Tree, path: str = "") -> Iterator[str]:
    """Dotted names of values that the chart does not know, or that are set below a name of which nothing was kept."""
    for key, value in values.items():
        below = tree.get(key)
        name = f"{path}.{key}".lstrip(".")
        if below is None or (below == MORE and isinstance(value, Mapping)):
            yield name
        elif isinstance(value, Mapping) and isinstance(below, dict) and below:
            yield from unknown(value, below, name)


def pruned(tree: Tree, used: Mapping[str, Any]) -> Tree:
    """The tree to keep: all names on the way to what `used` sets, and nothing below the others."""
    kept: Tree = {}
    for key, below in sorted(tree.items()):
        value = used.get(key)
        if isinstance(below, dict) and below:
            kept[key] = pruned(below, value) if isinstance(value, Mapping) else MORE
        else:
            kept[key] = ANY
    return kept


def _from_defaults(values: Mapping[str, Any]) -> Tree:
    return {
        str(key): _from_defaults(value) if isinstance(value, Mapping) and value else ANY
        for key, value in values.items()
    }


def _add_uses(tree: Tree, chart: Path) -> None:
    """What the templates look at, in the defaults or not; open where they pass on all that is there."""
    defaults = default_values(chart)
    looked_at: set[Names] = set()
    passed_on: set[Names] = set()
    gone_through: set[Names] = set()
    for file in (chart / "templates").rglob("*"):
        if file.suffix in (".yaml", ".yml", ".tpl", ".txt"):
            text = file.read_text(encoding="utf-8")
            for found in _USE.finditer(text):
                path = tuple(found["path"].rstrip(".").split("."))
                looked_at.add(path)
                if _PASSED_ON.search(found["before"]):
                    passed_on.add(path)
                if _GONE_THROUGH.search(found["before"]):
                    gone_through.add(path)
            gone_through |= {tuple(re.findall(r'"([^"]+)"', found[1])) for found in _INDEX.finditer(text)}
    parents = {path[:length] for path in looked_at for length in range(1, len(path))}
    for path in sorted(looked_at):
        _add(tree, path)
    # Passed on as it is, and not looked into, or empty unless somebody fills it; gone through, whatever is looked for.
    empty = {path for path in passed_on if _at(defaults, path) == {}}
    opened = passed_on - parents | empty | gone_through
    for path in opened:
        if not any(path[:length] in opened for length in range(1, len(path))):
            _add(tree, path, opened=True)


def _at(values: Any, path: Names) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _add(tree: Tree, path: Names, *, opened: bool = False) -> None:
    *parents, last = path
    for key in parents:
        if not isinstance(tree.get(key), dict):
            tree[key] = {}
        tree = tree[key]
    if opened:
        tree[last] = ANY
    else:
        tree.setdefault(last, ANY)
