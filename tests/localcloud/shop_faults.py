"""What may happen to a shop while people buy in it, done to a local cloud that is up: no purchase fails of it.

Owns the faults and what is expected of the customers' diaries (`buyers`); the cloud is the caller's. Used by the
end-to-end test, which has one.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from localcloud.state import Cloud, State
from tests.localcloud.buyers import Diary, buying, wait_for

_SECONDS: Final = 90.0
_CUSTOMERS: Final = 4


def check_a_backend_is_killed(state: State, cloud: Cloud) -> None:
    """One of two, in the middle of it: what was in flight there is asked again, and nothing is bought twice."""
    with buying(cloud.shop, customers=_CUSTOMERS) as diary:
        wait_for(diary, purchases=20)
        os.kill(next(_backends(state)), signal.SIGKILL)
        wait_for(diary, purchases=60)
    all_bought(diary)
    # Only while the dead one had not been found out: most never met it.
    assert diary.retried < diary.bought / 2, diary.statuses


def check_secrets_rotate(cloud: Cloud, secretsmanager: Any) -> None:
    """Each secret twice: with alternating users the second rotation changes the password of the first user."""
    with buying(cloud.shop) as diary:
        for name in ("database/app", "cache/auth", "database/owner"):
            for _ in range(2):
                wait_for(diary, purchases=10)
                _rotate(secretsmanager, f"{cloud.prefix}/{name}")
        wait_for(diary, purchases=20)
    all_bought(diary)
    assert diary.retried == 0, diary.statuses


def all_bought(diary: Diary) -> None:
    """Somebody bought, and nobody in vain."""
    assert diary.bought > 0
    assert diary.failures == [], diary.statuses


def _backends(state: State) -> Iterator[int]:
    """Process ids of the shop's servers, by the folder that they run in."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cwd").resolve().is_relative_to(state.instances):
                yield int(folder.name)
        except (FileNotFoundError, PermissionError):
            continue


def _rotate(secretsmanager: Any, name: str) -> None:
    before = _version(secretsmanager, name)
    secretsmanager.rotate_secret(SecretId=name)
    deadline = time.monotonic() + _SECONDS
    while _version(secretsmanager, name) == before:
        assert time.monotonic() < deadline, f"{name} is not rotated"
        time.sleep(0.2)


def _version(secretsmanager: Any, name: str) -> str:
    return str(secretsmanager.get_secret_value(SecretId=name)["VersionId"])
