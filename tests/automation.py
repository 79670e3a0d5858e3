"""What the small Systems Manager Automations of the tests share: references, and paths into answers."""

import re
from typing import Any, Final

REFERENCE: Final = re.compile(r"\{\{ ?([\w.:]+) ?\}\}")


def filled(value: Any, values: dict[str, Any]) -> Any:
    """A reference that is all of a text keeps its type."""
    if isinstance(value, dict):
        return {key: filled(entry, values) for key, entry in value.items()}
    if isinstance(value, list):
        return [filled(entry, values) for entry in value]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    return values[whole[1]] if whole else REFERENCE.sub(lambda match: str(values[match[1]]), value)


def at(answer: Any, path: str) -> Any:
    for part in re.findall(r"\w+|\[\d+\]", path.removeprefix("$.")):
        answer = answer[int(part[1:-1])] if part.startswith("[") else answer[part]
    return answer
