"""What a template's resources wait for, as CloudFormation reads it: Ref, Fn::GetAtt, Fn::Sub and DependsOn.

Owns reading one template at its parameters' defaults, which is what a first deploy sees. A resource whose condition
does not hold then is not there. What another stack gives is there already: stacks wait for stacks (`plan`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

Resources = Mapping[str, Mapping[str, Any]]
How = Literal["Ref", "GetAtt", "DependsOn"]
Needs = Mapping[str, Mapping[str, frozenset[How]]]
"""Resource -> what it waits for -> how the template says so."""

_NAME: Final = re.compile(r"\$\{([^!}.]+)(\.[^}]*)?\}")


def resources(template: Mapping[str, Any]) -> Resources:
    """Those that a first deploy makes."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or _holds(template, {"Condition": resource["Condition"]})
    }


def needs(present: Resources) -> Needs:
    """Of the resources given, among themselves."""
    found: dict[str, dict[str, frozenset[How]]] = {}
    for name, resource in present.items():
        depends = resource.get("DependsOn", [])
        stated: list[tuple[str, How]] = [
            (other, "DependsOn") for other in ([depends] if isinstance(depends, str) else depends)
        ]
        waits: dict[str, frozenset[How]] = {}
        for other, how in (*_references(resource.get("Properties", {})), *stated):
            if other in present:
                waits[other] = waits.get(other, frozenset()) | {how}
        found[name] = waits
    return found


def to_the_end(hows: frozenset[How]) -> bool:
    """A Ref alone lets CloudFormation go on as soon as the resource has a name, where its type allows: "as early as
    possible" (CloudFormation guide, "Understand stack deployment time"); what cdk deploy prints shows that GetAtt
    waits."""
    return hows != {"Ref"}


def _references(node: Any) -> Iterator[tuple[str, How]]:
    """Logical ids; names of parameters are among them."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "Ref" and isinstance(value, str):
                yield value, "Ref"
            elif key == "Fn::GetAtt":
                yield value[0] if isinstance(value, list) else value.partition(".")[0], "GetAtt"
            elif key == "Fn::Sub":
                text, given = value if isinstance(value, list) else (value, {})
                for name, attribute in _NAME.findall(text):
                    if name not in given:
                        yield name, "GetAtt" if attribute else "Ref"
                yield from _references(given)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _holds(template: Mapping[str, Any], node: Any) -> Any:
    """A condition's value at the parameters' defaults."""
    match node:
        case {"Condition": str() as name}:
            return _holds(template, template["Conditions"][name])
        case {"Fn::Equals": [left, right]}:
            return _holds(template, left) == _holds(template, right)
        case {"Fn::Not": [inner]}:
            return not _holds(template, inner)
        case {"Fn::And": list() as all_}:
            return all(_holds(template, each) for each in all_)
        case {"Fn::Or": list() as any_}:
            return any(_holds(template, each) for each in any_)
        case {"Ref": str() as name}:
            # Compared as CloudFormation does: all parameters are text.
            return str(template.get("Parameters", {}).get(name, {}).get("Default", ""))
        case _:
            return str(node)
