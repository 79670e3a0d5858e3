"""What a service is told, and where those who write one can read what it means."""

from typing import cast

import pytest

from cloudmart_cdk.constructs.services.environment import environment
from tests.constructs.services.tables import SERVICES, settings
from tools.assembly import PROJECT


@pytest.mark.parametrize("name", SERVICES)
def test_the_page_for_authors_of_services_names_every_variable(name: str) -> None:
    of = settings("prod", eks__mail_identity="tickets@example.com")
    page = (PROJECT / "docs" / "eks.md").read_text()
    calls = {f"{callee.upper()}_URL" for callee in of.eks.services[name].calls}
    told = {cast(str, variable["name"]) for variable in environment(name, of)}
    assert calls <= told
    others = {each for each in told - calls if not each.startswith("OTEL_")}
    # The node's address is the exporter's business (`tracing`).
    assert {each for each in others if f"`{each}`" not in page} <= {"NODE_IP"}


def test_names_reach_a_pod_and_values_do_not() -> None:
    """Nothing that DataStack makes, and nothing secret: a pod looks both up."""
    told = {variable["name"]: variable.get("value") for variable in environment("payment", settings("prod"))}
    assert told["DB_HOST_PARAMETER"] == "/cloudmart/prod/database/host"
    assert told["DB_SECRET_NAME"] == "cloudmart-prod/database/app"
    assert told["PAYMENT_GATEWAY_SECRET_NAME"] == "cloudmart-prod/payment-gateway"
    assert "JWT_SECRET_NAME" not in told
