"""The server's own types, in a process of their own: MiniStack's modules are for the emulator only."""

import json
import subprocess
import sys

import pytest

from localcloud.state import PROJECT

_LIST = """
import json
from localcloud.server import mends, observed, patching, records, resource, types
from ministack.services.cloudformation import provisioners
own = set(provisioners._RESOURCE_HANDLERS)
resource.register(types.ALL)
resource.register(records.types())
mends.install()
observed.install()
try:
    resource.register(types.ALL)
    twice = "accepted"
except RuntimeError as error:
    twice = str(error)
try:
    patching.edit(records.types, old="there is no such line", new="")
    patch = "accepted"
except patching.PatchError as error:
    patch = str(error)
print(json.dumps({
    "handlers": {name: sorted(entry) for name, entry in provisioners._RESOURCE_HANDLERS.items() if name not in own},
    "both": sorted(set(types.ALL) & set(records.TYPES)),
    "twice": twice,
    "patch": patch,
}))
"""


@pytest.fixture(scope="module")
def registry() -> dict[str, object]:
    answer = subprocess.run(
        [sys.executable, "-c", _LIST], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=300
    )
    listed: dict[str, object] = json.loads(answer.stdout.splitlines()[-1])
    return listed


def test_every_type_can_be_created_changed_and_deleted(registry: dict[str, object]) -> None:
    handlers = registry["handlers"]
    assert isinstance(handlers, dict)
    assert len(handlers) > 50
    for name, operations in handlers.items():
        assert {"create", "update", "delete"} <= set(operations), name


def test_a_type_is_either_real_or_recorded(registry: dict[str, object]) -> None:
    assert registry["both"] == []


def test_a_stale_type_or_correction_fails_at_start(registry: dict[str, object]) -> None:
    assert "has a handler of its own" in str(registry["twice"])
    assert "expected once" in str(registry["patch"])
