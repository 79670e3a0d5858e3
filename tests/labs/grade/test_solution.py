"""One way to 100 points, for teachers: it stays below the cap; stage prod as it is does not.

Deployed to the local cloud and graded, this earned 100 points. It is not in the challenge's text.
"""

from cloudmart_cdk.costs import prices, volumes
from cloudmart_cdk.costs.bill import CAPPED, bill
from cloudmart_cdk.policy.assembly import load
from labs.grade.cost import CAP_USD
from tests.matrix import MATRIX
from tests.support import Synthesized, synthesize


def session(app: Synthesized) -> float:
    """USD for 50 minutes, at the course's prices."""
    made = bill(load(app.folder, app.settings), prices.load(), volumes.load())
    return made.only(kinds=CAPPED).usd_session("course")


def test_the_solution_is_below_the_cap_and_prod_is_not() -> None:
    assert session(synthesize(MATRIX["challenge"])) <= CAP_USD
    assert session(synthesize({"stage": "prod"})) > CAP_USD
