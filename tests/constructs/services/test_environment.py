"""What a service is told stands where those who write one look it up. What it is: `test_pods`."""

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
