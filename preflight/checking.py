"""Runs the checks, several at a time, and hands their lines out in order."""

import dataclasses
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from preflight.account import Account, NotAskedError
from preflight.checks import ALL, Check, access
from preflight.errors import PreflightError
from preflight.finding import Finding, Level, unchecked
from preflight.needs import Needs
from preflight.place import Place

_AT_ONCE: Final = 8


def check(place: Place, assembly: Path | None = None) -> Iterator[Finding]:
    """Credentials first; when they are another account's nothing else is asked. Raises `PreflightError`.

    `assembly`: synthesized before. With it neither the CDK nor what else a synth takes has to be installed.
    """
    finding = access.credentials(place.account, place.settings.account)
    yield finding
    if finding.level is not Level.ERROR:
        yield from check_needs(place.account, _needs(place, assembly))


def check_needs(account: Account, needs: Needs) -> Iterator[Finding]:
    """The stacks, and then every check with the knowledge which of them are there."""
    there, findings = access.stacks(account, needs)
    yield from findings
    needs = dataclasses.replace(needs, there=there)
    with ThreadPoolExecutor(_AT_ONCE) as several:
        for found in several.map(lambda each: _run(each, account, needs), ALL):
            yield from found


def _run(check: Check, account: Account, needs: Needs) -> list[Finding]:
    """What it found up to where AWS refused, and then that."""
    findings: list[Finding] = []
    try:
        for finding in check.run(account, needs):
            findings.append(finding)
    except NotAskedError as missing:
        findings.append(unchecked(check.what, str(missing)))
    return findings


def _needs(place: Place, assembly: Path | None) -> Needs:
    """Raises `PreflightError` when `assembly` holds none, or another copy's or stage's."""
    if assembly is None:
        return Needs.read(_synthesize(place), place.settings, account=place.account.id)
    try:
        needs = Needs.read(assembly, place.settings, account=place.account.id)
    except (OSError, ValueError, KeyError) as failed:
        raise PreflightError(
            "--assembly",
            given=f"{assembly} ({failed})",
            allowed="a folder that `cdk synth` wrote",
            do="point at it, or leave --assembly out",
        ) from None
    own = place.settings.names.stack("")
    foreign = sorted(stack.name for stack in needs.app.stacks.values() if not stack.name.startswith(own))
    if foreign:
        raise PreflightError(
            "--assembly",
            given=f"{assembly}, with {foreign[0]}",
            allowed=f"stacks {own}...",
            do="give the --stage and --name that it was synthesized with",
        )
    return needs


def _synthesize(place: Place) -> Path:
    """The templates as they would be deployed. Raises `PreflightError` when a synth refuses."""
    from tools.assembly import synthesize

    try:
        return synthesize({**place.context, "stage": place.settings.stage}).folder
    except subprocess.CalledProcessError:
        raise PreflightError(
            "synth", given="what it refused above", allowed="templates", do="mend that and run this again"
        ) from None
