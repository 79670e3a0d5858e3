"""How answers leave: JSON, made once where many get the same, never kept by others where they are personal."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

PRIVATE: Final = {"Cache-Control": "no-store"}


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def personal(document: Any, *, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    """For this client only, and not twice."""
    return Response(encoded(document), status, {**PRIVATE, **headers}, media_type="application/json")


class Shared(NamedTuple):
    """An answer that everybody gets; browsers ask again each time, and get it only when it has changed."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, document: Any) -> "Shared":
        body = encoded(document)
        return cls(body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')

    def answer(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-cache", "ETag": self.etag}
        known = request.headers.get("if-none-match")
        if known is not None and self.etag in known:
            return Response(status_code=304, headers=headers)
        return Response(self.body, headers=headers, media_type="application/json")
