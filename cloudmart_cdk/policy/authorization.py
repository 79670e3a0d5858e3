"""AWS's service authorization data: which actions there are, and which of them know resources.

Owns reading it, and how IAM's wildcards match. The data comes with cfn-lint, AWS's own, which brings it up to date
with every release: no list of ours grows old. It is two megabytes, so it is read once and only when a policy asks.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

_REFERENCE: Final = re.compile(r"\$\{[^}]*\}")
_WILD: Final = re.compile(r"[*?]+")


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text.lower()).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether IAM takes `text` for `pattern`: `*` and `?`, and no difference between cases."""
    return _pattern(pattern).fullmatch(text.lower()) is not None


@cache
def _services() -> Mapping[str, Any]:
    spec = find_spec("cfnlint")  # finds the folder and imports nothing: all of cfn-lint would cost a second
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("cfn-lint is missing, whose data the IAM rules read: run make setup")
    file = Path(spec.origin).parent / "data" / "AdditionalSpecs" / "Policies.json"
    services: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return services


def resource_types(action: str) -> list[tuple[str, tuple[str, ...]]]:
    """(action, resource types) for each of AWS's actions that `action`, which may have wildcards, stands for.

    Actions are in lower case. An action without types works on `*` only. Empty: AWS's data knows no such action.
    """
    service, _, name = action.lower().partition(":")
    known = _services().get(service, {}).get("Actions", {})
    names = [name] if name in known else [each for each in known if _WILD.search(name) and matches(name, each)]
    return [(f"{service}:{each}", tuple(known[each].get("Resources", ()))) for each in names]


@cache
def _words() -> Mapping[str, frozenset[str]]:
    """Service -> what its ARNs say literally, `table` or `role`, whichever service's actions name them."""
    found: dict[str, set[str]] = {}
    for service in _services().values():
        for type_ in service.get("Resources", {}).values():
            for arn in type_["ARNFormats"]:
                _, _, owner, _, _, resource = arn.split(":", 5)
                found.setdefault(owner, set()).update(_literals(resource))
    return {service: frozenset(words) for service, words in found.items()}


def _literals(resource: str) -> Iterator[str]:
    return (part for part in re.split(r"[:/]", resource) if part and "*" not in part)


def boundless(resource: str) -> bool:
    """Whether an ARN amounts to `*`: nothing from its resource part on names anything, but for the kind of it.

    So `arn:aws:s3:::*`, `arn:aws:iam::123456789012:role/*` and `arn:aws:logs:...:log-group:*:log-stream:*`, and not
    `arn:aws:s3:::shop/*`.
    """
    text = _REFERENCE.sub("$", resource)
    if not _WILD.search(text) or text.startswith("$"):
        return False
    parts = text.split(":", 5)
    if len(parts) < 6 or _WILD.search(parts[2]):
        return True
    tokens = [token for token in re.split(r"[:/]", parts[5]) if token]
    words = _words().get(parts[2], frozenset())
    wild = [bool(_WILD.fullmatch(token)) for token in tokens]

    def says_nothing(number: int) -> bool:
        between = 0 < number < len(tokens) - 1 and wild[number - 1] and wild[number + 1]
        return wild[number] or between or any(matches(tokens[number], word) for word in words)

    return bool(_WILD.search(parts[5])) and all(map(says_nothing, range(len(tokens))))
