"""What a rule is, what it finds, and the table form in which most rules are written.

Owns `Rule`, `Finding`, and the words of a finding. A family is a module in `families/` with a tuple `RULES`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ..settings import Settings
from .model import MISSING, Deployment, Pointer, Resource

_SHOWN: Final = 100
"""Characters of an offending value in a finding: a line that can be read, and still tells which value."""


@dataclass(frozen=True)
class Found:
    """What a check yields: where, what is there, what may be there. `detail` tells apart findings on one resource."""

    resource: Resource
    given: str
    allowed: str
    where: str = ""
    detail: str = ""


Check = Callable[[Deployment], Iterator[Found]]


@dataclass(frozen=True)
class Rule:
    """`why` names the source: an AWS page, a CIS or Security Hub control, a section of the specification."""

    id: str
    what: str
    why: str
    fix: str
    check: Check
    acknowledgeable: bool = True
    """False: nobody can accept it beside a construct; what is right has to change, here or in the table it reads."""


@dataclass(frozen=True)
class Finding:
    """One rule's verdict on one resource."""

    rule: Rule
    found: Found

    @property
    def id(self) -> str:
        """Rule, and detail in brackets: what an acknowledgement has to name."""
        return f"{self.rule.id}[{_balanced(self.found.detail)}]" if self.found.detail else self.rule.id

    @property
    def text(self) -> str:
        """What is wrong, in a line. Construct, rule and fix are shown beside it."""
        resource, found = self.found.resource, self.found
        where = f"{found.where} " if found.where else ""
        return f"{resource.path} ({resource.type}, {resource.stack}): {where}is {found.given}; allowed: {found.allowed}"


def _balanced(detail: str) -> str:
    """CDK reads brackets in an id as pairs, and blanks as hyphens."""
    return re.sub(r"[()\[\]{}]", "", detail).replace(" ", "-")


def shown(value: Any) -> str:
    """A value as findings show it."""
    if value is MISSING:
        return "not set"
    plain = isinstance(value, (Pointer, str))
    text = str(value) if plain else json.dumps(value, default=str, sort_keys=True)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


@dataclass(frozen=True)
class Test:
    """A condition on one value, and the words that say what it allows."""

    allows: str
    passes: Callable[[Any, Deployment], bool]

    __test__ = False  # a name that pytest would collect


def equal(value: Any) -> Test:
    """Exactly this value; CloudFormation's `"true"` counts as `true`, 1 does not."""
    return Test(shown(value), lambda given, _: _plain(given) == _plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


YES: Final = equal(True)
NO: Final = equal(False)


def one_of(*values: str) -> Test:
    return Test(" or ".join(values), lambda given, _: isinstance(given, str) and given in values)


def at_least(number: int) -> Test:
    return Test(f"at least {number}", lambda given, _: _number(given) is not None and (_number(given) or 0) >= number)


def at_most(number: int) -> Test:
    return Test(f"at most {number}", lambda given, _: _number(given) is not None and (_number(given) or 0) <= number)


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def matching(pattern: str, words: str) -> Test:
    compiled = re.compile(pattern)
    return Test(words, lambda given, _: isinstance(given, str) and compiled.fullmatch(given) is not None)


def reference(type_: str) -> Test:
    """A reference to a resource of this app, so that the resource is checked too."""
    return Test(f"a reference to an {type_} of this app", lambda given, app: app.target(given, type_) is not None)


KEY: Final = reference("AWS::KMS::Key")
ABSENT: Final = Test("nothing", lambda given, _: given is MISSING)
SET: Final = Test("a value", lambda given, _: given is not MISSING and given not in ("", [], {}))


ANYTHING: Final = Test("anything", lambda _, __: True)


def optional(test: Test) -> Test:
    """What is not set passes: AWS's default is as good."""
    return Test(f"{test.allows}, or nothing", lambda given, app: given is MISSING or test.passes(given, app))


Must = Test | Callable[[Settings], Test]


@dataclass(frozen=True)
class Row:
    """One line of a family's table: a property of a resource type, and what it must be."""

    id: str
    type: str
    path: str
    must: Must
    why: str
    fix: str = ""
    when: Callable[[Resource, Deployment], bool] | None = None
    """Only for resources of the type of which this holds."""
    acknowledgeable: bool = True


def rule_of(row: Row) -> Rule:
    """The rule that checks one row of a table."""
    allows = row.must.allows if isinstance(row.must, Test) else "what the stage's settings say"

    def check(app: Deployment) -> Iterator[Found]:
        must = row.must if isinstance(row.must, Test) else row.must(app.settings)
        for resource in app.of(row.type):
            if row.when and not row.when(resource, app):
                continue
            for where, value in resource.at(row.path):
                if not must.passes(value, app):
                    yield Found(resource, shown(value), must.allows, where)

    service = row.type.removeprefix("AWS::").replace("::", " ")
    return Rule(
        id=row.id,
        what=f"{service}: `{row.path}` is {allows}",
        why=row.why,
        fix=row.fix or f"set {row.path} to {allows}",
        check=check,
        acknowledgeable=row.acknowledgeable,
    )
