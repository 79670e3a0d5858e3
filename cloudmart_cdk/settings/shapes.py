"""Kinds of text that a setting can be, beyond what Python's types say. Their words end up in refusals."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class _Checked:
    """An annotation that pydantic calls after it has made sure of the type."""

    check: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))


@dataclass(frozen=True)
class Shape(_Checked):
    """Text of one shape."""

    pattern: str
    """Regular expression that the whole text has to match."""
    words: str
    """The pattern in plain words."""
    example: str

    def check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value, re.ASCII):
            raise PydanticCustomError("shape", "not of this shape")
        return value


@dataclass(frozen=True)
class OneOf(_Checked):
    """One of a few texts, where these come from a table; where they do not, a `Literal` is simpler."""

    choices: tuple[str, ...]

    def check(self, value: str) -> str:
        if value not in self.choices:
            raise PydanticCustomError("one_of", "not among the choices")
        return value


def _split(value: Any) -> Any:
    """`-c sources=a,b` arrives as one string."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _number(value: Any) -> Any:
    """`-c log_retention_days=7` arrives as text, which a `Literal` of numbers does not take."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


COMMA_LIST: Final = BeforeValidator(_split)
NUMBER: Final = BeforeValidator(_number)

_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d"
_DAY: Final = "(mon|tue|wed|thu|fri|sat|sun)"
_REGION: Final = r"[a-z]{2}(-[a-z]+)+-\d"

WINDOW: Final = Shape(f"{_TIME}-{_TIME}", "two times of day in UTC, as HH:MM-HH:MM", "17:00-18:00")
WEEKLY_WINDOW: Final = Shape(
    f"{_DAY}:{_TIME}-{_DAY}:{_TIME}", "two times of the week in UTC, as ddd:HH:MM-ddd:HH:MM", "sat:18:30-sat:19:30"
)
WEEKLY_TIME: Final = Shape(f"{_DAY}:{_TIME}", "a time of the week in Seoul, as ddd:HH:MM", "wed:03:00")
REGION: Final = Shape(_REGION, "the name of an AWS region", "ap-northeast-2")
SECOND_REGION: Final = Shape(f"({_REGION})?", "the name of an AWS region, or nothing", "ap-northeast-1")
ZONE: Final = Shape(f"{_REGION}[a-z]", "the name of an availability zone", "ap-northeast-2a")
ACCOUNT: Final = Shape(r"\d{12}", "an AWS account, twelve digits", "123456789012")
PREFIX_LIST: Final = Shape("pl-[0-9a-f]+", "the id of a managed prefix list", "pl-22a6434b")
PRINCIPAL: Final = Shape(
    r"arn:aws:iam::\d{12}:(role|user)/[\w+=,.@/-]+",
    "the ARN of an IAM role or user",
    "arn:aws:iam::123456789012:role/Admin",
)
ANOMALY_MONITOR: Final = Shape(
    r"(arn:\S+)?", "the ARN of a cost anomaly monitor, or nothing", "arn:aws:ce::123456789012:anomalymonitor/..."
)
NAME: Final = Shape(
    "[a-z][a-z0-9]*(-[a-z0-9]+)*", "lower-case letters, digits and single hyphens, a letter first", "team3"
)
DATABASE_NAME: Final = Shape(
    "[a-z][a-z0-9_]{0,62}", "1 to 63 lower-case letters, digits and underscores, a letter first", "cloudmart"
)
SERVICE_NAME: Final = Shape(
    "[a-z][a-z0-9-]{0,30}", "1 to 31 lower-case letters, digits and hyphens, a letter first", "search"
)
API_PATH: Final = Shape("/api/[a-z-]+", "/api/ and lower-case letters or hyphens", "/api/search")
TAG_VALUE: Final = Shape(r"[\w .:/=+@-]{1,256}", "1 to 256 letters, digits, spaces or _.:/=+@-", "platform")
POSTGRES_VERSION: Final = Shape(r"1[67]\.\d+", "PostgreSQL 16 or 17 with its minor version", "16.9")
ADDON_VERSION: Final = Shape(r"v\d+\.\d+\.\d+-eksbuild\.\d+", "the version of an EKS add-on", "v1.22.4-eksbuild.3")
CHART_VERSION: Final = Shape(r"\d+\.\d+\.\d+", "the version of a Helm chart", "3.5.0")
IMAGE_BY_DIGEST: Final = Shape(
    r"[a-z0-9.-]+\.[a-z]+(/[a-z0-9._-]+)+(:[\w.-]+)?@sha256:[0-9a-f]{64}",
    "a container image with its registry and digest",
    "public.ecr.aws/docker/library/busybox@sha256:...",
)
MAIL_IDENTITY: Final = Shape(
    r"([^@\s/*]+@)?([a-z0-9-]+\.)+[a-z]{2,}|", "an e-mail address or a domain, or nothing", "tickets@example.com"
)
GITHUB_REPOSITORY: Final = Shape(
    # With the ids in it, as the subjects of repositories have them that were made after July 2026.
    r"([\w.-]+(@\d+)?/[\w.-]+(@\d+)?)?",
    "owner/repository of GitHub, or nothing",
    "example/tiketi",
)
COUNTRY: Final = Shape("[A-Z]{2}", "an ISO 3166 country code, two capital letters", "KP")
EMAIL: Final = Shape(r"([^@\s]+@[^@\s]+)?", "an e-mail address, or nothing", "ops@example.com")
APPLICATION: Final = Shape(r"\S(.*\S)?", "shop, a folder with a bin/start, or the URI of a container image", "shop")
SITE: Final = Shape(r"(\S(.*\S)?)?", "a front end's build folder with its index.html, or nothing", "web/dist")
DOMAIN: Final = Shape(r"([a-z0-9-]+\.)+[a-z]{2,}", "a domain name in lower case", "shop.example.com")
HOSTED_ZONE: Final = Shape("Z[A-Z0-9]+", "the id of a Route 53 hosted zone", "Z0123456789ABCDEFGHIJ")
SECURITY_POLICY: Final = Shape(
    r"(?=.*default-src)[!-~ ]{1,1024}", "a policy with a default-src, 1024 characters at most", "default-src https:"
)
FOLDER: Final = Shape(
    r"\S*[^\s/]", "the address of a folder, without a slash at its end", "https://wiki.example.com/runbook"
)
