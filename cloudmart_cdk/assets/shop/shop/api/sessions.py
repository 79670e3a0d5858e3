"""Whose cart and orders these are: a random cookie, and nothing else.

Owns the cookie. What is kept under a session is kept under its digest, so that neither Redis nor a dump of the database
opens anybody's orders.
"""

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from ..failures import UnavailableError
from ..shop import Shop

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


def new_session(request: Request) -> Session:
    return Session(secrets.token_urlsafe(_BYTES), is_secure(request))


async def _given(request: Request) -> Session | None:
    cookies = (part.partition("=") for line in request.headers.getlist("cookie") for part in line.split(";"))
    tokens = [value.strip() for name, _, value in cookies if name.strip() == COOKIE]
    # Of two, one was planted, and nothing tells which.
    return Session(tokens[0], is_secure(request)) if len(tokens) == 1 and _FORM.fullmatch(tokens[0]) else None


async def is_known(shop: Shop, session: Session) -> bool:
    """Whether this shop has given the session to somebody: it has bought, or has a cart.

    Nothing may be put under another one, which whoever planted it would see. Without the cache only a session that has
    bought is known.
    """
    if await shop.orders.any(session.digest):
        return True
    try:
        async with asyncio.timeout(1):
            return await shop.carts.known(session.key)
    except (UnavailableError, TimeoutError):
        return False


def is_secure(request: Request) -> bool:
    """The load balancer ends TLS and says so; behind a CDN that speaks HTTP to it, the environment does."""
    shop: Shop = request.app.state.shop
    return shop.environment.https or request.headers.get("x-forwarded-proto") == "https"


Given = Annotated[Session | None, Depends(_given)]
"""What the client's cookie says: enough to read, since nothing is there under a session which is not known."""
