"""Whose cart and orders these are: a random cookie, and nothing else.

Owns the cookie. What is kept under a session is kept under its digest, so that neither Redis nor a dump of the database
opens anybody's orders.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from ..shop import Shop

COOKIE: Final = "session"
LIFETIME: Final = 30 * 24 * 3600
"""Seconds after the last cart change or order."""
_BYTES: Final = 32
_UNGUESSABLE: Final = 32
"""Characters of a key from which a session may follow: a UUID has 32 or 36."""
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


def purchase_session(key: str, *, secure: bool) -> Session:
    """The session of somebody whose first request is a purchase.

    It follows from the purchase's key, so that a retry, whose client never saw the cookie, is the same session and buys
    nothing twice; from a long key only, because who guesses the key has the session.
    """
    if len(key) < _UNGUESSABLE:
        return _new(secure)
    digest = hashlib.sha256(b"session of the purchase " + key.encode()).digest()
    return Session(base64.urlsafe_b64encode(digest).decode().rstrip("="), secure)


def _new(secure: bool) -> Session:
    return Session(secrets.token_urlsafe(_BYTES), secure)


async def _known(request: Request) -> Session | None:
    token = request.cookies.get(COOKIE, "")
    return Session(token, is_secure(request)) if _FORM.fullmatch(token) else None


async def _needed(request: Request) -> Session:
    return await _known(request) or _new(is_secure(request))


def is_secure(request: Request) -> bool:
    """The load balancer ends TLS and says so; behind a CDN that speaks HTTP to it, the environment does."""
    shop: Shop = request.app.state.shop
    return shop.environment.https or request.headers.get("x-forwarded-proto") == "https"


Known = Annotated[Session | None, Depends(_known)]
"""The client's session, None when it has none yet."""
Needed = Annotated[Session, Depends(_needed)]
"""The client's session, a new one when it has none yet."""
