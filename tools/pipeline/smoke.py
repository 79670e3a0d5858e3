"""Whether the shop answers after a deploy: its page, its configuration, its products.

Owns the questions; asks from outside, as customers do. At night and at weekends dev has no backend: then the page alone
is asked for (`constructs.off_hours`).
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloudmart_cdk.constructs.off_hours import EVENING, MORNING, ZONE
from tools.pipeline.errors import PipelineError

_OUTPUT: Final = "ShopUrl"
_TIMEOUT_S: Final = 10
_SATURDAY: Final = 5


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long answers may take to be right: instances and CloudFront follow a deploy by minutes."""

    longest_s: float = 300
    pause_s: float = 10


def address(outputs: Path) -> str | None:
    """From what `cdk deploy --outputs-file` wrote; None when no stack has a shop that is reached from outside."""
    try:
        stacks: dict[str, dict[str, str]] = json.loads(outputs.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failed:
        raise PipelineError("outputs", why=f"given {outputs}: {failed}", do="deploy with --outputs-file") from None
    return next((values[_OUTPUT] for values in stacks.values() if _OUTPUT in values), None)


def asleep(now: datetime) -> bool:
    """Whether a stage with off-hours has no backend now. It wakes up for a quarter of an hour: counted as sleep."""
    seoul = now.astimezone(ZoneInfo(ZONE))
    woken = (seoul.hour, seoul.minute) >= (MORNING, 15)
    return seoul.weekday() >= _SATURDAY or seoul.hour >= EVENING or not woken


def ask(url: str, *, stage: str, backend: bool, patience: Patience) -> str:
    """What was seen, in a line. `backend`: whether there is one now. Raises `PipelineError` when patience ends."""
    deadline = time.monotonic() + patience.longest_s
    for path, right in _questions(stage, backend=backend):
        while (wrong := _wrong(url.rstrip("/") + path, right)) is not None:
            if time.monotonic() >= deadline:
                why = f"{url.rstrip('/')}{path}: {wrong}"
                raise PipelineError("shop", why=why, do="see docs/pipeline.md, going back")
            time.sleep(patience.pause_s)
    return f"{url}: " + ("page and products answer" if backend else "the page answers; the backend sleeps")


def _questions(stage: str, *, backend: bool) -> Iterator[tuple[str, Callable[[str], bool]]]:
    """Path, and whether an answer to it is right."""
    yield "/", lambda text: "<html" in text
    yield "/config.json", lambda text: bool(_json(text).get("stage") == stage)
    if backend:
        yield "/api/health", lambda text: _json(text).get("stage") == stage
        yield "/api/products?limit=1", lambda text: len(_json(text).get("items", ())) == 1


def _wrong(url: str, right: Callable[[str], bool]) -> str | None:
    """Why the answer is not what it has to be; None when it is."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            text = answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        with refused:
            return f"answers {refused.code}"
    except (OSError, ValueError, HTTPException) as failed:  # the last: an instance that goes while it answers
        return f"does not answer ({failed})"
    return None if right(text) else "answers something else"


def _json(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
