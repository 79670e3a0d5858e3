"""GitHub's workflows: one a service, of the right form, without what a pipeline is attacked by.

What runs there cannot run here. Judged are syntax (the schemas of vendors), security (zizmor, offline), and what the
AWS side agrees with: names, environments, the file that the roles trust.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]  # has no types of its own

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.constructs import service_delivery
from cloudmart_cdk.settings import load_settings
from delivery import command_line
from tests.support import PROJECT
from tools import workflows

_GITHUB: Final = PROJECT / ".github"
_ACTION: Final = _GITHUB / "actions" / "release-service" / "action.yml"
_PINNED: Final = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def _files() -> list[Path]:
    return sorted([*workflows.FOLDER.glob("*.y*ml"), *(_GITHUB / "actions").rglob("*.y*ml")])


def _parsed(path: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(path.read_text())
    return content


def _called() -> dict[str, Any]:
    return dict(_parsed(workflows.FOLDER / workflows.CALLED)["jobs"])


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]], text=True, capture_output=True, check=False
    )


def test_there_is_a_workflow_for_each_service_of_the_table_and_no_other() -> None:
    assert workflows.written() == workflows.callers(), "run `python -m tools.workflows`"


def test_every_file_has_the_form_that_github_expects() -> None:
    actions = sorted((_GITHUB / "actions").glob("*/action.yml"))
    assert _ACTION in actions
    for kind, files in (("workflows", sorted(workflows.FOLDER.glob("*.yml"))), ("actions", actions)):
        ended = _run("check-jsonschema", "--builtin-schema", f"vendor.github-{kind}", *map(str, files))
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_nothing_that_pipelines_are_attacked_by() -> None:
    options = ("--offline", "--persona", "auditor", "--no-progress", "--strict-collection")
    ended = _run("zizmor", *options, "--config", str(_GITHUB / "zizmor.yml"), str(_GITHUB))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_actions_of_others_are_pinned_by_commit_with_their_version_beside() -> None:
    """zizmor wants the commit; people who review an update want the version."""
    used = [line.strip(" -") for path in _files() for line in path.read_text().splitlines() if "uses:" in line]
    others = [line for line in used if "uses: ./" not in line]
    assert others
    assert [line for line in others if not _PINNED.fullmatch(line)] == []
    versions = {(line.partition("@")[0], line.partition("@")[2]) for line in others}
    assert len(versions) == len({action for action, _ in versions}), "one action, one version"


def test_who_releases_is_whom_the_roles_trust() -> None:
    jobs = _called()
    assert PROJECT / service_delivery.WORKFLOW_FILE == workflows.FOLDER / workflows.CALLED
    environments = {job["environment"] for job in jobs.values() if "environment" in job}
    assert environments == {"dev", "prod"}
    for name, job in jobs.items():
        assert ("id-token" in job["permissions"]) == ("environment" in job), name
        assert job["timeout-minutes"] * 60 < service_delivery.SESSION_S
    role = next(
        step["with"]["role-to-assume"]
        for step in _parsed(_ACTION)["runs"]["steps"]
        if "configure-aws-credentials" in step.get("uses", "")
    )
    names = load_settings({"stage": "dev", "name": "team3"}).names
    filled = _filled(role, name="team3", stage="dev", service="auth", account="111111111111")
    assert filled == f"arn:aws:iam::111111111111:role/{releases.role_name(names, 'auth')}"


def test_no_keys_are_stored() -> None:
    for path in _files():
        assert "secrets." not in path.read_text(), path


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_command_that_releases_is_one_that_the_tool_takes(stage: str) -> None:
    (step,) = (step for step in _called()[stage]["steps"] if step.get("uses", "").endswith("/release-service"))
    assert step["with"]["stage"] == stage
    script = str(_parsed(_ACTION)["runs"]["steps"][-1]["run"]).replace("\\\n", " ")
    values = {"STAGE": stage, "NAME": "team3", "REGION": "ap-northeast-2", "SERVICE": "auth", "DIGEST": "sha256:0"}
    values["STRATEGY"] = step["with"]["strategy"]
    words = [re.sub(r'"([^"]*)"', r"\1", re.sub(r"\$(\w+)", lambda m: values[m[1]], word)) for word in script.split()]
    assert words[:3] == ["python", "-m", "delivery"]
    parsed = command_line.parse(words[3:])
    assert (parsed.stage, parsed.service, parsed.image) == (stage, "auth", "sha256:0")
    assert parsed.strategy == {"dev": "rolling", "prod": "canary"}[stage]


def test_the_tool_runs_with_what_the_workflow_installs() -> None:
    """boto3 and pydantic, and neither CDK nor the local cloud."""
    heavy = ("aws_cdk", "jsii", "ministack", "cfnlint", "localcloud")
    program = f"import sys, delivery.services.commands; print([m for m in {heavy} if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, text=True, capture_output=True, check=True)
    assert ended.stdout == "[]\n"


def _filled(text: str, **values: str) -> str:
    return re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: values[match[1]], text)


def _steps() -> Iterator[dict[str, Any]]:
    for path in _files():
        content = _parsed(path)
        jobs = content.get("jobs", {"": content.get("runs", {})})
        yield from (step for job in jobs.values() for step in job.get("steps", []))


def test_nothing_of_an_expression_is_pasted_into_a_shell() -> None:
    scripts = [step["run"] for step in _steps() if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []
