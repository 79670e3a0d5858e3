"""Where the database is, and connections to it.

Owns the parameters of a connection: TLS with full verification, the pauses after which it counts as lost, no schema in
which a name is looked up. Not what is said on it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg

from .problems import Problem, explain

Connection = psycopg.Connection[tuple[Any, ...]]
_OPTIONS: Final = "-c search_path="
"""pg_catalog only, whatever is set for role or database: the shop's users may make functions and operators in public,
and one that fits its arguments better than pg_catalog's would run with the rights of this session."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A PostgreSQL server and a role of it; not a superuser, as on RDS."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    ca_file: Path
    """PEM of the authorities that the server's certificate is checked against."""

    def connect(self, database: str) -> Connection:
        """A connection that commits each statement. `Problem`: none to be had."""
        try:
            return psycopg.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                dbname=database,
                sslmode="verify-full",
                sslrootcert=str(self.ca_file),
                connect_timeout=10,
                keepalives_idle=60,
                application_name="data_move",
                client_encoding="UTF8",
                autocommit=True,
                prepare_threshold=None,
                options=_OPTIONS,
            )
        except psycopg.OperationalError as error:
            if f'database "{database}" does not exist' in str(error):
                raise Problem(
                    "database",
                    given=f"{database}, which does not exist on {self.host}",
                    allowed="the stage's database",
                    do="deploy DataStack first, or see --database",
                ) from None
            raise explain(error, f"connecting to {self.host}:{self.port}", connecting=True) from None


def run_one(connection: Connection, text: bytes) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run a text that a dump had a say in: one command, or the server refuses all of it, wherever we saw its end.

    Asking for binary results is how psycopg is made to use the extended protocol, which takes one command a message
    (PostgreSQL manual, "Extended Query").
    """
    return connection.execute(text, binary=True)
