"""How a template is broken: mechanically, by the shape of a value and never by what the rules look for.

Owns the operators. Each mutant differs from the real template in one place: something is missing, weaker, wider,
somebody else's, or added.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from .careless import ADDITIONS, FOREIGN, GONE, NEWCOMERS, RAISED, STRANGER, WEAKER, Path

Template = dict[str, Any]

TEXT: Final = "{}"
"""A step of a path that goes into JSON text: `("Properties", "PolicyDocument", TEXT, "Statement", 0)`."""


@dataclass(frozen=True)
class Mutant:
    """One break. `how`: the operator and, where there are several, what it writes."""

    stack: str
    logical_id: str
    type: str
    path: Path
    how: str
    value: Any = GONE
    append: bool = False

    @property
    def name(self) -> str:
        steps = ".".join(str(step) for step in self.path if step not in ("Properties", TEXT))
        return f"{self.stack} {self.logical_id} {steps or '(resource)'}: {self.how}"

    def apply(self, template: Template) -> Template:
        """A copy of the stack's template with the break; what is not on the way is shared."""
        resources = dict(template["Resources"])
        if self.path or self.logical_id in resources:
            resources[self.logical_id] = _set(resources.get(self.logical_id), self.path, self.value, self.append)
            if resources[self.logical_id] is GONE:
                del resources[self.logical_id]
        else:
            resources[self.logical_id] = self.value
        return {**template, "Resources": resources}


def _set(node: Any, path: Path, value: Any, append: bool) -> Any:
    if not path:
        return [*node, *value] if append and isinstance(node, list) else value
    step, rest = path[0], path[1:]
    if step == TEXT:
        return json.dumps(_set(json.loads(node), rest, value, append))
    if isinstance(node, list):
        assert isinstance(step, int)
        changed = _set(node[step], rest, value, append)
        return [*node[:step], *([] if changed is GONE else [changed]), *node[step + 1 :]]
    node = dict(node or {})
    changed = _set(node.get(str(step)), rest, value, append)
    if changed is GONE:
        node.pop(str(step), None)
    else:
        node[str(step)] = changed
    return node


def mutants(stacks: Mapping[str, Template], relevant: Callable[[str, Path], bool]) -> Iterator[Mutant]:
    """Every break of every relevant property of every resource, in the order of the templates.

    `relevant`: asked with type and place; entries of `{Key, Value}` lists go by their key there.
    """
    alike = _by_type(stacks)
    for stack, template in stacks.items():
        for logical_id, resource in template["Resources"].items():
            base = Mutant(stack, logical_id, resource["Type"], (), "")
            walker = _Walker(base, partial(relevant, base.type), alike)
            if walker.relevant(("@resource",)):
                yield replace(base, how="removed")
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if policy in resource:
                    yield from walker.walk(resource[policy], (policy,), (policy,))
            for name, value in resource.get("Properties", {}).items():
                yield from walker.walk(value, ("Properties", name), (name,))
            yield from _additions(base, resource)
        for name, newcomer in NEWCOMERS:
            yield Mutant(stack, "Newcomer", newcomer["Type"], (), f"added: {name}", newcomer)


@dataclass(frozen=True)
class _Walker:
    """Through one resource, from the outside in."""

    base: Mutant
    relevant: Callable[[Path], bool]
    alike: Mapping[str, list[tuple[str, str]]]

    def walk(self, node: Any, path: Path, names: Path) -> Iterator[Mutant]:
        if not self.relevant(names):
            return
        here = replace(self.base, path=path)
        if _allows(node):
            # What an Allow has less of is an outage; what it has more of, or fewer conditions on, is an opening.
            yield from _wider(here, node)
            node = {key: value for key, value in node.items() if key == "Condition"}
        elif not _only_allows(node):
            yield replace(here, how="missing")
        yield from self._inside(here, node, path, names)

    def _inside(self, here: Mutant, node: Any, path: Path, names: Path) -> Iterator[Mutant]:
        if isinstance(node, Mapping) and not _is_function(node):
            for key, value in node.items():
                yield from self.walk(value, (*path, key), (*names, key))
        elif isinstance(node, list):
            for number, element in enumerate(node):
                yield from self.walk(element, (*path, number), (*names, _label(element, number)))
        elif isinstance(node, str) and node[:1] in "{[" and _is_json(node):
            yield from self._inside(here, json.loads(node), (*path, TEXT), names)
        else:
            yield from _leaf(here, node, self.alike)


