"""A cloud assembly as the rules see it: every stack's resources, with references resolved across stacks.

Owns reading and resolving. Knows no rule, and nothing of CDK: any folder that `cdk synth` wrote can be read, and any
template, broken ones too. What cannot be known at synth becomes `Unknown`, which equals nothing a rule allows.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from ..settings import Settings

_MOST_CONDITIONS: Final = 4
"""Conditions within one resource; each doubles the variants to check. With more of them their values are unknown."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A reference to a resource, in this stack or another. `attribute` is empty for `Ref`."""

    stack: str
    logical_id: str
    attribute: str = ""

    def __str__(self) -> str:
        return "${" + ".".join(part for part in (self.stack, self.logical_id, self.attribute) if part) + "}"

    def to(self, resource: "Resource") -> bool:
        return (self.stack, self.logical_id) == (resource.stack, resource.logical_id)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is settled at deploy time only: a parameter, a macro, a function of either."""

    text: str

    def __str__(self) -> str:
        return f"${{{self.text}}}"


class _Missing:
    def __repr__(self) -> str:
        return "nothing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
"""What stands at a path that a resource does not have."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource, resolved. A resource with conditions inside appears once for each outcome."""

    stack: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    path: str
    region: str
    deletion_policy: str = ""
    update_replace_policy: str = ""
    depends_on: tuple[str, ...] = ()

    def get(self, path: str) -> Any:
        """The value at a dotted path without lists; `MISSING` where there is none."""
        value: Any = self.properties
        for part in path.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return MISSING
            value = value[part]
        return value

    def at(self, path: str) -> Iterator[tuple[str, Any]]:
        """(concrete path, value) for a dotted path in which `[]` stands for every element of a list.

        A part that is missing, or a list without elements, yields `MISSING` once: nothing is not compliance.
        """
        yield from _at(self.properties, path.split("."), "")

    def items(self, path: str) -> list[Any]:
        """The elements of a list; a value that stands alone counts as a list of one, as in policies."""
        value = self.get(path)
        return [] if value is MISSING else as_list(value)


def _at(value: Any, parts: Sequence[str], done: str) -> Iterator[tuple[str, Any]]:
    if not parts:
        yield done, value
        return
    name, rest = parts[0].removesuffix("[]"), parts[1:]
    here = f"{done}.{name}" if done else name
    if not isinstance(value, Mapping) or name not in value:
        yield ".".join((here, *rest)), MISSING
        return
    if not parts[0].endswith("[]"):
        yield from _at(value[name], rest, here)
        return
    elements = as_list(value[name])
    if not elements:
        yield here, MISSING
    for number, element in enumerate(elements):
        yield from _at(element, rest, f"{here}.{number}")


@dataclass(frozen=True)
class Stack:
    """A stack's place in the app: id, CloudFormation name, region, raw outputs and parameters."""

    id: str
    name: str
    region: str
    template: Mapping[str, Any]
    paths: Mapping[str, str] = field(default_factory=dict)
    """Logical id -> construct path."""


@dataclass(frozen=True)
class Acknowledgement:
    """As it stands in the construct tree. `construct` is the path it was written on."""

    construct: str
    id: str
    reason: str

    def covers(self, path: str) -> bool:
        return not self.construct or f"{path}/".startswith(f"{self.construct}/")


