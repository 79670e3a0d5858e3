"""A secret that rotates: which value is in use, and how often Secrets Manager is asked."""

import asyncio
from collections import Counter

import pytest

from cloudmart_cdk.assets.shop.shop import credentials
from cloudmart_cdk.assets.shop.shop.credentials import Credential


class Vault:
    """Two versions of a secret, and how often they were read."""

    def __init__(self, current: str | None, previous: str | None = None) -> None:
        self.versions = {"AWSCURRENT": current, "AWSPREVIOUS": previous}
        self.reads: Counter[str] = Counter()

    def read(self, version: str) -> str | None:
        self.reads[version] += 1
        return self.versions[version]


def credential(vault: Vault, value: str) -> Credential[str]:
    return Credential("database/app", read=vault.read, value=value)


def test_the_current_version_comes_first_then_the_one_before() -> None:
    async def scene() -> None:
        secret = credential(Vault("current", "previous"), "old")
        assert await secret.refused("old")
        assert secret.value == "current"
        assert await secret.refused("current")
        assert secret.value == "previous"
        assert not await secret.refused("previous")

    asyncio.run(scene())


def test_many_refusals_are_one_look() -> None:
    async def scene() -> None:
        vault = Vault("new", "old")
        secret = credential(vault, "old")
        assert all(await asyncio.gather(*(secret.refused("old") for _ in range(50))))
        assert secret.value == "new"
        assert vault.reads == {"AWSCURRENT": 1, "AWSPREVIOUS": 1}

    asyncio.run(scene())


def test_a_value_that_nobody_takes_is_not_asked_for_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_FIRST_PAUSE", 60.0)  # longer than fifty looks, however slow the machine

    async def scene() -> None:
        vault = Vault("same")
        secret = credential(vault, "same")
        assert not any([await secret.refused("same") for _ in range(50)])
        assert vault.reads["AWSCURRENT"] == 1

    asyncio.run(scene())


def test_what_was_refused_long_ago_is_no_matter_any_more() -> None:
    async def scene() -> None:
        vault = Vault("new", "old")
        secret = credential(vault, "old")
        await secret.refused("old")
        secret.accepted()
        assert await secret.refused("old"), "somebody who still held the old one tries the new one"
        assert secret.value == "new"
        assert vault.reads["AWSCURRENT"] == 1

    asyncio.run(scene())


def test_a_vault_that_fails_leaves_the_value_in_use() -> None:
    def read(version: str) -> str | None:
        raise RuntimeError("throttled")

    async def scene() -> None:
        secret: Credential[str] = Credential("cache/auth", read=read, value="old")
        assert not await secret.refused("old")
        assert secret.value == "old"

    asyncio.run(scene())
