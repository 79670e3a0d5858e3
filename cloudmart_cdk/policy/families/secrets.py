"""SECRET: nothing secret in templates, environment or user data. Specification section 3.

Owns where the value of a secret may be put, and how values come to be. Encryption of secrets is in `at_rest`.
"""

import math
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..manifests import is_secret
from ..model import MISSING, Deployment, Resource, leaves, parsed, section, text_of
from ..rule import ABSENT, SET, Found, Row, Rule, Test, at_least, matching, rule_of, shown

_REFERENCE: Final = re.compile(r"\{\{resolve:(?!ssm:)")
"""Anything but a plain parameter: `secretsmanager`, `ssm-secure`, or what a template parameter says."""
_IN_PARTS: Final = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure)")
"""In a template as it is written, where a text may stand in several parts."""
_ELSEWHERE: Final = re.compile(r"arn:.+|/[\w.-]+/.+|\$\{[\w-]+\.[\w.]+\}")
"""Values that say where a secret is: an ARN, a path, a reference to a resource."""
_SHAPES: Final = re.compile(
    r"A[KS]IA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]+:[^/\s:@]+@"
    r"|hooks\.slack\.com/(services|workflows|triggers)/\w|/integration/[0-9a-f]{32}/enqueue"
)
"""Secrets whatever they are called: access keys, private keys, passwords in addresses, addresses of Slack and PagerDuty
that let whoever has them write there."""

_KEEPERS: Final = {
    "AWS::RDS::DBInstance": ("MasterUserPassword", "MasterUsername"),
    "AWS::RDS::DBCluster": ("MasterUserPassword", "MasterUsername"),
    "AWS::ElastiCache::ReplicationGroup": ("AuthToken",),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("Conditions",),
    "AWS::CloudFront::Distribution": ("DistributionConfig.Origins",),
}
"""Type -> properties that AWS keeps from readers, or that compare with the secret (the origin header)."""

_BITS: Final = 128
_CHARACTERS: Final = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}
"""What leaves them out -> the characters that Secrets Manager draws from."""


def _chance(generator: Any) -> float:
    """Bits of entropy of what is generated; 0 for what cannot be read."""
    if not isinstance(generator, Mapping):
        return 0
    left = "".join(each for name, each in _CHARACTERS.items() if text_of(generator.get(name, False)) == "false")
    length, excluded = text_of(generator.get("PasswordLength", 32)), text_of(generator.get("ExcludeCharacters", ""))
    kinds = len(set(left) - set(excluded))
    return int(length) * math.log2(kinds) if length.isdecimal() and kinds else 0


ROWS: Final = (
    Row(
        "SECRET-2",
        "AWS::SecretsManager::Secret",
        "SecretString",
        ABSENT,
        "A value in a template is in git and in CloudFormation for good (specification section 3).",
        "let Secrets Manager generate it, or put it in by hand after the deploy",
        acknowledgeable=False,
    ),
    Row(
        "SECRET-3",
        "AWS::SecretsManager::Secret",
        "GenerateSecretString",
        SET,
        "Without a generated value it is empty until somebody thinks of it (Secrets Manager guide).",
        "generate_secret_string=SecretStringGenerator(...)",
    ),
    Row(
        "SECRET-4",
        "AWS::SecretsManager::Secret",
        "GenerateSecretString.PasswordLength",
        at_least(32),
        "Stated, and no shorter than Secrets Manager's own default (API reference, GetRandomPassword).",
    ),
    Row(
        "SECRET-8",
        "AWS::SecretsManager::Secret",
        "GenerateSecretString",
        Test(f"{_BITS} bits of chance or more", lambda given, _: _chance(given) >= _BITS),
        "Length does not help when few characters are left (NIST SP 800-57, security strength).",
        "exclude fewer characters, or generate more of them",
    ),
    Row(
        "SECRET-9",
        "AWS::SecretsManager::RotationSchedule",
        "RotationRules.ScheduleExpression",
        matching(r"rate\((1 day|([2-9]|[12]\d|30) days)\)", "a rate of 30 days or fewer"),
        "Specification section 3: database secrets are rotated every 30 days. Security Hub SecretsManager.4.",
    ),
)


def _strings(node: Any) -> Iterator[tuple[str, str]]:
    return ((where, text) for where, text in leaves(node) if isinstance(text, str))


def _references_where_kept(app: Deployment) -> Iterator[Found]:
    allowed = "the names of secrets; the program reads the value itself"
    for resource in app.resources:
        keepers = _KEEPERS.get(resource.type, ())
        written = app.stacks[resource.stack].template["Resources"][resource.logical_id].get("Properties")
        for pattern, node in ((_REFERENCE, resource.properties), (_IN_PARTS, written)):
            for where, text in _strings(node):
                if pattern.search(text) and not where.startswith(keepers):
                    yield Found(resource, shown(text), allowed, where)
    for stack in app.stacks.values():
        for name, output in section(stack, "Outputs").items():
            for pattern, node in ((_REFERENCE, app.value(stack.id, output)), (_IN_PARTS, output)):
                for where, text in _strings(node):
                    if pattern.search(text):
                        given = f"output {name} with {shown(text)}"
                        yield Found(_place(stack.id), given, "no secret in outputs", where, name)


def _place(stack: str) -> Resource:
    return Resource(stack, "", "AWS::CloudFormation::Template", {}, stack, "")


def _no_literals(app: Deployment) -> Iterator[Found]:
    """Values that look like secrets, by their names or by themselves. User data is IMDS-3's too, pods POD-23's."""
    given, by_name = "a secret in clear", "the secret's name"
    for function in app.of("AWS::Lambda::Function"):
        variables = function.get("Environment.Variables")
        for name, value in variables.items() if isinstance(variables, Mapping) else ():
            if _suspicious(name, value):
                yield Found(function, given, by_name, f"Environment.Variables.{name}")
    for secret in app.of("AWS::SecretsManager::Secret"):
        for name, value in leaves(parsed(secret.get("GenerateSecretString.SecretStringTemplate"))):
            if _suspicious(name.replace(".", "_"), value):
                where = "GenerateSecretString.SecretStringTemplate"
                yield Found(secret, f"{name} in clear", "user names and the like; the secret is generated", where)
    for parameter in app.of("AWS::SSM::Parameter"):
        name = text_of(parameter.get("Name")).rpartition("/")[2]
        if _suspicious(name, parameter.get("Value")):
            yield Found(parameter, given, by_name, "Value")
    for stack in app.stacks.values():
        for part, key in (("Parameters", "Default"), ("Outputs", "Value")):
            for name, entry in section(stack, part).items():
                value = entry.get(key, MISSING) if isinstance(entry, Mapping) else MISSING
                if _suspicious(name, app.value(stack.id, value)):
                    yield Found(_place(stack.id), given, by_name, f"{part}.{name}.{key}", name)
        besides = {part: node for part, node in stack.template.items() if part != "Resources"}
        for place, node in (
            (_place(stack.id), besides),
            *((r, r.properties) for r in app.resources if r.stack == stack.id),
        ):
            for where, text in _strings(node):
                if _SHAPES.search(text):
                    yield Found(place, given, by_name, where)


def _suspicious(name: str, value: Any) -> bool:
    """Whether a value is named like a secret, and is not merely where one is. What a parameter says is a value too."""
    text = "" if value is MISSING else text_of(value)
    return is_secret(name, text) and not _ELSEWHERE.fullmatch(text)


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
