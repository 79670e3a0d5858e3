"""JMESPath against the shape of an operation's output. Runs beside the AWS CLI, see `aws_worker`.

Owns two things: which fields of a `--query` the operation does not have (AWS would answer `None`, and a person at night
would believe it), and a reading of the query that finds something in a sample.
"""

import difflib
from collections.abc import Iterator
from typing import Any

import jmespath.parser  # type: ignore[import-untyped]  # the CLI's own copy

NAMES = frozenset(
    {
        "LogicalResourceId",
        "ResourceType",
        "StackName",
        "OutputKey",
        "ExportName",
        "logGroupName",
        "ParameterKey",
        "Outputs",
        "StackResources",
        "StackResourceSummaries",
    }
)
"""Fields that the templates decide; what else a filter asks for (a state, a time) is taken to be so."""

Node = dict[str, Any]


class Lenient:
    """A compiled query that ignores the filters that only AWS could answer, and takes the first for any index."""

    def __init__(self, query: Any, *, names: frozenset[str]) -> None:
        self.expression = query.expression
        self._query = jmespath.parser.ParsedResult(query.expression, _relaxed(query.parsed, names))

    def search(self, value: Any) -> Any:
        return self._query.search(value)


def _relaxed(node: Node, names: frozenset[str]) -> Node:
    if node["type"] == "index":
        return {**node, "value": 0}
    children = [_relaxed(child, names) if isinstance(child, dict) else child for child in node.get("children", ())]
    if node["type"] == "filter_projection":
        return {**node, "children": [children[0], children[1], _condition(node["children"][2], names)]}
    return {**node, "children": children}


def _condition(node: Node, names: frozenset[str]) -> Node:
    if node["type"] in ("and_expression", "or_expression"):
        return {**node, "children": [_condition(child, names) for child in node["children"]]}
    fields = {each["value"] for each in _nodes(node) if each["type"] == "field"}
    if fields and fields <= names:
        return node
    return {"type": "literal", "value": True, "children": []}


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _nodes(child)


def unknown_fields(node: Node, shape: Any) -> list[str]:
    """Fields that the output does not have."""
    found: list[str] = []
    _walk(node, shape, found)
    return found


def _walk(node: Node, shape: Any, found: list[str]) -> Any:
    """The shape that the node gives; None: nobody knows. `Made` stands for what a query makes itself."""
    children = node.get("children", [])
    match node["type"]:
        case "field":
            return _member(shape, node["value"], found)
        case "subexpression" | "pipe" | "index_expression":
            for child in children:
                shape = _walk(child, shape, found)
            return shape
        case "index":
            return _element(shape)
        case "slice" | "identity" | "current":
            return shape
        case "projection":
            return Many(_walk(children[1], _element(_walk(children[0], shape, found)), found))
        case "filter_projection":
            element = _element(_walk(children[0], shape, found))
            _walk(children[2], element, found)
            return Many(_walk(children[1], element, found))
        case "flatten":
            inner = _walk(children[0], shape, found)
            element = _element(inner)
            return Many(_element(element) if _is_list(element) else element)
        case "value_projection":
            inner = _walk(children[0], shape, found)
            value = inner.value if getattr(inner, "type_name", "") == "map" else None
            return Many(_walk(children[1], value, found))
        case "multi_select_list":
            made = [_walk(child, shape, found) for child in children]
            return Many(made[0] if made else None)
        case "multi_select_dict":
            for child in children:
                _walk(child["children"][0], shape, found)
            return None
        case "function_expression":
            return _function(node, shape, found)
        case "literal":
            return None
        case _:  # comparator, and, or, not, key_val_pair, expref
            for child in children:
                _walk(child, shape, found)
            return None


class Many:
    """A list that the query makes."""

    type_name = "list"

    def __init__(self, member: Any) -> None:
        self.member = member


def _function(node: Node, shape: Any, found: list[str]) -> Any:
    name, children = node["value"], node["children"]
    if name in ("sort_by", "max_by", "min_by"):
        listed = _walk(children[0], shape, found)
        _walk(children[1]["children"][0], _element(listed), found)
        return listed if name == "sort_by" else _element(listed)
    made = [_walk(child, shape, found) for child in children]
    return made[0] if name in ("reverse", "sort", "not_null") else None


def _near(name: str, members: Any) -> str:
    """The members, the likeliest first; RDS's instance has seventy."""
    likely = difflib.get_close_matches(name, members, n=3, cutoff=0.5)
    return ", ".join(likely) + " ..." if likely else ", ".join(members)


def _is_list(shape: Any) -> bool:
    return getattr(shape, "type_name", "") == "list"


def _element(shape: Any) -> Any:
    return shape.member if _is_list(shape) else None


def _member(shape: Any, name: str, found: list[str]) -> Any:
    kind = getattr(shape, "type_name", "")
    if kind == "structure":
        if name not in shape.members:
            found.append(f"given {name}; allowed: {_near(name, shape.members)}")
            return None
        return shape.members[name]
    if kind == "map":
        return shape.value
    if kind == "list" and not isinstance(shape, Many):
        found.append(f"given .{name} of a list; allowed: [] before it")
    elif kind and not isinstance(shape, Many):
        found.append(f"given .{name} of a {kind}; allowed: nothing below it")
    return None