def _label(element: Any, number: int) -> str | int:
    return str(element["Key"]) if isinstance(element, Mapping) and set(element) == {"Key", "Value"} else number


def _allows(node: Any) -> bool:
    """Whether this is a policy statement that allows."""
    return isinstance(node, Mapping) and node.get("Effect") == "Allow"


def _by_type(stacks: Mapping[str, Template]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for stack, template in stacks.items():
        for logical_id, resource in template["Resources"].items():
            found.setdefault(resource["Type"], []).append((stack, logical_id))
    return found


def _additions(base: Mutant, resource: Mapping[str, Any]) -> Iterator[Mutant]:
    for path, value in ADDITIONS.get(base.type, ()):
        words = "taken away" if value is GONE else f"with {_short(value)} added"
        yield replace(
            base,
            path=("Properties", *path),
            how=words,
            value=value,
            append=isinstance(value, list) and _is_list(resource, path),
        )


def _is_list(resource: Mapping[str, Any], path: Path) -> bool:
    node: Any = resource.get("Properties", {})
    for step in path:
        node = node.get(step) if isinstance(node, Mapping) else None
    return isinstance(node, list)


def _only_allows(node: Any) -> bool:
    """Whether this is a policy, or a list of them, in which nothing is denied."""
    effects = set(_effects(node))
    return effects == {"Allow"}


def _effects(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "Effect" in node:
            yield str(node["Effect"])
        for value in node.values():
            yield from _effects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _effects(value)


def _is_function(node: Mapping[str, Any]) -> bool:
    return len(node) == 1 and next(iter(node)).startswith(("Ref", "Fn::"))


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except ValueError:
        return False


def _wider(base: Mutant, node: Mapping[str, Any]) -> Iterator[Mutant]:
    """A policy statement that allows more, to more."""
    actions = node.get("Action", [])
    first = actions if isinstance(actions, str) else actions[0] if actions else ""
    wider: list[tuple[str, Any]] = [("Action", "*"), ("Action", f"{str(first).partition(':')[0]}:*")]
    if "Principal" in node:
        wider += [("Principal", "*"), ("Principal", {"AWS": STRANGER})]
    if "Resource" in node and node["Resource"] != "*":
        wider.append(("Resource", "*"))
    for key, value in wider:
        if node.get(key) != value:
            yield replace(base, path=(*base.path, key), how=f"widened to {_short(value)}", value=value)


def _leaf(base: Mutant, value: Any, alike: Any) -> Iterator[Mutant]:
    name = next((str(step) for step in reversed(base.path) if isinstance(step, str) and step != TEXT), "")
    for words, other in _others(name, value, base, alike):
        if other == value or name == "Description":
            continue
        yield replace(base, how=words, value=other)


def _others(name: str, value: Any, base: Mutant, alike: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case bool():
            yield f"{value} to {not value}", not value
        case int():
            yield f"{value} to 0", 0
            if name in RAISED:
                yield f"{value} raised", 65535 if name == "ToPort" else value * 2 + 1
        case "true" | "false":
            yield f"{value} to its opposite", "false" if value == "true" else "true"
        case str() if value in WEAKER:
            for weaker in WEAKER[value]:
                yield f"{value} to {weaker}", weaker
        case str() if "/" in value and value[0].isdigit():
            yield f"{value} to 0.0.0.0/0", "0.0.0.0/0"
            yield f"{value} to ::/0", "::/0"
        case str():
            yield f"{_short(value)} to something else", f"other-{value}"[:60]
        case Mapping():
            yield from _references(value, base, alike)


def _references(value: Mapping[str, Any], base: Mutant, alike: Any) -> Iterator[tuple[str, Any]]:
    """A reference, to another resource of its type, and to somebody else's."""
    target = value.get("Ref") or (value.get("Fn::GetAtt") or [None])[0]
    type_, candidates = next(
        ((name, entries) for name, entries in alike.items() if (base.stack, target) in entries), ("", [])
    )
    yield "somebody else's", FOREIGN.get(type_, STRANGER)
    for stack, logical_id in candidates:
        if stack == base.stack and logical_id != target:
            attribute = value["Fn::GetAtt"][1] if "Fn::GetAtt" in value else None
            yield (
                f"{target} to {logical_id}",
                {"Fn::GetAtt": [logical_id, attribute]} if attribute else {"Ref": logical_id},
            )
            return


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= 48 else f"{text[:45]}..."


def sample(all_of_them: Sequence[Mutant], every: int) -> list[Mutant]:
    """Every n-th, so that all stacks and operators are among them, the same each time."""
    return list(all_of_them[::every])
