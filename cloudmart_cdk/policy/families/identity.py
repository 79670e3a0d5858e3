"""IAM: who may do what, to what, and who may become whom.

Owns the rules over every policy statement, in identity, trust and resource policies, wherever they stand. Which actions
know resources is AWS's data, not ours. What opens an account to the world cannot be acknowledged.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from ..authorization import boundless, matches, resource_types
from ..model import MISSING, Deployment, Resource, text_of
from ..rule import Found, Rule, shown
from ..statements import Statement, account_of, allowing, bound, named, own_account, read, unknown, who

_LEAST: Final = "IAM guide, 'Grant least privilege'"
_DEPUTY: Final = "IAM guide, 'The confused deputy problem'"
_GITHUB: Final = "token.actions.githubusercontent.com"
_AUDIENCE: Final = "sts.amazonaws.com"
_SUBJECT: Final = re.compile(r"repo:[^:/*?$]+/[^:/*?$]+:(ref:refs/heads/[^:*?$]+|environment:[^:*?$]+)")
_VERB: Final = 3
"""Letters before an action's wildcard, so that it begins with a whole verb: `Get*`, `Put*`, not `*Object` or `P*`."""
_NOT: Final = {"notaction": "NotAction", "notresource": "NotResource", "notprincipal": "NotPrincipal"}
_KEYS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_ENDPOINT: Final = "AWS::EC2::VPCEndpoint"
_PEOPLE: Final = (
    "AWS::IAM::User",
    "AWS::IAM::AccessKey",
    "AWS::IAM::LoginProfile",
    "AWS::IAM::UserToGroupAddition",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::ServiceSpecificCredential",
)
_ADMINISTERS: Final = re.compile(
    r".*/(AdministratorAccess.*|.*FullAccess.*|.*PowerUser.*|ReadOnlyAccess|(Database|Network|System)Administrator)",
    re.IGNORECASE,
)
_ON_BEHALF: Final = {
    "events.amazonaws.com": "EventBridge guide, 'Cross-service confused deputy prevention'",
    "monitoring.rds.amazonaws.com": "RDS guide, 'Setting up and enabling Enhanced Monitoring'",
    "pods.eks.amazonaws.com": "EKS guide, 'Create IAM role with trust policy required by EKS Pod Identity'",
    "rolesanywhere.amazonaws.com": "IAM Roles Anywhere guide, 'Trust policy'",
    "scheduler.amazonaws.com": "EventBridge Scheduler guide, 'Confused deputy prevention'",
    "ssm.amazonaws.com": "Systems Manager guide, 'Cross-service confused deputy prevention'",
    "states.amazonaws.com": "Step Functions guide, 'Creating an IAM role for your state machine'",
    "vpc-flow-logs.amazonaws.com": "VPC guide, 'IAM role for publishing flow logs to CloudWatch Logs'",
}
"""Services for whose roles AWS writes a condition into the trust, and where. Not those that take a role on for a
resource of ours that was given it with iam:PassRole, and document none: EC2, Lambda, EKS, Backup, RDS Proxy."""


def _where(statement: Statement, element: str) -> str:
    return f"{statement.where}.{element}".lstrip(".")


def _found(statement: Statement, element: str, given: str, allowed: str, detail: str = "") -> Found:
    return Found(statement.resource, f"{given}, in {statement.name}", allowed, _where(statement, element), detail)


def _wildcard_actions(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app):
        for element, name in _NOT.items():
            if element in statement.body:
                given = f"an Allow with {name} {shown(statement.body[element])}"
                yield _found(statement, name, given, "what is allowed, not what is not")
        for action in statement.values("action"):
            if isinstance(action, str) and _too_wide(action) and not _hands_key_to_iam(app, statement, action):
                allowed = "actions by name; a wildcard after a whole verb only, as in s3:Get*"
                yield _found(statement, "Action", action, allowed)


def _too_wide(action: str) -> bool:
    service, _, name = action.partition(":")
    wildcard = re.search(r"[*?]", name)
    return bool(re.search(r"[*?]", service)) or (wildcard is not None and wildcard.start() < _VERB)


def _hands_key_to_iam(app: Deployment, statement: Statement, action: str) -> bool:
    """KMS guide, "Default key policy": `kms:*` for the account's root is how a key is administered through IAM."""
    if statement.resource.type not in _KEYS or action.lower() != "kms:*":
        return False
    principals = list(statement.principals())
    return len(principals) == 1 and principals[0][0] == "aws" and _root(app, principals[0][1])


