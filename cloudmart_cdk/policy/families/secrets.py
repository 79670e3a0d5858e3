"""SECRET: nothing secret in templates, environment or user data. Specification section 3.

Owns where the value of a secret may be put, and how values come to be. Encryption of secrets is in `at_rest`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..model import Deployment, parsed
from ..rule import ABSENT, SET, Found, Row, Rule, at_least, rule_of, shown

_REFERENCE: Final = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")
_NAMED: Final = re.compile(r"(?i)(password|passwd|secret|token|api_?key|credential|private_?key)")
_POINTS: Final = re.compile(r"(?i)(arn|id|name|path|url|file|version|stage|ttl)$")
"""Names that end so say where a secret is, not what it is: `SECRET_ARN`, `TOKEN_TTL`."""

_KEEPERS: Final = {
    "AWS::RDS::DBInstance": ("MasterUserPassword", "MasterUsername"),
    "AWS::RDS::DBCluster": ("MasterUserPassword", "MasterUsername"),
    "AWS::ElastiCache::ReplicationGroup": ("AuthToken",),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("Conditions",),
    "AWS::CloudFront::Distribution": ("DistributionConfig.Origins",),
}
"""Type -> properties that AWS keeps from readers, or that compare with the secret (the origin header)."""

ROWS: Final = (
    Row(
        "SECRET-2",
        "AWS::SecretsManager::Secret",
        "SecretString",
        ABSENT,
        "A value in a template is in git, in CloudFormation and in every log of both.",
        "let Secrets Manager generate it, or put it in by hand after the deploy",
        acknowledgeable=False,
    ),
    Row(
        "SECRET-3",
        "AWS::SecretsManager::Secret",
        "GenerateSecretString",
        SET,
        "A secret without a generated value is empty until somebody thinks of it.",
        "generate_secret_string=SecretStringGenerator(...)",
    ),
    Row(
        "SECRET-4",
        "AWS::SecretsManager::Secret",
        "GenerateSecretString.PasswordLength",
        at_least(32),
        "Stated, and no shorter than Secrets Manager's own default (API reference, GetRandomPassword).",
    ),
)


def _strings(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _strings(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _strings(value, f"{path}.{number}")
    elif isinstance(node, str):
        yield path, node


def _references_where_kept(app: Deployment) -> Iterator[Found]:
    for resource in app.resources:
        keepers = _KEEPERS.get(resource.type, ())
        for where, text in _strings(resource.properties, ""):
            if _REFERENCE.search(text) and not where.startswith(keepers):
                allowed = "the names of secrets; the program reads the value itself"
                yield Found(resource, shown(text), allowed, where)
    for stack in app.stacks.values():
        for name, output in stack.template.get("Outputs", {}).items():
            for where, text in _strings(app.value(stack.id, output), ""):
                if _REFERENCE.search(text):
                    place = next(resource for resource in app.resources if resource.stack == stack.id)
                    yield Found(place, f"output {name} with {shown(text)}", "no secret in outputs", where, name)


def _no_literals(app: Deployment) -> Iterator[Found]:
    """Values that look like secrets by their names, in environments and templates of secrets; user data is IMDS-3's."""
    for function in app.of("AWS::Lambda::Function"):
        variables = function.get("Environment.Variables")
        for name, value in variables.items() if isinstance(variables, Mapping) else ():
            if _suspicious(name, value):
                yield Found(function, f"{name} in clear", "the secret's name", f"Environment.Variables.{name}")
    for secret in app.of("AWS::SecretsManager::Secret"):
        template = parsed(secret.get("GenerateSecretString.SecretStringTemplate"))
        for name, value in template.items() if isinstance(template, Mapping) else ():
            if _suspicious(name, value):
                where = "GenerateSecretString.SecretStringTemplate"
                yield Found(secret, f"{name} in clear", "user names and the like; the secret is generated", where)


def _suspicious(name: str, value: Any) -> bool:
    named = bool(_NAMED.search(name)) and not _POINTS.search(name)
    return named and isinstance(value, str) and bool(value) and not value.startswith(("arn:", "${", "/"))


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "SECRET-5",
        "The value of a secret goes only where AWS keeps it from readers",
        "CloudFormation guide, dynamic references: in any other property the resolved value can be read back. "
        "CIS AWS Foundations 1.14; Security Hub Lambda.1, SSM.4.",
        "hand over the secret's name and let the program read it",
        _references_where_kept,
        acknowledgeable=False,
    ),
    Rule(
        "SECRET-6",
        "No value that looks like a secret stands in a template",
        "Specification section 3: nothing secret in a template, an environment variable or user data.",
        "put it into Secrets Manager and hand over its name",
        _no_literals,
    ),
)
