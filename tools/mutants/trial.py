"""Asks the packs of a mutant: our own rules first, cdk-nag only of what they let pass.

Owns the two verdicts. Ours reads the broken template as it is; cdk-nag reads constructs, so the broken template is
loaded through `CfnInclude`, and what it finds is held against what it finds in the unbroken one.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.policy.model import Acknowledgement, Deployment, Stack
from cloudmart_cdk.settings import Settings, load_settings
from tools.assembly import Assembly

from .operators import Mutant, Template

_BATCH = 40
"""Mutants that cdk-nag looks at in one app: a stack each, and one start of Node for all."""


REFUSED: Final = "refused by CDK"
"""It knows which properties CloudFormation demands, and of which shape: such a template is never written."""


@dataclass(frozen=True)
class Verdict:
    """Who noticed: rule ids, first of ours, then cdk-nag's; empty when nobody did."""

    mutant: Mutant
    rules: tuple[str, ...]


class Trial:
    """The real templates of a stage, and the question whether a broken one is noticed."""

    def __init__(self, assembly: Assembly, context: Mapping[str, str]) -> None:
        self.settings: Settings = load_settings(context)
        real: Deployment = load(assembly.folder, self.settings)
        self._stacks = real.stacks
        self._acknowledgements: Sequence[Acknowledgement] = real.acknowledgements

    @property
    def templates(self) -> dict[str, Template]:
        return {id_: dict(stack.template) for id_, stack in self._stacks.items()}

    def notices(self, mutant: Mutant) -> tuple[str, ...]:
        """The ids of our rules that find something which nobody acknowledged. The real templates give none."""
        broken = mutant.apply(dict(self._stacks[mutant.stack].template))
        stacks: list[Stack] = [
            replace(stack, template=broken) if id_ == mutant.stack else stack for id_, stack in self._stacks.items()
        ]
        app = Deployment(stacks, self.settings, self._acknowledgements)
        return tuple(dict.fromkeys(finding.rule.id for finding in engine.left(app)))

    def clean(self) -> list[str]:
        """Findings in the unbroken templates: must be none, or every mutant would seem caught."""
        app = Deployment(list(self._stacks.values()), self.settings, self._acknowledgements)
        return [finding.text for finding in engine.left(app)]


_TRIAL: list[Trial] = []


def _start(folder: Path, context: Mapping[str, str]) -> None:
    _TRIAL.append(Trial(Assembly(folder), context))


def _ask(mutant: Mutant) -> tuple[str, ...]:
    return _TRIAL[0].notices(mutant)


def by_our_rules(
    assembly: Assembly, context: Mapping[str, str], mutants: Sequence[Mutant], workers: int
) -> Iterable[Verdict]:
    """Our rules' verdict on each, in order, on several processes."""
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(assembly.folder, context)) as pool:
        for mutant, rules in zip(mutants, pool.map(_ask, mutants, chunksize=20), strict=True):
            yield Verdict(mutant, rules)


def by_cdk_nag(trial: Trial, mutants: Sequence[Mutant], workers: int) -> Iterator[Verdict]:
    """cdk-nag's verdict on each, in order. Slow: an app for every forty mutants.

    And a process for every app: Node keeps what it made for Python, and thirty of these are more than it may have.
    """
    batches = [mutants[start : start + _BATCH] for start in range(0, len(mutants), _BATCH)]
    fresh = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=fresh, max_tasks_per_child=1) as pool:
        for verdicts in pool.map(_together, repeat(trial.templates), batches):
            yield from verdicts


def _together(templates: Mapping[str, Template], batch: Sequence[Mutant]) -> list[Verdict]:
    """One app for all; when CDK itself refuses one of them, halves, down to the one that it is."""
    real = {mutant.stack: templates[mutant.stack] for mutant in batch}
    broken = {f"M{number}": mutant.apply(real[mutant.stack]) for number, mutant in enumerate(batch)}
    try:
        found = _nag({**real, **broken})
    except RuntimeError:
        if len(batch) == 1:
            return [Verdict(batch[0], (REFUSED,))]
        half = len(batch) // 2
        return [*_together(templates, batch[:half]), *_together(templates, batch[half:])]
    return [
        Verdict(mutant, tuple(sorted({rule for rule, _ in found[f"M{number}"] - found[mutant.stack]})))
        for number, mutant in enumerate(batch)
    ]


def _nag(templates: Mapping[str, Template]) -> dict[str, set[tuple[str, str]]]:
    """Stack -> (rule, logical id) of cdk-nag's findings in each template."""
    import aws_cdk as cdk
    from aws_cdk import cloudformation_include as include
    from cdk_nag import AwsSolutionsChecks

    found: dict[str, set[tuple[str, str]]] = {name: set() for name in templates}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        app = cdk.App(
            outdir=str(folder / "out"),
            builtin_cloud_formation_validation=False,
            analytics_reporting=False,
            # Findings are what is asked for here: into the report with them, and no word on the terminal.
            context={"@aws-cdk/core:failSynthOnValidationErrors": False},
        )
        for name, template in templates.items():
            file = folder / f"{name}.json"
            file.write_text(json.dumps(_includable(_resources_of(template))), encoding="utf-8")
            plain = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
            stack = cdk.Stack(app, name, env=cdk.Environment(region="ap-northeast-2"), synthesizer=plain)
            include.CfnInclude(stack, "Template", template_file=str(file))
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
        app.synth()
        report = json.loads((folder / "out" / "validation-report.json").read_text(encoding="utf-8"))
    for plugin in report.get("pluginReports", ()):
        for violation in plugin.get("violations", ()):
            for construct in violation["violatingConstructs"]:
                stack_name, _, rest = construct.get("constructPath", "").partition("/")
                found.setdefault(stack_name, set()).add((violation["ruleName"], rest))
    return found


def _resources_of(template: Template) -> Template:
    """The template less CDK's own rule about its bootstrap, which CfnInclude does not take."""
    return {key: value for key, value in template.items() if key != "Rules"}


def _includable(template: Any) -> Any:
    """CfnInclude knows no `Fn::GetStackOutput`: a plain value stands in for it."""
    if isinstance(template, dict):
        if len(template) == 1 and "Fn::GetStackOutput" in template:
            return f"from-{template['Fn::GetStackOutput'].get('OutputName', 'elsewhere')}"
        return {key: _includable(value) for key, value in template.items()}
    if isinstance(template, list):
        return [_includable(value) for value in template]
    return template
