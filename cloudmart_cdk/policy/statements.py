"""Every policy statement of an app, whoever owns it: inline, attached, as JSON text, or as properties of their own.

Owns finding and reading them, and what is said about a principal: ours, a service, somebody
else, and whether a condition binds it. Knows no rule.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final, Literal

from .model import MISSING, Deployment, Pointer, Resource, Unknown, as_list, parsed, text_of

Kind = Literal["identity", "trust", "resource"]
Who = Literal["own", "service", "federated", "everyone", "outside"]

_ELSEWHERE: Final = "AWS::WAFv2::"
"""Types whose `Statement` is no policy's."""
_POLICIES: Final = frozenset(
    (
        "accesspolicies",
        "accesspolicy",
        "assumerolepolicydocument",
        "filesystempolicy",
        "inlinepolicy",
        "keypolicy",
        "policies",
        "policy",
        "policydocument",
        "policytext",
        "repositorypolicytext",
        "resourcepolicy",
    )
)
"""Properties that hold policies: what stands there and cannot be read hides one."""
_AT_DEPLOY: Final = ("AWS::AccountId", "AWS::StackId", "AWS::StackName")
"""Pseudo parameters that only a deployment settles, and that name this account or stack all the same."""
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")
_SERVICE: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
_POSITIVE: Final = re.compile(r"(foranyvalue:)?(string(equals|equalsignorecase|like)|arn(equals|like))")
"""Operators that fail when the key is absent. Not `...IfExists`, `...Not...`, `ForAllValues:`, `Null`."""


@dataclass(frozen=True)
class Statement:
    """One statement. `body` has IAM's element names in lower case."""

    resource: Resource
    kind: Kind
    where: str
    body: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        """Anything but a plain `Deny`: an effect that is not known is an Allow."""
        return self.body.get("effect") != "Deny"

    @property
    def name(self) -> str:
        sid = self.body.get("sid")
        number = self.where.rpartition(".")[2]
        return f"statement {sid or number}" if sid or number.isdigit() else "its statement"

    def values(self, element: str) -> list[Any]:
        """What stands at `action`, `resource` ...; a value that stands alone is a list of one."""
        value = self.body.get(element, MISSING)
        return [] if value is MISSING else as_list(value)

    def meant(self, *wanted: str) -> list[str]:
        """The actions, as they stand there, that allow one of these; IAM does not tell upper from lower case."""
        low = [action.lower() for action in wanted]
        actions = [str(action) for action in self.values("action")]
        return [action for action in actions if any(fnmatchcase(each, action.lower()) for each in low)]

    def principals(self) -> Iterator[tuple[str, Any]]:
        """(kind in lower case, value): `aws`, `service`, `federated`, `canonicaluser`."""
        for entry in self.values("principal"):
            for kind, values in entry.items() if isinstance(entry, Mapping) else (("aws", entry),):
                yield from ((str(kind).lower(), value) for value in as_list(values))

    def conditions(self) -> Iterator[tuple[str, str, list[Any]]]:
        """(operator, key, values), the first two in lower case, as IAM compares them."""
        for condition in self.values("condition"):
            for operator, keys in condition.items() if isinstance(condition, Mapping) else ():
                for key, value in keys.items() if isinstance(keys, Mapping) else ():
                    yield str(operator).lower(), str(key).lower(), as_list(value)

    def positive(self) -> Iterator[tuple[str, list[Any]]]:
        """(key, values) of the conditions that hold only when the key is there and matches."""
        for operator, key, values in self.conditions():
            if _POSITIVE.fullmatch(operator) and values:
                yield key, values


@dataclass(frozen=True)
class Unreadable:
    """Where a policy stands, or a statement, that only a deployment settles."""

    resource: Resource
    where: str
    value: Any


@lru_cache(maxsize=1)
def read(app: Deployment) -> tuple[tuple[Statement, ...], tuple[Unreadable, ...]]:
    """All statements, and all that cannot be read."""
    found = [each for resource in app.resources for each in _of(resource)]
    return (
        tuple(each for each in found if isinstance(each, Statement)),
        tuple(each for each in found if isinstance(each, Unreadable)),
    )


def allowing(app: Deployment, *kinds: Kind) -> Iterator[Statement]:
    """The statements that allow something; of the kinds given, or of all."""
    return (each for each in read(app)[0] if each.allows and (not kinds or each.kind in kinds))


def _of(resource: Resource) -> Iterator[Statement | Unreadable]:
    if resource.type.startswith(_ELSEWHERE):
        return
    yield from _in(resource, resource.properties, "", "")
    body = _as_statement(resource)
    if body:
        yield Statement(resource, "resource", "", {key: value for key, value in body.items() if value is not MISSING})


def _in(resource: Resource, node: Any, path: str, name: str) -> Iterator[Statement | Unreadable]:
    """`name`: of the property that holds `node`, in lower case, also for what stands in a list there."""
    if isinstance(node, str):
        text = node.lstrip()
        if name not in _POLICIES and not (text.startswith("{") and '"statement"' in text.lower()):
            return
        node = parsed(text)
        if node is MISSING:
            yield Unreadable(resource, path, text)
    if isinstance(node, Unknown | Pointer) and name in _POLICIES:
        yield Unreadable(resource, path, node)
    elif isinstance(node, list):
        for number, each in enumerate(node):
            yield from _in(resource, each, f"{path}.{number}", name)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            here = f"{path}.{key}" if path else str(key)
            if str(key).lower() == "statement":
                yield from _statements(resource, value, here)
            else:
                yield from _in(resource, value, here, str(key).lower())


