"""The pipeline's workflows: who may do what in them, in which order, with which commands.

What runs there cannot run here. `test_workflows` judges form and security of all files; here is what these mean: rights
job by job, stages, the files and roles that AWS trusts, and that the tools take what the jobs say to them.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]  # has no types of its own

from cloudmart_cdk.constructs import pipeline_role
from cloudmart_cdk.settings import load_settings
from tests.support import PROJECT
from tools.pipeline.comment import BASE
from tools.runbook import project_tools

_FOLDER: Final = PROJECT / ".github" / "workflows"
_ACTIONS: Final = PROJECT / ".github" / "actions"
_STAGES: Final = ("dev", "staging", "prod")
_CALLED: Final = ("deploy-stage.yml", "drift-stage.yml")
_FILES: Final = ("pull-request.yml", "pull-request-comment.yml", "deploy.yml", "drift.yml", *_CALLED)
_MAY: Final = {
    "pull-request.yml": {"test": {"contents": "read"}, "changes": {"contents": "read"}},
    "pull-request-comment.yml": {
        "comment": {"actions": "read", "contents": "read", "pull-requests": "write"},
    },
    "deploy.yml": {
        "test": {"contents": "read"},
        "assemblies": {"contents": "read"},
        **{stage: {"contents": "read", "id-token": "write"} for stage in _STAGES},
    },
    "deploy-stage.yml": {job: {"contents": "read", "id-token": "write"} for job in ("look", "deploy")},
    "drift.yml": {
        "assemblies": {"contents": "read"},
        **{stage: {"contents": "read", "id-token": "write"} for stage in _STAGES},
        "report": {"contents": "read", "issues": "write"},
    },
    "drift-stage.yml": {"look": {"contents": "read", "id-token": "write"}},
}
"""Every right that a job has: nobody gets another one in passing."""


@cache
def _parsed(file: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(file.read_text())
    return content


def _workflow(name: str) -> dict[Any, Any]:
    return _parsed(_FOLDER / name)


def _jobs(name: str) -> dict[str, Any]:
    return dict(_workflow(name)["jobs"])


def _on(name: str) -> Any:
    return _workflow(name)[True]  # YAML 1.1 reads "on" so


def _scripts() -> Iterator[tuple[str, str]]:
    """Where, and what a shell runs there; of this pipeline."""
    for name in _FILES:
        for job, content in _jobs(name).items():
            yield from ((f"{name} {job}", str(step["run"])) for step in content.get("steps", ()) if "run" in step)
    for action in ("cdk", "assemblies"):
        steps = _parsed(_ACTIONS / action / "action.yml")["runs"]["steps"]
        yield from ((f"action {action}", str(step["run"])) for step in steps if "run" in step)


def _commands(program: str) -> list[tuple[str, list[str]]]:
    """Where, and the words behind `program`, up to a pipe, a redirection or the end of the command."""
    found = []
    for where, script in _scripts():
        for line in script.replace("\\\n", " ").splitlines():
            for match in re.finditer(rf"(?:^|[;{{] *|\| *){re.escape(program)} (?P<rest>[^|;]*)", line.strip()):
                rest = re.split(r" (?:2>&1|>>)", match["rest"])[0]
                found.append((where, [word.strip('"') for word in re.findall(r'(?:"[^"]*"|\S)+', rest)]))
    return found


def _filled(words: list[str]) -> list[str]:
    """As the shell would hand them over."""
    values = {"STAGE": "dev", "stage": "dev", "NAME": "team3", "REGION": "ap-northeast-2", "HEAD_SHA": "a" * 40}
    text = [re.sub(r"\$\{\w+:\+(\w+)\}", r"\1", word) for word in words]
    return [re.sub(r"\$(\w+)", lambda match: values.get(match[1], "x"), word) for word in text]


@pytest.mark.parametrize("name", _FILES)
def test_every_job_has_these_rights_and_no_others(name: str) -> None:
    assert _workflow(name)["permissions"] == {}
    assert {job: content["permissions"] for job, content in _jobs(name).items()} == _MAY[name]


def test_there_is_no_other_workflow() -> None:
    assert {file.name for file in _FOLDER.glob("*.y*ml") if not file.name.startswith("tiketi-")} == set(_FILES)


@pytest.mark.parametrize("name", _FILES)
def test_every_job_ends_and_fails_where_it_fails(name: str) -> None:
    for job, content in _jobs(name).items():
        if "uses" not in content:
            assert 0 < content["timeout-minutes"] <= 110, job
            assert content["runs-on"] == "ubuntu-24.04", job
    # GitHub's default shell goes on behind a pipe whose first program has failed.
    assert _workflow(name)["defaults"] == {"run": {"shell": "bash"}} or not [
        where for where, _ in _scripts() if where.startswith(name)
    ]


def test_strangers_code_runs_without_any_right_and_nobody_elses_beside_a_token() -> None:
    assert set(_on("pull-request.yml")) == {"pull_request"}
    assert _on("pull-request.yml")["pull_request"]["branches"] == [BASE]
    assert _on("pull-request-comment.yml") == {"workflow_run": {"workflows": ["pull-request"], "types": ["completed"]}}
    checkout, download, post = _jobs("pull-request-comment.yml")["comment"]["steps"]
    assert checkout["with"] == {"persist-credentials": False}, "main's code, as the event has it"
    assert download["with"]["path"].startswith("${{ runner.temp }}/"), "beside the code, not over it"
    assert download["continue-on-error"], "a synth that was refused is news, too"
    assert post["run"].startswith("python3 -m tools.pipeline comment ")


def test_what_runs_beside_a_token_needs_the_standard_library_alone() -> None:
    """Nothing of others is installed there; -S: no site-packages."""
    modules = ", ".join(f"tools.pipeline.{module}" for module in ("__main__", "comment", "drift"))
    program = f"import sys; sys.path.insert(0, '.'); import {modules}"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], cwd=PROJECT, check=True, capture_output=True)


def test_what_runs_beside_a_way_into_aws_needs_what_is_installed_there_alone() -> None:
    """boto3 and pydantic: no CDK, no local cloud."""
    heavy = ("aws_cdk", "jsii", "ministack", "cfnlint", "localcloud")
    program = (
        "import sys, preflight.checking, preflight.place, tools.pipeline.smoke, cloudmart_cdk.settings\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, text=True, capture_output=True, check=True)
    assert ended.stdout == "[]\n"
    (install, *_) = [script for where, script in _scripts() if where == "action cdk"]
    assert "--constraint constraints.txt" in install
    assert "npm ci --ignore-scripts" in install


def test_stages_are_deployed_one_after_the_other_each_with_its_own_account() -> None:
    jobs = _jobs("deploy.yml")
    before: list[str] = ["test", "assemblies"]
    for stage in _STAGES:
        job = jobs[stage]
        assert job["needs"] == before
        assert job["uses"] == "./.github/workflows/deploy-stage.yml"
        assert job["with"]["stage"] == stage
        assert job["with"]["account"] == f"${{{{ vars.AWS_ACCOUNT_ID_{stage.upper()} }}}}"
        assert f"vars.AWS_ACCOUNT_ID_{stage.upper()} != ''" in job["if"]
        assert "github.ref == 'refs/heads/main'" in job["if"]
        assert job["with"]["destructive"] == f"${{{{ inputs.destructive-{stage} || false }}}}"
        before = [*before, stage]
    assert set(_on("deploy.yml")["workflow_dispatch"]["inputs"]) == {f"destructive-{stage}" for stage in _STAGES}


_DONE: Final = dict.fromkeys(("test", "assemblies", "dev", "staging"), "success")


@pytest.mark.parametrize(
    ("results", "accounts", "deployed"),
    [
        ({}, _STAGES, _STAGES),
        ({"dev": "skipped"}, ("staging", "prod"), ("staging", "prod")),
        ({"dev": "skipped", "staging": "skipped"}, ("prod",), ("prod",)),
        ({"staging": "skipped"}, ("dev", "prod"), ("dev", "prod")),
        *(({"dev": result}, _STAGES, ("dev",)) for result in ("failure", "cancelled", "skipped")),
        *(({"staging": result}, _STAGES, ("dev", "staging")) for result in ("failure", "cancelled", "skipped")),
        *(
            ({before: result, "dev": "skipped", "staging": "skipped"}, accounts, ())
            for before in ("test", "assemblies")
            for result in ("failure", "cancelled", "skipped")
            for accounts in (_STAGES, ("staging", "prod"), ("prod",))
        ),
    ],
)
def test_a_stage_is_deployed_after_what_came_through(
    results: dict[str, str], accounts: tuple[str, ...], deployed: tuple[str, ...]
) -> None:
    """A job that a newer run's took the turn of is cancelled, and its run is not: `cancelled()` is false then."""
    results = _DONE | results
    assert tuple(stage for stage in _STAGES if _goes(stage, results, accounts)) == deployed


