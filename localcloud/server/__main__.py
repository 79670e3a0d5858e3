"""Starts MiniStack with our resource types, corrections and guard: `python -m localcloud.server`.

Owns their order; the environment is set by `localcloud.environment`.
"""

from ministack.app import main

from localcloud.server import codedeploy, guard, mends, observed, pods, records, resource, types

resource.register(types.ALL)
resource.register(records.types())
mends.install()
codedeploy.install()
pods.install()
observed.install()
guard.install()
main()