def _root(app: Deployment, principal: Any) -> bool:
    text = text_of(principal)
    return own_account(app, text) or (own_account(app, account_of(text)) and text.endswith(":root"))


def _resource_star(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "identity"):
        resources = [each for each in statement.values("resource") if isinstance(each, str) and boundless(each)]
        if not resources:
            continue
        for action in statement.values("action"):
            if not isinstance(action, str) or unknown(action) or _too_wide(action):
                continue  # IAM-1's and IAM-3's
            known = resource_types(action)
            types = sorted({type_ for _, types in known for type_ in types})
            if not known:
                given = f"{action}, which AWS's data does not know, on {resources[0]}"
                yield _found(statement, "Resource", given, "`*` for actions that AWS knows", action)
            elif types:
                allowed = f"`*` only for actions for which AWS defines no resource; this one knows {', '.join(types)}"
                yield _found(statement, "Resource", f"{action} on {resources[0]}", allowed, action)


def _readable(app: Deployment) -> Iterator[Found]:
    statements, unreadable = read(app)
    allowed = "values that are known at synth: text, references to resources"
    for each in unreadable:
        yield Found(each.resource, f"a policy that cannot be read: {shown(text_of(each.value))}", allowed, each.where)
    for statement in statements:
        if not statement.allows:
            continue
        elements = [("Action", each, unknown(each) or "$" in text_of(each)) for each in statement.values("action")]
        elements += [("Resource", each, unknown(each)) for each in statement.values("resource")]
        elements += [(f"Principal.{kind}", each, unknown(each)) for kind, each in statement.principals()]
        for element, value, hidden in elements:
            if hidden:
                yield _found(statement, element.partition(".")[0], shown(text_of(value)), allowed)


def _trust_outside(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "trust"):
        for kind, value in statement.principals():
            party = who(app, kind, value)
            if party == "federated" and not _is_github(app, value) and not _federation_bound(statement, value):
                allowed = "StringEquals on the provider's :sub and :aud, without wildcards (SAML: on SAML:aud)"
                yield _found(statement, "Principal", f"{shown(value)}, bound to nobody", allowed)
            elif party in ("everyone", "outside") and not bound(app, statement):
                allowed = "this account; others with a Condition such as aws:PrincipalOrgID or sts:ExternalId"
                yield _found(statement, "Principal", f"{kind} {shown(value)}, without a Condition that binds", allowed)


def _exactly(statement: Statement, suffix: str) -> list[str]:
    """The values of a key when only StringEquals looks at it and they have no wildcard; else none."""
    looked = [(operator, values) for operator, key, values in statement.conditions() if key.endswith(suffix)]
    values = [text_of(value) for _, several in looked for value in several]
    strict = all(operator == "stringequals" for operator, _ in looked)
    return values if strict and not any(unknown(value) or re.search(r"[*?]", value) for value in values) else []


def _federation_bound(statement: Statement, provider: Any) -> bool:
    if ":saml-provider/" in text_of(provider):
        return bool(_exactly(statement, "saml:aud"))
    return bool(_exactly(statement, ":sub")) and bool(_exactly(statement, ":aud"))


def _is_github(app: Deployment, provider: Any) -> bool:
    made_here = app.target(provider)
    return _GITHUB in text_of(made_here.get("Url") if made_here else provider).lower()


def _github(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "trust"):
        for kind, value in statement.principals():
            if kind != "federated" or not _is_github(app, value):
                continue
            subjects, audiences = _exactly(statement, f"{_GITHUB}:sub"), _exactly(statement, f"{_GITHUB}:aud")
            if len(subjects) != 1 or not _SUBJECT.fullmatch(subjects[0]):
                given = f"GitHub with the subject {_seen(statement, ':sub')}"
                allowed = "StringEquals on one repo:ORG/REPO:ref:refs/heads/BRANCH or repo:ORG/REPO:environment:NAME"
                yield _found(statement, "Condition", given, allowed)
            if audiences != [_AUDIENCE]:
                given = f"GitHub with the audience {_seen(statement, ':aud')}"
                yield _found(statement, "Condition", given, f"StringEquals on {_AUDIENCE}")
    for provider in app.resources:
        if provider.type.lower().endswith(("::oidcprovider", "openidconnectprovider")):
            yield from _provider(provider)


def _seen(statement: Statement, suffix: str) -> str:
    seen = {operator: values for operator, key, values in statement.conditions() if key.endswith(suffix)}
    return shown(seen) if seen else "not set"


