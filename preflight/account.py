"""The account that is asked: read-only, and never for long.

Owns how AWS is asked and what its refusals mean here. Judges nothing.
"""

import functools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from commands.place import REFUSED

_READING: Final = re.compile(r"(describe|get|list|head)_")
_PREFIXES: Final = {
    "elbv2": "elasticloadbalancing",
    "service-quotas": "servicequotas",
    "sesv2": "ses",
}
"""IAM's name of a service, where it is not boto3's."""
_PERMISSIONS: Final = {
    "budgets:DescribeBudgets": "budgets:ViewBudget",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
}
"""The permission, where it is not called like the operation."""


class NotAskedError(Exception):
    """AWS did not answer; the text says what is missing for it."""


class NotThereError(Exception):
    """AWS says that there is no such thing, by the code that was asked for."""


class Account:
    """An account and its region, by a function that makes clients: `make_client(service, region)`.

    `local`: it is the local cloud's, which has no quotas and does not know what a region offers.
    """

    def __init__(
        self, make_client: Callable[[str, str], Any], *, region: str, id: str = "", local: bool = False
    ) -> None:
        self.id = id
        self.region = region
        self._local = local
        self._lock = threading.Lock()
        self._make_client = functools.cache(make_client)

    def known_as(self, id: str) -> "Account":
        """The same, with its number."""
        return Account(self._make_client, region=self.region, id=id, local=self._local)

    def ask(self, service: str, operation: str, *, region: str = "", none: str = "", **parameters: Any) -> Any:
        """One call's answer. `none`: the error code by which AWS says that there is no such thing.

        Raises `NotThereError` for that, `NotAskedError` for whatever else AWS refuses.
        """
        with self._client(service, operation, region, none) as client:
            return getattr(client, operation)(**parameters)

    def all(self, service: str, operation: str, key: str, *, region: str = "", **parameters: Any) -> list[Any]:
        """The list at the dotted `key` of an answer, page by page to its end. Raises `NotAskedError`."""
        with self._client(service, operation, region, "") as client:
            if client.can_paginate(operation):
                return list(_items(client.get_paginator(operation).paginate(**parameters), key))
            return list(_items([getattr(client, operation)(**parameters)], key))

    @contextmanager
    def _client(self, service: str, operation: str, region: str, none: str) -> Iterator[Any]:
        """A client, whose refusals are put into words."""
        if not _READING.match(operation):
            raise ValueError(f"{operation} is not read-only")
        try:
            with self._lock:  # a session makes one client at a time
                client = self._make_client(service, region or self.region)
        except (BotoCoreError, OSError, ValueError) as failed:  # as for half a key
            raise NotAskedError(f"no way to AWS ({type(failed).__name__}: {failed})") from None
        permission = f"{_PREFIXES.get(service, service)}:{client.meta.method_to_api_mapping[operation]}"
        permission = _PERMISSIONS.get(permission, permission)
        try:
            yield client
        except ClientError as refused:
            code, message = (str(refused.response["Error"].get(key, "")) for key in ("Code", "Message"))
            if none and code == none:
                raise NotThereError(message) from None
            if self._local:
                raise NotAskedError(f"the local cloud has no answer to {permission}") from None
            why = "" if code in REFUSED else f" (AWS says {' '.join(dict.fromkeys((code, message))).strip()})"
            raise NotAskedError(f"needs {permission}{why}") from None
        except BotoCoreError as failed:
            raise NotAskedError(f"needs {permission} ({type(failed).__name__}: {failed})") from None


def _items(pages: Any, key: str) -> Iterator[Any]:
    for page in pages:
        found = page
        for part in key.split("."):
            found = found.get(part) or {}
        yield from found
