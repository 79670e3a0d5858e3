"""The secrets of a stage. Specification section 3.

Owns names, shape and generated values in Secrets Manager; not rotation (`rotation`), and not who may read them (the
reading stacks grant that by name).
"""

import json
from typing import Final

from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..acknowledge import acknowledge
from ..settings.naming import Names
from .stage_owned import Lifecycle

DATABASE_OWNER: Final = "database/owner"
DATABASE_APP: Final = "database/app"
PROXY_LOGINS: Final = {"database/proxy/app": "cloudmart_app", "database/proxy/app-clone": "cloudmart_app_clone"}
"""What RDS Proxy reads, by user: of a secret it knows the current version only (ADR 0013)."""
CACHE_AUTH: Final = "cache/auth"
JWT: Final = "jwt"
OAUTH_CLIENT: Final = "oauth-client"
PAYMENT_GATEWAY: Final = "payment-gateway"

_ISSUED_ELSEWHERE = (
    "The value is issued by a third party and put in by an operator: Secrets Manager has nothing it could rotate with."
)


class Secrets(Construct):
    """Database owner and application user, Redis AUTH, JWT key, OAuth client, payment gateway key.

    Each is named `<name>-<stage>/<path>`, so that pods and instances find it without a reference. `proxied`: with the
    logins of RDS Proxy, `proxy_logins`.
    """

    def __init__(
        self, scope: Construct, id: str, *, names: Names, key: kms.IKey, lifecycle: Lifecycle, proxied: bool
    ) -> None:
        super().__init__(scope, id)
        self._names, self._key = names, key
        self._removal = lifecycle.removal
        self.database_owner = self._login(
            "DatabaseOwner", DATABASE_OWNER, "cloudmart_owner", "Owns the database; makes its users"
        )
        self.database_app = self._login(
            "DatabaseApp", DATABASE_APP, "cloudmart_app", "What the shop and the services use"
        )
        # Redis AUTH: 16 to 128 characters, hardly any punctuation (ElastiCache guide, "Authenticating with AUTH").
        self.cache_auth = self._random("CacheAuth", CACHE_AUTH, "Redis AUTH token", length=64)
        self.jwt = self._random("Jwt", JWT, "Key that signs session tokens", length=64)
        self.oauth_client = self._template(
            "OAuthClient",
            OAUTH_CLIENT,
            "OAuth client of the login provider",
            {"client_id": "replace-me"},
            "client_secret",
        )
        self.payment_gateway = self._template(
            "PaymentGateway", PAYMENT_GATEWAY, "Key of the payment gateway", {"merchant": "replace-me"}, "api_key"
        )
        self.proxy_logins = [
            self._login(f"ProxyLogin{number}", path, user, "One of the two users of database/app, for RDS Proxy")
            for number, (path, user) in enumerate(PROXY_LOGINS.items() if proxied else (), start=1)
        ]
        for secret in self.proxy_logins:
            acknowledge(
                secret,
                {
                    "AwsSolutions::AwsSolutions-SMG4": "The rotation of database/app writes it, every 30 days: it "
                    "holds one of the two logins that take turns there (ADR 0013)."
                },
            )
        acknowledge(
            self.jwt,
            {
                "AwsSolutions::AwsSolutions-SMG4": "A new signing key ends every session; an operator replaces it "
                "when leaked, with both keys accepted meanwhile, not by a timer."
            },
        )
        for secret in (self.oauth_client, self.payment_gateway):
            acknowledge(secret, {"AwsSolutions::AwsSolutions-SMG4": _ISSUED_ELSEWHERE})

    def _login(self, id: str, path: str, username: str, what: str) -> secretsmanager.Secret:
        return self._template(id, path, what, {"username": username}, "password")

    def _template(self, id: str, path: str, what: str, fields: dict[str, str], generated: str) -> secretsmanager.Secret:
        return self._secret(
            id,
            path,
            what,
            secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps(fields),
                generate_string_key=generated,
                password_length=32,
                exclude_punctuation=True,
            ),
        )

    def _random(self, id: str, path: str, what: str, *, length: int) -> secretsmanager.Secret:
        generator = secretsmanager.SecretStringGenerator(password_length=length, exclude_punctuation=True)
        return self._secret(id, path, what, generator)

    def _secret(
        self, id: str, path: str, what: str, generator: secretsmanager.SecretStringGenerator
    ) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            id,
            secret_name=self._names.secret(path),
            description=what,
            encryption_key=self._key,
            generate_secret_string=generator,
            removal_policy=self._removal,
        )