def _statements(resource: Resource, value: Any, path: str) -> Iterator[Statement | Unreadable]:
    for number, each in enumerate(as_list(value)):
        here = f"{path}.{number}" if isinstance(value, list) else path
        if isinstance(each, Mapping):
            body = {str(key).lower(): element for key, element in each.items()}
            yield Statement(resource, _kind(resource, path, body), here, body)
        else:
            yield Unreadable(resource, here, each)


def _kind(resource: Resource, path: str, body: Mapping[str, Any]) -> Kind:
    if path.startswith("AssumeRolePolicyDocument"):
        return "trust"
    if resource.type.startswith("AWS::IAM::"):
        return "identity"
    return "resource" if body.keys() & {"principal", "notprincipal"} else "identity"


def _as_statement(resource: Resource) -> Mapping[str, Any] | None:
    """Permissions that are written as properties, as the statements that AWS makes of them."""
    get = resource.get
    match resource.type:
        case "AWS::Lambda::Permission":
            principal = get("Principal")
            condition = {
                "ArnLike": {"aws:SourceArn": get("SourceArn")},
                "StringEquals": {
                    "aws:SourceAccount": get("SourceAccount"),
                    "aws:PrincipalOrgID": get("PrincipalOrgID"),
                },
            }
            service = isinstance(principal, str) and _SERVICE.fullmatch(principal) is not None
            return {
                "principal": {"Service" if service else "AWS": principal},
                "action": get("Action"),
                "resource": get("FunctionName"),
                "condition": condition,
            }
        case "AWS::Lambda::LayerVersionPermission":
            return {
                "principal": get("Principal"),
                "action": get("Action"),
                "resource": get("LayerVersionArn"),
                "condition": {"StringEquals": {"aws:PrincipalOrgID": get("OrganizationId")}},
            }
        case "AWS::Events::EventBusPolicy" if get("Principal") is not MISSING:
            return {
                "principal": get("Principal"),
                "action": get("Action"),
                "condition": {text_of(get("Condition.Type")): {text_of(get("Condition.Key")): get("Condition.Value")}},
            }
    return None


def unknown(value: Any) -> bool:
    """Whether only a deployment settles what a policy says here. References to resources and policy variables do not
    count: what they stand for is stated."""
    if isinstance(value, Unknown):
        return value.text not in _AT_DEPLOY
    if isinstance(value, Pointer):
        return False
    if not isinstance(value, str):
        return True
    return any(name not in _AT_DEPLOY and ("::" in name or name.isalnum()) for name in _PLACEHOLDER.findall(value))


def own_account(app: Deployment, value: Any) -> bool:
    return text_of(value) in ("${AWS::AccountId}", app.settings.account)


def account_of(value: Any) -> str:
    """The account part of an ARN as it stands; empty when there is none."""
    parts = text_of(value).replace("${AWS::AccountId}", "$").split(":", 5)
    account = parts[4] if len(parts) == 6 else ""
    return "${AWS::AccountId}" if account == "$" else account


def own_arn(app: Deployment, value: Any) -> bool:
    """A resource of this app, or an ARN whose account is this one."""
    return app.target(value) is not None or own_account(app, account_of(value))


def who(app: Deployment, kind: str, value: Any) -> Who:
    """Whom a principal means, seen from this account."""
    text = text_of(value)
    if "*" in text or "?" in text:
        return "everyone"
    if kind == "service":
        return "service" if _SERVICE.fullmatch(text) else "outside"
    if kind == "federated":
        return "federated"
    return "own" if own_account(app, value) or own_arn(app, value) else "outside"


Binding = Callable[[Deployment, Any], bool]


def _stated(_: Deployment, value: Any) -> bool:
    return not unknown(value) and text_of(value).strip("*?/") != ""


def named(_: Deployment, value: Any) -> bool:
    """A value that is known, without a wildcard."""
    return not unknown(value) and not re.search(r"[*?]", text_of(value))


def _of_an_account(app: Deployment, value: Any) -> bool:
    return own_arn(app, value) or re.fullmatch(r"\d{12}", account_of(value)) is not None


_BINDS: Final[Mapping[str, Binding]] = {
    "aws:sourceowner": own_account,
    "aws:principalaccount": own_account,
    "kms:calleraccount": own_account,
    "s3:dataaccesspointaccount": own_account,
    "aws:principalarn": _of_an_account,
    "aws:principalorgid": named,
    "aws:principalorgpaths": _stated,
    "aws:sourcevpc": named,
    "aws:sourcevpce": named,
    "sts:externalid": named,
}
"""Condition key on the caller -> what it must say, so that nobody gets in but whom it names. An address (aws:SourceIp),
TLS or MFA names nobody; aws:SourceArn and its like speak of what a service acts for, not of who calls."""
_BINDS_SERVICES: Final[Mapping[str, Binding]] = {
    **_BINDS,
    "aws:sourceaccount": own_account,
    "aws:sourcearn": own_arn,
    "aws:sourceorgid": named,
    "aws:sourceorgpaths": _stated,
    "kms:viaservice": named,
    "aws:requesttag/eks-cluster-arn": own_arn,
}
"""What a service fills in itself; a person could say anything there."""
_CONTEXT: Final = "kms:encryptioncontext:"


def bound(app: Deployment, statement: Statement, *, service: bool = False) -> bool:
    """Whether a condition lets in only whom it names. Conditions must all hold, of one's values any: so one key is
    enough, and each of its values counts."""
    for key, values in statement.positive():
        binding = (_BINDS_SERVICES if service else _BINDS).get(key)
        if service and key.startswith(_CONTEXT):
            binding = own_arn
        if binding and all(binding(app, value) for value in values):
            return True
    return False
