"""One way to 100 points, for teachers: it stays below the cap; stage prod as it is does not.

`make labs` deploys it over what the labs have left, and has it graded. It is not in the challenge's text.
"""

import pytest

from cloudmart_cdk.costs import prices, volumes
from cloudmart_cdk.costs.bill import CAPPED, bill
from cloudmart_cdk.policy.assembly import load
from labs.grade.cost import CAP_USD
from labs.rehearsal.guides import CHALLENGE, FOLDER, LANGUAGES, Guide
from labs.rehearsal.solution import SETTINGS, worked
from tests.matrix import MATRIX
from tests.support import Synthesized, synthesize


def session(app: Synthesized) -> float:
    """USD for 50 minutes, at the course's prices."""
    made = bill(load(app.folder, app.settings), prices.load(), volumes.load())
    return made.only(kinds=CAPPED).usd_session("course")


def test_the_solution_is_below_the_cap_and_prod_is_not() -> None:
    assert session(synthesize(MATRIX["challenge"])) <= CAP_USD
    assert session(synthesize({"stage": "prod"})) > CAP_USD


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rehearsal_improves_what_was_graded_and_then_does_all_that_the_page_says(language: str) -> None:
    steps = Guide(FOLDER / language / f"{CHALLENGE}.md").steps(last=True)
    export, deploy, grade, drill, hand_in, destroy, leftovers = (step.commands for step in steps)
    options = "".join(f" -c {name}={value}" for name, value in SETTINGS.items())
    improving = [deploy + options, f"{grade} --minimum 100"]
    assert [step.commands for step in worked(steps)] == [
        *(export, deploy, grade, *improving, drill, hand_in),
        *(destroy + options, f"{leftovers} --remove --yes", leftovers),
    ]
