"""`python -m tools.charts --charts DIR [--record]`: renders every chart with every stage's values, and judges it.

Owns the command. `DIR` holds a folder per chart, as `helm pull --untar` or a checkout of its repository gives it.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cloudmart_cdk.constructs.helm_release import REPOSITORIES
from cloudmart_cdk.settings import load_settings
from tools.assembly import PROJECT, synthesize
from tools.charts import facts, helm, judge, keys
from tools.charts.effects import without_effect
from tools.charts.releases import OPTIONS, Release, releases

STAGES: Final = ("lab", "dev", "staging", "prod")
FOLDER: Final = PROJECT / ".cache" / "charts"


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 when every chart is there and nothing is wrong with any."""
    parser = argparse.ArgumentParser(prog="python -m tools.charts", description=__doc__)
    parser.add_argument("--charts", type=Path, default=FOLDER, metavar="DIR", help="default: .cache/charts")
    parser.add_argument("--record", action="store_true", help=f"write {facts.FILE.relative_to(PROJECT)} anew")
    options = parser.parse_args(arguments)
    found = releases({stage: synthesize({"stage": stage, **OPTIONS}) for stage in STAGES})
    wrong, judged = 0, set[str]()
    recorded = facts.read()
    for release in found:
        chart = options.charts / release.chart
        if not (chart / "Chart.yaml").exists():
            sys.stdout.write(f"{release.label}: not there; get it with\n  {how_to_get(release, options.charts)}\n")
            wrong += 1
            continue
        lines = list(check(chart, release))
        if release.chart not in judged and not lines:  # stages differ in names, not in what they set
            lines = [f"a value that changes nothing: {name}" for name in without_effect(chart, release)]
        judged.add(release.chart)
        wrong += len(lines)
        sys.stdout.write(f"{release.label}: {len(lines) or 'nothing'} wrong\n")
        sys.stdout.writelines(f"  {line}\n" for line in lines)
        if options.record and not lines:
            source = facts.sources(options.charts).get(release.chart) or _recorded(recorded, release)
            recorded[release.chart] = facts.of(chart, release, helm.template(chart, release, crds=True), source)
    if options.record:
        facts.write({name: recorded[name] for name in recorded if name in {release.chart for release in found}})
    return 1 if wrong else 0


def check(chart: Path, release: Release) -> Iterator[str]:
    """What is wrong with one chart and our values for it, one line each."""
    version = facts.metadata(chart)["version"]
    if version != release.version:
        yield f"the folder holds {version}, the settings say {release.version}"
        return
    yield from (f"no such value: {name}" for name in keys.unknown(release.values, keys.known(chart)))
    try:
        helm.lint(chart, release)
        objects = helm.template(chart, release)
    except helm.HelmError as error:
        yield str(error)
        return
    yield from judge.violations(objects, release.kubernetes, load_settings({"stage": release.stages[0], **OPTIONS}))


def how_to_get(release: Release, folder: Path) -> str:
    """The command that fetches a chart, for people with a network."""
    repository = REPOSITORIES[release.chart]  # type: ignore[index]  # charts are settings' names
    return (
        f"{helm.binary()} pull {release.chart} --repo {repository} --version {release.version} --untar "
        f"--untardir {folder}"
    )


def _recorded(recorded: Mapping[str, Any], release: Release) -> Mapping[str, str]:
    """The source stays while the version does."""
    known = recorded.get(release.chart, {})
    return dict(known.get("source", {})) if known.get("version") == release.version else {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
