"""Runs rules over a deployment and holds the findings against the acknowledgements.

Owns the matching of the two, as CDK does it, so that an acknowledgement that covers nothing is a finding itself.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from .families import RULES
from .model import Acknowledgement, Deployment, Resource
from .rule import Finding, Found, Rule

PACK: Final = "CloudMart"
"""The pack's name: acknowledgements say `CloudMart::SG-1[...]`."""


def findings(app: Deployment, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Every finding, acknowledged or not, each once, in the order of the rules."""
    seen: dict[tuple[str, str, str], Finding] = {}
    for rule in rules:
        for finding in _checked(app, rule):
            found = finding.found
            seen.setdefault((finding.id, found.resource.path, f"{found.where} {found.given}"), finding)
    return list(seen.values())


def _checked(app: Deployment, rule: Rule) -> Iterator[Finding]:
    """What a rule finds. A template that it cannot read is a finding too: it must not pass unchecked."""
    try:
        yield from (Finding(rule, found) for found in rule.check(app))
    except Exception as puzzled:  # whatever it is, the rule has not looked at what comes after it
        stack = next(iter(app.stacks), "")
        place = Resource(stack, "", "templates", {}, stack, "")
        given = f"something that {rule.id} cannot read ({type(puzzled).__name__}: {puzzled})"
        allowed = "properties of the shape that CloudFormation documents"
        yield Finding(UNREADABLE, Found(place, given, allowed, detail=rule.id))


def left(app: Deployment, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """The findings that no acknowledgement covers: what fails a synth."""
    return [finding for finding in findings(app, rules) if not covered(finding, app.acknowledgements)]


def covered(finding: Finding, acknowledgements: Iterable[Acknowledgement]) -> bool:
    """Whether one of ours accepts it: same id, on the construct or above it."""
    return finding.rule.acknowledgeable and any(
        entry.id == f"{PACK}::{finding.id}" and entry.covers(finding.found.resource.path) for entry in acknowledgements
    )


def unfounded(app: Deployment, found: Iterable[Finding]) -> Iterator[Finding]:
    """Acknowledgements that are stale, or say too little: findings on the construct that carries them."""
    accepted = [
        (f"{PACK}::{finding.id}", finding.found.resource.path) for finding in found if finding.rule.acknowledgeable
    ]
    for entry in app.acknowledgements:
        stack = entry.construct.partition("/")[0]
        place = Resource(stack, "", "acknowledgement", {}, entry.construct, "")
        if entry.id.startswith(f"{PACK}::") and not any(
            id_ == entry.id and entry.covers(path) for id_, path in accepted
        ):
            yield Finding(STALE, Found(place, f"{entry.id}, which covers no finding", "what is still found here"))
        if len(entry.reason.split()) < _WORDS:
            yield Finding(
                UNREASONED, Found(place, f"{entry.id}: {entry.reason!r}", f"a reason of {_WORDS} words or more")
            )
        if "/" not in entry.construct:
            words = f"{entry.id} on a whole stack or app"
            yield Finding(TOO_WIDE, Found(place, words, "the construct that it is about"))


_WORDS: Final = 6


def _none(_: Deployment) -> Iterator[Found]:
    """What these rules check is not a resource: `unfounded` does."""
    yield from ()


STALE: Final = Rule(
    "ACK-1",
    "An acknowledgement covers a finding",
    "One that covers nothing would hide the next finding of that name (specification section 8).",
    "delete the acknowledgement",
    _none,
    acknowledgeable=False,
)
UNREASONED: Final = Rule(
    "ACK-2",
    "An acknowledgement says why it is safe here",
    "A reviewer signs the reason, not the id (specification section 8).",
    "write why this finding is no fault on this construct",
    _none,
    acknowledgeable=False,
)
TOO_WIDE: Final = Rule(
    "ACK-3",
    "An acknowledgement stands on the construct that it is about",
    "On an app or a stack it would cover whatever is added later (specification section 8).",
    "move it beside the construct",
    _none,
    acknowledgeable=False,
)
UNREADABLE: Final = Rule(
    "READ-1",
    "Every rule can read the templates",
    "What a rule stumbles over it has not checked; CloudFormation's documentation gives the shape of each property.",
    "look at the properties that the rule named reads",
    _none,
    acknowledgeable=False,
)
OWN_RULES: Final = (STALE, UNREASONED, TOO_WIDE, UNREADABLE)
"""Rules about the pack itself: its acknowledgements, and what it cannot read."""
