"""Additions to a resource type that MiniStack handles itself.

Owns the wrapping of its handlers; what is added belongs to the families.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

from ministack.services.cloudformation import provisioners

from localcloud.server.resource import Properties

Attributes: TypeAlias = dict[str, Any]


def after(type_name: str, apply: Callable[[str, Properties], Attributes | None]) -> None:
    """Calls `apply(physical id, properties)` after each create and update; it may add attributes.

    What it raises fails the resource. One that was being created is deleted again: a rollback does not know of it.
    """
    handlers = provisioners._RESOURCE_HANDLERS[type_name]
    create, update = handlers["create"], handlers.get("update")

    def create_and_apply(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Attributes]:
        physical_id, attributes = create(logical_id, properties, stack_name)
        try:
            return physical_id, {**(attributes or {}), **(apply(physical_id, properties) or {})}
        except Exception:
            with suppress(Exception):
                handlers["delete"](physical_id, properties)
            raise

    def update_and_apply(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        new_id, attributes = update(physical_id, old, new, *rest)
        return new_id, {**(attributes or {}), **(apply(new_id, new) or {})}

    handlers["create"] = create_and_apply
    if update is not None:
        handlers["update"] = update_and_apply


def before_create(type_name: str, check: Callable[[Properties], None]) -> None:
    """Calls `check(properties)` before each create; what it raises fails the resource."""
    handlers = provisioners._RESOURCE_HANDLERS[type_name]
    create = handlers["create"]

    def check_and_create(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Attributes]:
        check(properties)
        made: tuple[str, Attributes] = create(logical_id, properties, stack_name)
        return made

    handlers["create"] = check_and_create


def before_delete(type_name: str, apply: Callable[[str, Properties], None]) -> None:
    """Calls `apply(physical id, properties)` before each delete; what it raises refuses the delete."""
    handlers = provisioners._RESOURCE_HANDLERS[type_name]
    delete = handlers["delete"]

    def apply_and_delete(physical_id: str, properties: Properties, *rest: Any) -> None:
        apply(physical_id, properties)
        delete(physical_id, properties, *rest)

    handlers["delete"] = apply_and_delete
