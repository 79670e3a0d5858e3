"""All of it: the order of the lines, what a refusal stops, and the exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commands.errors import CommandLineError, RefusedSettingsError
from preflight import __main__ as command
from preflight import checking, place
from preflight.errors import PreflightError
from preflight.finding import Level, error, ok, summary, unchecked
from preflight.needs import Needs
from tests.preflight.canned import ACCOUNT, REGION, Cloud
from tests.support import PROJECT


def test_what_may_not_be_asked_is_no_ok(lab: Needs) -> None:
    """Of somebody who may do nothing: nothing is ok but what needs no answer, and no line is missing."""
    found = list(checking.check_needs(Cloud().account(), lab))
    needed_nothing = {"quota of spot vCPU"}
    assert {each.what for each in found if each.level is Level.OK} == needed_nothing
    assert {each.level for each in found} == {Level.OK, Level.UNCHECKED}
    assert all("needs " in each.text for each in found if each.level is Level.UNCHECKED)
    assert "domain" not in {each.what for each in found}, "it needs none"


def test_lines_come_in_order_although_the_questions_do_not(lab: Needs) -> None:
    first, second = ([each.what for each in checking.check_needs(Cloud().account(), lab)] for _ in range(2))
    assert first == second
    assert first[: len(lab.app.stacks)] == [f"stack {stack.name}" for stack in lab.app.stacks.values()]


def test_another_account_is_asked_nothing_else(lab: Needs) -> None:
    cloud = Cloud({"sts:GetCallerIdentity": _IDENTITY})
    settings = lab.settings.model_copy(update={"account": "210987654321"})
    where = place.Place(account=cloud.account(), settings=settings, context={})
    (found,) = checking.check(where)
    assert found.level is Level.ERROR
    assert cloud.asked == [("sts:GetCallerIdentity", REGION)]


@pytest.mark.parametrize(
    ("findings", "status", "last"),
    [
        ([ok("a", "b")], 0, "1 ok in"),
        ([ok("a", "b"), unchecked("c", "needs d")], 0, "what is not checked nobody looked at"),
        ([ok("a", "b"), error("c", given="d", allowed="e", do="f")], 1, "1 ok, 1 error in"),
    ],
)
def test_exit_status(
    findings: list[object],
    status: int,
    last: str,
    lab: Needs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = place.Place(account=Cloud().account(), settings=lab.settings, context={})
    monkeypatch.setattr(place, "on_aws", lambda **_: where)
    monkeypatch.setattr(checking, "check", lambda *_: iter(findings))
    assert command.run(command.parse(["--stage", "lab"])) == status
    *lines, end = capsys.readouterr().out.splitlines()
    assert lines == [str(each) for each in findings]
    assert last in end


_IDENTITY = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/kim", "UserId": "AIDAEXAMPLE"}


def test_an_assembly_made_before_is_not_synthesized_anew(lab: Needs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_synthesize", lambda _: pytest.fail("synthesized"))
    where = place.Place(
        account=Cloud({"sts:GetCallerIdentity": _IDENTITY}).account().known_as(ACCOUNT),
        settings=lab.settings,
        context={},
    )
    found = [each.what for each in checking.check(where, lab.folder)]
    assert found[1:] == [each.what for each in checking.check_needs(Cloud().account(), lab)]


def test_another_copys_assembly_is_refused(lab: Needs, tmp_path: Path) -> None:
    """Its names would be looked for, and this copy's taken for free."""
    where = place.Place(
        account=Cloud().account().known_as(ACCOUNT),
        settings=lab.settings.model_copy(update={"name": "team3"}),
        context={},
    )
    with pytest.raises(PreflightError, match=r"--assembly: given .* with cloudmart-lab-.*; allowed: stacks team3-lab-"):
        checking._needs(where, lab.folder)
    for folder, text in [(tmp_path / "none", None), (tmp_path, "{"), (tmp_path, "{}")]:
        if text:
            (folder / "manifest.json").write_text(text)
        with pytest.raises(PreflightError, match=r"^error: --assembly: given .*; allowed: a folder that"):
            checking._needs(where, folder)


def test_an_assembly_is_read_with_little_installed(lab: Needs) -> None:
    """A pipeline's job that looks has boto3 and pydantic, and neither the CDK nor what synthesizes."""
    program = (
        "import sys\n"
        "for name in ('aws_cdk', 'jsii', 'constructs', 'cfnlint', 'localcloud', 'tools', 'yaml'):\n"
        "    sys.modules[name] = None\n"
        "from preflight.__main__ import main\n"
        "sys.argv[1:] = ['--stage', 'lab', '--assembly', sys.argv[1]]\n"
        "from commands.place import settings_of\n"
        "from preflight import place\n"
        "from tests.preflight.canned import ACCOUNT, Cloud\n"
        "identity = {'Account': ACCOUNT, 'Arn': 'arn:aws:iam::' + ACCOUNT + ':user/kim', 'UserId': 'AIDAEXAMPLE'}\n"
        "account = Cloud({'sts:GetCallerIdentity': identity}).account()\n"
        "place.on_aws = lambda context: place._asked(account, settings_of(context), context)\n"
        "sys.exit(main())\n"
    )
    command_line = [sys.executable, "-c", program, str(lab.folder)]
    ended = subprocess.run(command_line, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert "preflight: 2 ok" in ended.stdout


def test_a_line_says_given_allowed_and_what_to_do() -> None:
    found = error("quota", given="5 of 5", allowed="5", do="free one")
    assert str(found) == "error:       quota: given 5 of 5; allowed: 5; free one"
    assert summary([found], seconds=3.4) == "preflight: 1 error in 3 s: a deploy would fail"


def test_without_credentials_there_is_one_line(lab: Needs) -> None:
    with pytest.raises(PreflightError, match=r"^error: credentials: given none that work"):
        place._asked(Cloud().account(), lab.settings, {})


def test_settings_are_refused_as_a_synth_refuses_them() -> None:
    with pytest.raises(RefusedSettingsError, match=r"^error: "):
        place.on_aws(context={"stage": "lab", "network.zones": "nowhere"})


@pytest.mark.parametrize(
    "arguments", [["--stagee", "lab"], ["-c", "stage"], ["--state", "somewhere"], ["what"]], ids=" ".join
)
def test_a_bad_command_line_is_one_line(arguments: list[str]) -> None:
    with pytest.raises(CommandLineError, match=r"^error: .*: given .*; allowed: .*; .*") as refused:
        command.parse(arguments)
    assert refused.value.status == 2


def test_a_stage_is_named_either_way() -> None:
    assert command.parse(["--stage", "dev"]).context == {"stage": "dev"}
    assert command.parse(["-c", "stage=dev", "--name", "team3"]).context == {"stage": "dev", "name": "team3"}