class Deployment:
    """All stacks of an app. Build one with `load`, or from `Stack`s."""

    def __init__(
        self, stacks: Sequence[Stack], settings: Settings, acknowledgements: Sequence[Acknowledgement] = ()
    ) -> None:
        self.settings = settings
        self.stacks = {stack.id: stack for stack in stacks}
        self.acknowledgements = tuple(acknowledgements)
        self._by_name = {(stack.name, stack.region): stack for stack in stacks}
        self._exports = {
            (stack.region, json.dumps(output["Export"]["Name"])): (stack, name)
            for stack in stacks
            for name, output in section(stack, "Outputs").items()
            if isinstance(output, Mapping) and isinstance(output.get("Export"), Mapping) and "Name" in output["Export"]
        }
        self._followed: set[tuple[str, str]] = set()
        self.resources: list[Resource] = []
        self._by_key: dict[tuple[str, str], Resource] = {}
        self._by_type: dict[str, list[Resource]] = {}
        for stack in stacks:
            for logical_id, raw in section(stack, "Resources").items():
                for resource in self._variants(stack, logical_id, raw if isinstance(raw, Mapping) else {}):
                    self.resources.append(resource)
                    self._by_key.setdefault((stack.id, logical_id), resource)
                    self._by_type.setdefault(resource.type, []).append(resource)

    def of(self, *types: str) -> Iterator[Resource]:
        """Resources of the types given, in the order of the templates."""
        for type_ in types:
            yield from self._by_type.get(type_, ())

    def target(self, value: Any, type_: str = "") -> Resource | None:
        """The resource that a reference points to, if it is one of this app's (and of the type given)."""
        if isinstance(value, str) and value.startswith("${"):
            value = _pointer_in(value)
        if not isinstance(value, Pointer):
            return None
        found = self._by_key.get((value.stack, value.logical_id))
        return found if found and (not type_ or found.type == type_) else None

    def value(self, stack: str, raw: Any) -> Any:
        """A raw piece of a stack's template, resolved."""
        return self._resolve(self.stacks[stack], raw, {})

    def _variants(self, stack: Stack, logical_id: str, raw: Mapping[str, Any]) -> Iterator[Resource]:
        properties = raw.get("Properties", {})
        names = sorted(set(_conditions(properties)))
        names = names if len(names) <= _MOST_CONDITIONS else []
        for outcome in product((True, False), repeat=len(names)):
            resolved = self._resolve(stack, properties, dict(zip(names, outcome, strict=True)))
            yield Resource(
                stack=stack.id,
                logical_id=logical_id,
                type=text_of(raw.get("Type", "")),
                properties=resolved if isinstance(resolved, dict) else {},
                path=stack.paths.get(logical_id, f"{stack.id}/{logical_id}"),
                region=stack.region,
                deletion_policy=raw.get("DeletionPolicy", ""),
                update_replace_policy=raw.get("UpdateReplacePolicy", ""),
                depends_on=tuple(map(text_of, as_list(raw.get("DependsOn", [])))),
            )

    def _resolve(self, stack: Stack, node: Any, conditions: Mapping[str, bool]) -> Any:
        if isinstance(node, dict):
            if len(node) == 1:
                (key,) = node
                if key == "Ref" or key.startswith("Fn::"):
                    return self._function(stack, key, node[key], conditions)
            found = {key: self._resolve(stack, value, conditions) for key, value in node.items()}
            return {key: value for key, value in found.items() if value is not MISSING}
        if isinstance(node, list):
            values = [self._resolve(stack, value, conditions) for value in node]
            return [value for value in values if value is not MISSING]
        return node

    def _function(self, stack: Stack, name: str, argument: Any, conditions: Mapping[str, bool]) -> Any:
        match name, argument:
            case "Ref", str():
                return self._reference(stack, argument)
            case "Fn::GetAtt", [str() as logical_id, str() as attribute]:
                return Pointer(stack.id, logical_id, attribute)
            case "Fn::GetAtt", str():
                logical_id, _, attribute = argument.partition(".")
                return Pointer(stack.id, logical_id, attribute)
            case "Fn::Join", [str() as separator, list() as parts]:
                return _joined(separator, self._resolve(stack, parts, conditions))
            case "Fn::Join", [str() as separator, other]:
                resolved = self._resolve(stack, other, conditions)
                return _joined(separator, resolved) if isinstance(resolved, list) else Unknown(name)
            case "Fn::Sub", _:
                return self._substituted(stack, argument, conditions)
            case "Fn::If", [str() as condition, yes, no] if condition in conditions:
                return self._resolve(stack, yes if conditions[condition] else no, conditions)
            case "Fn::Base64", _:
                return self._resolve(stack, argument, conditions)
            case "Fn::Select", [number, values]:
                chosen = self._resolve(stack, values, conditions)
                index = int(number) if str(number).isdecimal() else -1
                return chosen[index] if isinstance(chosen, list) and 0 <= index < len(chosen) else Unknown(name)
            case "Fn::FindInMap", [str() as map_name, *keys]:
                return self._mapped(stack, map_name, [self._resolve(stack, key, conditions) for key in keys])
            case "Fn::GetStackOutput", {"StackName": str() as stack_name, "OutputName": str() as output}:
                region = self._resolve(stack, argument.get("Region", stack.region), conditions)
                producer = self._by_name.get((stack_name, text_of(region)))
                if producer and "RoleArn" not in argument:  # with a role it is another account's
                    return self._output(producer, output, name)
            case "Fn::ImportValue", _:
                exported = self._exports.get((stack.region, json.dumps(argument)))
                if exported:
                    return self._output(*exported, name)
        return Unknown(name)

    def _output(self, producer: Stack, name: str, function: str) -> Any:
        """The value of an output. One that leads back to itself is none."""
        output, key = section(producer, "Outputs").get(name), (producer.id, name)
        if not isinstance(output, Mapping) or "Value" not in output or key in self._followed:
            return Unknown(function)
        self._followed.add(key)
        try:
            return self._resolve(producer, output["Value"], {})
        finally:
            self._followed.discard(key)

    def _reference(self, stack: Stack, name: str) -> Any:
        match name:
            case "AWS::Region":
                return stack.region
            case "AWS::Partition":
                return "aws"
            case "AWS::URLSuffix":
                return "amazonaws.com"
            case "AWS::AccountId":
                return self.settings.account or "${AWS::AccountId}"
            case "AWS::StackName":
                return stack.name
            case "AWS::NoValue":
                return MISSING
        if name.startswith("AWS::"):
            return f"${{{name}}}"  # made up by AWS at the deploy, and no parameter of anybody's
        # What is neither a parameter nor a resource leads nowhere; the family REF says so.
        return Unknown(name) if name in section(stack, "Parameters") else Pointer(stack.id, name)

    def _mapped(self, stack: Stack, name: str, keys: Sequence[Any]) -> Any:
        """What stands in a mapping, a constant of the template; without one of the keys nobody can know."""
        node: Any = section(stack, "Mappings").get(name, {})
        for key in keys:
            if not isinstance(node, Mapping) or not isinstance(key, str) or key not in node:
                return Unknown("Fn::FindInMap")
            node = node[key]
        return node

    def _substituted(self, stack: Stack, argument: Any, conditions: Mapping[str, bool]) -> Any:
        match argument:
            case str() as text:
                given: Mapping[str, Any] = {}
            case [str() as text, dict() as given]:
                pass
            case _:
                return Unknown("Fn::Sub")

        def value(name: str) -> Any:
            if name in given:
                return self._resolve(stack, given[name], conditions)
            logical_id, _, attribute = name.partition(".")
            return Pointer(stack.id, logical_id, attribute) if attribute else self._reference(stack, name)

        def replace(found: re.Match[str]) -> str:
            name = found[1]
            return "${" + name[1:] + "}" if name.startswith("!") else text_of(value(name))

        alone = re.fullmatch(r"\$\{([^!}][^}]*)\}", text)
        return value(alone[1]) if alone else re.sub(r"\$\{([^}]+)\}", replace, text)


