"""Every resource type of every configuration has times, options included."""

import pytest

from tests.matrix import MATRIX, Context
from tests.support import synthesize
from tools.plan import times

every_configuration = pytest.mark.parametrize("context", [pytest.param(case, id=name) for name, case in MATRIX.items()])


@every_configuration
def test_no_type_is_without_times(context: Context) -> None:
    found = {
        resource["Type"]
        for template in synthesize(context).templates.values()
        for resource in template["Resources"].values()
    }
    assert found
    assert found <= times.load().types()
