"""What a service's pods may do in AWS: read what they use by its name, and the one or two things that they are for.

Owns IAM statements. Everything of DataStack is named by the naming scheme, which is why there is no edge to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ...settings.model import Service, Settings
from ..pod_identity import Statement
from .environment import parameters_of, secrets_of


@dataclass(frozen=True)
class Grant:
    """A statement, and why each wildcard in its resources is safe."""

    statement: Statement
    wildcards: dict[str, str]
    """ARN with a wildcard -> reason."""


def grants(service: Service, settings: Settings, *, account: str) -> Iterator[Grant]:
    """`account` may be a token."""
    names, region = settings.names, settings.region

    def arn(aws_service: str, resource: str) -> str:
        return f"arn:aws:{aws_service}:{region}:{account}:{resource}"

    parameters, secrets = parameters_of(service, names), secrets_of(service, names)
    if parameters:
        yield _allow(
            ["ssm:GetParameter", "ssm:GetParameters"],
            [arn("ssm", f"parameter{name}") for name in sorted(parameters.values())],
        )
    if secrets:
        yield _allow(
            ["secretsmanager:GetSecretValue"],
            # Secrets Manager puts six characters behind a secret's name.
            [arn("secretsmanager", f"secret:{name}-??????") for name in sorted(secrets.values())],
        )
    through = [*(["secretsmanager"] if secrets else []), *(["s3"] if service.writes_images else [])]
    if through:
        keys = arn("kms", "key/*")
        yield _allow(
            ["kms:Decrypt", *(["kms:GenerateDataKey"] if service.writes_images else [])],
            [keys],
            {
                "StringEquals": {"kms:ViaService": [f"{each}.{region}.amazonaws.com" for each in through]},
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{names.of('data')}"},
            },
            {keys: "The data tier's key, by its alias: its id is not known without an edge to DataStack."},
        )
    if service.writes_images:
        bucket = f"arn:aws:s3:::{names.of('images')}-{account}-{region}-an/images/*"
        yield _allow(["s3:PutObject"], [bucket], {}, {bucket: "Pictures are named by who uploads them."})
    identity = settings.eks.mail_identity
    if service.sends_mail and identity:
        yield _allow(
            ["ses:SendEmail", "ses:SendRawEmail"],
            # An address of a verified domain is sent from by the domain's rights.
            [arn("ses", f"identity/{each}") for each in dict.fromkeys((identity, identity.rpartition("@")[2]))],
            {"StringEquals": {"ses:FromAddress": identity}} if "@" in identity else {},
        )


def _allow(
    actions: list[str],
    resources: list[str],
    condition: dict[str, object] | None = None,
    wildcards: dict[str, str] | None = None,
) -> Grant:
    statement: Statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    if condition:
        statement["Condition"] = condition
    return Grant(statement, wildcards or {})