def section(stack: Stack, name: str) -> Mapping[str, Any]:
    """A section of a template; empty where there is none, or where something else stands in its place."""
    found = stack.template.get(name)
    return found if isinstance(found, Mapping) else {}


def _conditions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::If" and isinstance(value, list) and value and isinstance(value[0], str):
                yield value[0]
            yield from _conditions(value)
    elif isinstance(node, list):
        for value in node:
            yield from _conditions(value)


def _joined(separator: str, parts: Any) -> Any:
    if not isinstance(parts, list):
        return Unknown("Fn::Join")
    return parts[0] if len(parts) == 1 else separator.join(map(text_of, parts))


_POINTER: Final = re.compile(r"\$\{([\w-]+)\.(\w+)(?:\.([\w.]+))?\}")
_REST: Final = re.compile(r"|[/:].*|\.s3[.-]([\w-]+\.)?amazonaws\.com", re.DOTALL)
"""What may follow a reference and still speak of its resource: `/*`, `:*`, a bucket's domain. Not `.evil.example`."""


def pointers_in(text: str) -> Iterator[Pointer]:
    """Every reference in a resolved text."""
    return map(_pointer, _POINTER.finditer(text))


def _pointer_in(text: str) -> Pointer | None:
    """The reference that a text begins with: a bucket's ARN followed by `/*`, say."""
    found = _POINTER.match(text)
    return _pointer(found) if found and _REST.fullmatch(text, found.end()) else None


def _pointer(found: re.Match[str]) -> Pointer:
    return Pointer(found[1], found[2], found[3] or "")


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of every value in resolved properties that is no list and no mapping."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from leaves(value, f"{path}.{number}")
    else:
        yield path, node


def text_of(value: Any) -> str:
    """A resolved value as text, as CloudFormation writes it; references as `${Stack.LogicalId.Attribute}`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_list(value: Any) -> list[Any]:
    """A list as it is, anything else as a list of one: CloudFormation and IAM take both."""
    return value if isinstance(value, list) else [value]


def parsed(value: Any) -> Any:
    """JSON text as data; data as it is; `MISSING` for text that is no JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return MISSING
