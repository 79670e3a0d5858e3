"""`python -m tests.reachability [configuration ...]`: how much is asked, allowed, and denied by how many layers.

Also prints the differences from the matrix, as the test does.
"""

import sys

from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.settings import load_settings
from tests.matrix import MATRIX
from tests.reachability.comparison import Comparison
from tests.reachability.expectations import Expectations
from tools.assembly import synthesize
from tools.reachability.landscape import Landscape

for name in sys.argv[1:] or ("lab", "prod"):
    settings = load_settings(MATRIX[name])
    landscape = Landscape(load(synthesize(MATRIX[name]).folder, settings))
    found = Comparison(landscape, Expectations(settings, landscape.endpoints))
    asked = found.allowed + found.denied.total()
    print(
        f"{name}: {len(landscape.endpoints)} endpoints, {len(found.ports)} ports, {asked} questions: "
        f"{found.allowed} allowed, {found.denied.total()} denied, {found.twice:.0%} of these by more than one layer"
    )
    for difference in found.differences:
        print(f"  {difference}")
