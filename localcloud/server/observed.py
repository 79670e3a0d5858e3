"""Which properties of a template a handler looked at.

Owns the honest half of "it deployed": a property that no handler ever read had no effect, and is
listed as such beside the record-only resources.
"""

from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from typing import Any, Final

from ministack.services.cloudformation import provisioners

from localcloud.server import records

_EVERYWHERE: Final = frozenset({"Tags", "ServiceToken"})
"""Properties that no handler has to look at."""


class _Observed(dict[str, Any]):
    """Properties that remember which of their top-level keys were read."""

    def __init__(self, properties: dict[str, Any]) -> None:
        super().__init__(properties)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.read.update(super().keys())
        return super().__iter__()

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # dict's own view class cannot be built here
        self.read.update(super().keys())
        return super().keys()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]  # as above
        self.read.update(super().keys())
        return super().items()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]  # as above
        self.read.update(super().keys())
        return super().values()

    def ignored(self) -> set[str]:
        return set(super().keys()) - self.read


def _observe(type_name: str, create: Callable[..., Any]) -> Callable[..., Any]:
    def observed(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        watched = _Observed(properties)
        answer = create(logical_id, watched, stack_name)
        records.note_ignored(type_name, watched.ignored() - _EVERYWHERE)
        return answer

    return observed


def install() -> None:
    """Watches every `create` in the registry; last, after all types and mends are in."""
    for type_name, handlers in provisioners._RESOURCE_HANDLERS.items():
        if type_name not in records.TYPES and "create" in handlers:
            handlers["create"] = _observe(type_name, handlers["create"])
