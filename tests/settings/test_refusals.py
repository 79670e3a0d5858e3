"""Bad input ends in one line that says what was given, what is allowed and what to do."""

import ast
import inspect
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cloudmart_cdk.settings import SettingsError, checks, eks_checks, load_settings, loading, service_checks
from cloudmart_cdk.settings.problem import Problem
from tests.settings.refusal import Refusal
from tests.settings.refusals import ALL, CHECKS
from tests.support import PROJECT

CDK = PROJECT / "node_modules" / "aws-cdk" / "bin" / "cdk"


def run_app(context: Mapping[str, Any], folder: Path, *, command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(folder / "cdk.out")}
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in ALL.items()])
def test_entry_point_refuses_in_one_line(case: Refusal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outdir = tmp_path / "cdk.out"
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps(case.context))
    monkeypatch.setenv("CDK_OUTDIR", str(outdir))
    with pytest.raises(SystemExit) as refused:
        runpy.run_path(str(PROJECT / "app.py"), run_name="__main__")
    line = refused.value.code
    # What `sys.exit` is given as text goes to stderr, and the status is 1.
    assert isinstance(line, str)
    assert line.isprintable()
    assert line.startswith(f"error: {case.key}: given ")
    assert line.count("; allowed: ") == 1
    for words in case.words:
        assert words in line
    assert not outdir.exists()


def test_process_says_one_line_and_loads_no_cdk(tmp_path: Path) -> None:
    program = (
        "import atexit, runpy, sys\n"
        "atexit.register(lambda: print('aws_cdk' in sys.modules or 'jsii' in sys.modules))\n"
        "runpy.run_path('app.py', run_name='__main__')\n"
    )
    done = run_app({"stage": "nowhere"}, tmp_path, command=[sys.executable, "-c", program])
    assert done.returncode == 1
    assert done.stdout == "False\n"
    assert done.stderr == "error: stage: given nowhere; allowed: lab, dev, staging, prod; use -c stage=lab\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["stage=nowhere", "skip=VpcStack"])
def test_cdk_synth_refuses_and_leaves_no_template(option: str, tmp_path: Path) -> None:
    command = [str(CDK), "synth", "--no-notices", "-c", option, "--output", str(tmp_path / "out")]
    done = run_app({}, tmp_path, command=command)
    ours, cli = done.stderr.splitlines()
    assert done.returncode == 1
    assert done.stdout == ""
    assert ours.startswith(f"error: {option.partition('=')[0]}: given ")
    assert cli == "python3 -O app.py: Subprocess exited with error 1"
    # The CLI makes the folder itself, before it starts the app.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_several_problems_are_one_line_and_all_are_kept() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"backend.max": "x", "database.backup_days": "36", "name": ""})
    assert str(refused.value).endswith(" (and 2 more)")
    assert {problem.key for problem in refused.value.problems} == {"backend.max", "database.backup_days", "name"}


@pytest.fixture
def edit_stage_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """`edit_stage_files(pattern, replacement)`: as if a user had edited them."""
    original = loading._STAGE_FILES
    monkeypatch.setattr(loading, "_STAGE_FILES", tmp_path)

    def edit(pattern: str, replacement: str) -> None:
        for file in original.glob("*.toml"):
            (tmp_path / file.name).write_text(re.sub(pattern, replacement, file.read_text(encoding="utf-8")))

    return edit


def test_stage_file_that_is_not_toml(edit_stage_files: Callable[[str, str], None]) -> None:
    edit_stage_files('name = "cloudmart"', "name = ")
    with pytest.raises(SettingsError, match=r"^error: .*/common\.toml: given text that is not TOML.*line \d"):
        load_settings({})


def test_wrong_value_of_a_stage_file_names_the_file(edit_stage_files: Callable[[str, str], None]) -> None:
    edit_stage_files("backup_days = 1", "backup_days = 99")
    with pytest.raises(
        SettingsError, match=r"backup_days: given 99; .* or correct .*/lab\.toml or common\.toml beside"
    ):
        load_settings({})


def test_unknown_name_in_a_stage_file_names_the_file(edit_stage_files: Callable[[str, str], None]) -> None:
    edit_stage_files("backup_days = 1", "backup_days = 1\nbackup_dayz = 1")
    with pytest.raises(SettingsError, match=r"^error: database.backup_dayz: given a name .*; correct .*/lab\.toml"):
        load_settings({})


def test_setting_missing_from_stage_files(edit_stage_files: Callable[[str, str], None]) -> None:
    edit_stage_files("backup_days = 1", "")
    with pytest.raises(
        SettingsError, match=r"backup_days: given nothing; allowed: a whole number from 1 to 35; use e.g."
    ):
        load_settings({})


@pytest.mark.parametrize("module", [checks, eks_checks, service_checks], ids=lambda module: module.__name__)
def test_every_check_has_its_case(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, edit_stage_files: Callable[[str, str], None]
) -> None:
    """Each `Problem(...)` written there is provoked by the table."""
    tree = ast.parse(inspect.getsource(module))
    written = {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
    }
    provoked: set[int] = set()

    def recorded(*arguments: str) -> Problem:
        provoked.add(sys._getframe(1).f_lineno)
        return Problem(*arguments)

    monkeypatch.setattr(module, "Problem", recorded)
    edit_stage_files("", "")
    for case in CHECKS.values():
        with pytest.raises(SettingsError):
            load_settings(case.context)
    edit_stage_files("vpc-cni = .*", "")  # what `-c` cannot take away
    with pytest.raises(SettingsError, match=r"eks.addons.vpc-cni: given nothing"):
        load_settings({})
    assert written - provoked == set(), f"lines of {module.__name__} without a case in tests/settings/refusals.py"
