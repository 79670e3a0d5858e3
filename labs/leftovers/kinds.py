"""What a kind of resource is: how it is told by its ARN, looked at and removed.

Owns the shape of a row and the one call that most kinds take. Which kinds there are is in `table`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import jmespath  # type: ignore[import-untyped]  # boto3's own, which has no types
from botocore.exceptions import ClientError

_ABSENT: Final = ("NotFound", "NoSuch", "DoesNotExist", "NonExistent", "Nonexistent", "404")
_VAGUE: Final = (
    "BadRequestException",
    "InvalidDocument",
    "InvalidParameterValue",
    "InvalidRequestException",
    "ValidationError",
    "ValidationException",
)
"""Codes that services answer with for several reasons."""
_NOT_FOUND_TEXT: Final = ("not found", "does not exist", "doesn't exist")


class State(StrEnum):
    """What a look at a resource finds. The tagging API answers with what went hours ago, too."""

    HERE = "here"
    GOING = "going"
    PENDING = "pending deletion"
    """AWS removes it on a day that is set; nothing is to be done, and it costs nothing."""
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. `arn`: as the tagging API spells it. `id`: as the service's own calls take it.

    `name`: for people and for the rules of names, the ARN's last part.
    """

    kind: "Kind"
    region: str
    arn: str
    id: str
    name: str
    tags: Mapping[str, str]


Connect = Callable[[str, str], Any]
"""A client by service and region."""
Step = Callable[[Any, Resource], None]
"""Removes one, by the client of its service; what it has to wait for is the next look's."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a service. In an argument `{}` stands for the resource's id, `{part[0]}` for the id's first part,
    `{arn}` for its ARN, `{account}` for the account, `{scope}` for a web ACL's."""

    operation: str
    arguments: Mapping[str, Any]

    def make(self, client: Any, resource: Resource) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(client, self.operation)(**_filled(self.arguments, resource))
        return answer

    def command(self, service: str, resource: Resource) -> str:
        """The same as a line for a shell."""
        options = (f"--{_dashed(key)} {_word(value)}" for key, value in _filled(self.arguments, resource).items())
        return " ".join(["aws", service, self.operation.replace("_", "-"), *options])


def _filled(value: Any, resource: Resource) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(inner, resource) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, resource) for inner in value]
    if not isinstance(value, str):
        return value
    scope = "CLOUDFRONT" if ":global/" in resource.arn else "REGIONAL"
    account = resource.arn.split(":")[4]
    return value.format(resource.id, arn=resource.arn, account=account, scope=scope, part=resource.id.split("/"))


def _dashed(key: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in key).lstrip("-")


def _word(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A row of the table.

    `name`: for people. `service`: boto3's. `arn`: what its ARN has after `arn:aws:`, account and region left out, up to
    the id: `ec2:vpc/`. `types`: CloudFormation's. `look`: a call that describes it, and in `state` an expression
    (JMESPath) for its state; an empty answer of that is a resource that is not there. `remove`: one call, or steps.
    Both None where nobody knows: then it is taken for there, and left to people.
    """

    name: str
    service: str
    arn: str
    types: tuple[str, ...] = ()
    look: Call | None
    state: str
    remove: Call | Step | None
    by_arn: bool = False
    """The service's calls take the ARN."""
    going: tuple[str, ...] = ("deleting", "shutting-down", "DELETING", "delete_in_progress", "InProgress")
    gone: tuple[str, ...] = ("deleted", "terminated")
    pending: tuple[str, ...] = ()
    price: str = ""
    """Its id in `costs/prices.toml`, of what one costs by being there."""

    def resource(self, arn: str, region: str, tags: Mapping[str, str]) -> Resource | None:
        """A resource of this kind; None for the ARN of another."""
        service, at, _, rest = arn.split(":", 5)[2:]
        shown = f"{service}:{rest}"
        if not shown.startswith(self.arn):
            return None
        name = shown.removeprefix(self.arn).removeprefix("app/")
        id = arn if self.by_arn else name
        return Resource(kind=self, region=at or region, arn=arn, id=id, name=name, tags=tags)

    def state_of(self, client: Any, resource: Resource) -> State:
        """Asked of the service itself."""
        if self.look is None:
            return State.HERE
        try:
            expression = self.state.replace("{}", resource.id).replace("{arn}", resource.arn)
            found = jmespath.search(expression, self.look.make(client, resource))
        except ClientError as refused:
            if absent(refused):
                return State.GONE
            raise
        if found in (None, [], "", False, *self.gone):
            return State.GONE
        if found in self.pending:
            return State.PENDING
        return State.GOING if found in self.going else State.HERE

    def take_away(self, client: Any, resource: Resource) -> None:
        """Asks for its removal."""
        if isinstance(self.remove, Call):
            self.remove.make(client, resource)
        elif self.remove is not None:
            self.remove(client, resource)


def absent(refused: ClientError) -> bool:
    """Whether a call was refused because the thing is not there."""
    error = refused.response["Error"]
    code, message = str(error.get("Code", "")), str(error.get("Message", "")).lower()
    return any(part in code for part in _ABSENT) or (
        code in _VAGUE and any(part in message for part in _NOT_FOUND_TEXT)
    )
