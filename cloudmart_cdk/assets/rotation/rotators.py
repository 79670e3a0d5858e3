"""What is particular about each secret: a new value, putting it into the store, and whether it gets in there."""

from collections.abc import Sequence
from typing import Final, Protocol

from . import roles
from .cache import Cache
from .errors import RotationError
from .postgresql import LoginRefusedError, Server, set_password
from .versions import CURRENT, PENDING, PREVIOUS, Login, Secret, generated

_PASSWORD_LENGTH: Final = 32
_TOKEN_LENGTH: Final = 64
"""ElastiCache takes 16 to 128 (its guide, "Authenticating with the AUTH command")."""


class Rotator(Protocol):
    """Each method may have been run before, to its end or not."""

    secret: Secret

    def new_value(self) -> str:
        """A successor of the current value."""

    def install(self, value: str) -> None:
        """Puts it into the store."""

    def test(self, value: str) -> None:
        """Logs in with it. Raises `RotationError` when the store refuses."""


def _refused(secret: Secret, user: str, *stages: str) -> RotationError:
    return RotationError(
        f"secret {secret.name}",
        given=f"a login as {user} that the store refuses ({', '.join(stages)})",
        allowed="what the store knows",
        do="set the value of AWSCURRENT in the store by hand, and rotate again",
    )


def _accepted(server: Server, secret: Secret, *stages: str) -> Login:
    """The first of a secret's values that the database takes. Raises `RotationError` when it takes none."""
    user = ""
    for login in filter(None, map(secret.login, stages)):
        if server.accepts(login):
            return login
        user = login.user
    raise _refused(secret, user, *stages)


class OwnerRotator:
    """Single user: the owner changes its own password. Nothing but this function and people log in as the owner."""

    def __init__(self, secret: Secret, server: Server) -> None:
        self.secret, self._server = secret, server

    def new_value(self) -> str:
        current = self.secret.as_login(self.secret.current())
        return current.changed(user=current.user, password=generated(_PASSWORD_LENGTH)).text

    def install(self, value: str) -> None:
        pending = self.secret.as_login(value)
        if self._server.accepts(pending):
            return
        # AWSPREVIOUS: a restored snapshot has the password of its day.
        with self._server.session(_accepted(self._server, self.secret, CURRENT, PREVIOUS)) as session:
            set_password(session, pending)

    def test(self, value: str) -> None:
        login = self.secret.as_login(value)
        if not self._server.accepts(login):
            raise _refused(self.secret, login.user, PENDING)


class AppRotator:
    """Alternating users: while one is current, the owner gives the other a new password. The login that was current
    stays good until the rotation after the next."""

    def __init__(self, secret: Secret, server: Server, *, owner: Secret, proxy: Sequence[Secret]) -> None:
        """`proxy`: what RDS Proxy knows the users by, a secret for each."""
        self.secret, self._server, self._owner, self._proxy = secret, server, owner, proxy

    def new_value(self) -> str:
        current = self.secret.as_login(self.secret.current())
        return current.changed(user=roles.other(current.user), password=generated(_PASSWORD_LENGTH)).text

    def install(self, value: str) -> None:
        pending = self.secret.as_login(value)
        with self._server.session(self._owner_login()) as session:
            roles.ensure(session, pending.user)
            set_password(session, pending)
        self._tell_proxy(pending)

    def prepare(self) -> None:
        """The roles, and the current login as the secret has it: what a deploy needs before any program starts."""
        current = self.secret.as_login(self.secret.current())
        known = self._server.accepts(current)
        with self._server.session(self._owner_login()) as session:
            made = roles.ensure(session, current.user)
            if not known:
                set_password(session, current)
            # The proxy counts a user that it cannot log in as among the database's faults.
            for login in self._proxy_logins():
                if login.user in made - {current.user}:
                    set_password(session, login)
        self._tell_proxy(current)
        self.test(current.text)

    def _owner_login(self) -> Login:
        """The owner's own secret may be in rotation just now."""
        return _accepted(self._server, self._owner, CURRENT, PENDING, PREVIOUS)

    def _proxy_logins(self) -> list[Login]:
        return [secret.as_login(secret.current()) for secret in self._proxy]

    def _tell_proxy(self, login: Login) -> None:
        for secret, kept in zip(self._proxy, self._proxy_logins(), strict=True):
            if kept.user == login.user:
                secret.keep(kept.changed(user=login.user, password=login.password))

    def test(self, value: str) -> None:
        login = self.secret.as_login(value)
        try:
            with self._server.session(login) as session:
                ((role, may_create),) = session.run("SELECT current_user, has_schema_privilege('public', 'CREATE')")
        except LoginRefusedError:
            raise _refused(self.secret, login.user, PENDING) from None
        if role != roles.GROUP or not may_create:
            raise RotationError(
                f"database user {login.user}",
                given=f"role {role}, {'may' if may_create else 'may not'} create in schema public",
                allowed=f"role {roles.GROUP}, may create",
                do="deploy DataStack again, which prepares the users, and rotate again",
            )


class CacheRotator:
    """ElastiCache keeps two tokens: the new one joins the current one, which stays good until the next rotation."""

    def __init__(self, secret: Secret, cache: Cache) -> None:
        self.secret, self._cache = secret, cache

    def new_value(self) -> str:
        return generated(_TOKEN_LENGTH)

    def install(self, value: str) -> None:
        if not self._cache.accepts(value):
            current = self.secret.current()
            if not self._cache.accepts(current):
                raise _refused(self.secret, "the default user", CURRENT)
            # Two tokens at most, and after a rotation that was given up the current one is the older, which ROTATE
            # would drop: the other goes first. Where there is no other, ElastiCache refuses SET.
            if any(map(self._cache.accepts, self.secret.others())):
                self._cache.modify(current, "SET")
            self._cache.modify(value, "ROTATE")
        self._cache.settle(value)

    def test(self, value: str) -> None:
        if not self._cache.accepts(value):
            raise _refused(self.secret, "the default user", PENDING)
