"""What a CloudFormation resource type is, and its way into MiniStack's registry.

Owns the shape of a handler and the default for updates: replacement. Individual types are in
`types`, corrections of MiniStack's own types in `mends`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from ministack.services.cloudformation import provisioners

Properties: TypeAlias = dict[str, Any]


class Resource(NamedTuple):
    """What a handler answers: `Ref`, and the values of `Fn::GetAtt`."""

    physical_id: str
    attributes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One resource of a template, its intrinsic functions resolved."""

    logical_id: str
    stack_name: str
    properties: Properties

    def name(self, key: str, *, longest: int) -> str:
        """The name that the template gives, or one that is made as CloudFormation makes it."""
        given = self.properties.get(key)
        if given:
            return str(given)
        made: str = provisioners._physical_name(self.stack_name, self.logical_id, max_len=longest)
        return made

    @property
    def pseudo_id(self) -> str:
        """An id for what has none in the service's API."""
        return f"{self.stack_name}-{self.logical_id}"

    def only(self, *keys: str) -> dict[str, Any]:
        """The named properties, as far as the template sets them."""
        return {key: self.properties[key] for key in keys if key in self.properties}


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """Create, delete and update of one type.

    Without `update` a change replaces the resource: the old one goes first, since most of these
    have names or places that cannot be taken twice.
    """

    create: Callable[[Request], Resource]
    delete: Callable[[str, Properties], None]
    update: Callable[[str, Properties, Request], Resource] | None = None

    def handlers(self) -> dict[str, Any]:
        """The entry for MiniStack's registry."""

        def create(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, dict[str, Any]]:
            request = Request(logical_id=logical_id, stack_name=stack_name, properties=properties)
            return self.create(request)

        def update(
            physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str | None = None
        ) -> tuple[str, dict[str, Any]]:
            request = Request(logical_id=logical_id or physical_id, stack_name=stack_name, properties=new)
            if self.update is not None:
                return self.update(physical_id, old, request)
            self.delete(physical_id, old)
            return self.create(request)

        return {"create": create, "update": update, "delete": self.delete, "update_with_logical_id": True}


def register(types: Mapping[str, ResourceType]) -> None:
    """Adds types to the registry. A type that MiniStack has by itself is an error: one of both is stale."""
    for name, resource_type in types.items():
        if name in provisioners._RESOURCE_HANDLERS:
            raise RuntimeError(f"MiniStack has a handler of its own for {name}; drop ours")
        provisioners._RESOURCE_HANDLERS[name] = resource_type.handlers()


def flag(value: Any) -> bool:
    """A template's boolean, which may arrive as the string "true"."""
    return str(value).lower() == "true"


def tag_list(properties: Properties) -> list[dict[str, str]]:
    """`Tags` in the API's list shape."""
    return [{"Key": tag["Key"], "Value": str(tag.get("Value", ""))} for tag in properties.get("Tags") or []]


def camel_case(value: Any) -> Any:
    """PascalCase keys as the JSON APIs of EKS spell them, at every depth."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: camel_case(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [camel_case(inner) for inner in value]
    return value
