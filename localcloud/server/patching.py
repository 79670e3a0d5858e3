"""Edits to MiniStack's functions, in place.

Owns the one technique by which a line inside a function is corrected: its source is edited and
compiled again, and the code object of the existing function exchanged, so that every table and
import that already holds the function sees the correction. The fragment must occur exactly once;
another MiniStack version therefore fails at start, never silently.
"""

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any


class PatchError(RuntimeError):
    """MiniStack is not the version these corrections were written for."""


def edit(function: Callable[..., Any], *, old: str, new: str, names: Mapping[str, Any] | None = None) -> None:
    """Replaces `old` by `new` in the function's source; `names` become visible to its module."""
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(old) != 1:
        raise PatchError(
            f"{function.__module__}.{function.__name__} holds {old!r} {source.count(old)} times, expected once;"
            " these corrections are for MiniStack 1.5.33"
        )
    module_globals: dict[str, Any] = function.__globals__
    module_globals.update(names or {})
    scratch: dict[str, Any] = {}
    exec(compile(source.replace(old, new), f"<mended {function.__name__}>", "exec"), module_globals, scratch)
    function.__code__ = scratch[function.__name__].__code__
