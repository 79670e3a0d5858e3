"""What the alarms of a stage cost a month: the README's figures."""

import pytest

from tests.support import synthesize
from tools.cloudwatch.prices import monthly

BILL = {"lab": 12.90, "dev": 13.80, "staging": 23.30, "prod": 23.90}
"""USD. A row more is a line more on the bill: change it here and in the README."""


@pytest.mark.parametrize("stage", BILL)
def test_the_bill_of_the_alarms(stage: str) -> None:
    assert sum(map(monthly, synthesize({"stage": stage}).templates.values())) == pytest.approx(BILL[stage])
