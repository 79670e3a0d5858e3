"""One case of bad input."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Refusal(NamedTuple):
    """`words` are parts of the line: what was given, what is allowed, what to do."""

    context: Mapping[str, Any]
    key: str
    words: tuple[str, ...]


def of(key: str, *words: str, **context: Any) -> Refusal:
    """Keyword names stand for dotted ones: `database__backup_days`."""
    return Refusal({name.replace("__", "."): value for name, value in context.items()}, key, words)
