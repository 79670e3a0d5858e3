"""Starts MiniStack with our resource types and corrections: `python -m localcloud.server`.

Owns the order of the two; the environment is set by `localcloud.environment`.
"""

from ministack.app import main

from localcloud.server import codedeploy, mends, observed, records, resource, types

resource.register(types.ALL)
resource.register(records.types())
mends.install()
codedeploy.install()
observed.install()
main()
