"""The answer that CloudFormation waits for (its guide, "Custom resource reference")."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any, Final

_SECONDS: Final = 10
_TRIES: Final = 3
_REASON_CHARACTERS: Final = 1000
"""CloudFormation refuses an answer of more than 4096 bytes."""


def answer(event: dict[str, Any], make: Callable[[], None]) -> None:
    """Runs `make` on create and update, nothing on delete, and tells CloudFormation how it went."""
    status, reason = "SUCCESS", ""
    if event["RequestType"] != "Delete":  # the users go with their database
        try:
            make()
        except Exception as error:  # whatever it is: without an answer the deploy would hang
            status, reason = "FAILED", " ".join(str(error).split()) or type(error).__name__
    level = "info" if status == "SUCCESS" else "error"
    print(json.dumps({"level": level, "step": event["RequestType"], "message": reason or "done"}), flush=True)
    body = {
        "Status": status,
        "Reason": reason[:_REASON_CHARACTERS],
        # The same always: a change of the resource replaces nothing.
        "PhysicalResourceId": event.get("PhysicalResourceId") or "database-users",
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    _put(event["ResponseURL"], json.dumps(body).encode())


def _put(address: str, body: bytes) -> None:
    """The presigned address takes no content type."""
    request = urllib.request.Request(address, data=body, method="PUT", headers={"Content-Type": ""})
    for attempt in range(1, _TRIES + 1):
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS):
                return
        except OSError:
            if attempt == _TRIES:
                raise
            time.sleep(attempt)
