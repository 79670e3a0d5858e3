"""An account whose answers are written down, each of the shape that AWS documents.

Owns the way in between: real boto3 clients, requests and answers checked against botocore's models, nothing sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.awsrequest import AWSResponse
from botocore.validate import ParamValidator

from preflight.account import Account

ACCOUNT: Final = "123456789012"
REGION: Final = "ap-northeast-2"
_SESSION: Final = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret")
"""One, as it keeps botocore's models; each client of it is a cloud's own."""


@dataclass(frozen=True)
class Refusal:
    """AWS says no, by a code."""

    code: str
    message: str = ""


Answer = Mapping[str, Any] | Refusal | Callable[[Mapping[str, Any]], Mapping[str, Any] | Refusal]


@dataclass
class Cloud:
    """`answers`: by `service:Operation`. What is not written down is not allowed."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """`service:Operation`, region."""

    def account(self) -> Account:
        def make_client(service: str, region: str) -> Any:
            client = _SESSION.client(service, region_name=region)
            given = threading.local()

            def remember(params: Mapping[str, Any], **_: Any) -> None:
                given.parameters = params

            def answer(model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
                name = f"{service}:{model.name}"
                self.asked.append((name, region))
                found = self.answers.get(name, Refusal("AccessDenied"))
                found = found(given.parameters) if callable(found) else found
                if isinstance(found, Refusal):
                    return _response(400), {"Error": {"Code": found.code, "Message": found.message}}
                problems = ParamValidator().validate(dict(found), model.output_shape)
                assert not problems.has_errors(), problems.generate_report()
                return _response(200), dict(found)

            client.meta.events.register_first("provide-client-params.*.*", remember)
            client.meta.events.register_first("before-call.*.*", answer)
            return client

        return Account(make_client, region=REGION, id=ACCOUNT)


def _response(status: int) -> AWSResponse:
    return AWSResponse("https://nowhere.invalid", status, {}, None)
