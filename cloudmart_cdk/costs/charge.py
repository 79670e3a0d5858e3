"""What a resource is billed for, before prices are looked up; and what cannot be billed.

Owns `Charge`, the error, and how figures are read out of resources. Which resource is charged how is in the modules
beside this one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Literal

from ..policy.model import MISSING, Deployment, Resource, text_of
from ..policy.rule import shown

Kind = Literal["fixed", "usage", "apart"]
"""fixed: as long as it stands. usage: by volumes.toml. apart: keys, secrets, web ACLs, public addresses and EBS, which
specification section 8 puts on a line of their own."""

Per = Literal["hour", "month", "session"]

MONTH_HOURS: Final = 730
SESSION_HOURS: Final = 50 / 60
"""A lab session, specification section 8."""

TABLE: Final = "cloudmart_cdk/costs/types.py"
PRICE_FILE: Final = "cloudmart_cdk/costs/prices.toml"


@dataclass(frozen=True, slots=True)
class Charge:
    """So much of a price, in each hour, month or session."""

    price: str
    quantity: float
    what: str
    kind: Kind = "fixed"
    per: Per = "hour"
    at_most: str = ""
    """A price that holds where the price file has no line for the first: on demand, for a spot class."""


Charges = Callable[[Resource, Deployment], Iterable[Charge]]
"""How a resource type is billed."""


class Unpriced(ValueError):  # noqa: N818  # not a bug of the program: what a person has to add
    """Something that the bill would leave out. In the words of every error of this project: one line."""

    def __init__(self, resource: Resource, given: str, allowed: str, do: str) -> None:
        self.what = f"cost of {resource.path} ({resource.type})"
        super().__init__(f"{self.what}: given {given}; allowed: {allowed}; {do}")
        self.resource, self.given, self.allowed, self.do = resource, given, allowed, do


class UnpricedType(Unpriced):
    """A resource type that nobody said what it costs."""

    def __init__(self, resource: Resource) -> None:
        allowed = f"a type of {TABLE}, with a price or with the reason why it has none"
        super().__init__(resource, f"{resource.type}, a type without a price", allowed, "add it there")


def number(resource: Resource, path: str, default: float | None = None) -> float:
    """A figure of a resource; `default` where it is not set.

    Raises `Unpriced` where there is neither, and for what only a deployment settles.
    """
    value = resource.get(path)
    if value is MISSING and default is not None:
        return default
    return number_of(value, resource, path)


def number_of(value: Any, resource: Resource, path: str) -> float:
    """A figure as CloudFormation takes it, as text too. Raises `Unpriced` for anything else."""
    try:
        figure = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        figure = -1.0
    if not 0 <= figure < inf:  # "nan" is neither, and would make every sum and comparison say nothing
        raise Unpriced(resource, f"{path} {shown(value)}", "a number that the template states", "state it")
    return figure


def one_of(resource: Resource, path: str, *allowed: str, default: str = "") -> str:
    """A word of a resource; `default` is AWS's where it is not set. Raises `Unpriced` for any other."""
    value = resource.get(path)
    if value is MISSING and default:
        return default
    if value not in allowed:
        raise Unpriced(resource, f"{path} {shown(value)}", " or ".join(allowed), f"teach {TABLE} what it costs")
    return str(value)


def flag(resource: Resource, path: str) -> bool:
    """Whether something is on, as text too. Raises `Unpriced` for what only a deployment settles."""
    value = resource.get(path)
    word = "false" if value is MISSING else text_of(value).lower()
    if word not in ("false", "true"):
        raise Unpriced(resource, f"{path} {shown(value)}", "true or false", "state it")
    return word == "true"


def class_of(resource: Resource, path: str) -> str:
    """An instance class. Raises `Unpriced` where the template does not state one."""
    value = resource.get(path)
    if not isinstance(value, str) or "${" in value:
        raise Unpriced(resource, f"{path} {shown(value)}", "a class that the template states", "state it")
    return value


def times(count: float, what: str) -> str:
    """`2 x t3.micro`; `t3.micro` for one; `on average 0.36 x t3.micro` for what is off at night."""
    if count == 1:
        return what
    return f"{count:.0f} x {what}" if count == int(count) else f"on average {count:.2f} x {what}"
