"""Failures that a user can do something about, each in one line.

Owns the wording of what AWS refuses; what is wrong with a release is said where it is found.
"""

from typing import ClassVar

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, TokenRetrievalError

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"})
_REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})


class DeliveryError(Exception):
    """What went wrong, why, and what to do. What has been begun stays as it is, fit to be continued or undone."""

    status: ClassVar[int] = 1
    """Exit status of the command."""

    def __init__(self, what: str, *, why: str, do: str) -> None:
        super().__init__(" ".join(f"error: {what}: {why}; {do}".split()))


class CommandLineError(DeliveryError):
    """A command line that can never work."""

    status = 2

    def __init__(self, what: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(what, why=f"given {given}; allowed: {allowed}", do=do)


class InterruptedReleaseError(DeliveryError):
    """Somebody stopped the command, not the release."""

    status = 130


class RolloutError(Exception):
    """The new version must not stay: the reason, as it follows on "because". Answered by the automatic return."""


def explain(error: BotoCoreError | ClientError) -> DeliveryError:
    """A line for what AWS, or the way to it, refused."""
    if isinstance(error, NoCredentialsError | TokenRetrievalError) or type(error).__name__.startswith("SSO"):
        return DeliveryError("credentials", why="given none that work", do="log in (`aws sso login`) and run it again")
    if isinstance(error, NoRegionError):
        return DeliveryError("region", why="given none", do="set AWS_REGION and run it again")
    if not isinstance(error, ClientError):
        return DeliveryError("AWS", why=f"{type(error).__name__}: {error}", do="mend the way to it and run it again")
    code, message = str(error.response["Error"].get("Code", "")), str(error.response["Error"].get("Message", ""))
    if code in _EXPIRED:
        return DeliveryError("credentials", why="given expired ones", do="log in again and run it again: it continues")
    if code in _REFUSED:
        return DeliveryError(error.operation_name, why=f"not allowed to you ({message})", do="ask for it, run it again")
    return DeliveryError(error.operation_name, why=f"AWS says {code}: {message}", do="mend it and run it again")
