"""What a service's pods may do in AWS: read what they use by its name, and the one or two things that they are for.

Owns IAM statements. Everything of DataStack is named by the naming scheme, which is why there is no edge to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ...settings.model import Service, Settings
from ..pod_identity import Statement
from .environment import parameters_of, secrets_of

_BY_ALIAS: Final = (
    "The one key that has the data tier's alias; its id is known to DataStack, to which there is no edge."
)


@dataclass(frozen=True)
class Grant:
    """A statement of a policy, and why what it leaves open is safe."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, object] = field(default_factory=dict)
    wildcards: Mapping[str, str] = field(default_factory=dict)
    """Resource with a `*` -> reason."""
    any_key: str = ""
    """Why its actions name every key of the account; empty: they do not."""

    @property
    def statement(self) -> Statement:
        statement: Statement = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        return {**statement, "Condition": dict(self.condition)} if self.condition else statement


def grants(service: Service, settings: Settings, *, account: str) -> Iterator[Grant]:
    """`account` may be a token."""
    names, region = settings.names, settings.region

    def arn(aws_service: str, resource: str) -> str:
        return f"arn:aws:{aws_service}:{region}:{account}:{resource}"

    if parameters := sorted(parameters_of(service, names).values()):
        resources = tuple(arn("ssm", f"parameter{name}") for name in parameters)
        yield Grant(("ssm:GetParameter", "ssm:GetParameters"), resources)
    secrets = sorted(secrets_of(service, names).values())
    if secrets:
        # Secrets Manager puts six characters behind a secret's name.
        resources = tuple(arn("secretsmanager", f"secret:{name}-??????") for name in secrets)
        yield Grant(("secretsmanager:GetSecretValue",), resources)
    through = [*(["secretsmanager"] if secrets else []), *(["s3"] if service.writes_images else [])]
    if through:
        keys = arn("kms", "key/*")
        yield Grant(
            ("kms:Decrypt", *(("kms:GenerateDataKey",) if service.writes_images else ())),
            (keys,),
            condition={
                "StringEquals": {"kms:ViaService": [f"{each}.{region}.amazonaws.com" for each in through]},
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{names.of('data')}"},
            },
            wildcards={keys: _BY_ALIAS},
            any_key=_BY_ALIAS,
        )
    if service.writes_images:
        # What the CDN shows is below `images/`; the shop's own pictures there are not for others to replace.
        pictures = f"arn:aws:s3:::{names.of('images')}-{account}-{region}-an/images/events/*"
        yield Grant(("s3:PutObject",), (pictures,), wildcards={pictures: "Pictures get their names when they come."})
    identity = settings.eks.mail_identity
    if service.sends_mail and identity:
        domain = identity.rpartition("@")[2]
        yield Grant(
            ("ses:SendEmail", "ses:SendRawEmail"),
            # SES sends from an address by the domain's rights where the domain is what was verified.
            tuple(arn("ses", f"identity/{each}") for each in dict.fromkeys((identity, domain))),
            condition={"StringEquals": {"ses:FromAddress": identity}} if identity != domain else {},
        )
