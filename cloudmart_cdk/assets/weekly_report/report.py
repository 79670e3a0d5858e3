"""The report from its sources: what one of them refuses or lacks is said in its place, and the rest is sent."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from . import alarms, cost, findings, traffic
from .period import Period
from .plan import Plan
from .section import Section, render, wrapped

COST_REGION: Final = "us-east-1"
"""Cost Explorer's one endpoint."""
_SHORTENED: Final = 160
"""Characters of an error."""

Connect = Callable[[str, str], Any]
"""(service, region) -> boto3 client."""


def build(plan: Plan, connect: Connect, period: Period, note: Callable[[str, Exception], None]) -> tuple[str, str]:
    """Subject and text. `note`: hears of every source that failed."""
    home = plan.regions[0]
    sections = [
        _tried(
            traffic.TITLE,
            lambda: traffic.section(connect("cloudwatch", home), plan, period),
            note,
        )
        if plan.workloads
        else None,
        _tried(
            "Alarms",
            lambda: alarms.section([connect("cloudwatch", region) for region in plan.regions], plan.stage, period),
            note,
        ),
        _tried("Cost", lambda: cost.section(connect("ce", COST_REGION), plan, period), note),
        _open(plan, connect, period, note),
    ]
    return composed(plan, period, [section for section in sections if section is not None])


def composed(plan: Plan, period: Period, sections: Sequence[Section]) -> tuple[str, str]:
    """Subject and text."""
    asks = sum(len(section.attention) for section in sections)
    last = period.end - timedelta(days=1)
    subject = f"{plan.stage}: week to {last:%d %b %Y}, {asks or 'nothing'} to look at"
    return subject, render(f"{plan.stage}: {period}", _korean(asks), sections)


def _korean(asks: int) -> list[str]:
    """For whoever reads one line."""
    return [f"주간 보고: 확인할 일 {asks}건" if asks else "주간 보고: 확인할 일 없음"]


def _tried(title: str, read: Callable[[], Section], note: Callable[[str, Exception], None]) -> Section:
    try:
        return read()
    except Exception as error:
        note(title, error)
        phrase = f"not available: {_said(error)}"
        return Section(title, tuple(wrapped(phrase)), (f"{title.lower()}: not available",))


def _said(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _SHORTENED else f"{text[: _SHORTENED - 3]}..."


def _open(plan: Plan, connect: Connect, period: Period, note: Callable[[str, Exception], None]) -> Section:
    found: dict[str, findings.Finding] = {}
    for name, read in _sources(plan, connect, period).items():
        try:
            found[name] = read()
        except Exception as error:
            note(name, error)
            found[name] = findings.Finding(f"not available: {_said(error)}", f"{name}: not available")
    return opened(found)


def opened(found: Mapping[str, findings.Finding]) -> Section:
    """A line each, by the source's name."""
    lines = [line for name, each in found.items() for line in wrapped(f"{name}: {each.text}", indent="  ")]
    return Section("Open findings", tuple(lines), tuple(each.attention for each in found.values() if each.attention))


def _sources(plan: Plan, connect: Connect, period: Period) -> dict[str, Callable[[], findings.Finding]]:
    """Those that this stage has."""
    home = plan.regions[0]

    def of(service: str, read: Callable[..., findings.Finding], *rest: Any) -> Callable[[], findings.Finding]:
        return lambda: read(connect(service, home), *rest)

    sources: dict[str, Callable[[], findings.Finding]] = {}
    if plan.patch_group:
        sources["patches"] = of("ssm", findings.patches, plan.patch_group, period)
    if plan.repositories:
        sources["images"] = of("ecr", findings.images, plan.repositories, plan.stage)
    if plan.vault:
        sources["backups"] = of("backup", findings.backups, plan.vault, period)
    if plan.drill:
        sources["restore drill"] = of("cloudwatch", findings.drill, plan.drill, period)
    if plan.domain:
        sources["certificates"] = lambda: findings.certificates(
            [connect("acm", region) for region in plan.regions], plan.domain, period
        )
    sources["secrets"] = of("secretsmanager", findings.secrets, plan.stage, period)
    sources["stacks"] = of("cloudformation", findings.stacks, plan.stacks)
    return sources