def _goes(stage: str, results: dict[str, str], accounts: tuple[str, ...]) -> bool:
    """What GitHub makes of the job's condition. Without a status function in it, all that it needs has to succeed."""
    job = _jobs("deploy.yml")[stage]
    needed = {name: results[name] for name in job["needs"]}
    condition = re.sub(
        r"vars\.AWS_ACCOUNT_ID_(\w+)", lambda m: repr("1" if m[1].lower() in accounts else ""), job["if"]
    )
    condition = re.sub(r"needs\.(\w+)\.result", lambda match: repr(needed[match[1]]), condition)
    condition = condition.replace("github.ref", "'refs/heads/main'")
    functions = {"cancelled": lambda: False, "failure": lambda: "failure" in needed.values()}
    implied = any(f"{name}(" in condition for name in functions) or set(needed.values()) <= {"success"}
    python = re.sub(r"!(?!=)", " not ", condition).replace("&&", "and").replace("||", "or")
    return implied and bool(eval(" ".join(python.split()), {"__builtins__": {}}, functions))


def test_who_deploys_and_looks_is_whom_the_roles_trust() -> None:
    assert PROJECT / pipeline_role.DEPLOY_FILE == _FOLDER / "deploy-stage.yml"
    assert PROJECT / pipeline_role.DRIFT_FILE == _FOLDER / "drift-stage.yml"
    names = load_settings({"stage": "dev", "name": "team3"}).names
    deploy = _jobs("deploy-stage.yml")
    assert deploy["deploy"]["environment"] == "${{ inputs.stage }}"
    assert _roles(deploy["deploy"]) == [f"arn:aws:iam::111111111111:role/{pipeline_role.deploy_role_name(names)}"]
    assert deploy["deploy"]["timeout-minutes"] * 60 < pipeline_role.SESSION_S
    lookup = "arn:aws:iam::111111111111:role/cdk-hnb659fds-lookup-role-111111111111-ap-northeast-2"
    for looking in (deploy["look"], _jobs("drift-stage.yml")["look"]):
        assert "environment" not in looking, "its subject is the branch"
        assert _roles(looking) == [
            f"arn:aws:iam::111111111111:role/{pipeline_role.look_role_name(names)}",
            lookup,
        ]