def _provider(provider: Resource) -> Iterator[Found]:
    url = provider.get("Url")
    name = "ClientIDList" if "ClientIDList" in provider.properties else "ClientIdList"
    clients = provider.items(name)
    if unknown(url):
        yield Found(provider, shown(text_of(url)), "an issuer that is known at synth", "Url")
    elif _GITHUB in text_of(url).lower() and clients != [_AUDIENCE]:
        yield Found(provider, shown(clients or MISSING), f"{_AUDIENCE} only", name)


def _trust_on_behalf(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "trust"):
        for kind, value in statement.principals():
            service = text_of(value)
            if kind == "service" and service in _ON_BEHALF and not bound(app, statement, service=True):
                given = f"{service} without a Condition that binds it"
                allowed = f"aws:SourceAccount or aws:SourceArn of this account ({_ON_BEHALF[service]})"
                yield _found(statement, "Principal", given, allowed, service)


def _granted(app: Deployment, *parties: str) -> Iterator[tuple[Statement, Any]]:
    """Resource policies' statements that let these parties in, and no condition that binds them."""
    service = "service" in parties
    for statement in allowing(app, "resource"):
        if not _filters(statement) and not bound(app, statement, service=service):
            yield from (
                (statement, value) for kind, value in statement.principals() if who(app, kind, value) in parties
            )


def _filters(statement: Statement) -> bool:
    """An endpoint's policy grants nothing, it narrows what its VPC may reach: stated resources are narrow enough."""
    resources = statement.values("resource")
    stated = resources and not any(unknown(each) or boundless(text_of(each)) for each in resources)
    return statement.resource.type == _ENDPOINT and bool(stated)


def _open_to_everyone(app: Deployment) -> Iterator[Found]:
    for statement, value in _granted(app, "everyone"):
        allowed = "named principals, or a Condition on the caller such as aws:PrincipalOrgID"
        yield _found(statement, "Principal", f"{shown(value)} without a Condition that binds", allowed)


def _open_to_others(app: Deployment) -> Iterator[Found]:
    for statement, value in _granted(app, "outside", "federated"):
        allowed = "principals of this account; others with a Condition such as aws:PrincipalOrgID"
        given = f"{shown(value)} without a Condition that binds"
        yield _found(statement, "Principal", given, allowed, account_of(value) or text_of(value))


def _open_to_services(app: Deployment) -> Iterator[Found]:
    for statement, value in _granted(app, "service"):
        allowed = "aws:SourceAccount or aws:SourceArn of this account"
        given = f"{text_of(value)} without a Condition that binds it"
        yield _found(statement, "Principal", given, allowed, text_of(value))


def _passing_roles(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "identity"):
        actions = [each for each in statement.values("action") if isinstance(each, str)]
        if not any(matches(action, "iam:PassRole") for action in actions):
            continue
        for resource in statement.values("resource") or [MISSING]:
            if not _one_role(app, resource):
                given = f"iam:PassRole on {shown(text_of(resource))}"
                yield _found(statement, "Resource", given, "roles by their ARNs, without wildcards")
        if not any(
            key == "iam:passedtoservice" and all(named(app, value) for value in values)
            for key, values in statement.positive()
        ):
            allowed = "iam:PassedToService with the services that get the role"
            yield _found(statement, "Condition", "iam:PassRole for any service", allowed)


def _one_role(app: Deployment, value: Any) -> bool:
    made_here = app.target(value)
    if made_here is not None:
        return made_here.type == "AWS::IAM::Role" and named(app, value)
    return named(app, value) and ":role/" in text_of(value)


def _metrics_bound(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "identity"):
        actions = [each for each in statement.values("action") if isinstance(each, str)]
        stated = any(
            key == "cloudwatch:namespace" and all(named(app, value) for value in values)
            for key, values in statement.positive()
        )
        if any(matches(action, "cloudwatch:PutMetricData") for action in actions) and not stated:
            allowed = "cloudwatch:namespace with the namespaces that it writes"
            yield _found(statement, "Condition", "cloudwatch:PutMetricData into any namespace", allowed)


def _no_users(app: Deployment) -> Iterator[Found]:
    for resource in app.of(*_PEOPLE):
        yield Found(resource, "a user of IAM, or what belongs to one", "roles, taken on for an hour")


def _no_administrators(app: Deployment) -> Iterator[Found]:
    for resource in app.resources:
        for name in ("ManagedPolicyArns", "ManagedPolicies"):
            for number, policy in enumerate(resource.items(name)):
                where = f"{name}.{number}"
                if unknown(policy):
                    yield Found(resource, shown(text_of(policy)), "managed policies that are known at synth", where)
                elif _ADMINISTERS.fullmatch(text_of(policy)):
                    yield Found(resource, shown(policy), "policies of what the role does, and no more", where)


