"""All of it: the order of the lines, what a refusal stops, and the exit status."""

from __future__ import annotations

import pytest

from preflight import __main__ as command
from preflight import checking, place
from preflight.errors import CommandLineError, PreflightError
from preflight.finding import Level, error, ok, summary, unchecked
from preflight.needs import Needs
from tests.preflight.canned import ACCOUNT, REGION, Cloud


def test_what_may_not_be_asked_is_no_ok(lab: Needs) -> None:
    """Of somebody who may do nothing: nothing is ok but what needs no answer, and no line is missing."""
    found = list(checking.check_needs(Cloud().account(), lab))
    needed_nothing = {"quota of spot vCPU"}
    assert {each.what for each in found if each.level is Level.OK} == needed_nothing
    assert {each.level for each in found} == {Level.OK, Level.UNCHECKED}
    assert all("needs " in each.text for each in found if each.level is Level.UNCHECKED)
    assert "not checked: domain" not in [str(each) for each in found]


def test_lines_come_in_order_although_the_questions_do_not(lab: Needs) -> None:
    first, second = ([each.what for each in checking.check_needs(Cloud().account(), lab)] for _ in range(2))
    assert first == second
    assert first[: len(lab.app.stacks)] == [f"stack {stack.name}" for stack in lab.app.stacks.values()]


def test_another_account_is_asked_nothing_else(lab: Needs, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/kim", "UserId": "AIDAEXAMPLE"}
    cloud = Cloud({"sts:GetCallerIdentity": identity})
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
    monkeypatch.setattr(checking, "check", lambda _: iter(findings))
    assert command.run(command.parse(["--stage", "lab"])) == status
    *lines, end = capsys.readouterr().out.splitlines()
    assert lines == [str(each) for each in findings]
    assert last in end


def test_a_line_says_given_allowed_and_what_to_do() -> None:
    found = error("quota", given="5 of 5", allowed="5", do="free one")
    assert str(found) == "error:       quota: given 5 of 5; allowed: 5; free one"
    assert summary([found], seconds=3.4) == "preflight: 1 error in 3 s: a deploy would fail"


def test_without_credentials_there_is_one_line(lab: Needs) -> None:
    with pytest.raises(PreflightError, match=r"^error: credentials: given none that work"):
        place._asked(Cloud().account(), lab.settings, {})


def test_settings_are_refused_as_a_synth_refuses_them() -> None:
    with pytest.raises(PreflightError, match=r"^error: "):
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
