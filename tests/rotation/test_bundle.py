"""What is in the function's archive: enough to run, the same on every machine."""

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloudmart_cdk.constructs.rotation import bundle


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_two_bundles_are_the_same_and_hold_nothing_of_this_machine(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        bundle(tmp_path / name)
    contents = _contents(tmp_path / "one")
    assert contents == _contents(tmp_path / "two")
    assert {name.partition("/")[0].partition("-")[0] for name in contents} == {
        *("rotation", "pg8000", "scramp", "asn1crypto", "dateutil", "python_dateutil", "six", "six.py")
    }
    for name in contents:
        assert "__pycache__" not in name
        assert not name.endswith((".so", ".pyc"))
        assert ".dist-info/" not in name or name.endswith("/METADATA")


def test_the_archive_runs_with_nothing_of_ours_beside_it(tmp_path: Path) -> None:
    """As in Lambda, where boto3 comes with the runtime."""
    bundle(tmp_path)
    program = "import json, rotation.handler, pg8000; print(json.dumps([rotation.handler.__file__, pg8000.__file__]))"
    boto3 = Path(str(importlib.metadata.distribution("boto3").locate_file("")))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(boto3)])}
    run = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=tmp_path, env=environment, capture_output=True, check=True, text=True
    )
    assert all(path.startswith(str(tmp_path)) for path in json.loads(run.stdout))


def test_a_missing_package_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudmart_cdk.constructs.function_archive._DRIVER", ("no-such-package",))
    with pytest.raises(RuntimeError, match=r"^error: .*no-such-package.*; do make setup$"):
        bundle(tmp_path)


def test_compiled_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudmart_cdk.constructs.function_archive._DRIVER", ("hiredis",))
    with pytest.raises(RuntimeError, match="pure Python"):
        bundle(tmp_path)
