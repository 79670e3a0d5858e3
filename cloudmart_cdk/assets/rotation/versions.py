"""Versions of a secret in Secrets Manager: reading, staging a new one, making it the current one."""

import json
import secrets
import string
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .errors import RotationError

CURRENT: Final = "AWSCURRENT"
PENDING: Final = "AWSPENDING"
PREVIOUS: Final = "AWSPREVIOUS"
_PATIENCE: Final = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 5})
_ALPHABET: Final = string.ascii_letters + string.digits


def generated(length: int) -> str:
    """A new secret of letters and digits: what PostgreSQL, RDS Proxy and ElastiCache's AUTH all take."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@cache
def client(service: str, region: str) -> Any:
    """boto3's client, made once a start of the function."""
    return boto3.client(service, region_name=region, config=_PATIENCE)


class Secret:
    """One secret. Every method raises botocore's `ClientError` when Secrets Manager refuses."""

    def __init__(self, arn: str, *, region: str) -> None:
        self.arn = arn
        self._client = client("secretsmanager", region)

    @property
    def name(self) -> str:
        """For people: the ARN's last part, without the six characters that Secrets Manager appends."""
        return self.arn.rpartition(":secret:")[2].rpartition("-")[0] or self.arn

    def text(self, stage: str, version: str | None = None) -> str | None:
        """The value of a stage (of one version); None when there is none."""
        chosen = {"VersionStage": stage} | ({"VersionId": version} if version else {})
        try:
            return str(self._client.get_secret_value(SecretId=self.arn, **chosen)["SecretString"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise

    def current(self) -> str:
        """The current value. Raises `RotationError` when the secret has none."""
        return self._required(self.text(CURRENT), CURRENT)

    def pending(self, version: str) -> str:
        """The value staged in `version`. Raises `RotationError` when it has none."""
        return self._required(self.text(PENDING, version), PENDING)

    def _required(self, value: str | None, stage: str) -> str:
        if value is None:
            raise RotationError(
                f"secret {self.name}", given=f"no value in {stage}", allowed="one", do="rotate the secret again"
            )
        return value

    def login(self, stage: str) -> "Login | None":
        """A stage's value as user and password."""
        value = self.text(stage)
        return self.as_login(value) if value else None

    def as_login(self, value: str) -> "Login":
        """Raises `RotationError` when the value holds no user and password."""
        try:
            return Login(json.loads(value))
        except (ValueError, KeyError, TypeError):
            raise RotationError(
                f"secret {self.name}",
                given="a value that cannot be read",
                allowed='JSON with the fields "username" and "password"',
                do="put the value back (AWSPREVIOUS) and rotate again",
            ) from None

    def stages(self, version: str) -> list[str]:
        """The labels of a version; none when the secret does not know it."""
        found: dict[str, list[str]] = self._client.describe_secret(SecretId=self.arn).get("VersionIdsToStages", {})
        return found.get(version, [])

    def others(self) -> Iterator[str]:
        """All values but the current one, newest first: those without a label too, while Secrets Manager keeps them."""
        listed = self._client.list_secret_version_ids(SecretId=self.arn, IncludeDeprecated=True)["Versions"]
        for version in sorted(listed, key=lambda each: each["CreatedDate"], reverse=True):
            if CURRENT not in version.get("VersionStages", ()):
                yield str(
                    self._client.get_secret_value(SecretId=self.arn, VersionId=version["VersionId"])["SecretString"]
                )

    def stage(self, version: str, value: str) -> None:
        self._client.put_secret_value(
            SecretId=self.arn, ClientRequestToken=version, SecretString=value, VersionStages=[PENDING]
        )

    def promote(self, version: str) -> None:
        """Makes `version`, which is not, the current one; what was current becomes AWSPREVIOUS."""
        labelled = self._client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        replaced = next((each for each, stages in labelled.items() if CURRENT in stages), None)
        self._client.update_secret_version_stage(
            SecretId=self.arn,
            VersionStage=CURRENT,
            MoveToVersionId=version,
            **({"RemoveFromVersionId": replaced} if replaced else {}),
        )

    def keep(self, login: "Login") -> None:
        """Makes a login the current value, unless it is."""
        kept = self.text(CURRENT)
        if kept is None or self.as_login(kept).fields != login.fields:
            self._client.put_secret_value(SecretId=self.arn, SecretString=login.text)


class Login:
    """User, password and what else the secret holds; `repr` shows the user only."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.user, self.password = str(fields["username"]), str(fields["password"])
        self.fields = fields

    def __repr__(self) -> str:
        return f"Login({self.user})"

    @property
    def text(self) -> str:
        return json.dumps(self.fields)

    def changed(self, *, user: str, password: str) -> "Login":
        """The same place, another user or password."""
        return Login({**self.fields, "username": user, "password": password})
