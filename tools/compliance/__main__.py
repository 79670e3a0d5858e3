"""`make compliance`: runs the rule sets, writes docs/compliance.md, says a line for each pack.

Status 1, and a line for each, when failures have no decision or decisions no failure.
"""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tools.assembly import PROJECT, Assembly
from tools.compliance import decisions, guard, nag, page
from tools.compliance.model import CONFIGURATIONS, ComplianceError, Pack, Verdict, all_failures

PAGE = PROJECT / "docs" / "compliance.md"
FOLDER = PROJECT / ".cache" / "compliance"
_CONTROL_TOWER = {
    "NIST 800-53 r5": "NIST",
    "PCI DSS 3.2.1": "PCI",
    "CIS AWS 1.4": "CIS",
    "Security Hub best practices": guard.SECURITY_HUB,
    "all proactive controls": "",
}
"""Title of a pack -> what its rules count for."""
_NAG = {"NIST.800.53.R5": "NIST 800-53 r5", "PCI.DSS.321": "PCI DSS 3.2.1"}


def measure(folder: Path = FOLDER) -> list[Pack]:
    """Synthesize all configurations into `folder`, which is made anew, and run everything over them."""
    with _Step(f"synth of {', '.join(CONFIGURATIONS)}, with cdk-nag's packs"):
        nag.synthesize(folder, CONFIGURATIONS)
    verdicts: dict[str, Mapping[str, Verdict]] = {}
    for name in CONFIGURATIONS:
        with _Step(f"cfn-guard on {name}"):
            verdicts[name] = guard.judge(Assembly(folder / name))
    packs = [
        Pack(
            title,
            "Control Tower",
            {
                control.rule.id: control.rule
                for control in guard.controls()
                if any(entry.startswith(short) for entry in control.rule.counts_for) or not short
            },
            verdicts,
        )
        for title, short in _CONTROL_TOWER.items()
    ]
    for id, title in _NAG.items():
        found = {name: nag.judge(folder / name, id) for name in CONFIGURATIONS}
        packs.append(Pack(title, "cdk-nag", nag.rules(folder, id), found))
    return packs


def page_of(packs: list[Pack]) -> tuple[str, decisions.Judgement]:
    """The page, and what does not fit."""
    decided = decisions.load()
    names = {rule.name for pack in packs for rule in pack.rules.values()}
    judgement = decisions.judge(decided, all_failures(packs), names)
    return page.render(packs, decided, judgement), judgement


def main() -> int:
    try:
        packs = measure()
        text, judgement = page_of(packs)
    except ComplianceError as failed:
        print(failed, file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    for pack in packs:
        print(f"{pack.title}, {pack.source}: {'; '.join(_line(pack, name, judgement) for name in CONFIGURATIONS)}")
    print(f"written: {PAGE.relative_to(PROJECT)}")
    for problem in judgement.problems:
        print(problem, file=sys.stderr)
    return 1 if judgement.problems else 0


def _line(pack: Pack, configuration: str, judgement: decisions.Judgement) -> str:
    count = page.tally(pack, configuration, judgement)
    pending = {"to mend": count.to_mend, "undecided": count.undecided}
    return ", ".join(
        [
            f"{configuration} {count.passed} passed",
            f"{count.refused} refused",
            *(f"{number} {what}" for what, number in pending.items() if number),
            f"{count.not_applicable} not applicable",
        ]
    )


class _Step:
    """Progress for people, on stderr."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        self._began = time.monotonic()
        print(f"compliance: {self._what} ...", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        print(f"compliance: {self._what} took {time.monotonic() - self._began:.1f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
