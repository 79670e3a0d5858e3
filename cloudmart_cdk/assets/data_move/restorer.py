"""The role that a dump is restored as: a login made for one run, with the rights of the shop's group and no others.

Owns its making and its end. A dump is code. A session of the owner that only did SET ROLE is the owner's all the same:
RESET ROLE is all that a function in the dump has to say. From this one, what it comes back to is the group, and behind
that a role that may do nothing.
"""

import secrets
from dataclasses import replace
from typing import Final

from psycopg import errors, sql

from .names import Names
from .problems import Problem
from .server import Connection, Server

_VALID: Final = "10 minutes"
"""It is logged in at once; whatever learns the password later comes too late."""
_MAKE: Final = (
    "CREATE ROLE {role} LOGIN NOINHERIT CONNECTION LIMIT 1 PASSWORD {verifier} VALID UNTIL {until} IN ROLE {group}",
    "ALTER ROLE {role} SET role = {group}",
    "GRANT CONNECT ON DATABASE {database} TO {role}",
)


def make(owner: Connection, server: Server, names: Names, group: str) -> Server:
    """Make the role, for `names.incoming` only; returns the server as one logs in to it with this role."""
    password = secrets.token_urlsafe(32)
    # Neither the server nor its log gets to see the password.
    verifier = owner.pgconn.encrypt_password(password.encode(), names.restorer.encode(), b"scram-sha-256")
    ((until,),) = owner.execute("select (now() + %s::interval)::text", (_VALID,))
    for statement in _MAKE:
        owner.execute(
            sql.SQL(statement).format(
                role=sql.Identifier(names.restorer),
                group=sql.Identifier(group),
                database=sql.Identifier(names.incoming),
                verifier=sql.Literal(verifier.decode()),
                until=sql.Literal(until),
            )
        )
    return replace(server, user=names.restorer, password=password)


def end(owner: Connection, names: Names) -> None:
    """Remove the role from a database that stays. `Problem`: the dump has given it something, as pg_dump never does."""
    role, database = sql.Identifier(names.restorer), sql.Identifier(names.incoming)
    owner.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(database, role))
    try:
        drop(owner, names)
    except errors.DependentObjectsStillExist:
        raise Problem(
            "dump",
            given=f"one that grants something to {names.restorer}, the role that it is restored as",
            allowed="SQL as pg_dump writes it",
            do="ask where the dump comes from; dump again",
        ) from None


def drop(owner: Connection, names: Names) -> None:
    """Remove the role, if it is there; `names.incoming` has to be gone."""
    owner.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(names.restorer)))
