"""How answers leave: JSON, and kept by nobody where they are personal."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

PRIVATE: Final = {"Cache-Control": "no-store"}


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def shared(document: Any) -> Response:
    """For everybody; `kept` says for how long."""
    return Response(encoded(document), media_type="application/json")


def personal(document: Any, *, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    """For this client only, and not twice."""
    return Response(encoded(document), status, {**PRIVATE, **headers}, media_type="application/json")
