"""cdk-nag's packs for NIST 800-53 r5 and PCI DSS 3.2.1, which read the construct tree while it is synthesized.

Run in a process of its own (`python -m tools.compliance.nag FOLDER CONFIGURATION...`): they make the synth fail, and
`verdicts.js` has to be in jsii's Node process before cdk-nag is. The assemblies that it leaves are the ones whose
templates `guard` judges.
"""

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

from tools.assembly import PROJECT
from tools.compliance.model import CONFIGURATIONS, ComplianceError, Rule, Verdict, construct_path

PACKS: Final = {"NIST.800.53.R5": "NIST", "PCI.DSS.321": "PCI"}
"""As cdk-nag names them -> in short."""
_LISTENER: Final = Path(__file__).with_name("verdicts.js")


def version() -> str:
    return version_of("cdk-nag")


def synthesize(folder: Path, configurations: Iterable[str]) -> None:
    """One assembly each, `folder/<configuration>`, with the packs' report and verdicts. What was there goes."""
    listener = str(_LISTENER).replace("\\", "\\\\").replace('"', '\\"')
    options = f'{os.environ.get("NODE_OPTIONS", "")} --require "{listener}"'.strip()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-O", "-m", "tools.compliance.nag", str(folder), *configurations],
        cwd=PROJECT,
        env={**os.environ, "NODE_OPTIONS": options},
        capture_output=True,  # thousands of lines: every finding, with its explanation
        text=True,
        check=False,
    )
    if done.returncode:
        tail = " / ".join(done.stderr.strip().splitlines()[-3:])
        raise ComplianceError(f"error: synth with cdk-nag's packs ended with status {done.returncode}: {tail}")


def rules(folder: Path, pack: str) -> dict[str, Rule]:
    """Rule id -> rule, of all that the pack applied in any configuration below `folder`."""
    said = {
        id: listened["says"].partition(" - (Control ID")[0].strip().rstrip(".")
        for file in sorted(folder.glob(f"*/{pack}.verdicts.json"))
        for id, listened in _read(file).items()
    }
    return {
        id: Rule(id=id, name=id.removeprefix(f"{pack}-"), wants=wants, counts_for=(PACKS[pack],))
        for id, wants in sorted(said.items())
    }


def judge(assembly: Path, pack: str) -> dict[str, Verdict]:
    """Rule id -> verdict. Failures are the report's; of the rest `verdicts.js` tells what looked at something."""
    findings = _findings(assembly, pack)
    listened = _read(assembly / f"{pack}.verdicts.json")
    if hidden := sorted(id for id, counted in listened.items() if counted["Non-Compliant"] and id not in findings):
        raise ComplianceError(
            f"error: {pack}: given {hidden[0]}, acknowledged in the code; allowed: decisions on this pack's rules in "
            "tools/compliance/decisions.toml; say it there"
        )
    verdicts = {id: Verdict("passed" if counted["Compliant"] else "not applicable") for id, counted in listened.items()}
    for id, found in findings.items():
        paths = (construct_path(construct["constructPath"]) for construct in found["violatingConstructs"])
        verdicts[id] = Verdict("failed", frozenset(paths))
    return verdicts


def _findings(assembly: Path, pack: str) -> dict[str, Any]:
    """Rule id -> what the report says."""
    for report in _read(assembly / "validation-report.json")["pluginReports"]:
        if report["pluginName"] == pack:
            return {found["ruleName"]: found for found in report["violations"]}
    raise ComplianceError(f"error: {pack}: left no report in {assembly.name}; did the pack's name change?")


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def main(folder: Path, configurations: Iterable[str]) -> None:
    from cloudmart_cdk.caches import keep_caches_in_project

    keep_caches_in_project()
    gc.disable()  # as in app.py
    # Only here: the rest of this module is for processes that do without CDK.
    from aws_cdk import Validations
    from cdk_nag import NIST80053R5Checks, PCIDSS321Checks

    from cloudmart_cdk.application import build_app
    from cloudmart_cdk.settings import load_settings

    flags = _read(PROJECT / "cdk.json")["context"]
    for name in configurations:
        context = CONFIGURATIONS[name]
        app = build_app(
            load_settings(context), context=flags | context, outdir=str(folder / name), validate_templates=False
        )
        Validations.of(app).add_plugins(NIST80053R5Checks(app, verbose=True), PCIDSS321Checks(app, verbose=True))
        try:
            app.synth()
        except RuntimeError as failed:
            if "ValidationFailed" not in str(failed):  # its findings are what we came for
                raise


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
