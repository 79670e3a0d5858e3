"""The database's roles: a group that owns the shop's objects, and two users of it that take turns."""

from typing import Final

from pg8000.native import Connection, identifier, literal  # type: ignore[import-untyped]  # it has no types

GROUP: Final = "cloudmart_shop"
CLONE: Final = "_clone"
LIMITS: Final = {"statement_timeout": "4s", "idle_in_transaction_session_timeout": "8s"}
"""The shop's own (`shop.database.STATEMENT`), at the server: RDS Proxy passes on neither what a client says at its
login nor, for sure, that it has given up. Whoever needs longer says so in a transaction: SET LOCAL."""


def other(user: str) -> str:
    """The user whose turn is next."""
    return user.removesuffix(CLONE) if user.endswith(CLONE) else user + CLONE


def ensure(session: Connection, user: str) -> set[str]:
    """Makes the group, `user` and its twin what they have to be; returns which of the two were made.

    May be run again at any time. `session` is the owner's: no superuser, but it may make roles and owns the database.
    """
    users = sorted({user, other(user)})
    session.run("BEGIN")
    # Two runs at once would both find a role missing.
    session.run(f"SELECT pg_advisory_xact_lock(hashtext({literal(GROUP)}))")
    known = {row[0] for row in session.run("SELECT rolname FROM pg_roles")}
    group = identifier(GROUP)
    if GROUP not in known:
        session.run(f"CREATE ROLE {group} NOLOGIN")
    # What either creates belongs to the group, so that the other may change it.
    session.run(f"GRANT USAGE, CREATE ON SCHEMA public TO {group}")
    for each in users:
        name = identifier(each)
        if each not in known:
            session.run(f"CREATE ROLE {name} LOGIN")
        session.run(f"ALTER ROLE {name} LOGIN")
        session.run(f"GRANT {group} TO {name}")
        session.run(f"ALTER ROLE {name} SET role = {literal(GROUP)}")
        for setting, value in LIMITS.items():
            session.run(f"ALTER ROLE {name} SET {setting} = {literal(value)}")
    session.run("COMMIT")
    return set(users) - known
