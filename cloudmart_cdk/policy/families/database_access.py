"""RDS and CACHE: who may connect to PostgreSQL and Redis, and that it is by TLS with a password from Secrets Manager.

Specification section 3. What they store is the family `at_rest`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..lookups import own_storage, same
from ..model import MISSING, Deployment, Resource
from ..rule import ABSENT, NO, YES, Found, Row, Rule, Test, equal, one_of, optional, reference, rule_of, shown

_DYNAMIC: Final = re.compile(r"\{\{resolve:secretsmanager:(\$\{[^}]+\}[^{}]*)\}\}")
_PARAMETERS: Final = {
    "rds.force_ssl": ("1",),
    "ssl_min_protocol_version": ("TLSv1.2", "TLSv1.3", str(MISSING)),
    "password_encryption": ("scram-sha-256", str(MISSING)),
}
"""Parameter of PostgreSQL -> what it may be. Left out, RDS has TLS 1.2 and SCRAM for PostgreSQL 16."""


def _of_a_secret(given: Any, app: Deployment) -> bool:
    found = _DYNAMIC.fullmatch(given) if isinstance(given, str) else None
    return found is not None and app.target(found[1], "AWS::SecretsManager::Secret") is not None


def _has_password(server: Resource, app: Deployment) -> bool:
    """A replica takes its source's."""
    stated = "MasterUserPassword" in server.properties
    return stated or (own_storage(server, app) and "SourceDBInstanceIdentifier" not in server.properties)


_SECRET: Final = Test("a dynamic reference to a secret of this app", _of_a_secret)


ROWS: Final = (
    Row(
        "RDS-10", "AWS::RDS::DBProxy", "RequireTLS", YES, "Specification section 3: TLS forced.", acknowledgeable=False
    ),
    Row(
        "RDS-11",
        "AWS::RDS::DBProxy",
        "Auth[].AuthScheme",
        equal("SECRETS"),
        "Passwords come from Secrets Manager (RDS guide, RDS Proxy).",
    ),
    Row(
        "RDS-12",
        "AWS::RDS::DBProxy",
        "Auth[].SecretArn",
        reference("AWS::SecretsManager::Secret"),
        "A secret of this app is checked too (specification section 3).",
    ),
    Row(
        "RDS-13",
        "AWS::RDS::DBInstance",
        "EnableIAMDatabaseAuthentication",
        YES,
        "Specification section 3; Security Hub RDS.10.",
        when=own_storage,
    ),
    Row(
        "RDS-14",
        "AWS::RDS::DBCluster",
        "EnableIAMDatabaseAuthentication",
        YES,
        "Specification section 3; Security Hub RDS.12.",
    ),
    Row(
        "RDS-15",
        "AWS::RDS::DBInstance",
        "MasterUserPassword",
        _SECRET,
        "Specification section 3: nothing secret in a template.",
        "Credentials.from_secret",
        when=_has_password,
        acknowledgeable=False,
    ),
    Row(
        "RDS-16",
        "AWS::RDS::DBCluster",
        "MasterUserPassword",
        _SECRET,
        "Specification section 3: nothing secret in a template.",
        "Credentials.from_secret",
        acknowledgeable=False,
    ),
    Row(
        "RDS-17",
        "AWS::RDS::DBInstance",
        "CACertificateIdentifier",
        one_of("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"),
        "Clients verify against AWS's current roots; rds-ca-2019 has expired (RDS guide, certificate authorities).",
    ),
    Row(
        "RDS-18",
        "AWS::RDS::DBProxy",
        "DebugLogging",
        optional(NO),
        "It writes the text of statements into the log, values and all (RDS guide, RDS Proxy).",
    ),
    *(
        Row(
            id_,
            type_,
            "Engine",
            optional(one_of("postgres", "aurora-postgresql")),
            "Specification section 3. What forces TLS on PostgreSQL means nothing to another engine.",
        )
        for id_, type_ in (("RDS-21", "AWS::RDS::DBInstance"), ("RDS-22", "AWS::RDS::DBCluster"))
    ),
    Row(
        "RDS-23",
        "AWS::RDS::DBCluster",
        "EnableHttpEndpoint",
        optional(NO),
        "The Data API is a way in past the VPC and its security groups (Aurora guide, Data API).",
    ),
    *(
        Row(id_, "AWS::RDS::DBInstance", path, ABSENT, "A directory elsewhere would say who gets in (RDS guide).")
        for id_, path in (("RDS-24", "Domain"), ("RDS-25", "DomainFqdn"))
    ),
    Row(
        "CACHE-10",
        "AWS::ElastiCache::ReplicationGroup",
        "TransitEncryptionEnabled",
        YES,
        "Security Hub ElastiCache.5; AUTH needs it.",
        acknowledgeable=False,
    ),
    Row(
        "CACHE-11",
        "AWS::ElastiCache::ReplicationGroup",
        "TransitEncryptionMode",
        equal("required"),
        "preferred lets clients connect in clear (ElastiCache guide, in-transit encryption).",
        acknowledgeable=False,
    ),
    Row(
        "CACHE-12",
        "AWS::ElastiCache::ReplicationGroup",
        "AuthToken",
        _SECRET,
        "Specification section 3: AUTH; Security Hub ElastiCache.6.",
        "pass the secret's value as a dynamic reference",
        acknowledgeable=False,
    ),
)

TYPES: Final = frozenset(row.type for row in ROWS) | {
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBClusterParameterGroup",
}
"""What these rules know."""


def _forced_tls(app: Deployment) -> Iterator[Found]:
    for type_, path, kind in (
        ("AWS::RDS::DBInstance", "DBParameterGroupName", "AWS::RDS::DBParameterGroup"),
        ("AWS::RDS::DBCluster", "DBClusterParameterGroupName", "AWS::RDS::DBClusterParameterGroup"),
    ):
        for server in app.of(type_):
            if type_.endswith("DBInstance") and not own_storage(server, app):
                continue
            named = app.target(server.get(path), kind)
            groups = [group.get("Parameters") for group in app.of(kind) if same(named, group)]
            for parameters in groups or [MISSING]:
                given = parameters if isinstance(parameters, Mapping) else {}
                for name, allowed in _PARAMETERS.items():
                    value = given.get(name, MISSING)
                    if str(value) not in allowed:
                        yield Found(server, f"{path} with {name} {shown(value)}", " or ".join(allowed), path, name)


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "RDS-20",
        "PostgreSQL refuses connections without TLS: rds.force_ssl = 1 in its parameter group; TLS 1.2 and SCRAM",
        "Specification section 3; RDS guide, using SSL with PostgreSQL. Encryption that a client may skip is none.",
        'parameters={"rds.force_ssl": "1"} in the server\'s own parameter group',
        _forced_tls,
        acknowledgeable=False,
    ),
)