def _roles(job: dict[str, Any]) -> list[str]:
    """Taken on in this order, as dev of team3."""
    values = {
        "inputs.account": "111111111111",
        "inputs.stage": "dev",
        "env.NAME": "team3",
        "vars.AWS_REGION || 'ap-northeast-2'": "ap-northeast-2",
    }
    taken = [step["with"] for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
    assert [each.get("role-chaining", False) for each in taken] == [False, True][: len(taken)]
    return [re.sub(r"\$\{\{ (.+?) \}\}", lambda match: values[match[1]], each["role-to-assume"]) for each in taken]


def test_a_deploy_is_never_cancelled_and_one_stage_has_one_at_a_time() -> None:
    assert _jobs("deploy-stage.yml")["deploy"]["concurrency"] == {
        "group": "deploy-${{ inputs.stage }}",
        "cancel-in-progress": False,
    }


def test_nothing_is_deployed_before_its_differences_were_judged() -> None:
    steps = _jobs("deploy-stage.yml")["deploy"]["steps"]
    names = [step.get("name") for step in steps]
    judged = names.index("Nothing is lost, unless somebody said so")
    assert judged < names.index("Deploy") < names.index("The shop answers")
    assert steps[judged]["if"] == "${{ !inputs.destructive }}"
    assert "--fail-on destructive" in steps[judged]["run"]
    assert _jobs("deploy-stage.yml")["deploy"]["needs"] == "look", "read before it is approved"


def test_what_is_deployed_was_made_once_and_says_nothing_of_who_may_deploy() -> None:
    made = [words for where, words in _commands("make") if where == "action assemblies" and words[0] == "synth"]
    assert len(made) == 1
    (script,) = [script for where, script in _scripts() if where == "action assemblies" and "synth" in script]
    assert "for stage in dev staging prod" in script
    assert re.search(r'-c delivery\.github_repository="\n', script), "given, and empty"
    assert "tar --create" in script, "artifacts forget which files are programs"
    for name in _CALLED:
        for job in _jobs(name).values():
            names = [step["with"]["name"] for step in job["steps"] if "download-artifact" in step.get("uses", "")]
            assert names == ["assemblies"]
            assert 'tar --extract --file "$RUNNER_TEMP/assemblies.tar"' in [step.get("run") for step in job["steps"]]


def test_cdks_cli_takes_what_the_jobs_say_to_it() -> None:
    commands = _commands("node_modules/.bin/cdk")
    assert {words[0] for _, words in commands} == {"diff", "deploy", "drift"}
    for where, words in commands:
        wrong = [each for each in project_tools.cdk(_filled(words)) if "no stage" not in each]
        assert wrong == [], where
        assert _filled(words)[words.index("--app") + 1] == "cdk.out/dev", "nothing is synthesized where a token is"


def test_this_projects_tools_take_what_the_jobs_say_to_them() -> None:
    commands = [*_commands("python"), *_commands("python3")]
    modules = {words[1] for _, words in commands if words[0] == "-m"}
    assert modules == {"pip", "preflight", "tools.cost", "tools.cost.diff", "tools.pipeline"}
    for where, words in commands:
        if words[1] != "pip":
            assert list(project_tools.python(_filled(words))) == [], where


def test_make_has_the_targets_that_the_jobs_ask_for() -> None:
    targets = {word for _, words in _commands("make") for word in words if re.fullmatch(r"[a-z]+", word)}
    assert targets == {"setup", "synth"}
    for target in targets:
        assert list(project_tools.make([target])) == []


def test_every_script_is_one_that_shellcheck_accepts(tmp_path: Path) -> None:
    for number, (where, script) in enumerate(_scripts()):
        (tmp_path / f"{number} {where}").write_text(script)
    program = str(Path(sys.executable).with_name("shellcheck"))
    # 1091: what set-up makes is not there to be read.
    command = [program, "--shell", "bash", "--exclude", "1091", *map(str, sorted(tmp_path.iterdir()))]
    ended = subprocess.run(command, text=True, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stdout
