"""PostgreSQL: logging in over verified TLS, and changing a password without showing it to the server's log."""

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

# It has no types.
from pg8000.exceptions import DatabaseError, InterfaceError  # type: ignore[import-untyped]
from pg8000.native import Connection, identifier, literal  # type: ignore[import-untyped]

from .errors import RotationError
from .versions import Login

_SECONDS: Final = 10
_REFUSED: Final = ("28P01", "28000")
"""PostgreSQL's error codes: invalid password; a role that does not exist or may not log in."""
_ITERATIONS: Final = 4096
"""PostgreSQL's own default (`scram_iterations`)."""


class LoginRefusedError(Exception):
    """The server is there and takes TLS, and does not know this user with this password."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """`host` is also the name that the certificate has to bear. `program`: what the server's lists of sessions show.

    `patience_s`: for a statement; None: as for a login.
    """

    host: str
    port: int
    database: str
    trust: ssl.SSLContext
    program: str = "cloudmart-rotation"
    patience_s: int | None = None

    @contextmanager
    def session(self, login: Login) -> Iterator[Connection]:
        """Raises `LoginRefusedError`, or `RotationError` when the server cannot be reached or spoken to."""
        try:
            connection = self._connection(login)
        except DatabaseError as error:
            if _code(error) in _REFUSED:
                raise LoginRefusedError(login.user) from None
            raise self._failed("login", error) from None
        except (InterfaceError, OSError) as error:
            raise self._failed("connection", error) from None
        try:
            yield connection
        except (DatabaseError, InterfaceError, OSError) as error:
            raise self._failed("statement", error) from None
        finally:
            with suppress(InterfaceError, OSError):  # gone already
                connection.close()

    def _connection(self, login: Login) -> Connection:
        plain = socket.create_connection((self.host, self.port), timeout=_SECONDS)
        patience = self.patience_s or _SECONDS
        plain.settimeout(patience)
        try:
            return Connection(
                login.user,
                host=self.host,
                database=self.database,
                password=login.password,
                sock=plain,
                ssl_context=self.trust,
                application_name=self.program,
                # No search path: what the application's users put into schema public must not run as the owner.
                startup_params={"statement_timeout": str(patience * 1000), "search_path": ""},
            )
        except BaseException:
            plain.close()  # pg8000 leaves it open when there is no answer
            raise

    def accepts(self, login: Login) -> bool:
        """Whether this user gets in with this password."""
        try:
            with self.session(login) as session:
                session.run("SELECT 1")
        except LoginRefusedError:
            return False
        return True

    def _failed(self, what: str, error: Exception) -> RotationError:
        return RotationError(
            f"database {what} at {self.host}:{self.port}",
            given=_described(error),
            allowed=f"an answer within {self.patience_s or _SECONDS} s over TLS that the authorities vouch for",
            do="check that the database runs and admits this function, and run it again",
        )


def _fields(error: Exception) -> dict[str, Any]:
    first = error.args[0] if error.args else None
    return first if isinstance(first, dict) else {}


def _code(error: Exception) -> str:
    return str(_fields(error).get("C", ""))


def _described(error: Exception) -> str:
    """The server's code and message, or the system's; never its detail, which can quote the statement."""
    fields = _fields(error)
    described = f"{fields.get('C')} {fields.get('M')}" if fields else str(error)
    return " ".join(described.split()) or type(error).__name__


def set_password(session: Connection, login: Login) -> None:
    """Hands over the SCRAM verifier instead of the password: statements end up in logs (as psql's `\\password`)."""
    session.run(f"ALTER ROLE {identifier(login.user)} PASSWORD {literal(_verifier(login.password))}")


def _verifier(password: str) -> str:
    """What PostgreSQL itself would store: RFC 5803, with SHA-256."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"