RULES: Final = (
    Rule(
        "IAM-1",
        "No Allow of all actions, of a service's all, or of all but some",
        f"{_LEAST}; CIS AWS Foundations 1.16; Security Hub IAM.1, IAM.21. What AWS adds tomorrow would be allowed too. "
        "`kms:*` in a key's policy for this account's root is AWS's way to hand the key to IAM, and the one exception.",
        "list the actions that the code calls, by name",
        _wildcard_actions,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-2",
        "Resource `*` only for actions for which AWS defines no resource",
        f"{_LEAST}; Security Hub KMS.1, KMS.2. AWS's service authorization data says which those are; an ARN that "
        "names a kind and nothing else, `arn:aws:s3:::*` or `...:role/*`, counts as `*`.",
        "name the resources, and keep actions that know none in a statement of their own; where a service demands `*`, "
        "acknowledge the action with the service's page",
        _resource_star,
    ),
    Rule(
        "IAM-3",
        "Every policy can be read at synth",
        f"{_LEAST}. A parameter in a policy is whatever somebody types at the deploy, `*` included.",
        "write the value, refer to the resource, or make it a setting",
        _readable,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-4",
        "No role can be taken on from outside the account without a condition",
        f"{_DEPUTY}; IAM Access Analyzer reports the same. An account is not a person: whoever "
        "that account trusts gets in.",
        "trust a role of this account, or add aws:PrincipalOrgID, or sts:ExternalId for a third party; for OIDC "
        "StringEquals on :sub and :aud",
        _trust_outside,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-5",
        "GitHub's OIDC trust is bound to one repository and one branch or environment",
        "IAM guide, 'Configuring a role for GitHub OIDC identity provider'. With `aud` alone, or a wildcard in `sub`, "
        "any repository or any pull request on GitHub takes on the role.",
        "StringEquals on aud sts.amazonaws.com and on sub repo:ORG/REPO:environment:NAME; a role for each environment",
        _github,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-6",
        "A service that acts for all its customers takes on a role for this account only",
        f"{_DEPUTY}. For services whose guide puts the condition into the role's trust; others prove themselves by "
        "iam:PassRole.",
        "add StringEquals aws:SourceAccount to the trust policy",
        _trust_on_behalf,
    ),
    Rule(
        "IAM-7",
        "No resource policy is open to everyone",
        "Security Hub S3.2, S3.3, SQS.3, SNS.4, KMS.5, Lambda.1. `*` is every account of AWS, and often everybody.",
        "name the principals, or add a Condition on the caller: aws:PrincipalOrgID, aws:SourceVpce",
        _open_to_everyone,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-8",
        "No resource policy lets another account in without a condition",
        f"{_DEPUTY}; Security Hub S3.6. Who gets in there is decided by that account's administrators.",
        "add aws:PrincipalOrgID or aws:PrincipalArn; acknowledge a partner's account, with the contract as reason",
        _open_to_others,
    ),
    Rule(
        "IAM-9",
        "A resource policy lets a service in for this account only",
        f"{_DEPUTY}; Security Hub Lambda.1. The service works for every customer: without a condition any of them "
        "sends it to our resource.",
        "add StringEquals aws:SourceAccount, or ArnLike aws:SourceArn; where the service sends neither, acknowledge "
        "it with the page that says so",
        _open_to_services,
    ),
    Rule(
        "IAM-10",
        "iam:PassRole on stated roles, to stated services",
        "IAM guide, 'Grant a user permissions to pass a role to an AWS service'. Who passes any role becomes any role.",
        "name the role's ARN, and StringEquals iam:PassedToService",
        _passing_roles,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-11",
        "No users, access keys or passwords",
        "CIS AWS Foundations 1.21; Security Hub IAM.2, IAM.3; IAM guide, 'Security best practices'. Keys leak, "
        "and outlive the course.",
        "use a role; people sign in through IAM Identity Center, pipelines through OIDC",
        _no_users,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-12",
        "No managed policy that administers, or reads everything",
        f"CIS AWS Foundations 1.16; Security Hub IAM.1; {_LEAST}.",
        "write the actions into a policy of the role's own",
        _no_administrators,
        acknowledgeable=False,
    ),
    Rule(
        "IAM-13",
        "Metrics are written into stated namespaces",
        'CloudWatch guide, "Using condition keys to limit access to namespaces": who can write any metric can steer '
        "every alarm and scaling policy of the account.",
        "add Condition StringEquals cloudwatch:namespace",
        _metrics_bound,
        acknowledgeable=False,
    ),
)
