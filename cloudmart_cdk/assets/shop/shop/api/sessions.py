"""Whose cart and orders these are: a random cookie, and nothing else.

Owns the cookie. What is kept under a session is kept under its digest, so that neither Redis nor a dump of the database
opens anybody's orders.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

COOKIE: Final = "session"
LIFETIME: Final = 30 * 24 * 3600
"""Seconds after the last cart change or order."""
_BYTES: Final = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Session:
    """`token` is the client's; stores get `digest` or `key` only."""

    token: str
    secure: bool

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.token.encode()).digest()

    @property
    def key(self) -> str:
        return self.digest.hex()

    def keep(self, response: Response) -> Response:
        """Gives the client its cookie (again: its time begins anew)."""
        response.set_cookie(
            COOKIE, self.token, max_age=LIFETIME, path="/api", secure=self.secure, httponly=True, samesite="lax"
        )
        return response


async def _known(request: Request) -> Session | None:
    token = request.cookies.get(COOKIE, "")
    return Session(token, _secure(request)) if _FORM.fullmatch(token) else None


async def _needed(request: Request) -> Session:
    return await _known(request) or Session(secrets.token_urlsafe(_BYTES), _secure(request))


def _secure(request: Request) -> bool:
    """The load balancer ends TLS and says so."""
    return request.headers.get("x-forwarded-proto") == "https"


Known = Annotated[Session | None, Depends(_known)]
"""The client's session, None when it has none yet."""
Needed = Annotated[Session, Depends(_needed)]
"""The client's session, a new one when it has none yet."""
