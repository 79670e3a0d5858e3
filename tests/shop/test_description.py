"""What the OpenAPI description says is what the shop does: requests made from it, lawful and not, find no surprise."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from requests.adapters import HTTPAdapter
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from urllib3 import Retry

from tests.shop.harness import Instance

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


OPERATIONS = [
    ("GET", "/health"),
    ("GET", "/api/health"),
    ("GET", "/ready"),
    ("GET", "/api/products"),
    ("GET", "/api/products/{id}"),
    ("GET", "/api/categories"),
    ("GET", "/api/cart"),
    ("PUT", "/api/cart/items/{product}"),
    ("DELETE", "/api/cart/items/{product}"),
    ("DELETE", "/api/cart"),
    ("POST", "/api/orders"),
    ("GET", "/api/orders"),
    ("GET", "/api/orders/{id}"),
]


@pytest.fixture(scope="session")
def description(shop: Instance) -> Any:
    with shop.client() as client:
        document = client.get("/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=shop.url)
    return schema


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Patient as `harness.browser` is; a server error that stays is still one."""
    again = Retry(total=5, status_forcelist=[503], allowed_methods=None, raise_on_status=False)
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", HTTPAdapter(max_retries=again))
        yield session


def test_all_operations_are_tried(description: Any) -> None:
    found = [operation.ok() for operation in description.get_all_operations()]
    assert {(operation.method.upper(), operation.path) for operation in found} == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: str(part))
def test_every_answer_is_as_described(description: Any, session: requests.Session, method: str, path: str) -> None:
    operation = description[path][method]
    # Requests that the description allows, then requests that it does not.
    for mode in GenerationMode:
        try:
            strategy = operation.as_strategy(generation_mode=mode)

            @settings(
                max_examples=20,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=strategy)
            def answers_as_described(case: Any) -> None:
                case.call_and_validate(session=session, checks=CHECKS)

            answers_as_described()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, "there is always a lawful request"


def test_every_operation_says_how_it_fails(shop: Instance) -> None:
    with shop.client() as client:
        document = client.get("/api/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path}"
            if path in ("/health", "/api/health", "/ready"):
                continue
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], f"{method} {path} {status}"
            assert {"500", "503", "504"} <= set(operation["responses"])
