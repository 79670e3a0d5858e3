"""What ends a move: one line that says what was given, what is allowed and what to do.

Owns the wording of what the server answers. SQLSTATEs: PostgreSQL manual, appendix A.
"""

from typing import Final

import psycopg


class Problem(Exception):  # noqa: N818  # not a bug of the program: what a person has to do something about
    """`error: <what>: given <given>; allowed: <allowed>; <do>`, in one line."""

    def __init__(self, what: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(" ".join(f"error: {what}: given {given}; allowed: {allowed}; {do}".split()))


class TruncatedError(Exception):
    """The dump ends before its end. Where it was read says what that means."""


_DUMP_AGAIN: Final = "dump again"


def explain(error: psycopg.Error, doing: str, *, connecting: bool = False) -> Problem:
    """What the server or the connection said while `doing`, as a line that a person can act on."""
    said = _said(error)
    where = _place(error)
    match error.sqlstate:
        case _ if error.sqlstate == "53100" or "No space left on device" in said or "File too large" in said:
            return Problem(
                "disk of the server",
                given=f"none left while {doing} ({said})",
                allowed="room for the restored database beside the old one",
                do="raise database.storage_gb, deploy DataStack, run again",
            )
        case "22021" | "22P05":
            return Problem(
                "encoding",
                given=f"{said} while {doing}{where}",
                allowed="text that is what the dump's client_encoding says, and has characters in UTF-8",
                do=f"{_DUMP_AGAIN} with pg_dump --encoding=UTF8; a database in SQL_ASCII has to be converted first",
            )
        case "0A000" | "58P01" if "extension" in said and "available" in said:
            return Problem(
                "extension",
                given=said,
                allowed="those in pg_available_extensions of the server",
                do=f"drop it at the source (drop extension ...), {_DUMP_AGAIN}",
            )
        case "42501" if "extension" in said:
            return Problem(
                "extension",
                given=said,
                allowed="trusted extensions, and those that rds_superuser may create",
                do=f"drop it at the source (drop extension ...), {_DUMP_AGAIN}",
            )
        case None | "57P01" | "57P02" | "57P03":
            return _connection(said, doing, connecting=connecting)
    return Problem(
        "restore",
        given=f"{said} ({error.sqlstate}) while {doing}{where}",
        allowed="a dump that PostgreSQL 16 takes whole",
        do=f"mend it at the source, {_DUMP_AGAIN}",
    )


def _connection(said: str, doing: str, *, connecting: bool) -> Problem:
    """What a connection that is refused or lost says has no SQLSTATE; libpq hands on the words only."""
    lowered = said.lower()
    if "too many connections" in lowered or "connection slots" in lowered:
        return Problem(
            "connection",
            given=f"none free ({said})",
            allowed="two connections of the owner",
            do="stop a program that holds some, or wait, and run again",
        )
    if "authentication failed" in lowered:
        return Problem(
            "login",
            given=said,
            allowed="the database's owner with its present password",
            do="see whether the owner's secret is rotating just now, run again",
        )
    if connecting and any(word in lowered for word in ("certificate", "ssl", "tls")):
        return Problem(
            "TLS",
            given=said,
            allowed="a server whose certificate the authorities in --ca-file vouch for, under the name in --host",
            do="give the right --ca-file (on AWS the region's RDS bundle) and the server's own name",
        )
    return Problem(
        "connection",
        given=f"{said} while {doing}",
        allowed="a server that answers, and keeps answering",
        do="see that it is up, has disk left, and admits this machine; run again",
    )


def _said(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error).rpartition("FATAL: ")[2] or type(error).__name__
    return " ".join(text.split())[:300].rstrip(". ")


def _place(error: psycopg.Error) -> str:
    """`COPY products, line 3`: the first line of the server's context."""
    context = (error.diag.context or "").splitlines()
    return f" ({context[0][:120]})" if context else ""
