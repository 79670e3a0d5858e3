"""The rule sets that others publish: the committed page is current, every failure is decided, and the rules do bite."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import PROJECT, run_folder
from tools.assembly import Assembly
from tools.compliance import decisions, guard, nag, page
from tools.compliance.__main__ import measure, page_of
from tools.compliance.decisions import Decision
from tools.compliance.model import CONFIGURATIONS, ComplianceError, Failure, Pack, Rule, Verdict

EVERYWHERE = tuple(CONFIGURATIONS)
SITE = Failure("CT.S3.PR.6", "FrontendCdnStack/Cdn/SiteBucket", "prod")


def refused(rule: str, resource: str, *configurations: str, text: str = "Because it is meant to be so.") -> Decision:
    return Decision("refused", (rule,), (resource,), configurations or EVERYWHERE, text)


# One test, so that the eight seconds of synth and rules are spent once, whatever the number of workers.
def test_page_is_current_and_every_failure_is_decided() -> None:
    folder = run_folder() / "compliance"
    packs = measure(folder)
    text, judgement = page_of(packs)
    assert judgement.problems == ()
    assert (PROJECT / "docs" / "compliance.md").read_text(encoding="utf-8") == text, "out of date: run make compliance"

    counted = {(pack.title, pack.source): len(pack.rules) for pack in packs}
    assert counted["all proactive controls", "Control Tower"] == 237
    assert counted["NIST 800-53 r5", "cdk-nag"] > 80
    for pack in packs:
        for configuration in CONFIGURATIONS:
            count = page.tally(pack, configuration, judgement)
            assert count.passed > 0
            assert count.passed + count.refused + count.to_mend + count.not_applicable == len(pack.rules)
    for name in nag.PACKS:
        listened = json.loads((folder / "prod" / f"{name}.verdicts.json").read_text(encoding="utf-8"))
        failed = {id for id, verdict in nag.judge(folder / "prod", name).items() if verdict.outcome == "failed"}
        assert failed == {id for id, verdicts in listened.items() if verdicts["Non-Compliant"]}


def test_every_decision_gives_a_reason_of_its_own() -> None:
    decided = decisions.load()
    for decision in decided:
        assert len(decision.text.split()) >= 6, decision
        assert "false positive" not in decision.text.lower(), decision
    assert len({decision.text for decision in decided}) == len(decided)


def test_failure_without_a_decision() -> None:
    elsewhere = refused("CT.S3.PR.6", "FrontendCdnStack/Cdn/SiteBucket", "lab")
    in_lab = Failure(SITE.rule, SITE.resource, "lab")
    judged = decisions.judge([elsewhere], [SITE, in_lab, Failure(SITE.rule, SITE.resource, "prod with a domain")], ())
    assert judged.covered == {in_lab: elsewhere}
    assert judged.problems == (
        "error: compliance: given CT.S3.PR.6 fails on FrontendCdnStack/Cdn/SiteBucket, without a decision (in prod, "
        "prod with a domain); allowed: one decision a failure; mend it, or say why not in "
        "tools/compliance/decisions.toml",
    )


def test_failure_that_is_decided_twice() -> None:
    both = [refused(SITE.rule, SITE.resource), refused(SITE.rule, "FrontendCdnStack/*")]
    (problem,) = decisions.judge(both, [SITE], ()).problems
    assert "given CT.S3.PR.6 fails on FrontendCdnStack/Cdn/SiteBucket, decided twice (in prod); " in problem


def test_failure_that_was_mended() -> None:
    mended = Decision("mended", (SITE.rule,), (SITE.resource,), EVERYWHERE, "A lifecycle rule.")
    (problem,) = decisions.judge([mended], [SITE], [SITE.rule]).problems
    assert "given CT.S3.PR.6 fails on FrontendCdnStack/Cdn/SiteBucket, which was mended (in prod); " in problem
    assert decisions.judge([mended], [], [SITE.rule]).problems == ()


@pytest.mark.parametrize(
    ("stale", "what"),
    [
        (
            Decision("refused", (SITE.rule, "CT.S3.PR.9"), (SITE.resource,), EVERYWHERE, "No."),
            "CT.S3.PR.9, which does not fail there",
        ),
        (
            Decision("refused", (SITE.rule,), (SITE.resource, "VpcStack/*"), EVERYWHERE, "No."),
            "VpcStack/*, on which none of CT.S3.PR.6 fails",
        ),
        (
            Decision("refused", (SITE.rule,), (SITE.resource,), ("prod", "lab"), "No."),
            "in = 'lab', where nothing of it fails",
        ),
        (
            Decision("mended", ("CT.S3.PR.999",), (SITE.resource,), EVERYWHERE, "No."),
            "CT.S3.PR.999 as mended, which is no rule",
        ),
    ],
)
def test_stale_decision(stale: Decision, what: str) -> None:
    valid = [] if stale.kind == "refused" else [refused(SITE.rule, SITE.resource)]
    assert decisions.judge([*valid, stale], [SITE], [SITE.rule]).problems == (
        f'error: compliance: given a decision ("No.") on {what}; allowed: decisions on failures that there are; take '
        "it out of tools/compliance/decisions.toml",
    )


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("[[accepted]]\n", "table accepted"),
        ('[[refused]]\nrules = ["a"]\nresources = ["b"]\n', "no reason in refused 1"),
        ('[[refused]]\nrules = ["a"]\nresources = ["b"]\nreason = "c"\nuntil = 2030\n', "until in refused 1"),
        ('[[refused]]\nrules = "a"\nresources = ["b"]\nreason = "c"\n', "rules = 'a' in refused 1"),
        ('[[mended]]\nrules = ["a"]\nresources = []\nchange = "c"\n', "resources = [] in mended 1"),
        ('[[mended]]\nrules = ["a"]\nresources = ["b"]\nin = ["qa"]\nchange = "c"\n', "in = 'qa' in mended 1"),
    ],
)
def test_decisions_of_another_form_are_refused(text: str, given: str, tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ComplianceError) as refused:
        decisions.load(file)
    # The file goes by its place in the project when it has one there.
    said = str(refused.value)
    assert said.startswith("error: ")
    assert f"decisions.toml: given {given}; allowed: " in said


def test_decisions_are_read_in_order_with_their_text_on_one_line(tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    file.write_text(
        '[[refused]]\nrules = ["a"]\nresources = ["b"]\nin = ["lab"]\nreason = """TODO mend: one\ntwo"""\n'
        '[[mended]]\nrules = ["c"]\nresources = ["*"]\nchange = "d"\n',
        encoding="utf-8",
    )
    first, second = decisions.load(file)
    assert first == Decision("refused", ("a",), ("b",), ("lab",), "TODO mend: one two")
    assert first.to_mend
    assert second == Decision("mended", ("c",), ("*",), EVERYWHERE, "d")


def test_rule_counts_once_and_the_worst_decision_tells() -> None:
    rules = {id: Rule(id, id, "Require it") for id in ("open", "mixed", "kept", "good", "none")}
    verdicts = {
        "open": Verdict("failed", frozenset({"A/x", "A/y"})),
        "mixed": Verdict("failed", frozenset({"A/x", "A/y"})),
        "kept": Verdict("failed", frozenset({"A/x"})),
        "good": Verdict("passed"),
        "none": Verdict("not applicable"),
    }
    pack = Pack("all", "test", rules, {"prod": verdicts})
    decided = [
        refused("open", "A/x"),
        refused("mixed", "A/x"),
        refused("mixed", "A/y", text="TODO mend: turn it on."),
        refused("kept", "A/x"),
    ]
    judgement = decisions.judge(decided, pack.failures(), rules)
    counted = page.tally(pack, "prod", judgement)
    assert (counted.undecided, counted.to_mend, counted.refused) == (1, 1, 1)
    assert (counted.passed, counted.not_applicable) == (1, 1)


def template(**properties: Any) -> dict[str, Any]:
    database = {"Engine": "postgres", "DBInstanceClass": "db.t3.medium", **properties}
    return {"Resources": {"Database": {"Type": "AWS::RDS::DBInstance", "Properties": database}}}


def test_real_rules_report_a_broken_template() -> None:
    """CT.RDS.PR.24: storage encrypted; CT.RDS.PR.23: not public."""
    broken = guard.judge_template(template(StorageEncrypted=False, PubliclyAccessible=True), {"Database": "Data/Db"})
    sound = guard.judge_template(template(StorageEncrypted=True, PubliclyAccessible=False), {"Database": "Data/Db"})
    for rule in ("CT.RDS.PR.23", "CT.RDS.PR.24"):
        assert broken[rule] == Verdict("failed", frozenset({"Data/Db"}))
        assert sound[rule] == Verdict("passed")
    assert "CT.S3.PR.1" not in sound, "nothing of its kind is there"


def test_reference_to_another_stack_counts_as_given_only_where_the_output_exists() -> None:
    """CT.S3.PR.2: access logged, to a bucket that is named."""
    reference = {"Fn::GetStackOutput": {"StackName": "prod-Vpc", "OutputName": "LogBucket", "Region": "ap-northeast-2"}}
    logging = {"DestinationBucketName": reference, "LogFilePrefix": {"Fn::Join": ["", [reference, "/s3"]]}}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"LoggingConfiguration": logging}}
    given = {"Resources": {"Bucket": bucket}}
    resolved = guard.resolve(given, {("prod-Vpc", "LogBucket")})
    assert resolved["Resources"]["Bucket"]["Properties"]["LoggingConfiguration"] == {
        "DestinationBucketName": "prod-Vpc.LogBucket",
        "LogFilePrefix": "prod-Vpc.LogBucket/s3",
    }
    assert guard.resolve(given, {("prod-Vpc", "Other")}) == given
    assert guard.judge_template(resolved, {})["CT.S3.PR.2"] == Verdict("passed")
    assert guard.judge_template(given, {})["CT.S3.PR.2"] == Verdict("failed", frozenset({"Bucket"}))


def test_controls_have_names_of_their_own_and_types() -> None:
    controls = guard.controls()
    assert len({control.guard_name for control in controls}) == len({control.rule.id for control in controls}) == 237
    assert all(control.types and control.rule.wants for control in controls)


def test_rules_that_look_at_other_types_would_skip_the_template() -> None:
    """What `judge_template` leaves out for speed: asked all the same, they have nothing to say."""
    others = [control for control in guard.controls() if "AWS::RDS::DBInstance" not in control.types]
    answer = guard.ask([control.text for control in others], template())
    assert (answer["compliant"], answer["not_compliant"]) == ([], [])


def test_package_is_unpacked_once(tmp_path: Path) -> None:
    folder = guard.unpack(tmp_path)
    assert folder == tmp_path / guard.version()
    assert (folder / guard.BINARY).stat().st_mode & 0o111
    (folder / "mark").touch()
    assert guard.unpack(tmp_path) == folder
    assert [entry.name for entry in tmp_path.iterdir()] == [guard.version()]
    assert (folder / "mark").exists()


def test_machine_without_a_binary_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(ComplianceError, match=r"^error: cfn-guard: given \w+ on riscv64; allowed: Linux or macOS"):
        guard.unpack(tmp_path)


def test_finding_acknowledged_in_the_code_is_refused(tmp_path: Path) -> None:
    """It would count as passed, and no reader of the page would know."""
    report: dict[str, Any] = {"pluginReports": [{"pluginName": "PCI.DSS.321", "violations": []}]}
    (tmp_path / "validation-report.json").write_text(json.dumps(report), encoding="utf-8")
    verdicts = {"PCI.DSS.321-S3": {"says": "No key", "Compliant": 1, "Non-Compliant": 1, "N/A": 0}}
    (tmp_path / "PCI.DSS.321.verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    with pytest.raises(ComplianceError, match=r"given PCI\.DSS\.321-S3, acknowledged in the code"):
        nag.judge(tmp_path, "PCI.DSS.321")


def test_stack_without_any_type_that_rules_look_at(tmp_path: Path) -> None:
    stack = {"type": "aws:cloudformation:stack", "additionalMetadataFile": "One.metadata.json"}
    properties = {"templateFile": "One.template.json", "stackName": "prod-One"}
    manifest = {"artifacts": {"One": {**stack, "properties": properties}}}
    resources = {"Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}
    for name, content in (
        ("manifest.json", manifest),
        ("One.template.json", resources),
        ("One.metadata.json", {"/One/Wait": [{"type": "aws:cdk:logicalId", "data": "Wait"}]}),
    ):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    assert set(guard.judge(Assembly(tmp_path)).values()) == {Verdict("not applicable")}
